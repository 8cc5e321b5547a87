import assert from 'node:assert/strict';
import { test } from 'node:test';
import OpenAI, { toFile } from 'openai';
import { zodResponseFormat } from 'openai/helpers/zod';
import { z } from 'zod';
import { USUAL, asked, plan } from './provider.mjs';

const client = new OpenAI();
const messages = [{ role: 'user', content: 'How do I install it?' }];
const weather = {
  type: 'function',
  function: { name: 'weather', parameters: { type: 'object', properties: { text: { type: 'string' } } } },
};

test('a completion', async () => {
  const { data, response } = await client.chat.completions.create({ model: 'fake-chat', messages }).withResponse();
  assert.equal(data.choices[0].message.content, USUAL);
  assert.equal(data.usage.completion_tokens, 25);
  assert.equal(response.headers.get('x-pennypress-model'), 'fake-chat');
  assert.ok(data._request_id);
});

test('a stream, word by word', async () => {
  await plan({ 'fake-chat': { between_tokens_ms: 2 } });
  const stream = await client.chat.completions.create({
    model: 'auto', messages, stream: true, stream_options: { include_usage: true },
  });
  const words = [];
  let usage = null;
  for await (const chunk of stream) {
    const word = chunk.choices[0]?.delta.content;
    if (word) words.push(word);
    usage = chunk.usage ?? usage;
  }
  assert.equal(words.join(''), USUAL);
  assert.equal(words.length, 25);
  assert.equal(usage.completion_tokens, 25);
});

test('a stream that breaks off is one answer', async () => {
  await plan({ 'fake-chat': { fault: { kind: 'reset', after: 5 } } });
  const stream = client.chat.completions.stream({ model: 'fake-chat', messages });
  const completion = await stream.finalChatCompletion();
  assert.equal(completion.choices[0].message.content, USUAL);
  assert.equal((await asked('fallback')).length, 1);
});

test('a stream with tools that breaks off raises the error', async () => {
  await plan({ 'fake-chat': { fault: { kind: 'cut', after: 3 } } });
  const stream = await client.chat.completions.create({ model: 'fake-chat', messages, stream: true, tools: [weather] });
  await assert.rejects(async () => {
    for await (const chunk of stream) assert.ok(chunk);
  }, /broke off/);
  await plan({ 'fake-chat': {} });
});

test('who stops a stream stops the upstream', async () => {
  await plan({ 'fake-chat': { hold_after: 2 } });
  const stream = await client.chat.completions.create({ model: 'fake-chat', messages, stream: true });
  let words = 0;
  for await (const chunk of stream) {
    if (chunk.choices[0].delta.content && ++words === 2) break;
  }
  const until = Date.now() + 10_000;
  while ((await asked('fake-chat'))[0].left_ns === null) {
    assert.ok(Date.now() < until, 'the upstream goes on');
    await new Promise((done) => setTimeout(done, 20));
  }
  await plan({ 'fake-chat': {} });
});

test('tools, asked for and answered', async () => {
  const first = await client.chat.completions.create({ model: 'fake-chat', messages, tools: [weather], tool_choice: 'required' });
  const { message, finish_reason } = first.choices[0];
  assert.equal(finish_reason, 'tool_calls');
  const [call] = message.tool_calls;
  assert.equal(call.function.name, 'weather');
  assert.equal(JSON.parse(call.function.arguments).text, USUAL);
  const answered = [...messages, message, { role: 'tool', tool_call_id: call.id, content: 'sunny' }];
  const second = await client.chat.completions.create({ model: 'fake-chat', messages: answered, tools: [weather] });
  assert.equal(second.choices[0].message.content, USUAL);
  const sent = (await asked('fake-chat')).at(-1).body;
  assert.deepEqual(sent.messages[2], answered[2]);
});

test('streamed tools are put together', async () => {
  const stream = client.chat.completions.stream({ model: 'fake-chat', messages, tools: [weather] });
  const completion = await stream.finalChatCompletion();
  assert.equal(JSON.parse(completion.choices[0].message.tool_calls[0].function.arguments).text, USUAL);
});

