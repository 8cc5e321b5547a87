// The processes that a test starts, and their end: whatever happens, none outlives the test.
import { spawn } from "node:child_process";
import { createServer } from "node:net";
import { appendFileSync, chmodSync, closeSync, existsSync, fstatSync, mkdtempSync, openSync, readSync, rmSync, statfsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

export class Processes {
  /** A folder of its own that is gone when the test ends; readable for the users that servers run as. */
  constructor(name) {
    // Memory where there is some: databases and unpacked sites are written and read a lot.
    const base = existsSync("/dev/shm") && free("/dev/shm") > 2 ** 30 ? "/dev/shm" : tmpdir();
    this.dir = mkdtempSync(join(base, `pennypress-${name}-`));
    chmodSync(this.dir, 0o755);
    this.children = [];
    this.ended = false;
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) {
      process.once(signal, () => this.stop().then(() => process.exit(130)));
    }
  }

  /**
   * Starts a program and waits until it says that it is ready: `ready` is a pattern in what it prints, or a function
   * that answers true. Returns the child with `output()`, `match` (of the pattern) and `end()`.
   */
  async start(name, command, args, { env = {}, cwd = this.dir, ready, seconds = 30, kill = "SIGTERM" } = {}) {
    let log = join(this.dir, `${name}.log`);
    for (let again = 2; existsSync(log); again++) log = join(this.dir, `${name}-${again}.log`);
    // Straight into the file: a busy program's output would keep this process busy, beside what is measured.
    const file = openSync(log, "a");
    const child = spawn(command, args, { cwd, env: { ...process.env, ...env }, stdio: ["ignore", file, file], detached: true });
    closeSync(file);
    const output = () => tail(log, 200_000);
    let exited = false;
    child.on("error", (error) => { exited = true; appendFileSync(log, `${error}\n`); });
    child.on("exit", () => { exited = true; });
    const handle = { name, child, log, output, kill, match: null, exited: () => exited };
    handle.end = (signal = kill) => end(handle, signal);
    this.children.push(handle);
    const until = Date.now() + seconds * 1000;
    while (ready) {
      handle.match = ready instanceof RegExp ? ready.exec(output()) : await ready();
      if (handle.match) break;
      if (exited || Date.now() > until) {
        await handle.end();
        throw new Error(`${name} ${exited ? "ended" : `was not ready in ${seconds} s`}:\n${output().slice(-4000)}`);
      }
      await sleep(20);
    }
    return handle;
  }

  /** Runs a program to its end; its output, or an error with it. */
  async run(command, args, options = {}) {
    const { input, ...rest } = options;
    const child = spawn(command, args, { cwd: this.dir, stdio: ["pipe", "pipe", "pipe"], ...rest });
    let out = "";
    let err = "";
    child.stdout.on("data", (data) => { out += data; });
    child.stderr.on("data", (data) => { err += data; });
    // A program that does not read may end before this is written (EPIPE); how it ended is told by its status.
    child.stdin.on("error", () => {});
    child.stdin.end(input ?? "");
    const code = await new Promise((done, fail) => child.on("error", fail).on("close", done));
    if (code !== 0) throw new Error(`${command} ${args.join(" ")} ended with ${code}:\n${(err + out).slice(-4000)}`);
    return out;
  }

  /** The last lines of every log, for the report of a failure. */
  logs(lines = 15) {
    return this.children.filter((one) => existsSync(one.log)).map((one) =>
      `--- ${one.name}\n${one.output().split("\n").slice(-lines).map((line) => line.slice(0, 300)).join("\n")}`).join("\n");
  }

  /** Ends everything, the last started first, and removes the folder. */
  async stop() {
    if (this.ended) return;
    this.ended = true;
    for (const one of this.children.reverse()) await one.end();
    rmSync(this.dir, { recursive: true, force: true });
  }
}

/** At most so many of the last bytes of a file, as text. */
function tail(path, bytes) {
  const file = openSync(path, "r");
  try {
    const { size } = fstatSync(file);
    const last = Buffer.alloc(Math.min(size, bytes));
    return last.toString("utf8", 0, readSync(file, last, 0, last.length, size - last.length));
  } finally {
    closeSync(file);
  }
}

function free(path) {
  const { bavail, bsize } = statfsSync(path);
  return bavail * bsize;
}

async function end(handle, signal) {
  const group = (name) => { try { process.kill(-handle.child.pid, name); } catch { /* it is gone already */ } };
  if (handle.child.pid === undefined) return;
  group(signal);
  for (let waited = 0; !handle.exited() && waited < 10_000; waited += 20) await sleep(20);
  group("SIGKILL");
}

/** A port of 127.0.0.1 on which nobody listens. */
export async function freePort() {
  const server = createServer();
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  const { port } = server.address();
  await new Promise((done) => server.close(done));
  return port;
}
