// From the admin to the answer: what the site's owner does to a page, the next answer knows; and its link leads to the place.
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { Chat } from "./browser.mjs";
import { assert, eventually } from "./check.mjs";
import { startService } from "./service.mjs";
import { inWordPress } from "./stack.mjs";
import { SettingsPage } from "./wp-admin.mjs";
import { Editor, PostList } from "./wp-editor.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const OWN_EXPORT = join(here, "../fixtures/shop.wxr.xml");
const REAL_EXPORT = join(process.env.PENNYPRESS_DATA ?? join(here, "../../../shared/data"), "wxr/theme-unit-test.xml");
const [KEY, SECRET] = ["site_answers", "whsec_c3luYyBhbnN3ZXJzIHNlY3JldCE="];
const KNOWS_WITHIN_MS = 2000;

export async function answerChecks(checks, all) {
  const { processes, site, page, known } = all;
  // No provider: what it answers, it has from the content.
  const service = await startService(processes, null, {
    redis: false, name: "content-service", env: { LANTERN_SECRET: SECRET },
    extra: `[[sites]]\nkey = "${KEY}"\nsecret_env = "LANTERN_SECRET"\norigins = ["${site.url}"]\nname = "Lantern House"`,
  });
  const php = (code) => inWordPress(processes, site, code);
  const connect = (to) => php(`update_option('pennypress', array_merge(get_option('pennypress'), json_decode('${JSON.stringify(to)}', true)));`);
  await connect({ service_url: service.url, site_key: KEY, secret: SECRET });
  const ask = async (message) => {
    const response = await fetch(`${site.url}/wp-json/pennypress/v1/chat`, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ message, stream: false }) });
    const answer = await response.json();
    assert.ok(response.ok, JSON.stringify(answer));
    return answer;
  };
  const wordPress = { ...all, php, ask, editor: new Editor(page, site), list: new PostList(page, site), settings: new SettingsPage(page, site) };
  try {
    await exportChecks(checks, wordPress);
    await adminChecks(checks, wordPress);
  } finally {
    await php("Pennypress\\Learning::stop_and_remove();");
    await connect({ service_url: known.url, site_key: known.key, secret: known.secret });
    await service.child.end();
  }
}

