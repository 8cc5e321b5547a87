// A headless Chromium, and the chat in it as a visitor handles it.
import { existsSync } from "node:fs";
import { chromium } from "playwright-core";

const CHROMIUM = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].find(existsSync);

/** A browser whose pages report everything that ought not to happen, into `troubles`. */
export async function startBrowser(processes) {
  if (!CHROMIUM) throw new Error("there is no Chromium on this machine");
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: ["--no-sandbox", "--disable-dev-shm-usage"] });
  processes.children.push({ name: "chromium", log: "", end: () => browser.close().catch(() => {}) });
  const troubles = [];
  const newPage = async (options = {}) => {
    const context = await browser.newContext({ viewport: { width: 1200, height: 900 }, ...options });
    context.setDefaultTimeout(15_000);
    const page = await context.newPage();
    page.on("dialog", (dialog) => {
      if (page.asksForConsent) return dialog.accept().catch(() => {});
      troubles.push(`a script asked "${dialog.message()}" on ${page.url()}`);
      return dialog.dismiss().catch(() => {});
    });
    page.on("pageerror", (error) => troubles.push(`error on ${page.url()}: ${error.message}`));
    return page;
  };
  return { browser, newPage, troubles };
}

export class Chat {
  constructor(page) {
    this.page = page;
    this.widget = page.locator("pennypress-widget");
    this.questions = this.widget.locator(".log .q .text");
    this.answers = this.widget.locator(".log .a");
  }

  async open() {
    await this.widget.getByRole("button", { name: "Open chat" }).click();
    await this.field().waitFor();
  }

  field() {
    return this.widget.getByLabel("Ask a question…");
  }

  button(name) {
    return this.widget.getByRole("button", { name, exact: true });
  }

  /** Sends a question; what comes is for others to wait for. */
  async ask(text) {
    await this.field().fill(text);
    await this.button("Send").click();
  }

  lastAnswer() {
    return this.answers.last();
  }

  /** Waits until the last answer is complete, and returns its text. */
  async complete() {
    await this.lastAnswer().getByRole("button", { name: "Copy" }).waitFor();
    return (await this.lastAnswer().locator(".md").innerText()).trim();
  }

  /** From now on notes when the last answer grew, and to how many characters: see grown(). */
  watch() {
    return this.widget.evaluate((host) => {
      const moments = (window.grown = []);
      const log = host.shadowRoot.querySelector(".log");
      new MutationObserver(() => {
        const bodies = log.querySelectorAll(".a .md");
        const length = bodies.length ? bodies[bodies.length - 1].textContent.length : 0;
        if (length !== (moments.at(-1)?.length ?? 0)) moments.push({ at: Date.now(), length });
      }).observe(log, { childList: true, subtree: true, characterData: true });
    });
  }

  grown() {
    return this.page.evaluate(() => window.grown);
  }
}
