// The widget's tests, in a real Chromium against a small fake service.
//   npm ci && node run.mjs [PART OF A NAME]
// PENNYPRESS_DATA names the folder of trial data (else ../shared/data beside the checkout);
// WIDGET_SHOTS a folder for a picture of each failure.
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join, dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runAll } from './harness.mjs';

const widget = join(dirname(fileURLToPath(import.meta.url)), '../../widget');
// Needed to see whether dist is up to date.
if (!existsSync(join(widget, 'node_modules/esbuild'))) execFileSync('npm', ['ci', '--silent'], { cwd: widget, stdio: 'inherit' });

for (const file of readdirSync(new URL('cases/', import.meta.url)).sort()) await import(`./cases/${file}`);
process.exitCode = (await runAll(process.argv[2])) ? 0 : 1;
