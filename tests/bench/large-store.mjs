// How soon a service with a large store can answer after a start: 5,000 documents of some 20,000 passages, and 100,000 answers.
// needs: wrk
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Processes } from "../wordpress/processes.mjs";
import { startProvider, startService } from "../wordpress/service.mjs";
import { figure, median, quantile } from "./parts/figures.mjs";
import { isReady, resident } from "./parts/process.mjs";
import { program } from "./parts/program.mjs";

const DOCUMENTS = 5_000;
const SECTIONS = 4;
const WORDS_A_SECTION = 180;
const ANSWERS = 100_000;
const STARTS = 5;
const ORIGIN = "https://bench.example";
const SITE = `[[sites]]\nkey = "site_bench"\norigins = ["${ORIGIN}"]\nname = "Bench"\n`;

const processes = new Processes("bench-large-store");
try {
  const provider = await startProvider(processes);
  await provider.plan({});
  const service = await startService(processes, provider, { redis: false, extra: SITE });
  const config = join(service.folder, "pennypress.toml");
  const content = join(processes.dir, "content");
  mkdirSync(content);
  for (let n = 0; n < DOCUMENTS; n++) writeFileSync(join(content, `page-${n}.md`), page(n));
  await processes.run(program("pennypress"), ["--config", config, "ingest", content, "--site", "site_bench"], { cwd: service.folder });
  let asked = 0;
  while (asked < ANSWERS) asked += await askMany(service.url);
  await service.child.end();
  console.log(`  ${DOCUMENTS} documents of ${SECTIONS} passages, ${asked} answers`);

  const [ready, first, memory] = [[], [], []];
  for (let n = 0; n < STARTS; n++) {
    const began = performance.now();
    const child = processes.start(`again-${n}`, program("pennypress"), ["--config", config, "serve"], { cwd: service.folder });
    const { child: process } = await child;
    while (!(await isReady(service.url))) await sleep(1);
    ready.push(performance.now() - began);
    // Of the last page, which is read last.
    await provider.forget();
    const answer = await ask(service.url, `Where is the switch of device${DOCUMENTS - 1}?`);
    first.push(performance.now() - began);
    const prompt = (await provider.last())?.body.messages[0].content ?? answer;
    if (!prompt.includes(`device${DOCUMENTS - 1}`)) throw new Error(`answered without its page: ${answer}`);
    memory.push(resident(process.pid));
    await (await child).end();
  }
  figure("start with a large store, until /readyz answers 200 (median)", median(ready), " ms", { most: 300 });
  figure("  the same, slowest", quantile(ready, 1), " ms");
  figure("until the first question is answered from the content (median)", median(first), " ms");
  figure("resident memory then (largest)", quantile(memory, 1), " MB");
} finally {
  await processes.stop();
}

/** Words that no other page has, among words that all have; the same at every run. */
function page(n) {
  let state = n * 7919 + 1;
  const next = (below) => {
    state = (state * 1103515245 + 12345) % 2147483648;
    return Math.floor((state / 2147483648) * below);
  };
  const words = () => Array.from({ length: WORDS_A_SECTION }, () => `term${Math.floor(next(200) * next(200) / 10)}`).join(" ");
  const sections = Array.from({ length: SECTIONS }, (_, at) => `## Part ${at} of device${n}\n\n${words()}.\n`);
  return `# Device${n}\n\nThe switch of device${n} is at its back, ${next(90) + 10} mm from the left.\n\n${sections.join("\n")}`;
}

function body(message) {
  return JSON.stringify({ site: "site_bench", message, locale: "en", stream: false });
}

async function ask(url, message) {
  const response = await fetch(`${url}/api/v1/chat`, { method: "POST", headers: { "content-type": "application/json", origin: ORIGIN }, body: body(message) });
  const text = await response.text();
  if (!response.ok) throw new Error(text);
  return text;
}

/** Asks the same for four seconds, which the cache answers; how often. */
async function askMany(url) {
  const script = join(processes.dir, "ask.lua");
  writeFileSync(script, `wrk.method = "POST"\nwrk.body = ${JSON.stringify(body("Where is the switch of device7?"))}\nwrk.headers["content-type"] = "application/json"\nwrk.headers["origin"] = "${ORIGIN}"\n`);
  const said = await processes.run("wrk", ["-t1", "-c16", "-d4s", "-s", script, `${url}/api/v1/chat`]);
  if (/Non-2xx/.test(said)) throw new Error(said);
  return Number(/(\d+) requests in/.exec(said)[1]);
}
