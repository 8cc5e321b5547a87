// What the service takes before anyone asks: time until it can answer, and memory; and what the widget takes on the wire.
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { gzipSync } from "node:zlib";
import { figure, median, quantile } from "./parts/figures.mjs";
import { isReady, resident } from "./parts/process.mjs";
import { program } from "./parts/program.mjs";

const STARTS = 15;
const IDLE_MS = 5_000;

const folder = mkdtempSync(join(tmpdir(), "pennypress-bench-footprint-"));
try {
  const first = [];
  const again = [];
  const idle = [];
  for (let n = 0; n < STARTS; n++) {
    const store = join(folder, `${n}.db`);
    for (const times of [first, again]) {
      const { child, ready } = await start(store);
      times.push(ready);
      if (n < 3) {
        await sleep(IDLE_MS);
        idle.push(resident(child.pid));
      }
      child.kill("SIGTERM");
      await new Promise((done) => child.once("exit", done));
    }
  }
  figure("first start, until /readyz answers 200 (median)", median(first), " ms", { most: 300 });
  figure("  the same, slowest", quantile(first, 1), " ms");
  figure("later starts, until /readyz answers 200 (median)", median(again), " ms", { most: 300 });
  figure("resident memory of the idle service (largest)", quantile(idle, 1), " MB", { most: 40 });
  for (const [name, most] of [["widget.js", 2], ["chat.js", 15]]) {
    figure(`${name}, gzipped (KB of 1,000 bytes)`, gzipSync(readFileSync(`widget/dist/${name}`), { level: 9 }).length / 1000, " KB", { most });
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}

async function start(store) {
  const names = Object.entries(process.env).filter(([name]) => !/^(PENNYPRESS_|OPENAI_API_KEY$)/.test(name));
  const env = { ...Object.fromEntries(names), PENNYPRESS__SERVER__LISTEN: "127.0.0.1:0", PENNYPRESS__STORE__URL: `sqlite://${store}` };
  const began = performance.now();
  const child = spawn(program("pennypress"), [], { env, stdio: ["ignore", "ignore", "pipe"], cwd: folder });
  let said = "";
  child.stderr.on("data", (data) => { said += data; });
  for (;;) {
    const port = /listening on http:\/\/127\.0\.0\.1:(\d+)\s/.exec(said)?.[1];
    if (port && await isReady(`http://127.0.0.1:${port}`)) return { child, ready: performance.now() - began };
    if (child.exitCode !== null || performance.now() - began > 20_000) throw new Error("the service did not start");
    await sleep(1);
  }
}
