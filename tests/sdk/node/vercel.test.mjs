import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import { generateObject, streamText, tool } from 'ai';
import { z } from 'zod';
import { USUAL, plan } from './provider.mjs';

const pennypress = createOpenAICompatible({
  name: 'pennypress',
  baseURL: process.env.OPENAI_BASE_URL,
  apiKey: process.env.OPENAI_API_KEY,
  includeUsage: true,
  supportsStructuredOutputs: true,
});
const prompt = 'How do I install it?';

test('the AI SDK streams a chat', async () => {
  const words = [];
  const result = streamText({ model: pennypress('auto:standard'), prompt });
  for await (const word of result.textStream) words.push(word);
  assert.equal(words.join(''), USUAL);
  assert.ok(words.length > 20, 'word by word');
  assert.equal((await result.usage).outputTokens, 25);
  assert.equal(await result.finishReason, 'stop');
});

test('the AI SDK does not notice a model that breaks off', async () => {
  await plan({ 'fake-chat': { fault: { kind: 'cut', after: 4 } } });
  assert.equal(await streamText({ model: pennypress('fake-chat'), prompt }).text, USUAL);
  await plan({ 'fake-chat': {} });
});

test('the AI SDK calls tools in a stream', async () => {
  const weather = tool({ description: 'The weather', inputSchema: z.object({ text: z.string() }) });
  const result = streamText({ model: pennypress('fake-chat'), prompt, tools: { weather } });
  const [call] = await result.toolCalls;
  assert.equal(call.toolName, 'weather');
  assert.equal(call.input.text, USUAL);
});

test('the AI SDK gets an object', async () => {
  const { object } = await generateObject({ model: pennypress('fake-chat'), prompt, schema: z.object({ text: z.string() }) });
  assert.equal(object.text, USUAL);
});
