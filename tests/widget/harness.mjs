// What every widget test stands on: one real Chromium, and for each test a fresh visitor (a browser
// context of its own) and a fresh fake service.
import { chromium } from 'playwright-core';
import { FakeService } from './service.mjs';

const FLAGS = ['--headless', '--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'];

const tests = [];

/** `options`: what the browser context is like (Playwright's own words), and `patience` in milliseconds. */
export function test(name, options, run) {
  tests.push(typeof options === 'function' ? { name, options: {}, run: options } : { name, options, run });
}

export function expect(condition, message) {
  if (!condition) throw new Error(message);
}

export function same(found, wanted, what = 'value') {
  const [a, b] = [JSON.stringify(found), JSON.stringify(wanted)];
  if (a !== b) throw new Error(`${what}\n    found  ${a}\n    wanted ${b}`);
}

/** Waits until `check` gives something true, and returns it. */
export async function until(check, what, patience = 5000) {
  const end = Date.now() + patience;
  for (;;) {
    const found = await check();
    if (found) return found;
    if (Date.now() > end) throw new Error(`waited ${patience} ms in vain: ${what}`);
    await new Promise((done) => setTimeout(done, 20));
  }
}

class Visitor {
  constructor(page, service, wrong) {
    Object.assign(this, { page, service, wrong });
    this.launcher = page.locator('pennypress-widget .l');
    this.panel = page.locator('pennypress-widget dialog');
    this.field = this.panel.locator('.compose textarea');
    this.answers = this.panel.locator('.a');
    this.last = this.answers.last();
  }

  async visit(path = '/') {
    await this.page.goto(this.service.origin + path);
    await this.launcher.waitFor();
  }

  async open(path) {
    await this.visit(path);
    await this.launcher.click();
    await this.panel.locator('.a').first().waitFor();
  }

  async say(text) {
    await this.field.fill(text);
    await this.field.press('Enter');
  }

  /** Says it, and waits until the answer is complete or has failed. */
  async ask(text) {
    await this.say(text);
    await this.settled();
    return this.words();
  }

  async settled() {
    await this.last.locator('.bar, .error, .retry').first().waitFor();
    await this.panel.locator('.go[aria-label="Stop"]').waitFor({ state: 'hidden' });
  }

  words() {
    return this.last.locator('.md').evaluate((e) => e.textContent);
  }

  /** Runs in the page with the widget's shadow root. */
  inside(run, argument) {
    return this.page.evaluate(
      ([code, value]) => new Function('root', 'value', `return (${code})(root, value)`)(document.querySelector('pennypress-widget').shadowRoot, value),
      [run.toString(), argument],
    );
  }
}

export async function runAll(only) {
  const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: FLAGS });
  let failed = 0;
  let ran = 0;
  for (const { name, options, run } of tests) {
    if (only && !name.includes(only)) continue;
    ran++;
    const began = Date.now();
    const { patience = 30_000, ...context } = options;
    const service = await new FakeService().start();
    const window = await browser.newContext({ viewport: { width: 1100, height: 820 }, locale: 'en-GB', ...context });
    const page = await window.newPage();
    page.setDefaultTimeout(10_000);
    // No test passes while the page throws, shows a dialog, opens a window or speaks to a stranger.
    const wrong = [];
    page.on('pageerror', (error) => wrong.push(`exception in the page: ${error}`));
    page.on('dialog', (dialog) => {
      wrong.push(`dialog: ${dialog.message()}`);
      void dialog.dismiss();
    });
    window.on('page', (other) => wrong.push(`window: ${other.url()}`));
    window.on('request', (request) => {
      if (!request.url().startsWith(service.origin)) wrong.push(`request to ${request.url().slice(0, 100)}`);
    });
    let timer;
    try {
      const late = new Promise((_, reject) => {
        timer = setTimeout(() => reject(new Error(`not done after ${patience} ms`)), patience);
      });
      await Promise.race([run(new Visitor(page, service, wrong), { browser, page, service }), late]);
      if (wrong.length) throw new Error(wrong.slice(0, 3).join('\n    '));
      console.log(`ok   ${name} (${Date.now() - began} ms)`);
    } catch (error) {
      failed++;
      console.log(`FAIL ${name}\n    ${error.stack ?? error}`);
      if (process.env.WIDGET_SHOTS) await page.screenshot({ path: `${process.env.WIDGET_SHOTS}/${ran}.png` }).catch(() => {});
    } finally {
      clearTimeout(timer);
      await window.close().catch(() => {});
      await service.stop();
    }
  }
  await browser.close();
  console.log(`${ran - failed} of ${ran} widget tests passed`);
  return failed === 0 && ran > 0;
}
