// Builds widget/dist: chat.js first, because the loader carries the hash of it (so that a browser
// may keep chat.js for ever and still gets the new one after an update).
// `node build.mjs [FOLDER]` writes elsewhere, which is how the test finds a stale dist.
import { build, transform } from 'esbuild';
import { createHash } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const out = process.argv[2] ?? join(here, 'dist');

// Style sheets travel inside the scripts, as minified text: nothing else is ever loaded.
const cssAsText = {
  name: 'css-as-text',
  setup(on) {
    on.onLoad({ filter: /\.css$/ }, async ({ path }) => {
      const source = await readFile(path, 'utf8');
      const { code } = await transform(source, { loader: 'css', minify: true, target: 'safari15' });
      return { contents: code.trim(), loader: 'text' };
    });
  },
};

async function bundle(entry, define = {}) {
  const result = await build({
    entryPoints: [join(here, 'src', entry)],
    absWorkingDir: here,
    bundle: true,
    write: false,
    minify: true,
    format: 'iife',
    target: 'es2020',
    charset: 'utf8',
    legalComments: 'none',
    banner: { js: '/* Pennypress widget. MIT licence. */' },
    define,
    plugins: [cssAsText],
    logLevel: 'warning',
  });
  return result.outputFiles[0].contents;
}

const chat = await bundle('chat.ts');
const hash = createHash('sha256').update(chat).digest('hex').slice(0, 12);
const loader = await bundle('loader.ts', { CHAT_HASH: JSON.stringify(hash) });
await mkdir(out, { recursive: true });
await writeFile(join(out, 'chat.js'), chat);
await writeFile(join(out, 'widget.js'), loader);
