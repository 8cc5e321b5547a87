// The real service with a fake provider behind it, as an operator would start it.
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { freePort } from "./processes.mjs";

const repository = join(dirname(fileURLToPath(import.meta.url)), "../..");
export const MODEL = "test-model";

function program(name) {
  const folder = process.env.PENNYPRESS_TEST_BINARIES ?? join(repository, "target/debug");
  const path = join(folder, name);
  if (!existsSync(path)) throw new Error(`${path} is not there: cargo build --bin pennypress --example fake-provider`);
  return path;
}

/** A provider that does as it is told (tests/fake_provider/README.md). */
export async function startProvider(processes) {
  const child = await processes.start("fake-provider", program("examples/fake-provider"), ["--listen", "127.0.0.1:0"], { ready: /listening on (http:\S+)\s/ });
  const url = child.match[1];
  const call = async (path, options = {}) => {
    const response = await fetch(url + path, { ...options, body: options.body && JSON.stringify(options.body), headers: { "content-type": "application/json" } });
    if (!response.ok) throw new Error(`fake provider: ${path} answered ${response.status}: ${await response.text()}`);
    const text = await response.text();
    return text ? JSON.parse(text) : null;
  };
  return {
    url,
    /** What the model does from now on. */
    plan: (plan) => call("/control", { method: "PUT", body: { [MODEL]: plan } }),
    requests: () => call(`/control/requests?model=${MODEL}`),
    last: async () => (await call(`/control/requests?model=${MODEL}`)).at(-1),
    forget: () => call("/control/requests", { method: "DELETE" }),
    release: (tokens) => call("/control/release", { method: "POST", body: { model: MODEL, ...(tokens && { tokens }) } }),
  };
}

/** Starts the service; `setup` is the one-time link of its first start. Without a provider it answers from content alone. */
export async function startService(processes, provider, { redis = true, extra = "", name = "service", env = {} } = {}) {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const folder = join(processes.dir, name);
  mkdirSync(folder);
  let cache = "memory";
  if (redis) {
    const redisPort = await freePort();
    await processes.start("redis", "redis-server", ["--port", String(redisPort), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"], { ready: /Ready to accept connections/ });
    cache = `redis://127.0.0.1:${redisPort}`;
  }
  writeFileSync(join(folder, "pennypress.toml"), `[server]
listen = "127.0.0.1:${port}"
public_url = "${url}"
[store]
url = "sqlite://${folder}/pennypress.db"
[cache]
url = "${cache}"
# A busy machine may keep a Redis waiting for longer than the usual 100 ms; one that is away is tested in tests/api.
redis_timeout_ms = 5000
${provider ? withModel(provider) : ""}
[limits]
per_visitor_per_minute = 100000000
per_site_per_day = 100000000
${extra}
`);
  const child = await processes.start(name === "service" ? "pennypress" : name, program("pennypress"), ["--config", join(folder, "pennypress.toml"), "serve"], {
    cwd: folder,
    env: { ...withoutOurVariables(), ...env },
    ready: /listening on http\S+\s/,
  });
  return { url, folder, child, setup: () => /https?:\S+\/admin\/setup\?token=\S+/.exec(child.output())?.[0] };
}

function withModel(provider) {
  return `[[providers]]
name = "fake"
base_url = "${provider.url}/v1"
[[models]]
id = "${MODEL}"
provider = "fake"
input_usd_per_million = 0.27
output_usd_per_million = 1.10
[routing]
simple = ["${MODEL}"]
standard = ["${MODEL}"]
complex = ["${MODEL}"]`;
}

/** What is set on this machine for a service of its own must not reach the one that is tested. */
function withoutOurVariables() {
  const names = Object.keys(process.env).filter((name) => /^(PENNYPRESS_|OPENAI_API_KEY$)/.test(name));
  return Object.fromEntries(names.map((name) => [name, undefined]));
}
