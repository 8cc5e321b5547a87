// What a visitor is told when something does not work: in their words, with a way on.
import { expect, same, test, until } from '../harness.mjs';

const CASES = [
  [{ status: 429, code: 'budget_spent', retry_after: 7200 }, 'The chat is not available right now. Please come back later.', 'Try again (2 h)'],
  [{ status: 429, code: 'rate_limited', retry_after: 300 }, 'That was a lot at once. Please wait a moment.', 'Try again (5 min)'],
  [{ status: 503, code: 'unavailable' }, 'The chat is not available right now. Please try again in a moment.', 'Try again'],
  [{ status: 413, code: 'too_long' }, 'Too long. Please shorten your message.', 'Try again'],
  [{ status: 400, code: 'invalid_request' }, 'Something went wrong. Please try again.', 'Try again'],
  [{ status: 403, code: 'origin_not_allowed' }, 'The chat is not set up for this page.', null],
  [{ status: 404, code: 'unknown_site' }, 'The chat is not set up for this page.', null],
  [{ status: 500, raw: '<h1>PHP Fatal error</h1>' }, 'The chat is not available right now. Please try again in a moment.', 'Try again'],
  [{ status: 200, raw: '<!doctype html><title>A page</title>' }, 'The chat is not available right now. Please try again in a moment.', 'Try again'],
  [{ status: 429, raw: 'slow down' }, 'That was a lot at once. Please wait a moment.', 'Try again'],
];

for (const [problem, words, again] of CASES) {
  test(`trouble: ${problem.status} ${problem.code ?? 'that is not ours'}`, async (visitor) => {
    const { service } = visitor;
    await visitor.open();
    service.problems.chat = problem;
    await visitor.ask('Hello?');
    same(await visitor.last.locator('.error').textContent(), words);
    if (again === null) return same(await visitor.last.locator('button').count(), 0);
    const button = visitor.last.locator('.retry');
    await until(async () => (await button.textContent()) === again, `the button says ${again}, not ${await button.textContent()}`);
    expect(!(await visitor.panel.innerText()).includes('programmers'), 'no detail for programmers');
  });
}

test('trouble: the countdown counts down, holds the button, then lets it go', async (visitor) => {
  const { service } = visitor;
  await visitor.open();
  service.problems.chat = { status: 429, code: 'rate_limited', retry_after: 2 };
  await visitor.ask('Hello?');
  const button = visitor.last.locator('.retry');
  await until(async () => (await button.textContent()) === 'Try again (2 s)', 'two seconds');
  same(await button.getAttribute('aria-disabled'), 'true');
  // Not click(): that waits until the button is enabled.
  await button.dispatchEvent('click');
  same(service.asked('chat', 'POST').length, 1);
  await until(async () => (await button.textContent()) === 'Try again (1 s)', 'one second');
  await until(async () => (await button.textContent()) === 'Try again', 'the end');
  same(await button.getAttribute('aria-disabled'), null);
  await button.click();
  await visitor.settled();
  same(await visitor.words(), 'Hello there.');
  same(await visitor.panel.locator('.q').count(), 1);
});

test('trouble: an error in the middle keeps the words and counts down', async (visitor) => {
  const { service } = visitor;
  service.script = { words: ['One ', 'two ', 'three'], error: { after: 2, code: 'unavailable', retry_after: 30 } };
  await visitor.open();
  await visitor.ask('Count');
  same((await visitor.words()).trim(), 'One two');
  same(await visitor.last.locator('.error').textContent(), 'The chat is not available right now. Please try again in a moment.');
  await until(async () => (await visitor.last.locator('.retry').textContent()) === 'Try again (30 s)', 'the countdown');
});

test('trouble: no network', async (visitor, { page }) => {
  await visitor.open();
  await visitor.ask('Hello?');
  await page.context().setOffline(true);
  await visitor.ask('Again?');
  same(await visitor.last.locator('.error').textContent(), 'No connection. Please check your network and try again.');
  await page.context().setOffline(false);
  await visitor.last.getByRole('button', { name: 'Try again' }).click();
  await visitor.settled();
  same(await visitor.words(), 'Hello there.');
});

