// A conversation that lives longer than a page.
import { expect, same, test, until } from '../harness.mjs';

const questions = (visitor) => visitor.panel.locator('.q .text').allTextContents();
const answers = (visitor) => visitor.panel.locator('.a .md').allTextContents();

test('history: a page change keeps the conversation, the open panel and the draft', async (visitor) => {
  const { service, page } = visitor;
  service.script = { words: ['It **works**.'], sources: [{ n: 1, title: 'T', url: 'https://example.com/', quote: 'q' }] };
  await visitor.open();
  await visitor.ask('Does it?');
  await visitor.last.getByRole('button', { name: 'Not helpful' }).click();
  await visitor.field.fill('half a thou');
  service.conversations.values().next().value.messages[1].rating = 'down';
  await page.getByRole('link', { name: 'Another page' }).click();
  await visitor.panel.locator('.sources').waitFor();
  same(await questions(visitor), ['Does it?']);
  same(await answers(visitor), ['Hi! Ask me anything.', 'It works.']);
  same(await visitor.field.inputValue(), 'half a thou');
  same(await visitor.last.getByRole('button', { name: 'Not helpful' }).getAttribute('aria-pressed'), 'true');
  // The focus was not taken from the page.
  same(await page.evaluate(() => document.activeElement.localName), 'body');
  await visitor.ask('And now?');
  same(service.asked('chat')[1].body.conversation, service.asked('conversations/')[0].path.split('/')[1]);
  same(service.asked('visitors', 'POST').length, 1);
});

test('history: a closed panel stays closed, and brings the conversation when it is opened', async (visitor) => {
  const { service, page } = visitor;
  await visitor.open();
  await visitor.ask('Hello?');
  await page.keyboard.press('Escape');
  await visitor.visit('/other');
  await page.waitForTimeout(300);
  same(await visitor.panel.count(), 0);
  same(service.asked('conversations/').length, 0);
  await visitor.launcher.click();
  await until(async () => (await questions(visitor)).length === 1, 'the question');
  same(await answers(visitor), ['Hi! Ask me anything.', 'Hello there.']);
});

test('history: an answer that was running goes on after the page change', async (visitor) => {
  const { service } = visitor;
  const words = Array.from({ length: 40 }, (_, i) => `w${i} `);
  service.script = { words, gap: 40 };
  await visitor.open();
  await visitor.say('Count');
  await until(async () => (await visitor.words()).includes('w5'), 'some words');
  await visitor.visit('/other');
  await visitor.panel.locator('.q').waitFor();
  await visitor.settled();
  same(await questions(visitor), ['Count']);
  same((await visitor.words()).trim(), words.join('').trim());
  same(service.asked('chat', 'POST').length, 1);
  same(service.asked('answers/', 'GET')[0].headers['last-event-id'], '0');
  // Once more: complete now, from the history.
  await visitor.visit('/third');
  await visitor.panel.locator('.q').waitFor();
  await visitor.settled();
  same(await questions(visitor), ['Count']);
  same(service.asked('answers/', 'GET').length, 1);
});

test('history: a page that the browser kept shows what is there now, not what it left', async (visitor) => {
  const { page, service } = visitor;
  // Playwright keeps no pages; what the browser tells one that it kept is this.
  const back = () => page.evaluate(() => dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true })));
  const words = Array.from({ length: 30 }, (_, i) => `w${i} `);
  service.script = { words, gap: 40 };
  await visitor.open();
  await visitor.say('Count');
  await until(async () => (await visitor.words()).includes('w5'), 'some words');
  await back();
  await until(() => service.asked('answers/', 'GET').length, 'the answer, taken up again');
  await visitor.settled();
  same(await questions(visitor), ['Count']);
  same((await answers(visitor)).map((text) => text.trim()), ['Hi! Ask me anything.', words.join('').trim()]);
  // Deleted meanwhile, while the panel is closed.
  service.conversations.clear();
  await page.keyboard.press('Escape');
  await back();
  await visitor.launcher.click();
  await visitor.panel.locator('.chips').waitFor();
  same(await questions(visitor), []);
});

test('history: a question that failed is still there on the next page, to be tried again', async (visitor) => {
  const { service } = visitor;
  service.problems.chat = { status: 503, code: 'unavailable' };
  await visitor.open();
  await visitor.ask('Hello?');
  await visitor.visit('/other');
  await visitor.panel.locator('.error').waitFor();
  same(await questions(visitor), ['Hello?']);
  await visitor.last.getByRole('button', { name: 'Try again' }).click();
  await visitor.settled();
  same(await visitor.words(), 'Hello there.');
});

test('history: a second tab has the conversation too', async (visitor, { page }) => {
  await visitor.open();
  await visitor.ask('Hello?');
  const tab = await page.context().newPage();
  visitor.wrong.length = 0;
  await tab.goto(visitor.service.origin);
  await tab.locator('pennypress-widget .l').click();
  await tab.locator('pennypress-widget .q').waitFor();
  same(await tab.locator('pennypress-widget .q .text').allTextContents(), ['Hello?']);
});

test('history: a conversation that is gone begins anew, without a word about it', async (visitor) => {
  const { service } = visitor;
  await visitor.open();
  await visitor.ask('Hello?');
  service.conversations.clear();
  await visitor.visit('/other');
  await visitor.panel.locator('.chips').waitFor();
  same(await visitor.panel.locator('.error').count(), 0);
  await visitor.ask('Again?');
  same(service.asked('chat')[1].body.conversation, null);
});

