// The widget's inner parts, bundled for a page: what a test of the parser itself needs.
import { createRequire } from 'node:module';
import { join, dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

export const widget = join(dirname(fileURLToPath(import.meta.url)), '../../widget');
export const fromWidget = createRequire(join(widget, 'package.json'));

let text;

/** Puts `Parts` (Markdown, eventParser) into the page. */
export async function putParts(page) {
  if (!text) {
    const { build } = fromWidget('esbuild');
    const result = await build({
      stdin: { contents: "export { Markdown } from './markdown'; export { eventParser } from './sse';", resolveDir: join(widget, 'src'), loader: 'ts' },
      bundle: true,
      write: false,
      format: 'iife',
      globalName: 'Parts',
    });
    text = result.outputFiles[0].text;
  }
  await page.addScriptTag({ content: text });
}
