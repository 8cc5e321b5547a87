// What hosts do to a transfer: little time, a web server that takes little, programs that end, a table that did not come along.
import { assert, eventually } from "./check.mjs";
import { SettingsPage } from "./wp-admin.mjs";

const SLOW_PAGES = 22;

export async function hostChecks(checks, { double, php, site, page, within }) {
  const settings = new SettingsPage(page, site);
  const press = (name) => page.getByRole("button", { name, exact: true }).click();
  const arrived = (ids) => () => ids.every((id) => double.of(id));
  const rows = async (query) => (await site.sql(query)).trim();
  const remove = (ids) => php(`foreach (array(${ids}) as $id) { wp_delete_post($id, true); }`);

  await checks.check("a web server before the service that takes little: what is longer is named, and all else arrives", async () => {
    double.longest = 500_000;
    double.longestBatch = 0;
    const ids = (await php(`foreach (array(300000, 300000, 700000, 300000) as $length) {
      echo wp_insert_post(array('post_title' => "Long: $length", 'post_content' => substr(str_repeat('All work and no play. ', 40000), 0, $length), 'post_status' => 'publish')), ' ';
    }`)).trim().split(" ").map(Number);
    const [long] = ids.splice(2, 1);
    assert.deepEqual([...ids, long].map((id) => Boolean(double.of(id))), [true, true, true, false]);
    assert.ok(double.longestBatch > 500_000 && double.longestBatch < 2 ** 20, `${double.longestBatch} bytes at a time: nginx takes 1 MiB if nobody says otherwise`);
    await settings.open();
    const trouble = page.locator(".pennypress-troubles li", { hasText: "Long: 700000" });
    assert.match(await trouble.innerText(), /web server in front of the service.*client_max_body_size/);
    double.longest = Infinity;
    await press("Try again now");
    await within(Date.now(), arrived([long]), 10);
    await remove([...ids, long]);
  });

  await checks.check("a host that ends a program after 2 s of work: each shift sends something, and no page is blamed", async () => {
    // Nobody but the shifts below is to send: no request of the site to itself. And what PHP says of the end is expected.
    await php("update_option('test_no_loopback', 1);");
    const shift = (before = "") => php(`ini_set('log_errors', '0'); ini_set('max_execution_time', '2'); ${before} Pennypress\\Worker::on_cron();`, ["disable_functions=set_time_limit"]);
    const ids = (await php(`for ($i = 0; $i < ${SLOW_PAGES}; ++$i) { echo wp_insert_post(array('post_title' => "Slow $i", 'post_content' => '[busy]', 'post_status' => 'draft')), ' '; }`)).trim().split(" ").map(Number);
    await site.sql(`UPDATE wp_posts SET post_status = 'publish' WHERE ID IN (${ids})`);
    const blamed = () => rows("SELECT COUNT(*) FROM wp_pennypress_documents WHERE plain > 0 AND post_id >= " + ids[0]);
    const sent = () => ids.filter((id) => double.of(id)).length;

    await assert.rejects(shift(`Pennypress\\Document_Table::enqueue(array(${ids}), true); burn_time(1.7);`), /ended with 255/);
    assert.equal(await rows(`SELECT COUNT(*) FROM wp_pennypress_documents WHERE claim = '' AND tries = 1 AND post_id >= ${ids[0]}`), String(ids.length), "they were not given back");
    assert.equal(await blamed(), "0", "the time was used up before");
    await site.sql("UPDATE wp_pennypress_documents SET due = 0");
    const steps = [sent()];
    while (steps.at(-1) < ids.length) {
      await shift();
      steps.push(sent());
      assert.ok(steps.at(-1) > steps.at(-2), `sent: ${steps}`);
    }
    assert.ok(steps.length > 2, "one shift did it all: this tells nothing");
    assert.equal(await blamed(), "0");
    assert.match(double.of(ids[0]).html, /Worked out\./);
    await php("delete_option('test_no_loopback');");
    await remove(ids);
    return `sent: ${steps}`;
  });

  await checks.check("a program that saves a lot, most of it of no matter, sends what matters", async () => {
    const id = Number(await php(`echo wp_insert_post(array('post_title' => 'The one', 'post_content' => 'It matters.', 'post_status' => 'publish'));
      for ($i = 0; $i < 60; ++$i) { wp_insert_post(array('post_title' => "Draft $i", 'post_content' => 'x', 'post_status' => 'draft')); }`));
    assert.ok(double.of(id), "it was queued in the middle, and then forgotten");
    await remove([id]);
  });

  await checks.check("a shortcode that ends the command line's program while it sends: WP-Cron knows", async () => {
    await php("wp_clear_scheduled_hook('pennypress_work');");
    const ids = (await php(`foreach (array('Off. [leave]', 'On.') as $text) { echo wp_insert_post(array('post_title' => $text, 'post_content' => $text, 'post_status' => 'publish')), ' '; }`)).trim().split(" ").map(Number);
    assert.ok(!double.of(ids[1]), "the program did not end: this tells nothing");
    assert.equal(await php("echo wp_next_scheduled('pennypress_work') ? 'planned' : 'forgotten';"), "planned");
    await site.sql("UPDATE wp_pennypress_documents SET claimed_until = 0"); // Two minutes later.
    await php("Pennypress\\Worker::go_on();");
    await within(Date.now(), arrived(ids), 10);
    await remove(ids);
  });

  await tableChecks(checks, { double, php, site, page, within, settings, press, rows });
}

async function tableChecks(checks, { double, php, site, page, within, settings, press, rows }) {
  const drop = () => site.sql("DROP TABLE wp_pennypress_documents");
  const done = () => eventually(async () => {
    await php("Pennypress\\Worker::on_cron();");
    assert.equal(await php("echo Pennypress\\Comparison::state()['phase'];"), "done");
  }, { seconds: 30, every: 200 });

  await checks.check("a table that a backup left out is made anew, by the daily comparison, a change or a look at the admin", async () => {
    await drop();
    double.forget();
    await php("Pennypress\\Worker::on_daily();");
    await done();
    const sent = new Set(double.sent.map(({ id }) => id));
    assert.deepEqual([...double.documents.keys()].filter((id) => !sent.has(id)), [], "these were not sent anew");

    await drop();
    await php("wp_update_post(array('ID' => 1, 'post_content' => 'Saved without a table.'));");
    assert.ok(double.of(1).html.includes("Saved without a table."));
    await done();

    await drop();
    await settings.open();
    assert.equal(await rows("SHOW TABLES LIKE 'wp_pennypress_documents'"), "wp_pennypress_documents");
    await done();
  });

  await checks.check("a database that does not take the queue is named, and no comparison is said to be done", async () => {
    await site.sql("ALTER TABLE wp_pennypress_documents RENAME COLUMN urgent TO urgent_no_more");
    double.documents.delete("wp-post-2");
    await php("Pennypress\\Worker::on_daily();");
    await settings.open();
    await page.getByText(/database does not take what is to be sent: .*urgent/).waitFor();
    assert.equal(await page.locator("#pennypress-last").count(), 0, "it says that it has compared");
    await site.sql("ALTER TABLE wp_pennypress_documents RENAME COLUMN urgent_no_more TO urgent");
    await press("Try again now");
    await within(Date.now(), () => double.of(2), 20);
    await done();
  });
}
