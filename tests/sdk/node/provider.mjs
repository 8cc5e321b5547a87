// What the fake provider is told to do, and what it was asked.
const url = process.env.FAKE_PROVIDER;

export const USUAL = 'Open Plugins, choose Add New, and upload the zip that you downloaded. '
  + 'Activate it, and enter the address, the key and the secret under Settings.';

/** From now on these models do this; nothing that was asked before is remembered. */
export async function plan(plans) {
  const answer = await fetch(`${url}/control`, { method: 'PUT', body: JSON.stringify(plans) });
  if (!answer.ok) throw new Error(await answer.text());
  await fetch(`${url}/control/requests`, { method: 'DELETE' });
}

export async function asked(model) {
  return (await fetch(`${url}/control/requests?model=${model}`)).json();
}
