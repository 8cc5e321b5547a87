// A full sync as the WordPress plugin does it: 5,000 posts by signed batches, while visitors ask. How long it takes, when the last post
// is found, and how long answers take meanwhile beside how long they take when nothing comes in.
import { spawn } from 'node:child_process';
import { createHmac, randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { figure, quantile } from './parts/figures.mjs';

const POSTS = 5_000;
const BATCH = 100;
const SECRET = 'a secret for the bench';
const ORIGIN = 'https://bench.example';

const folder = mkdtempSync(join(tmpdir(), 'pennypress-sync-'));
writeFileSync(
  join(folder, 'pennypress.toml'),
  `[server]\nlisten = "127.0.0.1:0"\n[store]\nurl = "sqlite://${folder}/store.db"\n[limits]\nper_visitor_per_minute = 1000000\n` +
    `per_site_per_day = 100000000\n[[sites]]\nkey = "bench"\nsecret_env = "BENCH_SECRET"\norigins = ["${ORIGIN}"]\nname = "Bench"\n`,
);
const binaries = process.env.PENNYPRESS_TEST_BINARIES ?? 'target/release';
const service = spawn(join(binaries, 'pennypress'), ['--config', join(folder, 'pennypress.toml')], {
  env: { ...process.env, BENCH_SECRET: SECRET },
  stdio: ['ignore', 'ignore', 'pipe'],
});

/** The same words for everybody: a small generator with a fixed seed. */
function random(seed) {
  return () => {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
    return seed / 2 ** 32;
  };
}

const next = random(7);
const vocabulary = Array.from({ length: 6_000 }, () =>
  Array.from({ length: 2 + Math.floor(next() * 3) }, () => 'bcdfglmnprstv'[Math.floor(next() * 13)] + 'aeiou'[Math.floor(next() * 5)]).join(''),
);
// Few words are frequent and many are rare, as in any language.
const word = () => vocabulary[Math.floor(vocabulary.length * next() ** 3)];
const sentence = () => {
  const words = Array.from({ length: 8 + Math.floor(next() * 12) }, word).join(' ');
  return `${words[0].toUpperCase()}${words.slice(1)}.`;
};
const paragraph = () => `<p>${Array.from({ length: 4 }, sentence).join(' ')}</p>`;

function post(n) {
  const sections = Array.from({ length: 4 }, (_, s) => `<h2 id="s${s}">${word()} ${word()}</h2>${paragraph()}${paragraph()}`);
  return {
    id: `wp-post-${n}`,
    url: `${ORIGIN}/post-${n}/`,
    title: `${word()} ${word()} ${n}`,
    html: `${paragraph()}${sections.join('')}<p>The mark of this post is mark${n}end.</p>`,
    locale: 'en',
    kind: 'post',
    modified: '2026-11-24T12:00:00Z',
  };
}

const address = await new Promise((resolve, reject) => {
  let log = '';
  service.stderr.on('data', (bytes) => {
    log += bytes;
    const found = /listening on (http:\S+)\n/.exec(log);
    if (found) resolve(found[1]);
  });
  service.on('exit', () => reject(new Error(`the service ended: ${log}`)));
});

async function send(documents) {
  const body = JSON.stringify({ site: 'bench', documents });
  const id = randomUUID();
  const timestamp = String(Math.floor(Date.now() / 1000));
  const signature = createHmac('sha256', SECRET).update(`${id}.${timestamp}.${body}`).digest('base64');
  const answer = await fetch(`${address}/api/v1/documents`, {
    method: 'POST',
    headers: { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': `v1,${signature}` },
    body,
  });
  const kept = (await answer.json()).documents ?? [];
  const stored = kept.filter((one) => one.outcome === 'stored').length;
  if (stored !== documents.length) throw new Error(`${answer.status}: only ${stored} of ${documents.length} were kept`);
}

async function ask(message) {
  const began = performance.now();
  const answer = await fetch(`${address}/api/v1/chat`, {
    method: 'POST',
    headers: { origin: ORIGIN, 'content-type': 'application/json' },
    body: JSON.stringify({ site: 'bench', message, stream: false }),
  });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${answer.status}: ${text}`);
  return { milliseconds: performance.now() - began, text };
}

/** Asks one question after another until it is stopped. */
async function asking(until) {
  const times = [];
  while (!until.now) {
    times.push((await ask(`${word()} ${word()} ${word()}?`)).milliseconds);
    await new Promise((go) => setTimeout(go, 20));
  }
  return times;
}

try {
  const posts = Array.from({ length: POSTS }, (_, n) => post(n));
  const words = posts.reduce((sum, one) => sum + one.html.split(' ').length, 0);
  const during = { now: false };
  const meanwhile = asking(during);
  const began = performance.now();
  for (let n = 0; n < POSTS; n += BATCH) await send(posts.slice(n, n + BATCH));
  const sent = (performance.now() - began) / 1000;
  while (!(await ask(`What is mark${POSTS - 1}end?`)).text.includes(`mark${POSTS - 1}end`)) await new Promise((go) => setTimeout(go, 20));
  const searchable = (performance.now() - began) / 1000;
  during.now = true;
  const busy = await meanwhile;
  const after = { now: false };
  setTimeout(() => (after.now = true), 5_000);
  const calm = await asking(after);
  figure('words in 5,000 posts', words);
  figure('posts a second', POSTS / sent);
  figure('a full sync of 5,000 posts, until the last is found', searchable, ' s', { most: 180 });
  figure('of that after the last batch was acknowledged', (searchable - sent) * 1000, ' ms', { most: 1000 });
  figure('an answer from content meanwhile, 99th percentile', quantile(busy, 0.99), ' ms', { most: 300 });
  figure('the same when nothing comes in', quantile(calm, 0.99), ' ms');
  figure('meanwhile, beside when nothing comes in', quantile(busy, 0.99) / quantile(calm, 0.99), ' times');
} finally {
  service.removeAllListeners('exit');
  service.kill();
  rmSync(folder, { recursive: true, force: true });
}
