// The loader: what a page pays, and that it breaks nothing there.
import { expect, same, test, until } from '../harness.mjs';

test('loader: draws the launcher and asks the network for nothing', async (visitor) => {
  await visitor.visit();
  await visitor.page.waitForTimeout(300);
  same(visitor.service.requests.map((r) => r.path), ['/widget.js']);
  same(await visitor.launcher.getAttribute('aria-label'), 'Open chat');
});

for (const sign of ['hover', 'focus']) {
  test(`loader: fetches the chat once at the first sign of interest (${sign}), and opens nothing yet`, async (visitor) => {
    const { service, launcher, page } = visitor;
    await visitor.visit();
    await launcher[sign]();
    await until(() => service.asked('/chat.js').length, 'chat.js');
    await until(() => service.asked('widget').length, 'the configuration');
    await page.mouse.move(5, 5);
    await launcher.hover();
    await page.waitForTimeout(200);
    same(service.asked('/chat.js').length, 1);
    expect(/^\?v=[0-9a-f]{12}$/.test(service.asked('/chat.js')[0].query), 'chat.js carries its hash');
    same(await page.locator('dialog[open]').count(), 0);
    same(service.asked('visitors').length, 0);
  });
}

test('loader: one click is enough, before the chat is there', async (visitor) => {
  await visitor.visit();
  await visitor.inside((root) => root.querySelector('.l').click());
  await visitor.panel.locator('.a').first().waitFor();
  same(await visitor.launcher.getAttribute('aria-expanded'), 'true');
});

test('loader: two inclusions are one widget, with one name on window', async (visitor) => {
  const { page, service } = visitor;
  service.tag = (origin) => `<script>window.before = new Set(Object.keys(window))</script>${`<script async src="${origin}/widget.js" data-site="site_demo"></script>`.repeat(2)}`;
  await visitor.visit();
  await visitor.launcher.click();
  await visitor.panel.waitFor();
  same(await page.locator('pennypress-widget').count(), 1);
  same(await page.evaluate(() => Object.keys(window).filter((k) => !window.before.has(k) && k !== 'before')), ['Pennypress']);
});

test('loader: works in the head, before there is a body', async (visitor) => {
  const { service } = visitor;
  service.extra = `<script src="/widget.js" data-site="site_demo"></script>`;
  service.tag = () => '';
  await visitor.open();
});

test('loader: survives a page that swaps its body', async (visitor) => {
  await visitor.visit();
  await visitor.page.evaluate(() => document.documentElement.replaceChild(document.createElement('body'), document.body));
  await visitor.launcher.click();
  await visitor.panel.locator('.a').first().waitFor();
});

test('loader: works under a strict content security policy and Trusted Types', async (visitor) => {
  const { page, service } = visitor;
  const refused = [];
  page.on('console', (message) => /Content Security Policy|Trusted/.test(message.text()) && refused.push(message.text()));
  service.csp = (origin) => `default-src 'none'; script-src ${origin}; connect-src ${origin}; require-trusted-types-for 'script'; base-uri 'none'`;
  await visitor.open();
  same(await visitor.ask('Hello?'), 'Hello there.');
  same(refused, []);
  // The style sheets were taken.
  same(await visitor.panel.evaluate((e) => getComputedStyle(e).display), 'flex');
});

test('loader: works where only a nonce lets scripts in', async (visitor) => {
  const { service } = visitor;
  service.csp = () => `script-src 'nonce-abc' 'strict-dynamic'; object-src 'none'`;
  service.tag = (origin) => `<script async nonce="abc" src="${origin}/widget.js" data-site="site_demo"></script>`;
  await visitor.open();
});

test('loader: a page with rude styles does not deform it', async (visitor) => {
  const { service } = visitor;
  service.extra = `<style>* { display: none !important; font-size: 60px !important } html, head + body, main { display: block !important } pennypress-widget { position: static; opacity: 0; all: unset }</style>`;
  await visitor.page.goto(service.origin);
  await visitor.launcher.waitFor();
  const box = await visitor.launcher.boundingBox();
  same([box.width, box.height], [60, 60]);
});

