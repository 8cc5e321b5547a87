// Starts the service with the fake provider behind it, and lets the official clients of the OpenAI API loose on it, unmodified.
// node run.mjs PYTHON: PYTHON is an interpreter that has what requirements.txt names.
import { spawn } from 'node:child_process';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const binaries = process.env.PENNYPRESS_TEST_BINARIES ?? join(here, '../../target/debug');
const KEY = 'pk-official-clients-0123456789';
const LIMITED_KEY = 'pk-limited-0123456789';
const python = process.argv[2];
if (!python) throw new Error('usage: node run.mjs PYTHON');

/** A program that says on one of its streams where it listens. */
function start(program, args, options = {}) {
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'], ...options });
  let told = '';
  return new Promise((done, failed) => {
    const read = (bytes) => {
      told += bytes;
      const found = told.match(/listening on (http:\/\/[\d.:]+)\s/);
      if (found) done({ child, address: found[1] });
    };
    child.stdout.on('data', read);
    child.stderr.on('data', read);
    child.on('error', failed);
    child.on('exit', (code) => failed(new Error(`${program} ended (${code}): ${told}`)));
  });
}

const settings = (provider, store) => `
[server]
listen = "127.0.0.1:0"
[store]
url = "sqlite://${store}"
[upstream]
first_token_timeout_ms = 10000
[[providers]]
name = "fake"
base_url = "${provider}/v1"
${['fake-chat', 'fallback', 'flaky', 'down', 'picky']
  .map((id) => `[[models]]\nid = "${id}"\nprovider = "fake"\ninput_usd_per_million = 1.0\noutput_usd_per_million = 2.0\n`)
  .join('')}
[[models]]
id = "fake-embedding"
provider = "fake"
kind = "embedding"
[[models]]
id = "fake-whisper"
provider = "fake"
kind = "transcription"
[[models]]
id = "fake-tts"
provider = "fake"
kind = "speech"
[routing]
standard = ["fake-chat", "fallback"]
[[api_keys]]
name = "clients"
key_env = "CLIENTS_KEY"
[[api_keys]]
name = "limited"
key_env = "LIMITED_KEY"
per_minute = 1
`;

function run(program, args, environment) {
  return new Promise((done, failed) => {
    const child = spawn(program, args, { stdio: 'inherit', env: { ...process.env, ...environment } });
    child.on('error', failed);
    child.on('exit', (code, signal) => done(code ?? signal));
  });
}

const folder = await mkdtemp(join(tmpdir(), 'pennypress-sdk-'));
const started = [];
process.on('exit', () => started.forEach(({ child }) => child.kill('SIGKILL')));
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(130));
let failed = [];
try {
  const provider = await start(join(binaries, 'examples/fake-provider'), []);
  started.push(provider);
  const file = join(folder, 'pennypress.toml');
  await writeFile(file, settings(provider.address, join(folder, 'pennypress.db')));
  const keys = { CLIENTS_KEY: KEY, LIMITED_KEY };
  const service = await start(join(binaries, 'pennypress'), ['--config', file, 'serve'], {
    cwd: folder,
    env: { PATH: process.env.PATH, ...keys },
  });
  started.push(service);
  const environment = {
    OPENAI_BASE_URL: `${service.address}/v1`,
    OPENAI_API_KEY: KEY,
    LIMITED_KEY,
    FAKE_PROVIDER: provider.address,
    LANGSMITH_TRACING: 'false',
    NO_PROXY: '127.0.0.1',
  };
  const names = await readdir(join(here, 'node'));
  const cases = names.filter((name) => name.endsWith('.test.mjs')).map((name) => join(here, 'node', name));
  const suites = [
    ['Node clients', process.execPath, ['--test', '--test-concurrency=1', '--test-reporter=dot', ...cases]],
    ['Python clients', python, ['-m', 'unittest', 'discover', '-s', join(here, 'python'), '-p', 'test_*.py']],
  ];
  for (const [name, program, args] of suites) {
    console.log(`-- ${name}`);
    const code = await run(program, args, environment);
    if (code !== 0) failed.push(`${name} (${code})`);
  }
} finally {
  for (const { child } of started) {
    child.removeAllListeners('exit');
    child.kill('SIGKILL');
  }
  await rm(folder, { recursive: true, force: true });
}
if (failed.length > 0) console.error(`failed: ${failed.join(', ')}`);
process.exitCode = failed.length > 0 ? 1 : 0;