async function exportChecks(checks, { php, site, page, newPage, ask, settings }) {
  const importing = async (file) => JSON.parse(await php(`$wxr = '${file}'; require '${join(here, "fixtures/import-wxr.php")}';`));
  const learned = async () => (await site.sql("SELECT post_id FROM wp_pennypress_documents WHERE sent > 0 AND post_id > 0 ORDER BY post_id")).trim().split("\n").map(Number);
  // What an earlier part kept out of the answers is published, and rightly not learned.
  const published = async () => (await site.sql("SELECT ID FROM wp_posts WHERE post_type IN ('post', 'page') AND post_status = 'publish' AND post_password = '' AND ID NOT IN (SELECT post_id FROM wp_postmeta WHERE meta_key = '_pennypress_keep_out') ORDER BY ID")).trim().split("\n").map(Number);

  await checks.check("an export is taken in, and the whole site is sent to the service", async () => {
    await importing(OWN_EXPORT);
    const real = existsSync(REAL_EXPORT) ? Object.keys(await importing(REAL_EXPORT)).length : 0;
    await settings.open();
    await page.getByRole("button", { name: "Start learning" }).click();
    await page.locator("#pennypress-last", { hasText: "Compared just now" }).waitFor({ timeout: 60_000 });
    assert.equal(await page.locator("#pennypress-failed").innerText(), "0");
    assert.deepEqual(await learned(), await published());
    if (existsSync(REAL_EXPORT)) assert.ok(real > 50, `only ${real} posts of the real export were taken in`);
    return `${(await learned()).length} documents; ${real} posts came of the real export, drafts and private ones among them`;
  });

  await checks.check("an answer cites the page and the section that it is from", async () => {
    const answer = await ask("How long does a parcel to the islands of Greece take?");
    assert.equal(answer.from, "content");
    assert.match(answer.text, /nine/);
    assert.equal(answer.sources[0].url, `${site.url}/delivery/#delivery-times`, JSON.stringify(answer.sources));
    const child = await ask("What do I rub brass with?");
    assert.match(child.text, /lemon juice/);
    assert.ok(child.sources[0].url.startsWith(`${site.url}/delivery/brass/`), JSON.stringify(child.sources));
    const secret = await ask("What does a Zanzibar lantern cost resellers?");
    assert.ok(!/190|310|7,000/.test(JSON.stringify(secret)), JSON.stringify(secret));
  });

  await checks.check("a visitor follows the link under the answer, and stands before that section", async () => {
    const visitor = await newPage({ viewport: { width: 1000, height: 500 } });
    const chat = new Chat(visitor);
    await visitor.goto(site.url);
    await chat.open();
    await chat.ask("My glass arrived broken, what now?");
    assert.match(await chat.complete(), /photograph/);
    const link = chat.lastAnswer().locator(".sources a").first();
    const target = await link.getAttribute("href");
    assert.equal(new URL(target, site.url).hash, "#broken-glass");
    await visitor.goto(new URL(target, site.url).href);
    const heading = visitor.getByRole("heading", { name: "Broken glass" });
    await heading.waitFor();
    const { y } = await heading.boundingBox();
    assert.ok(y > -20 && y < 500, `the heading stands at ${y}`);
    await visitor.context().close();
  });

  if (!existsSync(REAL_EXPORT)) return;
  await checks.check("the real export: an answer from one of its odd posts", async () => {
    const answer = await ask("Which tag lets me strike out text?");
    assert.equal(answer.from, "content");
    assert.ok(answer.sources.length > 0, JSON.stringify(answer));
    for (const { url } of answer.sources) assert.ok((await fetch(url)).ok, url);
    return answer.sources.map(({ url }) => url.slice(site.url.length)).join(" ");
  });
}

async function adminChecks(checks, { ask, editor, list, settings, page }) {
  const question = "Who is the caretaker of the lighthouse?";
  let id;
  /** Asks until the answer is as wanted; milliseconds since the click's effect was seen. */
  const knows = async (since, wanted) => {
    await eventually(async () => { const answer = await ask(question); assert.ok(wanted(answer), JSON.stringify(answer)); }, { seconds: KNOWS_WITHIN_MS / 1000, every: 20 });
    const took = Date.now() - since;
    assert.ok(took <= KNOWS_WITHIN_MS + 500, `${took} ms`);
    return `the answer knew ${took} ms after WordPress said so`;
  };

  await checks.check("publish: the next answer knows", async () => {
    const before = await ask(question);
    assert.ok(!before.text.includes("Ottilie"));
    await editor.open();
    await editor.write("The lighthouse", "The caretaker of the lighthouse is Ottilie Brandt. She lights the lamp at dusk.");
    id = await editor.id();
    return knows(await editor.publish(), ({ text, sources }) => text.includes("Ottilie Brandt") && sources[0].url.includes("/the-lighthouse/"));
  });

  await checks.check("edit: the next answer knows", async () => {
    await editor.open(id);
    await editor.write(null, "The caretaker of the lighthouse is Emil Sandoval. He lights the lamp at dusk.");
    return knows(await editor.update(), ({ text }) => text.includes("Emil Sandoval") && !text.includes("Ottilie"));
  });

  await checks.check("trash: the next answer knows", async () => knows(await list.trash(id), ({ text }) => !text.includes("Emil")));

  await checks.check("a setting: what is left out is not answered from any more", async () => {
    assert.match((await ask("What do I rub brass with?")).text, /lemon juice/);
    await settings.open();
    await page.locator('input[name="pennypress[learn_types][]"][value=page]').uncheck();
    await settings.save();
    await eventually(async () => assert.ok(!(await ask("What do I rub brass with?")).text.includes("lemon juice")), { seconds: 10 });
  });
}
