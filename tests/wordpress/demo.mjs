// The service's own page, as whoever has just started it sees it.
import { Chat } from "./browser.mjs";
import { assert } from "./check.mjs";

export async function demoChecks(checks, { service, provider, newPage }) {
  await checks.check("the service's own page opens the chat, and it answers", async () => {
    const page = await newPage();
    const refused = [];
    page.on("console", (message) => message.type() === "error" && refused.push(message.text()));
    await page.goto(service.url);
    await provider.plan({ text: "It costs nothing." });
    await page.getByRole("button", { name: "Open the chat" }).click();
    const chat = new Chat(page);
    await chat.ask("What does it cost, then?");
    assert.equal(await chat.complete(), "It costs nothing.");
    assert.deepEqual(refused, [], "the page's own policy, or the network, refused something");
    await page.context().close();
  });
}
