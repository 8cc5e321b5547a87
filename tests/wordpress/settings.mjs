// The settings page: what came with the zip is there, and the test of the connection says exactly what is wrong.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { assert } from "./check.mjs";
import { json, problem } from "./recorder.mjs";
import { freePort } from "./processes.mjs";
import { inWordPress } from "./stack.mjs";
import { SettingsPage } from "./wp-admin.mjs";

/** `page` is an owner's, signed in; `known` what the operator's page gave: url, key, secret. */
export async function settingsChecks(checks, { processes, site, page, newPage, recorder, known }) {
  const settings = new SettingsPage(page, site);

  await checks.check("address, key and secret came with the zip", async () => {
    await settings.open();
    assert.equal(await page.inputValue("#pennypress-service-url"), known.url);
    assert.equal(await page.inputValue("#pennypress-site-key"), known.key);
    await page.locator(".pennypress-saved").waitFor();
    const saved = JSON.parse(await inWordPress(processes, site, "echo json_encode(get_option('pennypress'));"));
    assert.equal(saved.secret, known.secret);
    assert.ok(!existsSync(join(site.root, "wp-content/plugins/pennypress/preset.php")), "the preset with its secret is still on disk");
  });

  await checks.check("the secret is not in the page", async () => {
    assert.equal(await page.inputValue("#pennypress-secret"), "");
    assert.ok(!(await page.content()).includes(known.secret.replace("whsec_", "").slice(0, 20)), "the settings page holds the secret");
  });

  await checks.check("the connection is good", async () => {
    const result = await settings.test();
    assert.ok(result.good && result.text.startsWith("Connected as"), result.text);
    return result.text;
  });

  const wrong = async (name, fields, expected, answer = null) => checks.check(`test of the connection: ${name}`, async () => {
    recorder.answer = answer;
    await settings.open();
    await settings.fill(fields);
    const result = await settings.test();
    recorder.answer = null;
    assert.ok(!result.good, `it says that all is well: ${result.text}`);
    assert.match(result.text, expected);
    assert.ok(!result.text.includes(known.secret), "the secret is in the result");
  });
  const here = { "service-url": recorder.url };
  const refuses = (status, code, detail, headers) => (_, response) => problem(response, status, code, detail, headers);
  await wrong("no address", { "service-url": "" }, /service address is missing/);
  await wrong("no address at all", { "service-url": "ftp://example.com" }, /not an address/);
  await wrong("unknown name", { "service-url": "http://pennypress.invalid" }, /“pennypress\.invalid” is not known.*\(DNS\)/);
  await wrong("nobody listens", { "service-url": `http://127.0.0.1:${await freePort()}` }, /connection refused/);
  await wrong("no TLS there", { "service-url": recorder.url.replace("http:", "https:") }, /encrypted connection to “127\.0\.0\.1” failed/);
  await wrong("no answer", here, /No answer from .* in time/, () => {});
  await wrong("another program", { "service-url": site.url }, /not a Pennypress service \(status 404\)/);
  await wrong("another program with JSON", here, /not a Pennypress service \(status 200\)/, (_, response) => json(response, 200, { hello: 1 }));
  await wrong("a redirect", here, /sends its callers on to https:\/\/chat\.example\.com\./, (_, response) => {
    response.writeHead(301, { location: "https://chat.example.com/api/v1/ping?site=x" });
    response.end();
  });
  await wrong("a proxy with nothing behind it", here, /service behind it does not \(status 502\)/, (_, response) => {
    response.writeHead(502, { "content-type": "text/html" });
    response.end("<h1>Bad Gateway</h1>");
  });
  await wrong("unknown site", { "site-key": "site_nobody" }, /does not know the site key “site_nobody”/);
  await wrong("wrong secret", { secret: `whsec_${Buffer.alloc(32, 7).toString("base64")}` }, /secret is wrong for this site key/);
  await wrong("clock behind", here, /clock is 1,?00[0-9] seconds behind/, (_, response) => refuses(401, "bad_signature", "old", { date: new Date(Date.now() + 1_005_000).toUTCString() })(_, response));
  await wrong("clock ahead", here, /clock is 3,?[0-9]{3} seconds ahead/, (_, response) => refuses(401, "bad_signature", "old", { date: new Date(Date.now() - 3_600_000).toUTCString() })(_, response));
  await wrong("another error", here, /answered, but with an error \(503, unavailable\).*come back later/, refuses(503, "unavailable", "Please come back later."));

  await checks.check("a test changes nothing, and saving keeps the secret", async () => {
    await settings.open();
    assert.equal(await page.inputValue("#pennypress-service-url"), known.url);
    await settings.fill({ exclude: "77, 78 79" });
    await settings.save();
    const saved = JSON.parse(await inWordPress(processes, site, "echo json_encode(get_option('pennypress'));"));
    assert.deepEqual(saved.exclude, [77, 78, 79]);
    assert.equal(saved.secret, known.secret);
    await settings.fill({ exclude: "" });
    await settings.save();
  });

  await checks.check("a wrong entry is named and nothing is saved", async () => {
    await settings.fill({ "service-url": "javascript://alert(1)", exclude: "7" });
    await page.getByRole("button", { name: "Save changes" }).click();
    await page.getByText("The service address is not an address").waitFor();
    const saved = JSON.parse(await inWordPress(processes, site, "echo json_encode(get_option('pennypress'));"));
    assert.deepEqual([saved.service_url, saved.exclude], [known.url, []]);
  });

  await checks.check("it works without JavaScript", async () => {
    const plain = await newPage({ javaScriptEnabled: false, storageState: await page.context().storageState() });
    const form = new SettingsPage(plain, site);
    await form.open();
    assert.ok((await form.test()).good);
    await form.fill({ "site-key": "site_nobody" });
    const result = await form.test();
    assert.match(result.text, /does not know the site key/);
    assert.equal(await plain.inputValue("#pennypress-site-key"), "site_nobody");
    await plain.getByText("your changes are not saved yet").waitFor();
    await plain.context().close();
  });

  await checks.check("only an owner may test and save", async () => {
    const body = new URLSearchParams({ action: "pennypress_test" });
    const stranger = await fetch(`${site.url}/wp-admin/admin-ajax.php`, { method: "POST", body });
    assert.equal(stranger.status, 400);
    const owner = await page.evaluate(async (url) => (await fetch(url, { method: "POST", body: new URLSearchParams({ action: "pennypress_test" }) })).status, `${site.url}/wp-admin/admin-ajax.php`);
    assert.equal(owner, 403, "without its nonce, a form of another site could be sent in an owner's name");
  });

  await checks.check("the policy guide says what WordPress's tools for personal data do not reach", async () => {
    await page.goto(`${site.url}/wp-admin/options-privacy.php?tab=policyguide`);
    const text = await page.locator(".privacy-settings-accordion-panel", { hasText: "Conversations are kept by your service" }).textContent();
    assert.match(text, /Erase Personal Data.*do not reach them/);
    assert.match(text, /not among the personal data that this site exports or erases/);
  });
}
