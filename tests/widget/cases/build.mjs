// What is shipped: built from the sources as they are, small, and typed strictly.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect, test } from '../harness.mjs';
import { widget } from '../parts.mjs';

const dist = (file) => readFileSync(join(widget, 'dist', file));

test('build: dist is what the sources build to', () => {
  const folder = mkdtempSync(join(tmpdir(), 'pennypress-dist-'));
  try {
    execFileSync(process.execPath, [join(widget, 'build.mjs'), folder]);
    for (const file of ['widget.js', 'chat.js']) {
      expect(readFileSync(join(folder, file)).equals(dist(file)), `widget/dist/${file} is stale: run npm run build in widget/ and commit it`);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('build: the loader has at most 2 KB, the chat at most 15 KB, gzipped', () => {
  const loader = gzipSync(dist('widget.js'), { level: 9 }).length;
  const chat = gzipSync(dist('chat.js'), { level: 9 }).length;
  console.log(`     loader ${loader} bytes, chat ${chat} bytes`);
  expect(loader <= 2000, `the loader has ${loader} bytes`);
  expect(chat <= 15000, `the chat has ${chat} bytes`);
});

test('build: the sources pass the strict type check', { patience: 120_000 }, () => {
  try {
    execFileSync(join(widget, 'node_modules/.bin/tsc'), ['--noEmit', '--strict', '-p', widget], { encoding: 'utf8' });
  } catch (error) {
    throw new Error(error.stdout || String(error));
  }
});

test('build: no innerHTML, no eval, no inline style attribute anywhere in what is shipped', () => {
  for (const file of ['widget.js', 'chat.js']) {
    const found = /innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|setAttribute\("style"/.exec(dist(file).toString());
    expect(!found, `${file} has ${found?.[0]}`);
  }
});
