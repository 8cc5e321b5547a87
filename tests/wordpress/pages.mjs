// What the plugin costs a page of the site: one script tag, no query, no call, nothing that expires.
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { assert, eventually } from "./check.mjs";
import { inWordPress } from "./stack.mjs";

export async function pageChecks(checks, { processes, site, recorder, known, posts }) {
  const source = async (url) => (await fetch(url)).text();
  const settings = (changes) => inWordPress(processes, site, `update_option('pennypress', array_merge(get_option('pennypress'), ${changes}));`);

  await checks.check("one script tag, the same at each visit, with no secret and no nonce", async () => {
    const [first, second] = [await source(posts[0]), await source(posts[0])];
    assert.equal(first, second, "two visits get different pages");
    const tags = first.match(/<[^>]*pennypress[^>]*>/gi);
    assert.equal(tags.length, 1, `${tags}`);
    assert.match(tags[0], new RegExp(` data-on-accent="#ffffff" data-accent="#1d4ed8" async data-site="${known.key}" data-api="${site.url}/wp-json/pennypress/v1/" data-chat="${site.url}/wp-content/plugins/pennypress/assets/chat\\.js" src=["']${site.url}/wp-content/plugins/pennypress/assets/widget\\.js\\?ver=`));
    assert.ok(!/nonce/i.test(tags[0]));
    assert.ok(!first.includes(known.secret) && !first.includes(known.url), "the page names the service or the secret");
    const files = await Promise.all(["widget.js", "chat.js"].map((name) => fetch(`${site.url}/wp-content/plugins/pennypress/assets/${name}`)));
    for (const file of files) assert.ok(file.ok && /javascript/.test(file.headers.get("content-type")));
  });

  await checks.check("it shows where it is wanted", async () => {
    const shown = async () => Promise.all([site.url, ...posts].map(async (url) => (await source(url)).includes("pennypress-widget-js")));
    assert.deepEqual(await shown(), [true, true, true]);
    await settings("array('show' => 'front')");
    assert.deepEqual(await shown(), [true, false, false]);
    await settings("array('show' => 'types', 'types' => array('page'))");
    assert.deepEqual(await shown(), [false, false, true]);
    await settings("array('show' => 'nowhere')");
    assert.deepEqual(await shown(), [false, false, false]);
    await settings("array('show' => 'everywhere', 'exclude' => array(2))");
    assert.deepEqual(await shown(), [true, true, false]);
    await settings("array('exclude' => array())");
  });

  await checks.check("no query and no call on a page view", async () => {
    const folder = join(site.root, "wp-content/mu-plugins");
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, "count.php"), `<?php
if ( isset( $_GET['without'] ) ) {
	add_filter( 'option_active_plugins', function ( $plugins ) { return array_diff( $plugins, array( 'pennypress/pennypress.php' ) ); } );
}
add_action( 'shutdown', function () { echo '<!-- queries: ' . get_num_queries() . ' -->'; }, 0 );`);
    await settings(`array('service_url' => '${recorder.url}')`);
    const calls = recorder.requests.length;
    const queries = async (url) => Number(/queries: (\d+)/.exec(await source(url))[1]);
    const said = [];
    try {
      await eventually(() => queries(posts[0]));
      for (const url of [`${site.url}/?`, `${posts[0]}?`, `${posts[1]}?`]) {
        const [without, with_] = [await queries(`${url}without=1`), await queries(`${url}with=1`)];
        assert.equal(with_, without, `${url}: ${with_} queries with the plugin, ${without} without`);
        assert.ok((await source(`${url}with=1`)).includes("pennypress-widget-js") && !(await source(`${url}without=1`)).includes("pennypress-widget-js"));
        said.push(with_);
      }
      assert.equal(recorder.requests.length, calls, "a page view called the service");
    } finally {
      rmSync(folder, { recursive: true });
      await settings(`array('service_url' => '${known.url}')`);
    }
    return `${said.join(", ")} queries with and without`;
  });
}

/** After the plugin was deleted. */
export async function removalChecks(checks, { site }) {
  await checks.check("nothing stays behind", async () => {
    const rows = async (query) => (await site.sql(query)).trim();
    assert.equal(await rows("SELECT option_name FROM wp_options WHERE option_name LIKE '%pennypress%'"), "");
    assert.equal(await rows("SELECT meta_key FROM wp_usermeta WHERE meta_key LIKE '%pennypress%'"), "");
    assert.equal(await rows("SELECT meta_key FROM wp_postmeta WHERE meta_key LIKE '%pennypress%'"), "");
    assert.equal(await rows("SHOW TABLES LIKE '%pennypress%'"), "");
    assert.equal(await rows("SELECT option_value FROM wp_options WHERE option_name = 'cron' AND option_value LIKE '%pennypress%'"), "");
    const left = (await fetch(`${site.url}/wp-content/plugins/pennypress/readme.txt`)).status;
    assert.equal(left, 404, "files of the plugin are still there");
    const page = await fetch(site.url);
    assert.ok(page.ok && !(await page.text()).includes("pennypress"));
  });
}
