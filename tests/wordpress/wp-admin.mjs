// What a site's owner does in wp-admin, by clicks.
import { ADMIN } from "./stack.mjs";

export async function logIn(page, site) {
  await page.goto(`${site.url}/wp-login.php`);
  // A script of this page takes the focus to the name a moment after it was loaded: whoever types before that types the
  // password into the wrong field.
  await page.waitForFunction(() => document.activeElement?.id === "user_login");
  await page.fill("#user_login", ADMIN.user);
  await page.fill("#user_pass", ADMIN.password);
  await page.click("#wp-submit");
  await page.waitForURL(/wp-admin/);
}

/** Plugins → Add New → Upload Plugin → Install Now → Activate Plugin. */
export async function uploadPlugin(page, site, zip) {
  await page.goto(`${site.url}/wp-admin/plugin-install.php?tab=upload`);
  await page.setInputFiles("input[name=pluginzip]", zip);
  await page.getByRole("button", { name: "Install Now" }).click();
  await page.getByRole("link", { name: "Activate Plugin" }).click();
  await page.getByText("Plugin activated.").waitFor();
}

export class SettingsPage {
  constructor(page, site) {
    this.page = page;
    this.url = `${site.url}/wp-admin/options-general.php?page=pennypress`;
  }

  async open() {
    await this.page.goto(this.url);
  }

  async fill(fields) {
    for (const [name, value] of Object.entries(fields)) await this.page.fill(`#pennypress-${name}`, value);
  }

  /** Presses the button; what the page says then. */
  async test() {
    await this.page.getByRole("button", { name: "Test the connection" }).click();
    const box = this.page.locator("#pennypress-result.is-good, #pennypress-result.is-bad");
    await box.waitFor();
    return { good: await box.evaluate((element) => element.classList.contains("is-good")), text: (await box.innerText()).replace(/\s+/g, " ") };
  }

  async save() {
    await this.page.getByRole("button", { name: "Save changes" }).click();
    await this.page.getByText("Settings saved.").waitFor();
  }
}

/** Deactivates and deletes the plugin in the list of plugins. */
export async function removePlugin(page, site) {
  await page.goto(`${site.url}/wp-admin/plugins.php`);
  const row = page.locator('tr[data-slug="pennypress"]');
  await row.getByRole("link", { name: "Deactivate" }).click();
  await page.getByText("Plugin deactivated.").waitFor();
  page.asksForConsent = true;
  await page.waitForLoadState("load");
  await page.locator('tr[data-slug="pennypress"]').getByRole("link", { name: "Delete" }).click();
  // WordPress asks by its script, or, where that is not ready yet, on a page of its own.
  const done = page.getByText(/Pennypress was successfully deleted|The selected plugin has been deleted/);
  const sure = page.getByRole("button", { name: "Yes, delete" });
  await done.or(sure).first().waitFor();
  if (await sure.isVisible()) await sure.click();
  await done.waitFor();
}
