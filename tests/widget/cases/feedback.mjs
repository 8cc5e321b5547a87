// Thumbs, and the word that may go with them.
import { expect, same, test, until } from '../harness.mjs';

test('feedback: a thumb is sent at once, a comment after it, and the last word counts', async (visitor) => {
  const { service } = visitor;
  await visitor.open();
  await visitor.ask('Hello?');
  const [answer] = service.answers.keys();
  const down = visitor.last.getByRole('button', { name: 'Not helpful' });
  const up = visitor.last.getByRole('button', { name: 'Helpful', exact: true });
  await down.click();
  await until(() => service.feedback.length === 1, 'the rating');
  same(service.feedback[0], { site: 'site_demo', answer, rating: 'down' });
  same([await down.getAttribute('aria-pressed'), await up.getAttribute('aria-pressed')], ['true', 'false']);
  await visitor.last.getByRole('textbox').fill('  The price is <b>missing</b>.  ');
  await visitor.last.getByRole('button', { name: 'Send comment' }).click();
  await until(() => service.feedback.length === 2, 'the comment');
  same(service.feedback[1], { site: 'site_demo', answer, rating: 'down', comment: 'The price is <b>missing</b>.' });
  await until(async () => (await visitor.last.locator('.more').textContent()) === 'Thank you!', 'thanks for the comment, and no field any more');
  await up.click();
  await until(() => service.feedback.length === 3, 'another rating');
  same(service.feedback[2].rating, 'up');
  same([await down.getAttribute('aria-pressed'), await up.getAttribute('aria-pressed')], ['false', 'true']);
  same(service.asked('feedback', 'POST').map((r) => r.token), ['t_1', 't_1', 't_1']);
});

test('feedback: thanks and the field for a comment are in sight, however long the conversation is', async (visitor) => {
  await visitor.open();
  for (const question of ['Hello?', 'And then?', 'And in the end?']) await visitor.ask(question);
  await visitor.last.getByRole('button', { name: 'Not helpful' }).click();
  await visitor.last.getByRole('textbox').waitFor();
  const hidden = await visitor.last.locator('.more').evaluate((more) => more.getBoundingClientRect().bottom - more.closest('.log').getBoundingClientRect().bottom);
  expect(hidden <= 1, `${hidden} pixels stand below the edge`);
});

test('feedback: what was not taken is not shown as given', async (visitor) => {
  const { service } = visitor;
  await visitor.open();
  await visitor.ask('Hello?');
  service.problems.feedback = { status: 503, code: 'unavailable' };
  const up = visitor.last.getByRole('button', { name: 'Helpful', exact: true });
  await up.click();
  await visitor.last.locator('.more .error').waitFor();
  same(await up.getAttribute('aria-pressed'), 'false');
  await up.click();
  await visitor.last.getByRole('textbox').waitFor();
  service.problems.feedback = { status: 503, code: 'unavailable' };
  await visitor.last.getByRole('textbox').fill('A comment');
  await visitor.last.getByRole('button', { name: 'Send comment' }).click();
  await visitor.last.locator('.more .error').waitFor();
  same(await visitor.last.getByRole('textbox').inputValue(), 'A comment');
});

test('feedback: the greeting cannot be rated, and a comment has a limit', async (visitor) => {
  await visitor.open();
  same(await visitor.last.locator('button').count(), 0);
  await visitor.ask('Hello?');
  await visitor.last.getByRole('button', { name: 'Not helpful' }).click();
  same(await visitor.last.getByRole('textbox').getAttribute('maxlength'), '2000');
  expect(await visitor.last.getByRole('textbox').evaluate((e) => parseFloat(getComputedStyle(e).fontSize) >= 16), 'large enough that phones do not zoom');
});
