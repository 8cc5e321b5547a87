// How many answers a second come from the cache, beside a bare actix-web handler that returns the same bytes: the same load (wrk), in turns.
// needs: wrk
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { Processes } from "../wordpress/processes.mjs";
import { startProvider, startService } from "../wordpress/service.mjs";
import { figure, median } from "./parts/figures.mjs";
import { program } from "./parts/program.mjs";

const ROUNDS = 5;
const SECONDS = 4;
const CONNECTIONS = 32;
const ORIGIN = "https://bench.example";

const processes = new Processes("bench-cached-answers");
try {
  const provider = await startProvider(processes);
  const service = await startService(processes, provider, { redis: false, extra: `[[sites]]\nkey = "site_bench"\norigins = ["${ORIGIN}"]\nname = "Bench"\n` });
  await provider.plan({});
  for (const stream of [false, true]) {
    const body = JSON.stringify({ site: "site_bench", message: "How do I install the plugin?", page: { url: `${ORIGIN}/pricing`, title: "Pricing" }, locale: "en", stream });
    const ask = () => fetch(`${service.url}/api/v1/chat`, { method: "POST", headers: { "content-type": "application/json", origin: ORIGIN }, body }).then((response) => response.text());
    await ask();
    const cached = await ask();
    if (!/"from":"cache"/.test(cached)) throw new Error(`this is not from the cache: ${cached}`);
    const file = join(processes.dir, `answer-${stream}`);
    writeFileSync(file, cached);
    const bare = await processes.start(`bare-${stream}`, program("examples/bench-bare"), [file], { ready: /listening on (http:\S+)\s/ });
    const script = join(processes.dir, `ask-${stream}.lua`);
    writeFileSync(script, `wrk.method = "POST"\nwrk.body = ${JSON.stringify(body)}\nwrk.headers["content-type"] = "application/json"\nwrk.headers["origin"] = "${ORIGIN}"\n`);
    const rates = { service: [], bare: [] };
    for (let round = 0; round < ROUNDS; round++) {
      rates.service.push(await rate(`${service.url}/api/v1/chat`, script));
      rates.bare.push(await rate(`${bare.match[1]}/`, script));
    }
    await bare.end();
    const ratios = rates.service.map((one, round) => one / rates.bare[round]);
    console.log(`  ${stream ? "as a stream of events" : "as one JSON object"}: ${cached.length} bytes, ${CONNECTIONS} connections, ${ROUNDS} rounds in turns`);
    figure("  answers from the cache", median(rates.service), "/s");
    figure("  a bare actix-web handler, the same bytes", median(rates.bare), "/s");
    figure("  the service's share of the bare rate (median of the rounds)", median(ratios), "", { least: 0.4 });
  }
} finally {
  await processes.stop();
}

/** Requests a second; an answer that is not 2xx is an error. */
async function rate(url, script) {
  const said = await processes.run("wrk", ["-t1", `-c${CONNECTIONS}`, `-d${SECONDS}s`, "-s", script, url]);
  const found = /Requests\/sec:\s+([\d.]+)/.exec(said);
  if (!found || /Non-2xx|Socket errors/.test(said)) throw new Error(said);
  return Number(found[1]);
}
