// The stream: read correctly however it is cut, taken up again when it breaks.
import { expect, same, test, until } from '../harness.mjs';
import { putParts } from '../parts.mjs';

test('stream: events are read the same, whatever the line ends and wherever the chunks are cut', async ({ page, service }) => {
  await page.goto(service.origin);
  await putParts(page);
  const wrong = await page.evaluate(() => {
    const lines = ['\uFEFFid: 1', 'event: delta', 'data: {"text":"Grüße 世界 🎉"}', '', ': ping', '', 'id:2', 'data: a', 'data:b', '', 'event: none', '', 'id: 3', 'event:x:y', 'data:  two spaces', 'retry: 5', 'nonsense', '', `data: ${'z'.repeat(100000)}`, '', 'data: never ended'];
    const wanted = JSON.stringify([
      { event: 'delta', data: '{"text":"Grüße 世界 🎉"}', id: '1' },
      { event: 'message', data: 'a\nb', id: '2' },
      { event: 'x:y', data: ' two spaces', id: '3' },
      { event: 'message', data: 'z'.repeat(100000), id: '3' },
    ]);
    const wrong = [];
    for (const end of ['\n', '\r\n', '\r']) {
      const bytes = new TextEncoder().encode(lines.join(end));
      for (const size of [1, 2, 3, 7, 1000, bytes.length]) {
        const found = [];
        const parse = window.Parts.eventParser((e) => found.push({ event: e.event, data: e.data, id: e.id }));
        const decoder = new TextDecoder();
        for (let at = 0; at < bytes.length; at += size) parse(decoder.decode(bytes.subarray(at, at + size), { stream: true }));
        if (JSON.stringify(found) !== wanted) wrong.push(`${JSON.stringify(end)} in pieces of ${size}: ${JSON.stringify(found).slice(0, 300)}`);
      }
    }
    return wrong;
  });
  same(wrong, []);
});

const WORDS = Array.from({ length: 40 }, (_, i) => `wörd${i} `);

test('stream: cut three times, no word is lost or doubled', async (visitor) => {
  const { service } = visitor;
  service.script = { words: WORDS, gap: 25, cut: [5, 12, 30] };
  await visitor.open();
  same((await visitor.ask('Count')).trim(), WORDS.join('').trim());
  const resumed = service.asked('answers/', 'GET');
  same(resumed.length, 3);
  same(resumed.map((r) => r.query), Array(3).fill('?site=site_demo'));
  expect(resumed.every((r) => Number(r.headers['last-event-id']) > 0 && r.token === 't_1'), 'each resumes where it was');
  same(service.asked('chat', 'POST').length, 1);
});

test('stream: a replay that is cut into other pieces gives each word once', async (visitor) => {
  const { service } = visitor;
  service.script = { words: WORDS, gap: 10, cut: [7] };
  await visitor.open();
  // The answer comes again from the beginning, in one piece.
  const resume = service.resume.bind(service);
  service.resume = async (id, after, response) => {
    const answer = service.answers.get(id);
    await until(() => answer.over, 'the end of the answer');
    const text = WORDS.join('');
    answer.events = [answer.events[0], { id: Buffer.byteLength(text), event: 'delta', data: { text } }, answer.events.at(-1)];
    return resume(id, -1, response);
  };
  same((await visitor.ask('Count')).trim(), WORDS.join('').trim());
});

test('stream: the service is away for a while, and the visitor is told', async (visitor) => {
  const { service } = visitor;
  service.script = { words: WORDS, gap: 25, cut: [5] };
  service.problems.answers = { status: 503, code: 'unavailable', times: 2 };
  await visitor.open();
  await visitor.say('Count');
  await visitor.panel.getByText('Connection lost. Reconnecting…').waitFor();
  await visitor.settled();
  same((await visitor.words()).trim(), WORDS.join('').trim());
  same(await visitor.panel.getByText('Reconnecting').count(), 0);
});

test('stream: an answer that cannot be taken up again ends in plain words and a way on', async (visitor) => {
  const { service } = visitor;
  service.script = { words: WORDS, gap: 25, cut: [5], gone: true };
  await visitor.open();
  await visitor.ask('Count');
  same(await visitor.last.locator('.error').textContent(), 'The connection was lost before the answer was complete.');
  expect((await visitor.words()).startsWith('wörd0 wörd1'), 'what came stays');
  service.script = { words: ['All of it.'] };
  await visitor.last.getByRole('button', { name: 'Try again' }).click();
  await visitor.settled();
  same(await visitor.words(), 'All of it.');
  same(await visitor.panel.locator('.q').count(), 1);
});

test('stream: a connection that falls silent is given up and resumed', async (visitor) => {
  const { service, page } = visitor;
  await page.clock.install();
  service.script = { words: WORDS.slice(0, 6), gap: 5 };
  await visitor.open();
  // The first connection stalls after the start, without closing.
  const follow = service.follow.bind(service);
  let stalled = false;
  service.follow = async (answer, after, response) => {
    if (stalled) return follow(answer, after, response);
    stalled = true;
    response.writeHead(200, { 'Content-Type': 'text/event-stream' });
    response.write('id: 0\nevent: start\ndata: ' + JSON.stringify(answer.events[0].data) + '\n\n');
  };
  await visitor.say('Count');
  await until(() => stalled, 'the first connection');
  await page.waitForTimeout(200);
  await page.clock.runFor(21_000);
  await page.clock.runFor(1000);
  await until(async () => (await visitor.words()).trim() === WORDS.slice(0, 6).join('').trim(), 'the words');
});

test('stream: attempts are bounded', { patience: 60_000 }, async (visitor) => {
  const { service, page } = visitor;
  await page.clock.install();
  service.script = { words: WORDS, gap: 5, cut: [3] };
  service.problems.answers = { status: 502, code: 'unavailable', times: 1000 };
  await visitor.open();
  await visitor.say('Count');
  await until(
    async () => {
      await page.clock.runFor(3000);
      return visitor.last.locator('.error').count();
    },
    'the end of the attempts',
    20_000,
  );
  same(service.asked('answers/', 'GET').length, 6);
});
