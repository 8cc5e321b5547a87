// What the operator does on the pages of the service: sets a password, makes a site, takes the plugin, reads the reviews.
import { join } from "node:path";
import { assert, eventually } from "./check.mjs";

const PASSWORD = "seven quiet lamps 41";

export async function operatorSetup(checks, { page, service }) {
  await checks.check("the link that the first start prints sets a password", async () => {
    const link = await eventually(() => service.setup() ?? assert.fail(`the service printed no link:\n${service.child.output()}`));
    await page.goto(link);
    await page.fill("#password", PASSWORD);
    await page.fill("#again", PASSWORD);
    await page.getByRole("button", { name: "Set the password" }).click();
    await page.waitForURL(/\/admin/);
    await page.context().clearCookies();
    const again = await page.goto(link);
    assert.ok(again.status() >= 400, "the link works a second time");
  });

  await checks.check("the operator signs in", async () => {
    await page.goto(`${service.url}/admin`);
    await page.fill("#password", PASSWORD);
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByRole("link", { name: "Sites" }).click();
    await page.waitForURL(/\/admin\/sites/);
  });
}

/** Makes a site; what the page then shows, and the plugin for it as a file. */
export async function createSite(page, service, site, folder) {
  await page.goto(`${service.url}/admin/sites`);
  await page.getByRole("link", { name: /new site/i }).first().click();
  await page.fill("#name", "Corner Shop");
  await page.fill("#origins", site.url);
  await page.getByRole("button", { name: "Create the site" }).click();
  const secret = (await page.locator(".fresh .copy").innerText()).trim();
  const fact = async (name) => (await page.locator(".facts div", { hasText: name }).locator("dd").innerText()).trim();
  const known = { url: await fact("Service address"), key: await fact("Site key"), secret };
  const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: "Download the plugin" }).click()]);
  const zip = join(folder, download.suggestedFilename());
  await download.saveAs(zip);
  return { known, zip };
}

const WIDTHS = [390, 640, 900, 1000, 1100, 1200];

/** At every width the headline figures stand four in a row or two above two, whole, and the menu shows all its entries. */
export async function figureChecks(checks, { page, service }) {
  await checks.check(`no headline figure stands alone or reaches out of its card, from ${WIDTHS[0]} to ${WIDTHS.at(-1)} px`, async () => {
    const before = page.viewportSize();
    for (const width of WIDTHS) {
      await page.setViewportSize({ width, height: 900 });
      for (const path of ["/admin", "/admin/ledger"]) {
        await page.goto(service.url + path);
        const seen = await page.evaluate(() => {
          const rows = {};
          for (const card of document.querySelectorAll(".stat")) {
            const figure = card.querySelector(".big");
            // As long as an amount of money can be.
            figure.textContent = "$0.001880";
            const top = Math.round(card.getBoundingClientRect().top);
            rows[top] = (rows[top] ?? 0) + 1;
          }
          const out = [...document.querySelectorAll(".stat .big")].filter((figure) => figure.scrollWidth > figure.clientWidth).length;
          const hidden = [...document.querySelectorAll(".top nav a")].filter((link) => {
            const [a, nav] = [link.getBoundingClientRect(), link.parentElement.getBoundingClientRect()];
            return a.right > nav.right + 1 || a.left < nav.left - 1;
          });
          return { rows: Object.values(rows), out, hidden: hidden.map((link) => link.textContent), wide: document.documentElement.scrollWidth - innerWidth };
        });
        const rows = width > 1088 ? [4] : [2, 2];
        assert.deepEqual(seen, { rows, out: 0, hidden: [], wide: 0 }, `${path} at ${width} px: ${JSON.stringify(seen)}`);
      }
    }
    if (before) await page.setViewportSize(before);
  });
}

/** The thumbs-down is in the review list, with its question, its answer and its comment; the operator handles it. */
export async function reviewChecks(checks, { page, service, said }) {
  await checks.check("the thumbs-down stands in the operator's review list", async () => {
    await page.goto(`${service.url}/admin/review`);
    const item = page.locator("li.item", { hasText: said.question });
    await item.waitFor();
    const text = await item.innerText();
    assert.ok(text.includes(said.comment), text);
    assert.ok(text.includes("Settings"), text);
    await item.getByRole("link", { name: said.question }).click();
    await page.getByText("And where is that button?").waitFor();
    await page.goto(`${service.url}/admin/review`);
    await page.locator("li.item", { hasText: said.question }).getByRole("button", { name: "Mark as handled" }).click();
    await page.getByText(said.question).waitFor({ state: "detached" });
  });
}
