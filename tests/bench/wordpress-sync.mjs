// The first transfer of a WordPress of 5,000 posts to the real service: how long it takes when nobody looks on, what it does to the
// site's pages meanwhile, and how much memory it takes. node tests/bench/wordpress-sync.mjs [POSTS] [newest|oldest]
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { startService } from "../wordpress/service.mjs";
import { Processes } from "../wordpress/processes.mjs";
import { inWordPress, startWordPress } from "../wordpress/stack.mjs";
import { figure, median, quantile } from "./parts/figures.mjs";

const repository = join(dirname(fileURLToPath(import.meta.url)), "../..");
const data = process.env.PENNYPRESS_DATA ?? join(repository, "../shared/data");
const POSTS = Number(process.argv[2] ?? 5000);
const [KEY, SECRET] = ["site_bench", "whsec_YmVuY2ggb2YgdGhlIHN5bmM="];

const processes = new Processes("bench-sync");
let failed = false;
let phpLog = () => "";
try {
  await measure();
} catch (error) {
  failed = true;
  console.log((error.stack ?? String(error)).slice(0, 2000), phpLog().slice(-3000));
  console.log(processes.logs());
} finally {
  await processes.stop();
}
process.exit(failed ? 1 : 0);

async function measure() {
  const site = await startWordPress(processes, process.argv[3] ?? "newest");
  phpLog = site.phpLog;
  const service = await startService(processes, null, {
    redis: false, env: { BENCH_SECRET: SECRET },
    extra: `[[sites]]\nkey = "${KEY}"\nsecret_env = "BENCH_SECRET"\norigins = ["${site.url}"]\nname = "Bench"`,
  });
  const php = (code) => inWordPress(processes, site, code);
  await fill(site, php);
  const quiet = await visits(site, 60);

  const from = Date.now();
  await php("Pennypress\\Learning::start();");
  const during = [];
  let state = {};
  while (state.phase !== "done") {
    during.push(...(await visits(site, 10)));
    state = JSON.parse(await php("echo json_encode(Pennypress\\Comparison::state() + Pennypress\\Document_Table::counts());"));
    if (Date.now() - from > 600_000) throw new Error(`not done after ten minutes: ${JSON.stringify(state)}`);
  }
  const seconds = state.ended - state.began;
  const list = await site.sql("SELECT COUNT(*) FROM wp_pennypress_documents WHERE sent > 0");
  if (Number(list) < POSTS || state.failed > 0) throw new Error(`${list.trim()} documents arrived, ${state.failed} failed`);

  console.log(`WordPress ${site.number}, ${POSTS} posts`);
  figure(`the first transfer of ${POSTS} posts`, seconds, " s", POSTS === 5000 ? { most: 180 } : {});
  figure("  that is", POSTS / Math.max(1, seconds), " posts/s");
  figure("a page view while it goes on, beside one before (median)", median(during) / median(quiet), " of quiet", { most: 3 });
  figure("  median before", median(quiet), " ms");
  figure("  median meanwhile", median(during), " ms");
  figure("  95th percentile before", quantile(quiet, 0.95), " ms");
  figure("  95th percentile meanwhile", quantile(during, 0.95), " ms");
  const peaks = readFileSync(join(processes.dir, "memory"), "utf8").trim().split("\n").map(Number);
  figure("most memory of a request that sends", Math.max(...peaks) / 2 ** 20, " MB", { most: 128 });
  const again = Date.now();
  await php("Pennypress\\Worker::on_daily();");
  for (state = {}; state.phase !== "done";) state = JSON.parse(await php("Pennypress\\Worker::on_cron(); echo json_encode(Pennypress\\Comparison::state());"));
  figure("the comparison on the next day, with nothing changed", (Date.now() - again) / 1000, " s");
  figure("  documents that it sent", state.found, "", { most: 0 });
  void service;
}

/** Milliseconds of page views one after another, of a different post each. */
async function visits(site, count) {
  const took = [];
  for (let at = 0; at < count; at += 1) {
    const from = performance.now();
    const response = await fetch(`${site.url}/?p=${10 + Math.floor(Math.random() * POSTS)}`, { redirect: "manual" });
    await response.arrayBuffer();
    if (response.status >= 500) throw new Error(`a visitor got ${response.status}`);
    took.push(performance.now() - from);
  }
  return took;
}

