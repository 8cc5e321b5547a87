// The panel as a window: how it opens and closes.
import { same, test, until } from '../harness.mjs';

test('panel: a phone\'s back button closes it, asked or not, and the launcher opens it again', { viewport: { width: 390, height: 800 } }, async (visitor) => {
  const state = () => visitor.inside((root) => [root.querySelector('dialog').open, root.querySelector('.l').getAttribute('aria-expanded')]);
  const closed = (how) => until(async () => String(await state()) === 'false,false', `it is closed ${how}, and the launcher knows`);
  const cancel = () => visitor.panel.evaluate((dialog) => dialog.dispatchEvent(new Event('cancel', { cancelable: true })));
  const click = () => visitor.inside((root) => root.querySelector('.l').click());
  await visitor.open();
  // The first press asks before it closes; what it closes then is the question, if one stands there.
  await visitor.ask('Hello?');
  await visitor.panel.getByRole('button', { name: 'New conversation' }).click();
  same([await cancel(), await visitor.panel.locator('.ask').isVisible(), ...(await state())], [false, false, true, 'true']);
  // The Escape key is not both a key and such a press.
  await visitor.panel.getByRole('button', { name: 'New conversation' }).click();
  await visitor.page.keyboard.press('Escape');
  same([await visitor.panel.locator('.ask').isVisible(), ...(await state())], [false, true, 'true']);
  await cancel();
  await closed('by us');
  await click();
  same(await state(), [true, 'true']);
  // A second press in a row is not to be prevented: the browser closes without asking.
  await visitor.panel.evaluate((dialog) => dialog.close());
  await closed('by the browser');
  await click();
  same(await state(), [true, 'true']);
});
