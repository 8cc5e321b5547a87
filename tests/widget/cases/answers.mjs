// A question and its answer, as a visitor meets them.
import { expect, same, test, until } from '../harness.mjs';

const SOURCES = [
  { n: 1, title: 'Installing', url: 'https://example.com/install', quote: 'Upload the zip.' },
  { n: 2, title: 'Settings', url: '/manual/settings#key', quote: 'The key stands in the page.' },
];

test('answers: words appear one after another', async (visitor) => {
  const { page, service } = visitor;
  const words = 'one two three four five six seven eight nine ten'.split(/(?<= )/);
  service.script = { words, gap: 60 };
  await visitor.open();
  await visitor.inside((root) => {
    window.seen = [];
    new MutationObserver(() => {
      const text = [...root.querySelectorAll('.md')].pop().textContent;
      if (text !== window.seen.at(-1)?.text) window.seen.push({ text, at: performance.now() });
    }).observe(root.querySelector('.log'), { childList: true, subtree: true, characterData: true });
  });
  await visitor.ask('Count!');
  const seen = (await page.evaluate(() => window.seen)).filter((s) => s.text && !s.text.startsWith('Hi!'));
  expect(seen.length >= words.length - 2, `only ${seen.length} steps`);
  expect(seen.at(-1).at - seen[0].at > 60 * (words.length - 4), 'they came together');
  for (const [i, { text }] of seen.entries()) expect(i === 0 || text.startsWith(seen[i - 1].text), `a word changed: ${text}`);
});

test('answers: the first question fetches a token, says where it is asked, and begins a conversation', async (visitor) => {
  const { service } = visitor;
  await visitor.open('/pricing?plan=x');
  same(service.asked('visitors').length, 0);
  await visitor.ask('What does it cost?');
  await visitor.ask('And yearly?');
  same(service.asked('visitors', 'POST').length, 1);
  const [first, second] = service.asked('chat', 'POST');
  same(first.body, {
    site: 'site_demo',
    message: 'What does it cost?',
    conversation: null,
    page: { url: `${service.origin}/pricing?plan=x`, title: 'A shop' },
    locale: 'en',
    stream: true,
  });
  same(second.body.conversation, [...service.conversations.keys()][0]);
  same([first.token, second.token], ['t_1', 't_1']);
});

test('answers: a typing sign until the first word', async (visitor) => {
  const { service } = visitor;
  service.script = { words: ['Here.'], before: 400 };
  await visitor.open();
  await visitor.say('Hello?');
  await visitor.last.locator('.dots').waitFor();
  await visitor.settled();
  expect(await visitor.last.locator('.dots').isHidden(), 'the sign is gone');
});

test('answers: sources stand below, and citations lead to them', async (visitor) => {
  const { service } = visitor;
  service.script = { words: ['Do it [1], then ', 'that [2]. Not [3].'], sources: SOURCES };
  await visitor.open();
  same(await visitor.ask('How?'), 'Do it [1], then that [2]. Not [3].');
  const cites = await visitor.last.locator('.cite').evaluateAll((all) => all.map((a) => [a.textContent, a.getAttribute('href'), a.rel, a.target]));
  same(cites, [
    ['[1]', 'https://example.com/install', 'noopener nofollow', '_blank'],
    ['[2]', `${service.origin}/manual/settings#key`, 'noopener nofollow', '_blank'],
    ['[3]', null, '', ''],
  ]);
  const listed = await visitor.last.locator('.sources li').evaluateAll((all) => all.map((li) => [li.value, li.querySelector('a').textContent, li.querySelector('.quote').textContent]));
  same(listed, [[1, 'Installing', 'Upload the zip.'], [2, 'Settings', 'The key stands in the page.']]);
});

test('answers: a source that has no address is told without a link', async (visitor) => {
  const { service } = visitor;
  const sources = [
    { n: 1, title: 'Notes of the cellar', url: '', quote: 'Behind the clock.' },
    { n: 2, title: 'Installing', url: 'https://example.com/install', quote: 'Upload it.' },
  ];
  service.script = { words: ['Behind the clock [1], see [2].'], sources };
  await visitor.open();
  same(await visitor.ask('Where?'), 'Behind the clock [1], see [2].');
  const cites = await visitor.last.locator('.cite').evaluateAll((all) => all.map((a) => a.getAttribute('href')));
  same(cites, [null, 'https://example.com/install']);
  const listed = await visitor.last.locator('.sources li').evaluateAll((all) => all.map((li) => [li.querySelectorAll('a').length, li.firstElementChild.textContent]));
  same(listed, [[0, 'Notes of the cellar'], [1, 'Installing']]);
});