test('history: a refused token is renewed once, and the call repeated', async (visitor) => {
  const { service } = visitor;
  await visitor.open();
  await visitor.ask('Hello?');
  service.tokens.clear();
  service.counter = 100;
  same(await visitor.ask('Again?'), 'Hello there.');
  // The new visitor may not continue the old conversation: the question began another.
  same(service.asked('chat').map((r) => [r.token, r.body.conversation !== null]), [['t_1', false], ['t_1', true], ['t_101', true], ['t_101', false]]);
  same(await questions(visitor), ['Hello?', 'Again?']);
  same(await visitor.panel.locator('.a').count(), 3);
});

test('history: the token is renewed before it ends, for the same visitor', async (visitor) => {
  const { service, page } = visitor;
  await page.clock.install();
  await visitor.open();
  await visitor.ask('Hello?');
  await page.clock.runFor(56 * 60_000);
  await until(() => service.asked('visitors', 'POST').length >= 2, 'the renewal');
  same(service.asked('visitors', 'POST')[1].token, 't_1');
});

test('history: a history that cannot be loaded can be tried again', async (visitor) => {
  const { service } = visitor;
  await visitor.open();
  await visitor.ask('Hello?');
  service.problems.conversations = { status: 503, code: 'unavailable' };
  await visitor.visit('/other');
  await visitor.panel.locator('.error').waitFor();
  await visitor.panel.getByRole('button', { name: 'Try again' }).click();
  await visitor.panel.locator('.q').waitFor();
  same(await visitor.panel.locator('.error').count(), 0);
});

test('history: a history that does not come is waited for a while only, or until Stop', async (visitor) => {
  const { page, service } = visitor;
  const wait = () => { service.problems.conversations = { until: new Promise(() => {}) }; };
  const retry = visitor.panel.getByRole('button', { name: 'Try again' });
  const stop = visitor.panel.getByRole('button', { name: 'Stop' });
  await page.clock.install();
  await visitor.open();
  await visitor.ask('Hello?');
  wait();
  await visitor.visit('/other');
  await stop.click();
  await retry.waitFor();
  same(await stop.isVisible(), false);
  wait();
  await retry.click();
  await until(() => service.asked('conversations/').length === 2, 'the second try');
  await page.clock.runFor(15_000);
  await retry.click();
  await until(async () => String(await questions(visitor)) === 'Hello?', 'the question');
});

test('history: a new conversation deletes the old one, after asking', async (visitor) => {
  const { service, page } = visitor;
  await visitor.open();
  await visitor.ask('Hello?');
  await visitor.panel.getByRole('button', { name: 'New conversation' }).click();
  await visitor.panel.getByRole('button', { name: 'Cancel' }).click();
  same(service.conversations.size, 1);
  await visitor.panel.getByRole('button', { name: 'New conversation' }).click();
  service.problems.conversations = { status: 503, code: 'unavailable' };
  await visitor.panel.getByRole('button', { name: 'Delete' }).click();
  await visitor.panel.getByText('Something went wrong. Please try again.').first().waitFor();
  same(await questions(visitor), ['Hello?']);
  await visitor.panel.getByRole('button', { name: 'Delete' }).click();
  await visitor.panel.locator('.chips').waitFor();
  same(service.conversations.size, 0);
  same(await questions(visitor), []);
  same(await page.evaluate(() => document.activeElement.shadowRoot.activeElement.localName), 'textarea');
  await visitor.ask('Anew?');
  same(service.asked('chat')[1].body.conversation, null);
});

test('history: after a laptop slept, a conversation can still be deleted; where it cannot, the visitor hears so', async (visitor) => {
  const { page, service } = visitor;
  const kept = visitor.panel.getByText('The conversation could no longer be deleted.');
  const sleep = () => page.evaluate(() => localStorage.setItem('pennypress:site_demo', JSON.stringify({ ...JSON.parse(localStorage['pennypress:site_demo']), expires: 1 })));
  const remove = async () => {
    await visitor.panel.getByRole('button', { name: 'New conversation' }).click();
    await visitor.panel.getByRole('button', { name: 'Delete' }).click();
    await visitor.panel.locator('.chips').waitFor();
    same(await questions(visitor), []);
  };
  await visitor.open();
  // The token ran out, but the service still takes it for a new one.
  await visitor.ask('Hello?');
  await sleep();
  await remove();
  same([service.conversations.size, await kept.count()], [0, 0]);
  // It does not any more.
  await visitor.ask('Hello?');
  await sleep();
  service.tokens.clear();
  await remove();
  same([service.conversations.size, await kept.count()], [1, 1]);
  // A question after that began a second conversation below the first: only that one can go.
  await visitor.ask('Hello?');
  await sleep();
  service.tokens.clear();
  await visitor.ask('And?');
  same(await questions(visitor), ['Hello?', 'And?']);
  await remove();
  same([service.conversations.size, await kept.count()], [2, 1]);
  // It is said once.
  await visitor.ask('Hello?');
  await remove();
  same([service.conversations.size, await kept.count()], [2, 0]);
});

const STORAGES = {
  'forbids storage': () => {
    for (const name of ['localStorage', 'sessionStorage']) Object.defineProperty(window, name, { get: () => { throw new DOMException('no', 'SecurityError'); } });
  },
  'has no room in its storage': () => {
    Storage.prototype.setItem = () => { throw new DOMException('no', 'QuotaExceededError'); };
  },
};

for (const [what, spoil] of Object.entries(STORAGES)) {
  test(`history: a browser that ${what} still chats`, async (visitor) => {
    const { page, service } = visitor;
    await page.addInitScript(spoil);
    await visitor.open();
    await visitor.ask('Hello?');
    same(await visitor.ask('Again?'), 'Hello there.');
    expect(service.asked('chat')[1].body.conversation, 'one conversation');
    same(service.asked('visitors').length, 1, 'tokens asked for');
  });
}
