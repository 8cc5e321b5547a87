// Many documents, and a service that is away: the first transfer left and taken up, cancelled; the daily comparison; retries.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { assert, eventually } from "./check.mjs";
import { problem } from "./recorder.mjs";
import { SettingsPage } from "./wp-admin.mjs";

const SHOTS = "/var/tmp/pennypress-tests/screenshots";
const MANY = 400;

export async function transferChecks(checks, { double, php, site, page, newPage, within }) {
  const settings = new SettingsPage(page, site);
  const number = async (name) => Number((await page.locator(`#pennypress-${name}`).innerText()).replace(/\D/g, ""));
  const cron = () => fetch(`${site.url}/wp-cron.php`);
  const done = () => eventually(async () => assert.equal(await php("echo Pennypress\\Comparison::state()['phase'];"), "done"), { seconds: 60, every: 200 });
  const compared = async () => {
    await php("Pennypress\\Worker::on_daily();");
    await done();
  };
  const press = (name) => page.getByRole("button", { name, exact: true }).click();

  await checks.check("a service that is down: saving is as quick, nothing is lost, and it arrives when the service is back", async () => {
    double.trouble = (response) => problem(response, 503, "unavailable", "Not now.", { "retry-after": "1" });
    await php("wp_update_post(array('ID' => 1, 'post_content' => 'Written while the service was away.'));");
    assert.ok(!double.of(1)?.html.includes("Written while"));
    await settings.open();
    await page.getByText("Not now.").waitFor();
    assert.equal(await number("waiting"), 1);
    double.trouble = null;
    await eventually(async () => { await cron(); assert.ok(double.of(1)?.html.includes("Written while")); }, { seconds: 20, every: 500 });
    await eventually(async () => assert.equal(await number("waiting"), 0), { seconds: 20 });
    assert.ok(!(await page.getByText("Not now.").isVisible()));
  });

  await checks.check("a page that the service refuses is named, and keeps no other out", async () => {
    const id = Number(await php("echo wp_insert_post(array('post_title' => 'Unwanted <b>page</b>', 'post_content' => 'x', 'post_status' => 'draft'));"));
    double.refuses.add(`wp-post-${id}`);
    await php(`wp_publish_post(${id}); wp_update_post(array('ID' => 2, 'post_content' => 'Beside the unwanted one.'));`);
    assert.ok(double.of(2).html.includes("Beside the unwanted one."));
    await settings.open();
    const trouble = page.locator(".pennypress-troubles li", { hasText: "Unwanted page" });
    assert.match(await trouble.innerText(), /This page is not wanted here\./);
    assert.match(await trouble.locator("a").getAttribute("href"), new RegExp(`post=${id}&action=edit`));
    mkdirSync(SHOTS, { recursive: true });
    await page.screenshot({ path: join(SHOTS, `${site.version}-content-trouble.png`), fullPage: true });
    double.refuses.clear();
    await press("Try again now");
    await within(Date.now(), () => double.of(id), 10);
    await php(`wp_delete_post(${id}, true);`);
  });

  await checks.check("the daily comparison sends what differs, deletes what is gone, and nothing else", async () => {
    await compared();
    double.forget();
    await compared();
    assert.deepEqual(double.sent, [], "nothing had changed");
    // Past WordPress's own functions, as a migration or a restored backup does it.
    const [added, changed, gone] = (await php(`global $wpdb;
      $ids = array();
      foreach (array('Added', 'Changed', 'Gone') as $title) { $ids[] = wp_insert_post(array('post_title' => $title, 'post_content' => 'Old.', 'post_status' => $title === 'Added' ? 'draft' : 'publish')); }
      echo implode(' ', $ids);`)).split(" ").map(Number);
    await php(`global $wpdb;
      $wpdb->update($wpdb->posts, array('post_status' => 'publish'), array('ID' => ${added}));
      $wpdb->update($wpdb->posts, array('post_content' => 'New.'), array('ID' => ${changed}));
      $wpdb->delete($wpdb->posts, array('ID' => ${gone}));`);
    double.documents.delete("wp-post-2"); // The service lost one.
    double.documents.set("wp-post-999999", { id: "wp-post-999999", modified: "2020-01-01T00:00:00.000Z" }); // And has one too many.
    double.documents.set("faq:7", { id: "faq:7", modified: "2020-01-01T00:00:00.000Z" }); // This one is somebody else's.
    double.forget();
    await compared();
    const sent = double.sent.map(({ id, deleted }) => `${deleted ? "-" : "+"}${id}`).sort();
    assert.deepEqual(sent, [`+wp-post-2`, `+wp-post-${added}`, `+wp-post-${changed}`, `-wp-post-999999`, `-wp-post-${gone}`].sort());
    assert.ok(double.documents.has("faq:7") && double.of(changed).html.includes("New."));
    assert.equal(double.calls.GET, 1);
    double.documents.delete("faq:7");
  });

  await checks.check("new permalinks reach every document", async () => {
    const structure = (value) => php(`global $wp_rewrite; $wp_rewrite->set_permalink_structure('${value}'); flush_rewrite_rules();`);
    // In the middle of a transfer: what is on its way has the old addresses.
    double.forget();
    double.leave = 0;
    await php("Pennypress\\Comparison_Table::forget_sent(); Pennypress\\Learning::compare();");
    await eventually(() => assert.equal(double.calls.POST, 1), { seconds: 10 });
    await structure("/blog/%postname%/");
    double.leave = Infinity;
    await eventually(async () => { await php("Pennypress\\Worker::on_cron();"); assert.equal(double.of(1).url, `${site.url}/blog/hello-world/`); }, { seconds: 20 });
    await structure("/%postname%/");
    await eventually(async () => { await php("Pennypress\\Worker::on_cron();"); assert.equal(double.of(1).url, `${site.url}/hello-world/`); }, { seconds: 20 });
  });

  await checks.check("a transfer shows its progress, can be left, goes on by itself, and a page that is published comes before it", async () => {
    await php(`for ($i = 0; $i < ${MANY}; ++$i) { wp_insert_post(array('post_title' => "Many $i", 'post_content' => "Number $i.", 'post_status' => 'publish')); }`);
    double.forget();
    double.leave = 2;
    await settings.open();
    await press("Send everything again");
    await page.locator("progress[value='100']").waitFor();
    await page.getByText(/Sending: 100 of [0-9]+ pages/).waitFor();
    await page.screenshot({ path: join(SHOTS, `${site.version}-content-progress.png`), fullPage: true });
    await page.goto("about:blank");
    const id = Number(await php("echo wp_insert_post(array('post_title' => 'In between', 'post_content' => 'Urgent.', 'post_status' => 'publish'));"));
    assert.ok(double.of(id), "it waits for the others");
    assert.ok(double.sent.length <= 102, `${double.sent.length}`);
    double.leave = Infinity;
    await done();
    const ids = double.sent.map((document) => document.id);
    assert.deepEqual(ids.filter((one, at) => ids.indexOf(one) !== at), [], "these were sent twice");
    assert.ok(ids.length > MANY);
    return `${ids.length} documents`;
  });

  await checks.check("a transfer is cancelled, and goes on from there", async () => {
    double.forget();
    double.leave = 1;
    await settings.open();
    await press("Send everything again");
    await eventually(() => assert.equal(double.sent.length, 50), { seconds: 20 });
    await press("Cancel");
    await page.getByText(/Cancelled just now/).waitFor();
    double.leave = Infinity;
    await eventually(async () => assert.equal(await php("echo Pennypress\\Work_Lock::is_taken() ? 'taken' : 'free';"), "free"), { seconds: 20 });
    const some = double.sent.length;
    assert.ok(some <= 100, `${some} were sent, though it was cancelled after 50`);
    double.forget();
    await press("Compare now");
    await done();
    assert.equal(double.sent.length + some, double.documents.size);
    return `${some} before, ${double.sent.length} after`;
  });

  await checks.check("no JavaScript: the same buttons", async () => {
    const plain = await newPage({ javaScriptEnabled: false, storageState: await page.context().storageState() });
    await plain.goto(settings.url);
    double.forget();
    await plain.getByRole("button", { name: "Compare now" }).click();
    await plain.locator(".pennypress-progress, #pennypress-last").waitFor();
    await eventually(() => assert.equal(double.calls.GET, 1));
    await plain.context().close();
  });

  await checks.check("a copy of the site sends nothing", async () => {
    double.forget();
    await php("update_option('home', 'https://staging.example.net');");
    await php("wp_update_post(array('ID' => 1, 'post_content' => 'STAGING WORDS')); Pennypress\\Worker::on_daily();");
    assert.deepEqual([double.sent, double.calls], [[], { GET: 0, POST: 0 }]);
    await php(`update_option('home', '${site.url}'); wp_update_post(array('ID' => 1, 'post_content' => 'Back at home.'));`);
  });

  await checks.check("without a request to itself, the site sends all the same", async () => {
    await php("update_option('test_no_loopback', 1);");
    await settings.open();
    double.forget();
    await press("Send everything again");
    await eventually(() => assert.ok(double.sent.length > MANY, `${double.sent.length}`), { seconds: 60 });
    await page.locator("#pennypress-last", { hasText: "Compared just now" }).waitFor();
    const response = await fetch(`${site.url}/?publish-all=1`);
    assert.equal(await response.text(), "published");
    await within(Date.now(), () => double.sent.filter(({ id }) => id === "wp-post-1").length === 2, 5);
    await php("delete_option('test_no_loopback');");
  });

  await checks.check("strangers can neither start work nor read the panel", async () => {
    const body = (fields) => ({ method: "POST", body: new URLSearchParams(fields) });
    assert.equal((await fetch(site.url, body({ pennypress_work: `${Math.floor(Date.now() / 1000)}.${"0".repeat(64)}` }))).status, 403);
    assert.equal((await fetch(`${site.url}/wp-admin/admin-ajax.php`, body({ action: "pennypress_content" }))).status, 400);
    assert.equal(await page.evaluate(async (url) => (await fetch(url, { method: "POST", body: new URLSearchParams({ action: "pennypress_content", pennypress_content: "remove" }) })).status, `${site.url}/wp-admin/admin-ajax.php`), 403);
    assert.ok(double.documents.size > MANY);
  });

  await checks.check("stop, and remove everything from the service", async () => {
    page.asksForConsent = true;
    await settings.open();
    await press("Stop, and remove everything from the service");
    await page.getByRole("button", { name: "Start learning" }).waitFor();
    page.asksForConsent = false;
    assert.deepEqual([...double.documents.keys()], []);
    await php("wp_update_post(array('ID' => 1, 'post_content' => 'Unheard.'));");
    assert.deepEqual([...double.documents.keys()], []);
  });
}
