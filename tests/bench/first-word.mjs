// How long the first word of an answer takes from the provider to the visitor: through WordPress and the service, and through the
// service alone. Beside it, from the same minutes, what WordPress takes for a REST route that does nothing.
// needs: wordpress
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Processes } from "../wordpress/processes.mjs";
import { MODEL, startProvider, startService } from "../wordpress/service.mjs";
import { inWordPress, startWordPress } from "../wordpress/stack.mjs";
import { figure, median, quantile } from "./parts/figures.mjs";
import { probe } from "./parts/program.mjs";

const ROUNDS = 10;
const A_ROUND = 30;
const KEY = "site_bench";
const ORIGIN = "https://bench.example";
process.env.BENCH_SECRET = "whsec_dGhpcnR5LXR3byBieXRlcyBmb3IgdGhlIGJlbmNoISE=";

const processes = new Processes("bench-first-word");
try {
  const site = await startWordPress(processes, "newest");
  const provider = await startProvider(processes);
  const service = await startService(processes, provider, { redis: false, extra: `[[sites]]\nkey = "${KEY}"\nsecret_env = "BENCH_SECRET"\norigins = ["${ORIGIN}"]\nname = "Bench"\n` });
  await installPlugin(site, service);
  // Words that come at their own pace, as from a model, so that none waits for the way to be open.
  await provider.plan({ text: "Open the settings and press the button.", first_token_ms: 25, between_tokens_ms: 5 });
  const asked = (fields) => JSON.stringify({ message: "How do I change the page {n}?", page: { url: `${site.url}/`, title: "A page" }, locale: "en", stream: true, ...fields });
  const ask = {
    plugin: () => probe(processes, "first-word", A_ROUND, provider.url, `${site.url}/wp-json/pennypress/v1/chat`, asked({})),
    service: () => probe(processes, "first-word", A_ROUND, provider.url, `${service.url}/api/v1/chat`, asked({ site: KEY }), `origin: ${ORIGIN}`),
    bare: () => probe(processes, "whole", A_ROUND, `${site.url}/wp-json/bench/v1/nothing`),
  };
  const found = { plugin: [], service: [], bare: [] };
  for (const work of Object.values(ask)) await work();
  for (let round = 0; round < ROUNDS; round++) {
    for (const [name, work] of Object.entries(ask)) found[name].push(...(await work()));
  }
  // Each is [sent → provider asked, provider's word → seen, sent → first word].
  const part = (name, index) => found[name].map((times) => times[index]);
  const bare = median(found.bare);
  console.log(`  ${found.plugin.length} answers each way, WordPress ${site.number}, ${MODEL} waits 25 ms before its first word`);
  figure("first word, provider → visitor, through plugin and service (median)", median(part("plugin", 1)), " ms", { most: 10 });
  figure("  the same, 95th percentile", quantile(part("plugin", 1), 0.95), " ms");
  figure("first word, provider → visitor, through the service alone (median)", median(part("service", 1)), " ms", { most: 1 });
  figure("  the same, 95th percentile", quantile(part("service", 1), 0.95), " ms");
  figure("a bare WordPress REST call, whole (median)", bare, " ms");
  figure("question → provider asked, through plugin and service (median)", median(part("plugin", 0)), " ms");
  figure("  the same, as a share of the bare REST call", median(part("plugin", 0)) / bare, "");
  figure("question → provider asked, through the service alone (median)", median(part("service", 0)), " ms");
} catch (error) {
  console.log(processes.logs());
  throw error;
} finally {
  await processes.stop();
}

async function installPlugin(site, service) {
  const zip = join(processes.dir, "plugin.zip");
  await processes.run(join(process.env.PENNYPRESS_TEST_BINARIES, "pennypress"), ["--config", join(service.folder, "pennypress.toml"), "plugin", zip, "--site", KEY]);
  const plugins = join(site.root, "wp-content/plugins");
  await processes.run("unzip", ["-q", zip, "-d", plugins]);
  const extra = join(site.root, "wp-content/mu-plugins");
  mkdirSync(extra, { recursive: true });
  writeFileSync(join(extra, "bench.php"), `<?php
add_action( 'rest_api_init', function () {
	register_rest_route( 'bench/v1', '/nothing', array( 'methods' => 'GET', 'permission_callback' => '__return_true', 'callback' => function () { return array( 'ok' => true ); } ) );
} );`);
  const said = await inWordPress(processes, site, `
    require_once ABSPATH . 'wp-admin/includes/plugin.php';
    global $wp_rewrite; $wp_rewrite->set_permalink_structure('/%postname%/'); flush_rewrite_rules();
    echo json_encode(activate_plugin('pennypress/pennypress.php')), ' ', get_option('pennypress')['site_key'] ?? 'no key';`);
  if (said !== `null ${KEY}`) throw new Error(`the plugin could not be activated: ${said}`);
}
