// Strings that break software, as messages, as titles of pages, as answers of a model and as comments: they run nowhere, and
// come back as they were.
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { assert } from "./check.mjs";
import { Chat } from "./browser.mjs";
import { inWordPress } from "./stack.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const A_CONVERSATION = 100;

/** All of them, each once, without those in which nothing can be seen (as Unicode has it: the service refuses these). */
function strings(every) {
  const data = process.env.PENNYPRESS_DATA ?? join(here, "../../../shared/data");
  const own = readFileSync(join(here, "../fixtures/hostile.txt"), "utf8").split("\n");
  const naughty = join(data, "hostile/naughty-strings.json");
  const xss = join(data, "hostile/xss.txt");
  const found = [own, existsSync(naughty) ? JSON.parse(readFileSync(naughty, "utf8")) : [], existsSync(xss) ? readFileSync(xss, "utf8").split("\n") : []];
  const list = [...new Set(found.flat())].filter((text) => /[^\p{White_Space}\p{Cc}\p{Default_Ignorable_Code_Point}]/u.test(text) && text.isWellFormed());
  // The oldest WordPress hears a tenth of them: all that differs there is WordPress.
  return every ? list : list.filter((_, index) => index % 10 === 0);
}

export async function hostileChecks(checks, { processes, site, provider, service, newPage, operator, every }) {
  const list = strings(every);
  const api = `${site.url}/wp-json/pennypress/v1/`;
  const call = async (route, body, token) => {
    const response = await fetch(api + route, { method: body ? "POST" : "GET", headers: { ...(body && { "content-type": "application/json" }), ...(token && { "x-pennypress-visitor": token }) }, ...(body && { body: JSON.stringify(body) }) });
    const text = await response.text();
    assert.ok(response.ok, `${route}: ${response.status} ${text} for ${JSON.stringify(body)}`);
    return text ? JSON.parse(text) : null;
  };
  const groups = [];
  for (let at = 0; at < list.length; at += A_CONVERSATION) groups.push({ strings: list.slice(at, at + A_CONVERSATION) });

  await checks.check(`${list.length} strings as message, page title, answer and comment come back as they were`, async () => {
    await provider.plan({ echo: true });
    await inParallel(6, groups, async (group) => {
      const { token, expires_in: seconds } = await call("visitors", {});
      Object.assign(group, { token, expires: Date.now() + seconds * 1000, conversation: null });
      for (const text of group.strings) {
        const answer = await call("chat", { message: text, conversation: group.conversation, page: { url: `${site.url}/?q=${encodeURIComponent(text)}`, title: text.slice(0, 300) }, stream: false }, token);
        group.conversation = answer.conversation;
        assert.equal(answer.text, text);
        await call("feedback", { answer: answer.answer, rating: "down", comment: commentOf(text) }, token);
      }
      const { messages } = await call(`conversations/${group.conversation}`, null, token);
      const expected = group.strings.flatMap((text) => [text, text]);
      assert.deepEqual(messages.map((message) => message.text), expected);
    });
  });

  await checks.check(`the widget shows ${groups.length} such conversations as text`, async () => {
    await inParallel(2, groups, async (group) => {
      const page = await newPage();
      await page.goto(`${site.url}/`);
      await page.evaluate(([key, kept]) => localStorage.setItem(key, JSON.stringify(kept)), [`pennypress:${await siteKey(page)}`, { token: group.token, expires: group.expires, conversation: group.conversation }]);
      await page.reload();
      const chat = new Chat(page);
      await chat.open();
      await chat.questions.nth(group.strings.length - 1).waitFor({ state: "attached" });
      assert.deepEqual(await chat.questions.allTextContents(), group.strings);
      assert.deepEqual(await chat.widget.evaluate(lookAround), []);
      await page.context().close();
    });
  });

  await checks.check("the operator's pages show them as text", async () => {
    let compared = 0;
    await inParallel(2, groups, async (group) => {
      const page = await operator.context().newPage();
      page.on("dialog", (dialog) => { group.asked = dialog.message(); dialog.dismiss().catch(() => {}); });
      await page.goto(`${service.url}/admin/conversations/${group.conversation}`);
      const shown = (await page.locator("main .visitor .text").allTextContents()).map((text) => text.trim());
      assert.deepEqual(shown, group.strings.map((text) => text.trim()));
      // An answer is drawn from its Markdown, of which some strings leave nothing; one without a mark stands there as it is.
      const drawn = await page.locator("main .assistant").evaluateAll((all) => all.map((one) => one.querySelector(".written")?.textContent ?? ""));
      assert.equal(drawn.length, shown.length);
      const plain = (text) => !/[\\`*_[\]<>#+\-!|~&=\p{C}\n]/u.test(text) && !/^\s*\d+[.)]/.test(text);
      const words = (texts) => texts.filter((_, index) => plain(group.strings[index])).map((text) => text.replace(/\s+/g, " ").trim());
      assert.deepEqual(words(drawn), words(group.strings));
      compared += words(drawn).length;
      assert.deepEqual((await page.locator("main .said").allTextContents()).map((text) => text.trim()), group.strings.map((text) => `“${commentOf(text)}”`));
      assert.deepEqual(await page.evaluate(lookAround), []);
      assert.equal(group.asked, undefined);
      await page.close();
    });
    assert.ok(compared > 5, `only ${compared} answers have no mark`);
    let pages = 0;
    await operator.goto(`${service.url}/admin/review`);
    for (;;) {
      pages += 1;
      assert.deepEqual(await operator.evaluate(lookAround), []);
      // Not by its name: visitors can write "Older" too.
      const older = operator.locator("main a[rel=next]");
      if (pages >= 60 || !(await older.count())) break;
      await older.click();
    }
    assert.ok(pages > 1 || list.length < 60, "the review list has one page only");
    return `${groups.length} conversations, ${pages} pages of the review list`;
  });

  await checks.check("posts with such titles, visited in a browser", async () => {
    const titles = list.filter((text) => /[<>"'&]/.test(text)).filter((_, index, all) => index % Math.ceil(all.length / 30) === 0);
    const php = titles.map((title) => `'${Buffer.from(title).toString("base64")}'`).join(",");
    // WordPress takes the tags that run something out of a title, so that nothing may be left of it; a post without title and text it
    // refuses.
    const urls = JSON.parse(await inWordPress(processes, site, `
      $urls = array();
      foreach (array(${php}) as $title) {
        $id = wp_insert_post(wp_slash(array('post_title' => base64_decode($title), 'post_content' => esc_html(base64_decode($title)), 'post_status' => 'publish')), true);
        $urls[] = is_wp_error($id) ? base64_decode($title) . ': ' . $id->get_error_message() : get_permalink($id);
      }
      echo json_encode($urls);`));
    for (const url of urls) assert.ok(url.startsWith(`${site.url}/`), url);
    const page = await newPage();
    const chat = new Chat(page);
    for (const [index, url] of urls.entries()) {
      await page.goto(url);
      if (index === 0) await chat.open();
      else await chat.field().waitFor();
      await chat.ask(`${titles[index]} (${index})`);
      assert.equal((await chat.questions.last().textContent()), `${titles[index]} (${index})`);
      await chat.lastAnswer().getByRole("button", { name: "Copy" }).waitFor();
      assert.deepEqual(await chat.widget.evaluate(lookAround), []);
    }
    await page.context().close();
    return `${urls.length} posts`;
  });
}

/** A comment may have half as many characters as a message. */
function commentOf(text) {
  return [...text].slice(0, 2000).join("");
}

function siteKey(page) {
  return page.evaluate(() => document.querySelector("script[data-site]").dataset.site);
}

/** Runs in the page: elements and attributes that text can never make. For the widget `host` is its element. */
function lookAround(host) {
  const root = host?.shadowRoot?.querySelector(".log") ?? document.querySelector("main");
  const found = [];
  for (const element of root.querySelectorAll("*")) {
    if (/^(script|iframe|img|image|object|embed|base|link|meta|style|video|audio|marquee|math|foreignobject)$/i.test(element.localName)) found.push(element.outerHTML);
    for (const { name, value } of element.attributes) {
      if (/^on/i.test(name)) found.push(element.outerHTML);
      if (/^(href|src|action|formaction|xlink:href)$/i.test(name) && !/^(https?:|mailto:|tel:|\/|#|\?)/i.test(value)) found.push(element.outerHTML);
    }
  }
  return found.slice(0, 5);
}

async function inParallel(width, items, work) {
  const left = [...items];
  await Promise.all(Array.from({ length: width }, async () => {
    for (let item = left.shift(); item !== undefined; item = left.shift()) await work(item);
  }));
}