test('loader: when the chat cannot be fetched, the next click tries again', async (visitor) => {
  const { service, page } = visitor;
  service.problems['/chat.js'] = true;
  await visitor.visit();
  await visitor.inside((root) => root.querySelector('.l').click());
  await until(() => service.asked('/chat.js').length === 1, 'the first try');
  await until(async () => (await visitor.launcher.getAttribute('aria-busy')) === null, 'the end of the first try');
  same(await page.locator('dialog').count(), 0);
  delete service.problems['/chat.js'];
  await visitor.launcher.click();
  await visitor.panel.locator('.a').first().waitFor();
});

test('loader: a copy of it in an optimiser\'s folder fetches the chat from where the tag says', async (visitor) => {
  const { service } = visitor;
  service.tag = (origin) => `<script async src="${origin}/cache/min/1/widget.js?ver=1" data-site="site_demo" data-api="${origin}/api/v1/" data-chat="${origin}/chat.js?lang=en"></script>`;
  await visitor.open();
  expect(/^\?lang=en&v=[0-9a-f]{12}$/.test(service.asked('/chat.js')[0].query), 'chat.js carries its hash, and what the tag had');
});

test('loader: data-api that holds a query gets its parameters by &', async (visitor) => {
  const { service } = visitor;
  service.tag = (origin) => `<script async src="${origin}/widget.js?ver=1" data-site="site_demo" data-api="${origin}/index.php?rest_route=/pennypress/v1/"></script>`;
  await visitor.open();
  same(await visitor.ask('Hello?'), 'Hello there.');
  same(service.asked('widget')[0].query, '?rest_route=/pennypress/v1/widget&site=site_demo');
  same(service.asked('chat')[0].query, '?rest_route=/pennypress/v1/chat');
  same(service.asked('chat')[0].body.site, 'site_demo');
});

test('loader: the language of the page is the language of the chat', async (visitor) => {
  const { service } = visitor;
  service.tag = (origin) => `<script async src="${origin}/widget.js" data-site="site_demo" data-locale="de-AT"></script>`;
  service.config.texts = { notice: 'Nur ein Versuch.' };
  await visitor.open();
  same(await visitor.field.getAttribute('placeholder'), 'Stellen Sie eine Frage …');
  same(await visitor.panel.locator('.notice').textContent(), 'Nur ein Versuch.');
  await visitor.say('Hallo');
  await until(() => service.asked('chat').length, 'the question');
  same(service.asked('chat')[0].body.locale, 'de-AT');
});

test('loader: the launcher has the colours that the tag names before anything is fetched', async (visitor) => {
  const { service } = visitor;
  service.tag = (origin) => `<script async src="${origin}/widget.js" data-site="site_demo" data-accent="#ffcc00" data-on-accent="#000000"></script>`;
  await visitor.visit();
  const colours = await visitor.inside((root) => { const { backgroundColor, color } = getComputedStyle(root.querySelector('.l')); return [backgroundColor, color]; });
  same(colours, ['rgb(255, 204, 0)', 'rgb(0, 0, 0)']);
  same(service.requests.map((r) => r.path), ['/widget.js']);
});

test('loader: right-to-left pages have it on the left', async (visitor) => {
  const { service } = visitor;
  service.tag = (origin) => `<script async src="${origin}/widget.js" data-site="site_demo" data-locale="ar"></script>`;
  await visitor.open();
  const box = await visitor.panel.boundingBox();
  expect(box.x < 100, `the panel begins at ${box.x}`);
});

test('loader: nothing moves for those who asked for that', { reducedMotion: 'reduce' }, async (visitor) => {
  await visitor.open();
  await visitor.say('Hello?');
  const moving = await visitor.inside((root) => root.getAnimations().length);
  same(moving, 0);
});