test('answers: stop keeps what was written and leaves the service at once', async (visitor) => {
  const { service } = visitor;
  service.script = { words: Array.from({ length: 200 }, (_, i) => `w${i} `), gap: 30 };
  await visitor.open();
  await visitor.say('Go on');
  await until(async () => (await visitor.words()).includes('w3'), 'some words');
  const began = Date.now();
  await visitor.panel.getByRole('button', { name: 'Stop' }).click();
  await visitor.settled();
  const [answer] = service.answers.values();
  await until(() => answer.left, 'the service notices');
  expect(answer.left - began < 1000, `it took ${answer.left - began} ms`);
  expect((await visitor.words()).startsWith('w0 w1 w2 w3'), 'the words stay');
  same(await visitor.last.locator('.note').textContent(), 'Stopped.');
  // And the visitor can go on.
  service.script = { words: ['Fine.'] };
  await visitor.last.getByRole('button', { name: 'Try again' }).click();
  await until(async () => (await visitor.words()) === 'Fine.', 'the second try');
  same(await visitor.panel.locator('.q').count(), 1);
});

test('answers: copy gives the answer as it was written', { permissions: ['clipboard-read', 'clipboard-write'] }, async (visitor) => {
  const { service, page } = visitor;
  service.script = { words: ['**Bold** and\n\n', '- `code`\n'] };
  await visitor.open();
  await visitor.ask('How?');
  await visitor.last.getByRole('button', { name: 'Copy' }).click();
  await until(async () => (await page.evaluate(() => navigator.clipboard.readText())) === '**Bold** and\n\n- `code`\n', 'the clipboard');
});

test('answers: suggestions ask, and then make room', async (visitor) => {
  const { service } = visitor;
  await visitor.open();
  await visitor.panel.getByRole('button', { name: 'How do I install it?' }).click();
  await visitor.settled();
  same(service.asked('chat')[0].body.message, 'How do I install it?');
  same(await visitor.panel.locator('.chip').count(), 0);
});

test('answers: the field says how long a message may be, and sends none that is longer', async (visitor) => {
  const { service } = visitor;
  await visitor.open();
  await visitor.field.fill('x'.repeat(3400));
  expect(await visitor.panel.locator('.count').isHidden(), 'no count yet');
  // Characters as the service counts them: 3,990 emoji are 7,980 code units.
  await visitor.field.fill('😀'.repeat(3990));
  same(await visitor.panel.locator('.count').textContent(), '3990 / 4000');
  await visitor.field.fill('x'.repeat(4001));
  expect((await visitor.panel.locator('.count').textContent()).startsWith('4001 / 4000 – Too long'), 'it says so');
  await visitor.field.press('Enter');
  await visitor.page.waitForTimeout(100);
  same(service.asked('chat').length, 0);
  await visitor.ask('y'.repeat(4000));
  same(service.asked('chat')[0].body.message.length, 4000);
});

test('answers: Enter sends, Shift+Enter breaks the line, nothing empty is sent', async (visitor) => {
  const { service, page } = visitor;
  await visitor.open();
  await visitor.field.press('Enter');
  await visitor.field.pressSequentially('   ');
  await visitor.field.press('Enter');
  await visitor.field.fill('a');
  await visitor.field.press('Shift+Enter');
  await page.keyboard.type('b');
  await visitor.field.press('Enter');
  await visitor.settled();
  same(service.asked('chat').map((r) => r.body.message), ['a\nb']);
});

test('answers: a reader further up is not dragged down', async (visitor) => {
  const { service } = visitor;
  service.script = { words: Array.from({ length: 80 }, (_, i) => `line ${i}\n\n`), gap: 15 };
  await visitor.open();
  await visitor.say('Much');
  await until(async () => (await visitor.words()).includes('line 30'), 'some lines');
  await visitor.panel.locator('.log').evaluate((log) => (log.scrollTop = 0));
  await visitor.panel.getByRole('button', { name: 'Latest message' }).waitFor();
  await until(async () => (await visitor.words()).includes('line 79'), 'all lines');
  same(await visitor.panel.locator('.log').evaluate((log) => log.scrollTop), 0);
  await visitor.panel.getByRole('button', { name: 'Latest message' }).click();
  expect(await visitor.panel.locator('.log').evaluate((log) => log.scrollTop > 500), 'and back down');
});