test('trouble: the tokens are refused', async (visitor) => {
  const { service } = visitor;
  service.problems.visitors = { status: 503, code: 'unavailable' };
  await visitor.open();
  await visitor.ask('Hello?');
  same(await visitor.last.locator('.error').textContent(), 'The chat is not available right now. Please try again in a moment.');
});

test('trouble: without its configuration the chat works in its own words', async (visitor) => {
  const { service } = visitor;
  service.problems.widget = { status: 500, raw: 'no' };
  await visitor.open();
  same(await visitor.words(), 'Hello! How can I help?');
  same(await visitor.ask('Hello?'), 'Hello there.');
});

test('trouble: a configuration that does not come holds a click up for two seconds, and is there on the next page', async (visitor) => {
  const { page, service } = visitor;
  let come;
  service.problems.widget = { until: new Promise((done) => { come = done; }) };
  await page.clock.install();
  await visitor.visit();
  await visitor.launcher.click();
  await until(() => service.asked('widget').length, 'the call');
  await page.clock.runFor(2000);
  await visitor.last.waitFor();
  same(await visitor.words(), 'Hello! How can I help?');
  come();
  await until(() => page.evaluate(() => 'config' in JSON.parse(sessionStorage.getItem('pennypress:site_demo'))), 'the configuration');
  await visitor.visit('/other');
  await visitor.last.waitFor();
  same([await visitor.words(), service.asked('widget').length], ['Hi! Ask me anything.', 1]);
});

test('trouble: a token that does not come is waited for a while only', async (visitor) => {
  const { page, service } = visitor;
  await page.clock.install();
  await visitor.open();
  service.problems.visitors = { until: new Promise(() => {}) };
  await visitor.say('Hello?');
  await until(() => service.asked('visitors').length, 'the call');
  await page.clock.runFor(15_000);
  await visitor.settled();
  same(await visitor.last.locator('.error').textContent(), 'The chat is not available right now. Please try again in a moment.');
});

test('trouble: a configuration of the wrong kinds is as good as none', async (visitor) => {
  const { service } = visitor;
  service.config = { name: 5, greeting: ['x'], suggestions: [null, 7, {}, 'Real'], colours: { accent: 'red;background:url(https://evil.example)', on_accent: [] }, locale: {}, texts: [1, 2] };
  await visitor.open();
  same(await visitor.words(), 'Hello! How can I help?');
  same(await visitor.panel.locator('.chip').allTextContents(), ['Real']);
  same(await visitor.panel.locator('.face').evaluate((e) => getComputedStyle(e).backgroundColor), 'rgb(29, 78, 216)');
});

test('trouble: an answer that was cut for its length says so', async (visitor) => {
  const { service } = visitor;
  service.script = { words: ['Long'], finish: 'length' };
  await visitor.open();
  await visitor.ask('Hello?');
  same(await visitor.last.locator('.note').textContent(), 'The answer became too long and ends here.');
});

test('trouble: events that make no sense do no harm', async (visitor) => {
  const { service } = visitor;
  const follow = service.follow.bind(service);
  let first = true;
  service.follow = async (answer, after, response) => {
    if (!first) return follow(answer, after, response);
    first = false;
    response.writeHead(200, { 'Content-Type': 'text/event-stream' });
    response.write(`id: 0\nevent: start\ndata: ${JSON.stringify(answer.events[0].data)}\n\nevent: unheard-of\ndata: 1\n\n`);
    response.write('id: 5\nevent: sources\ndata: {"not":"a list"}\n\nid: 6\nevent: sources\ndata: [null,3,{"n":"x","title":null,"url":{}}]\n\n');
    response.end('id: 7\nevent: delta\ndata: {not json\n\n');
  };
  await visitor.open();
  await visitor.say('Hello?');
  await visitor.settled();
});