test('JSON mode and a schema', async () => {
  const mode = await client.chat.completions.create({ model: 'fake-chat', messages, response_format: { type: 'json_object' } });
  assert.deepEqual(JSON.parse(mode.choices[0].message.content), { text: USUAL });
  const parsed = await client.chat.completions.parse({
    model: 'fake-chat', messages, response_format: zodResponseFormat(z.object({ text: z.string() }), 'answer'),
  });
  assert.equal(parsed.choices[0].message.parsed.text, USUAL);
});

test('several answers with probabilities', async () => {
  const many = await client.chat.completions.create({ model: 'fake-chat', messages, n: 2, logprobs: true });
  assert.deepEqual(many.choices.map((choice) => choice.index), [0, 1]);
  assert.equal(many.choices[1].logprobs.content.length, 25);
});

test('embeddings', async () => {
  const vectors = await client.embeddings.create({ model: 'fake-embedding', input: ['one', 'two', 'one'] });
  assert.equal(vectors.data[0].embedding.length, 8);
  assert.deepEqual(vectors.data[0].embedding, vectors.data[2].embedding);
  assert.notDeepEqual(vectors.data[0].embedding, vectors.data[1].embedding);
});

test('a recording is written down', async () => {
  await plan({ 'fake-whisper': { text: 'Hello there.' } });
  const file = await toFile(Buffer.from([1, 2, 3]), 'größe.mp3');
  const written = await client.audio.transcriptions.create({ model: 'fake-whisper', file, language: 'en' });
  assert.equal(written.text, 'Hello there.');
  const text = await client.audio.transcriptions.create({ model: 'fake-whisper', file, response_format: 'text' });
  assert.equal(text.trim(), 'Hello there.');
});

test('a text is spoken', async () => {
  const speech = await client.audio.speech.create({ model: 'fake-tts', voice: 'alloy', input: 'Good morning to you.' });
  assert.equal(speech.headers.get('content-type'), 'audio/mpeg');
  assert.equal(Buffer.from(await speech.arrayBuffer()).toString(), 'ID3Good morning to you.');
});

test('models', async () => {
  const ids = [];
  for await (const model of client.models.list()) ids.push(model.id);
  assert.deepEqual(ids.slice(0, 5), ['auto', 'auto:simple', 'auto:standard', 'auto:complex', 'fake-chat']);
  assert.equal((await client.models.retrieve('auto:simple')).object, 'model');
});

test('errors are the classes that programs catch', async () => {
  const create = (options, given = client) => given.chat.completions.create({ model: 'fake-chat', messages, ...options });
  await assert.rejects(create({}, new OpenAI({ apiKey: 'wrong' })), (error) => {
    assert.ok(error instanceof OpenAI.AuthenticationError);
    assert.equal(error.code, 'invalid_api_key');
    return true;
  });
  await assert.rejects(create({ model: 'nobody' }), (error) => {
    assert.ok(error instanceof OpenAI.NotFoundError);
    assert.equal(error.code, 'model_not_found');
    return true;
  });
  await assert.rejects(create({ messages: [] }), (error) => {
    assert.ok(error instanceof OpenAI.BadRequestError);
    assert.equal(error.param, 'messages');
    return true;
  });
  await plan({ picky: { fault: { kind: 'status', status: 400, message: 'too hot' } } });
  await assert.rejects(create({ model: 'picky' }), /400 too hot/);
  assert.equal((await asked('picky')).length, 1);
  await plan({ down: { fault: { kind: 'status', status: 500 } } });
  await assert.rejects(create({ model: 'down' }, new OpenAI({ maxRetries: 0 })), OpenAI.InternalServerError);
});

test('its own retries get through', async () => {
  // Three failures: one more than the service tries by itself.
  await plan({ flaky: { fault: { kind: 'status', status: 500 }, fault_times: 3 } });
  const answer = await client.chat.completions.create({ model: 'flaky', messages });
  assert.equal(answer.choices[0].message.content, USUAL);
  assert.equal((await asked('flaky')).length, 4);
});

test('a limit is told with the time to wait', async () => {
  const limited = new OpenAI({ apiKey: process.env.LIMITED_KEY, maxRetries: 0 });
  const create = () => limited.chat.completions.create({ model: 'fake-chat', messages });
  await create();
  await assert.rejects(create(), (error) => {
    assert.ok(error instanceof OpenAI.RateLimitError);
    assert.ok(Number(error.headers.get('retry-after')) >= 1);
    return true;
  });
});