/** The plugin, its settings, and posts of some 500 words each. */
async function fill(site, php) {
  const plugins = join(site.root, "wp-content/plugins");
  const binaries = process.env.PENNYPRESS_TEST_BINARIES ?? join(repository, "target/debug");
  const zip = join(processes.dir, "plugin.zip");
  await processes.run(join(binaries, "pennypress"), ["plugin", zip]);
  await php(`require_once ABSPATH . 'wp-admin/includes/file.php'; WP_Filesystem(); $done = unzip_file('${zip}', '${plugins}'); if (is_wp_error($done)) { throw new Exception($done->get_error_message()); }`);
  mkdirSync(join(site.root, "wp-content/mu-plugins"), { recursive: true });
  writeFileSync(join(processes.dir, "memory"), "", { mode: 0o666 });
  writeFileSync(join(site.root, "wp-content/mu-plugins/memory.php"), `<?php
if ( isset( $_POST['pennypress_work'] ) || PHP_SAPI === 'cli' ) {
	register_shutdown_function( function () { file_put_contents( '${join(processes.dir, "memory")}', memory_get_peak_usage( true ) . "\\n", FILE_APPEND ); } );
}`);
  const folder = join(data, "wordpress-handbook");
  const pages = existsSync(folder) ? markdown(folder).map((file) => readFileSync(file, "utf8")) : [readFileSync(join(repository, "src/knowledge/manual/wordpress.md"), "utf8")];
  const paragraphs = pages.join("\n\n").split(/\n\s*\n/).map((text) => text.trim()).filter((text) => text.length > 40 && text.length < 2000);
  const file = join(processes.dir, "paragraphs.json");
  writeFileSync(file, JSON.stringify(paragraphs));
  await php(`
    global $wpdb;
    $paragraphs = json_decode(file_get_contents('${file}'), true);
    mt_srand(7);
    for ($id = 10; $id < 10 + ${POSTS}; ++$id) {
      $content = '';
      for ($words = 0; $words < 500; $words += str_word_count($text)) {
        $text = $paragraphs[mt_rand(0, count($paragraphs) - 1)];
        $content .= "<!-- wp:paragraph -->\\n<p>" . esc_html($text) . "</p>\\n<!-- /wp:paragraph -->\\n\\n";
        if (mt_rand(0, 3) === 0) { $content .= "<!-- wp:heading -->\\n<h2>Part " . mt_rand(1, 99) . "</h2>\\n<!-- /wp:heading -->\\n\\n"; }
      }
      $now = gmdate('Y-m-d H:i:s', time() - 86400);
      $rows[] = $wpdb->prepare('(%d, 1, %s, %s, %s, %s, %s, %s, %s, "", "", "", "")', $id, $now, $now, $content, "Post $id", "post-$id", $now, $now);
      if (count($rows) === 100 || $id === 9 + ${POSTS}) {
        if (!$wpdb->query("INSERT INTO $wpdb->posts (ID, post_author, post_date, post_date_gmt, post_content, post_title, post_name, post_modified, post_modified_gmt, post_excerpt, to_ping, pinged, post_content_filtered) VALUES " . implode(',', $rows))) { throw new Exception($wpdb->last_error); }
        $rows = array();
      }
    }
    require_once ABSPATH . 'wp-admin/includes/plugin.php';
    $wrong = activate_plugin('pennypress/pennypress.php');
    if (is_wp_error($wrong)) { throw new Exception($wrong->get_error_message()); }
    update_option('pennypress', array('service_url' => '${(await serviceUrl())}', 'site_key' => '${KEY}', 'secret' => '${SECRET}'));`);
}

/** Where the service listens, as its settings say. */
async function serviceUrl() {
  return /public_url = "([^"]+)"/.exec(readFileSync(join(processes.dir, "service/pennypress.toml"), "utf8"))[1];
}

function markdown(folder) {
  return readdirSync(folder, { recursive: true }).filter((name) => name.endsWith(".md")).map((name) => join(folder, name));
}
