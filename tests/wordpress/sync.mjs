// The site's content on its way to the service, which is played here so that one can see what comes and break what answers.
import { cpSync, mkdirSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { assert, eventually } from "./check.mjs";
import { ContentDouble } from "./sync-double.mjs";
import { hostChecks } from "./sync-hosts.mjs";
import { kindChecks } from "./sync-kinds.mjs";
import { transferChecks } from "./sync-transfer.mjs";
import { inWordPress } from "./stack.mjs";
import { Editor, PostList } from "./wp-editor.mjs";
import { SettingsPage } from "./wp-admin.mjs";

const fixtures = join(dirname(fileURLToPath(import.meta.url)), "fixtures");

export async function syncChecks(checks, all) {
  const { processes, site, page, recorder, known } = all;
  const double = new ContentDouble(recorder, known.secret);
  const settings = (changes) => inWordPress(processes, site, `update_option('pennypress', array_merge(get_option('pennypress'), ${changes}));`);
  const plugins = join(site.root, "wp-content/mu-plugins");
  mkdirSync(plugins, { recursive: true });
  for (const name of ["odd-plugin.php", "shop-plugin.php"]) cpSync(join(fixtures, name), join(plugins, name));
  const sync = { ...all, double, settings, within: within(double), php: (code, ini) => inWordPress(processes, site, code, ini) };
  try {
    await settings(`array('service_url' => '${recorder.url}')`);
    await beginning(checks, sync);
    await costs(checks, sync);
    await editing(checks, { ...sync, editor: new Editor(page, site), list: new PostList(page, site) });
    await hostChecks(checks, sync);
    await kindChecks(checks, sync);
    await transferChecks(checks, sync);
    await checks.check("every call was signed", () => assert.deepEqual(double.unsigned, []));
  } finally {
    recorder.answer = null;
    rmSync(plugins, { recursive: true });
    await inWordPress(processes, site, "Pennypress\\Learning::stop();");
    await settings(`array('service_url' => '${known.url}')`);
  }
}

/** Waits until `wanted()` holds, two seconds at the most after `moment`: as long as the next answer may not know. */
function within(double) {
  return async (moment, wanted, seconds = 2) => {
    await eventually(() => assert.ok(wanted(), `not so ${Date.now() - moment} ms later; sent: ${JSON.stringify(double.sent.slice(-3)).slice(0, 900)}`), { seconds: Math.max(0.1, seconds - (Date.now() - moment) / 1000), every: 10 });
    return Date.now() - moment;
  };
}

async function beginning(checks, { site, page, double, php }) {
  const settings = new SettingsPage(page, site);

  await checks.check("nothing is sent before the owner says so", async () => {
    await php("wp_update_post(array('ID' => 1, 'post_content' => 'Nobody was told of this yet.'));");
    assert.deepEqual([double.calls, double.sent], [{ GET: 0, POST: 0 }, []]);
    assert.equal((await site.sql("SHOW TABLES LIKE '%pennypress%'")).trim(), "");
  });

  await checks.check("\"Start learning\" sends what is published, and nothing else", async () => {
    await php(`
      wp_insert_post(array('post_title' => 'A draft', 'post_content' => 'DRAFT WORDS', 'post_status' => 'draft'));
      wp_insert_post(array('post_title' => 'A private page', 'post_type' => 'page', 'post_content' => 'PRIVATE WORDS', 'post_status' => 'private'));
      wp_insert_post(array('post_title' => 'With a password', 'post_content' => 'PASSWORD WORDS', 'post_status' => 'publish', 'post_password' => 'x'));
      wp_insert_post(array('post_title' => 'For later', 'post_content' => 'FUTURE WORDS', 'post_status' => 'future', 'post_date' => gmdate('Y-m-d H:i:s', time() + 86400)));
      wp_insert_post(array('post_title' => 'A note', 'post_type' => 'secret_note', 'post_content' => 'NOTE WORDS', 'post_status' => 'publish'));
      wp_insert_post(array('post_title' => 'Tomato soup', 'post_type' => 'recipe', 'post_content' => 'Take ten tomatoes.', 'post_status' => 'publish'));`);
    await settings.open();
    await page.getByText("Nothing of your site has been sent yet.").waitFor();
    await page.getByRole("button", { name: "Start learning" }).click();
    await page.locator("#pennypress-last", { hasText: "Compared just now" }).waitFor();
    const titles = [...double.documents.values()].map(({ title }) => title).sort();
    assert.ok(["Hello world!", "Sample Page", "Tomato soup"].every((title) => titles.includes(title)), `${titles}`);
    assert.equal(await page.locator("#pennypress-known").innerText(), String(double.documents.size));
    assert.equal(await page.locator("#pennypress-waiting").innerText(), "0");
    const { url, html, locale, kind, modified } = double.of(1);
    assert.deepEqual([url, locale, kind], [`${site.url}/hello-world/`, "en-US", "post"]);
    assert.ok(html.includes("Nobody was told of this yet."));
    assert.ok(Math.abs(Date.parse(modified) - Date.now()) < 60_000, modified);
    return `${titles.length} documents`;
  });
}

async function costs(checks, { double, site, php }) {
  await checks.check("while it learns, a page view still makes no query and no call more", async () => {
    double.forget();
    const view = async (url) => {
      const source = await (await fetch(url)).text();
      return { queries: Number(/queries: (\d+)/.exec(source)[1]), ours: source.includes("pennypress-widget-js") };
    };
    const said = [];
    for (const path of ["/", "/hello-world/", "/sample-page/"]) {
      await view(`${site.url}${path}?with=1`);
      const [without, with_] = [await view(`${site.url}${path}?without=1`), await view(`${site.url}${path}?with=1`)];
      assert.deepEqual([without.ours, with_.ours], [false, true]);
      assert.equal(with_.queries, without.queries, path);
      said.push(with_.queries);
    }
    assert.deepEqual([double.calls, double.sent], [{ GET: 0, POST: 0 }, []]);
    assert.equal(await php("echo implode(' ', array_filter(array_keys(wp_load_alloptions()), function ($name) { return strpos($name, 'pennypress') === 0; }));"), "pennypress");
    return `${said.join(", ")} queries with and without`;
  });
}

async function editing(checks, { double, editor, list, within, php, page, site }) {
  let id;
  const arrived = (text) => () => double.of(id)?.html.includes(text);
  const gone = () => !double.of(id);

  await checks.check("a post is published in the block editor", async () => {
    await editor.open();
    await editor.write("Opening hours", "The shop is open on Sundays.\n[opening_hours]\n[who]\n[where_am_i]");
    id = await editor.id();
    assert.ok(gone(), "it was sent before it was published");
    const took = await within(await editor.publish(), arrived("The shop is open on Sundays."));
    const { html, title } = double.of(id);
    assert.equal(title, "Opening hours");
    for (const text of ["to half past five.", "Hello stranger.", "On the single page of Opening hours."]) assert.ok(html.includes(text), html);
    assert.ok(!html.includes("<!-- wp:") && !html.includes("MEMBERS ONLY"), html);
    return `the service had it ${took} ms after WordPress said so`;
  });

  await checks.check("it is changed", async () => {
    await editor.open(id);
    await editor.write(null, "The shop is closed on Sundays.");
    return `${await within(await editor.update(), arrived("closed on Sundays"))} ms`;
  });

  await checks.check("an autosave and a draft's revision are not sent", async () => {
    const count = double.sent.length;
    await editor.open(id);
    await editor.write(null, "NOT YET: this is not saved.");
    await page.evaluate(() => wp.data.dispatch("core/editor").autosave());
    await page.waitForFunction(() => !wp.data.select("core/editor").isAutosavingPost());
    await php("wp_insert_post(array('post_title' => 'Another draft', 'post_content' => 'DRAFT WORDS', 'post_status' => 'draft'));");
    await editor.leave();
    assert.deepEqual(double.sent.slice(count), []);
  });

  await checks.check("quick edit: a new address, a password, and none again", async () => {
    await within(await list.quickEdit(id, { slug: "when-we-are-open" }), () => double.of(id)?.url === `${site.url}/when-we-are-open/`);
    await within(await list.quickEdit(id, { password: "sesame" }), gone);
    await php(`wp_update_post(array('ID' => ${id}, 'post_password' => ''));`);
    assert.ok(arrived("closed on Sundays")(), "without its password it is back at once: the command line sends before it ends");
  });

  await checks.check("quick edit to a draft, bulk edit back and to private", async () => {
    await within(await list.quickEdit(id, { status: "draft" }), gone);
    await within(await list.bulkEdit([id, 1], { status: "publish" }), arrived("closed on Sundays"));
    await within(await list.bulkEdit([id, 1], { status: "private" }), () => gone() && !double.of(1));
    await within(await list.bulkEdit([id, 1], { status: "publish" }), () => arrived("closed on Sundays")() && double.of(1));
  });

  await checks.check("a person keeps it out in the editor, with the same click that publishes it", async () => {
    const count = double.sent.length;
    await editor.open();
    await editor.write("For members of staff", "STAFF WORDS");
    const staff = await editor.id();
    await page.getByRole("button", { name: "Chat", exact: true }).click();
    await page.getByLabel("Keep this page out of the chat’s answers").check();
    await editor.publish();
    await php("Pennypress\\Worker::on_cron();");
    assert.deepEqual(double.sent.slice(count).filter((document) => JSON.stringify(document).includes("STAFF")), []);
    await editor.open(staff);
    const box = page.getByLabel("Keep this page out of the chat’s answers");
    if (!(await box.isVisible())) await page.getByRole("button", { name: "Chat", exact: true }).click();
    assert.ok(await box.isChecked());
    await box.uncheck();
    await within(await editor.update(), () => double.of(staff)?.html.includes("STAFF WORDS"));
    await box.check();
    await within(await editor.update(), () => !double.of(staff));
  });

  await checks.check("it is trashed, brought back and deleted", async () => {
    const took = await within(await list.trash(id), gone);
    await php(`wp_untrash_post(${id}); wp_publish_post(${id});`);
    assert.ok(arrived("closed on Sundays")());
    await php(`wp_delete_post(${id}, true);`);
    assert.ok(gone());
    return `gone ${took} ms after the click's answer`;
  });

  await checks.check("the REST API, and a scheduled post whose hour has come", async () => {
    await page.goto(`${site.url}/wp-admin/`);
    const made = await page.evaluate(async () => {
      const nonce = await (await fetch("/wp-admin/admin-ajax.php?action=rest-nonce")).text();
      const response = await fetch("/index.php?rest_route=/wp/v2/posts", { method: "POST", headers: { "content-type": "application/json", "x-wp-nonce": nonce }, body: JSON.stringify({ title: "By REST", content: "REST words.", status: "publish" }) });
      return response.json();
    });
    await within(Date.now(), () => double.of(made.id)?.html.includes("REST words."));
    const later = Number(await php("echo wp_insert_post(array('post_title' => 'Soon', 'post_content' => 'Now it is time.', 'post_status' => 'future', 'post_date' => gmdate('Y-m-d H:i:s', time() + 86400)));"));
    assert.ok(!double.of(later));
    await php(`global $wpdb; $then = gmdate('Y-m-d H:i:s', time() - 60); $wpdb->update($wpdb->posts, array('post_date' => $then, 'post_date_gmt' => $then), array('ID' => ${later}));
      wp_clear_scheduled_hook('publish_future_post', array(${later})); wp_schedule_single_event(time() - 1, 'publish_future_post', array(${later}));`);
    await fetch(`${site.url}/wp-cron.php`);
    await within(Date.now(), () => double.of(later)?.html.includes("Now it is time."), 5);
  });

  await checks.check("of all that no visitor may read, not a word was sent", () => {
    const words = JSON.stringify(double.sent);
    for (const secret of ["DRAFT WORDS", "PRIVATE WORDS", "PASSWORD WORDS", "FUTURE WORDS", "NOTE WORDS", "NOT YET", "MEMBERS ONLY"]) assert.ok(!words.includes(secret), secret);
    assert.ok(words.includes("STAFF WORDS"), "this check could not fail");
  });
}
