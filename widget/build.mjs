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

// The languages as lists in the order of English's keys: the keys travel once. A translation that
// lacks a key, or has one too many, ends the build.
const words = {
  name: 'words',
  setup(on) {
    on.onResolve({ filter: /^pennypress:texts$/ }, () => ({ path: 'texts', namespace: 'words' }));
    on.onLoad({ filter: /.*/, namespace: 'words' }, async () => {
      const read = async (language) => JSON.parse(await readFile(join(here, 'src/texts', `${language}.json`), 'utf8'));
      const keys = Object.keys(await read('en'));
      const tables = {};
      for (const language of ['en', 'de', 'fr', 'es']) {
        const table = await read(language);
        const wrong = [...keys.filter((key) => !(key in table)), ...Object.keys(table).filter((key) => !keys.includes(key))];
        if (Object.values(table).some((text) => text.includes('|'))) throw new Error(`src/texts/${language}.json: a bar is what the words are joined by`);
        if (wrong.length) throw new Error(`src/texts/${language}.json: missing or unknown: ${wrong.join(', ')}`);
        tables[language] = keys.map((key) => table[key]).join('|');
      }
      return { contents: `export const KEYS = ${JSON.stringify(keys.join('|'))}.split('|'); export const TABLES = ${JSON.stringify(tables)};` };
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
    // Browsers of 2022 and later.
    target: ['chrome94', 'firefox95', 'safari15.4'],
    charset: 'utf8',
    legalComments: 'none',
    banner: { js: '/* Pennypress widget. MIT licence. */' },
    define,
    plugins: [cssAsText, words],
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
