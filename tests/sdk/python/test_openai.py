"""The official Python client, unmodified."""

import asyncio
import json
import time
import unittest

import openai
from openai import AsyncOpenAI, OpenAI
from pydantic import BaseModel

from provider import USUAL, asked, plan

MESSAGES = [{"role": "user", "content": "How do I install it?"}]
WEATHER = {
    "type": "function",
    "function": {"name": "weather", "parameters": {"type": "object", "properties": {"text": {"type": "string"}}}},
}


class Answer(BaseModel):
    text: str


class Clients(unittest.TestCase):
    def setUp(self):
        self.client = OpenAI()
        plan(fake_chat={}, fallback={})

    def create(self, client=None, **options):
        return (client or self.client).chat.completions.create(**{"model": "fake-chat", "messages": MESSAGES, **options})

    def test_completion(self):
        answer = self.create(seed=1, user="somebody", extra_body={"a_field_of_tomorrow": [1]})
        self.assertEqual(answer.choices[0].message.content, USUAL)
        self.assertEqual(answer.usage.completion_tokens, 25)
        self.assertEqual(asked("fake-chat")[0]["body"]["a_field_of_tomorrow"], [1])

    def test_headers(self):
        raw = self.client.chat.completions.with_raw_response.create(model="auto", messages=MESSAGES)
        self.assertEqual(raw.headers["x-pennypress-from"], "model")
        self.assertGreater(float(raw.headers["x-pennypress-cost-usd"]), 0)

    def test_stream(self):
        stream = self.create(model="auto", stream=True, stream_options={"include_usage": True})
        chunks = list(stream)
        words = [c.choices[0].delta.content for c in chunks if c.choices and c.choices[0].delta.content]
        self.assertEqual("".join(words), USUAL)
        self.assertEqual(len(words), 25)
        self.assertEqual(chunks[-1].usage.completion_tokens, 25)
        plain = list(self.create(stream=True))
        self.assertTrue(all(chunk.choices for chunk in plain), "no chunk that was not asked for")

    def test_stream_in_asyncio(self):
        async def read():
            client = AsyncOpenAI()
            stream = await client.chat.completions.create(model="fake-chat", messages=MESSAGES, stream=True)
            return "".join([c.choices[0].delta.content or "" async for c in stream])

        self.assertEqual(asyncio.run(read()), USUAL)

    def test_stream_that_breaks_off_is_one_answer(self):
        plan(fake_chat={"fault": {"kind": "error_event", "after": 5}})
        words = [c.choices[0].delta.content or "" for c in self.create(stream=True)]
        self.assertEqual("".join(words), USUAL)
        self.assertEqual(len(asked("fallback")), 1)

    def test_stream_with_tools_that_breaks_off_raises(self):
        plan(fake_chat={"fault": {"kind": "cut", "after": 3}})
        with self.assertRaisesRegex(openai.APIError, "broke off"):
            list(self.create(stream=True, tools=[WEATHER]))

    def test_leaving_stops_the_upstream(self):
        plan(fake_chat={"hold_after": 2})
        with self.create(stream=True) as stream:
            next(iter(stream))
        until = time.monotonic() + 10
        while asked("fake-chat")[0]["left_ns"] is None:
            self.assertLess(time.monotonic(), until, "the upstream goes on")
            time.sleep(0.02)

    def test_tools(self):
        message = self.create(tools=[WEATHER], tool_choice="required").choices[0].message
        call = message.tool_calls[0]
        self.assertEqual(json.loads(call.function.arguments)["text"], USUAL)
        answered = [*MESSAGES, message, {"role": "tool", "tool_call_id": call.id, "content": "sunny"}]
        self.assertEqual(self.create(messages=answered, tools=[WEATHER]).choices[0].message.content, USUAL)
        with self.client.chat.completions.stream(model="fake-chat", messages=MESSAGES, tools=[WEATHER]) as stream:
            final = stream.get_final_completion()
        self.assertEqual(json.loads(final.choices[0].message.tool_calls[0].function.arguments)["text"], USUAL)

    def test_json(self):
        mode = self.create(response_format={"type": "json_object"})
        self.assertEqual(json.loads(mode.choices[0].message.content), {"text": USUAL})
        parsed = self.client.chat.completions.parse(model="fake-chat", messages=MESSAGES, response_format=Answer)
        self.assertEqual(parsed.choices[0].message.parsed.text, USUAL)

    def test_several_answers_with_probabilities(self):
        many = self.create(n=2, logprobs=True)
        self.assertEqual([choice.index for choice in many.choices], [0, 1])
        self.assertEqual(len(many.choices[1].logprobs.content), 25)

    def test_embeddings(self):
        vectors = self.client.embeddings.create(model="fake-embedding", input=["one", "two", "one"]).data
        self.assertEqual(len(vectors[0].embedding), 8)
        self.assertEqual(vectors[0].embedding, vectors[2].embedding)
        self.assertNotEqual(vectors[0].embedding, vectors[1].embedding)

    def test_transcription(self):
        plan(fake_whisper={"text": "Hello there."})
        file = ("größe.mp3", b"\x01\x02\x03")
        written = self.client.audio.transcriptions.create(
            model="fake-whisper", file=file, timestamp_granularities=["word", "segment"]
        )
        self.assertEqual(written.text, "Hello there.")
        text = self.client.audio.transcriptions.create(model="fake-whisper", file=file, response_format="text")
        self.assertEqual(text.strip(), "Hello there.")

    def test_speech(self):
        options = {"model": "fake-tts", "voice": "alloy", "input": "Good morning to you."}
        with self.client.audio.speech.with_streaming_response.create(**options) as speech:
            self.assertEqual(b"".join(speech.iter_bytes()), b"ID3Good morning to you.")
        self.assertEqual(self.client.audio.speech.create(**options).content, b"ID3Good morning to you.")

    def test_models(self):
        ids = [model.id for model in self.client.models.list()]
        self.assertEqual(ids[:4], ["auto", "auto:simple", "auto:standard", "auto:complex"])
        self.assertEqual(self.client.models.retrieve("fake-chat").id, "fake-chat")

    def test_errors(self):
        with self.assertRaises(openai.AuthenticationError) as raised:
            self.create(OpenAI(api_key="wrong"))
        self.assertEqual(raised.exception.code, "invalid_api_key")
        with self.assertRaises(openai.NotFoundError) as raised:
            self.create(model="nobody")
        self.assertEqual(raised.exception.code, "model_not_found")
        with self.assertRaises(openai.BadRequestError) as raised:
            self.create(messages=[])
        self.assertEqual(raised.exception.param, "messages")
        plan(picky={"fault": {"kind": "status", "status": 400, "message": "too hot"}})
        with self.assertRaisesRegex(openai.BadRequestError, "too hot"):
            self.create(model="picky")
        self.assertEqual(len(asked("picky")), 1)
        plan(down={"fault": {"kind": "status", "status": 429, "retry_after": "60"}})
        with self.assertRaises(openai.RateLimitError) as raised:
            self.create(OpenAI(max_retries=0), model="down")
        self.assertEqual(raised.exception.response.headers["retry-after"], "60")

    def test_its_own_retries_get_through(self):
        # Three failures: one more than the service tries by itself.
        plan(flaky={"fault": {"kind": "status", "status": 503}, "fault_times": 3})
        self.assertEqual(self.create(model="flaky").choices[0].message.content, USUAL)
        self.assertEqual(len(asked("flaky")), 4)


if __name__ == "__main__":
    unittest.main()
