// What a visitor of the site does: asks, watches the words come, rates, asks on, goes to another page, stops, leaves.
import { Chat } from "./browser.mjs";
import { assert, eventually, median } from "./check.mjs";

const ANSWER = "Open **Settings**, choose the page that you want to change, and press Save. The change is seen by everyone at once, and the "
  + "old text stays in the revisions, from which it can be brought back later.";
const BETWEEN_MS = 60;

export async function visitorJourney(checks, { provider, newPage, posts, label }) {
  const page = await newPage();
  const chat = new Chat(page);
  const question = `How do I change a page (${label})?`;

  await checks.check("a post shows the launcher, and the chat opens", async () => {
    await page.goto(posts[0]);
    await chat.open();
  });

  await checks.check("words arrive one after another", async () => {
    await provider.plan({ text: ANSWER, between_tokens_ms: BETWEEN_MS });
    await chat.watch();
    await chat.ask(question);
    const text = await chat.complete();
    assert.equal(text, ANSWER.replaceAll("**", ""));
    const grown = await chat.grown();
    const sent = (await provider.last()).token_ns.map((ns) => Number(BigInt(ns) / 1_000_000n));
    const took = sent.at(-1) - sent[0];
    assert.ok(took >= BETWEEN_MS * 20, `the provider itself took only ${took} ms: this measures nothing`);
    assert.ok(grown.length >= sent.length * 0.6, `${sent.length} tokens were sent, but the answer grew only ${grown.length} times: it comes in pieces`);
    const seen = grown.at(-1).at - grown[0].at;
    assert.ok(seen >= took * 0.7, `the tokens were sent over ${took} ms, but seen over ${seen} ms: something holds them back`);
    assert.ok(grown[0].at - sent[0] < 1000, `the first word was seen ${grown[0].at - sent[0]} ms after it was sent`);
    const late = median(sent.map((at) => (grown.find((moment) => moment.at >= at)?.at ?? Infinity) - at));
    assert.ok(late < 250, `a word was seen ${late} ms after it was sent (median)`);
    return `${sent.length} tokens over ${took} ms, the answer grew ${grown.length} times, first word seen ${grown[0].at - sent[0]} ms after it was sent`;
  });

  await checks.check("thumbs down with a comment", async () => {
    const answer = chat.lastAnswer();
    await answer.getByRole("button", { name: "Not helpful" }).click();
    await answer.getByLabel("Anything to add? (optional)").fill(`Which button? (${label})`);
    await answer.getByRole("button", { name: "Send comment" }).click();
    await answer.getByText("Thank you!").waitFor();
  });

  await checks.check("a follow-up question is asked in the same conversation", async () => {
    await provider.plan({ text: "At the top right." });
    await chat.ask("And where is that button?");
    await chat.complete();
    const asked = JSON.stringify((await provider.last()).body);
    assert.ok(asked.includes(question), "the model was not told the first question");
    assert.ok(asked.includes("choose the page that you want to change"), "the model was not told its first answer");
  });

  await checks.check("the conversation is there on the next page", async () => {
    await page.goto(posts[1]);
    await chat.field().waitFor();
    await eventually(async () => assert.deepEqual(await chat.questions.allInnerTexts(), [question, "And where is that button?"]));
    assert.ok((await chat.lastAnswer().innerText()).includes("At the top right."));
  });

  await checks.check("stop ends the answer here and at the provider", async () => {
    await provider.plan({ text: ANSWER, hold_after: 4 });
    await chat.ask("What stays in the revisions?");
    await eventually(async () => assert.ok((await chat.lastAnswer().locator(".md").innerText()).length > 5));
    const stopped = Date.now();
    await chat.button("Stop").click();
    await chat.lastAnswer().getByText("Stopped.").waitFor();
    return `the provider was left ${await leftAfter(stopped, provider)} ms after the click`;
  });

  await checks.check("a visitor who leaves ends the answer at the provider", async () => {
    await provider.plan({ text: ANSWER, hold_after: 3 });
    await chat.ask("Who sees the change?");
    await eventually(async () => assert.ok((await chat.lastAnswer().locator(".md").innerText()).length > 5));
    const gone = Date.now();
    await page.context().close();
    return `the provider was left ${await leftAfter(gone, provider)} ms after the page was closed`;
  });
  return { question, comment: `Which button? (${label})` };
}

/** Milliseconds until the service was seen to leave the provider: about a second at the most, the machine being busy. */
async function leftAfter(moment, provider) {
  const left = await eventually(async () => {
    const { left_ns: at } = await provider.last();
    assert.ok(at, "the provider still writes for someone who has left");
    return Number(BigInt(at) / 1_000_000n);
  }, { seconds: 4 });
  assert.ok(left - moment < 1500, `the provider was left only ${left - moment} ms later`);
  return left - moment;
}
