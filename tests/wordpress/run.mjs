// node run.mjs newest|oldest [PART,…]: the product from end to end, on a real WordPress in a real browser. hostile strings come
// from PENNYPRESS_DATA (or ../shared/data beside the repository), else from tests/fixtures.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { startBrowser } from "./browser.mjs";
import { Checks, assert } from "./check.mjs";
import { demoChecks } from "./demo.mjs";
import { hostileChecks } from "./hostile.mjs";
import { createSite, figureChecks, operatorSetup, reviewChecks } from "./operator.mjs";
import { pageChecks, removalChecks } from "./pages.mjs";
import { Processes } from "./processes.mjs";
import { startRecorder } from "./recorder.mjs";
import { routeChecks } from "./routes.mjs";
import { startProvider, startService } from "./service.mjs";
import { settingsChecks } from "./settings.mjs";
import { answerChecks } from "./sync-answers.mjs";
import { syncChecks } from "./sync.mjs";
import { inWordPress, startWordPress } from "./stack.mjs";
import { visitorJourney } from "./visitor.mjs";
import { logIn, removePlugin, uploadPlugin } from "./wp-admin.mjs";

const SHOTS = "/var/tmp/pennypress-tests/screenshots";
const version = process.argv[2] ?? "newest";
const only = process.argv[3]?.split(",");
const processes = new Processes(`wordpress-${version}`);
const checks = new Checks();
let browser;
try {
  await journey();
} catch (error) {
  console.log(error.stack ?? error);
  await photograph();
  console.log(processes.logs());
} finally {
  await processes.stop();
}
console.log(`${checks.passed} passed, ${checks.failed} failed`);
process.exit(checks.failed === 0 && checks.passed > 0 ? 0 : 1);

async function journey() {
  const from = Date.now();
  const site = await startWordPress(processes, version);
  const provider = await startProvider(processes);
  const service = await startService(processes, provider);
  const recorder = await startRecorder(processes);
  browser = await startBrowser(processes);
  console.log(`WordPress ${site.number} and the service are up (${Date.now() - from} ms)`);
  const { newPage, troubles } = browser;
  const [operator, owner] = [await newPage({ acceptDownloads: true }), await newPage()];

  await operatorSetup(checks, { page: operator, service });
  await demoChecks(checks, { service, provider, newPage });
  let made;
  await checks.check("a site is made, and its plugin downloaded", async () => {
    made = await createSite(operator, service, site, processes.dir);
    assert.equal(made.known.url, service.url);
  });
  await checks.check("the zip is uploaded in wp-admin and activated", async () => {
    await logIn(owner, site);
    await uploadPlugin(owner, site, made.zip);
  });
  const permalinks = (structure) => inWordPress(processes, site, `
    update_option('show_avatars', 0);
    global $wp_rewrite; $wp_rewrite->set_permalink_structure('${structure}'); flush_rewrite_rules();
    echo json_encode(array(get_permalink(1), get_permalink(2)));`).then(JSON.parse);
  let posts = await permalinks("/%postname%/");
  const all = { processes, site, page: owner, newPage, recorder, known: made.known, provider, service };

  const part = async (name, work) => {
    if (!only || only.includes(name)) await work();
  };
  await part("settings", () => settingsChecks(checks, all));
  await part("visitor", async () => {
    const said = await visitorJourney(checks, { ...all, posts, label: "pretty permalinks" });
    await reviewChecks(checks, { page: operator, service, said });
    await figureChecks(checks, { page: operator, service });
    posts = await permalinks("");
    assert.ok(posts[0].includes("?p=1"), posts[0]);
    await visitorJourney(checks, { ...all, posts, label: "plain permalinks" });
    posts = await permalinks("/%postname%/");
  });
  await part("routes", () => routeChecks(checks, all));
  await part("sync", () => syncChecks(checks, all));
  await part("answers", () => answerChecks(checks, all));
  await part("pages", () => pageChecks(checks, { ...all, posts }));
  await part("hostile", () => hostileChecks(checks, { ...all, operator, every: version === "newest" }));
  await checks.check("no script ran, no page had an error, and PHP had nothing to say of the plugin", async () => {
    assert.deepEqual(troubles, []);
    // In WordPress's own files PHP complains of what a plugin hands to them.
    assert.deepEqual(site.phpLog().split("\n").filter((line) => /pennypress\/|PHP (Warning|Notice): +(Undefined|Attempt to) .*\/wp-includes\//.test(line)), []);
    const complaints = service.child.output().split("\n").filter((line) => /panicked| WARN | ERROR /.test(line));
    assert.deepEqual(complaints, []);
  });
  await checks.check("the plugin is deactivated and deleted in wp-admin", () => removePlugin(owner, site));
  await removalChecks(checks, all);
}

/** What every page showed when a check failed. */
async function photograph() {
  const pages = browser?.browser.contexts().flatMap((context) => context.pages()) ?? [];
  mkdirSync(SHOTS, { recursive: true });
  for (const [index, page] of pages.entries()) {
    const file = join(SHOTS, `${version}-${index}`);
    await page.screenshot({ path: `${file}.png` }).then(async () => {
      writeFileSync(`${file}.html`, await page.content());
      console.log(`page ${page.url()} is in ${file}.png and .html`);
    }).catch(() => {});
  }
}
