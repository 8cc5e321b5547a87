"""LangChain's client for OpenAI, unmodified."""

import unittest

from langchain_core.messages import HumanMessage
from langchain_openai import ChatOpenAI

from provider import USUAL, plan


class LangChain(unittest.TestCase):
    def setUp(self):
        plan(fake_chat={}, fallback={})

    def test_streamed_chat(self):
        pieces = list(ChatOpenAI(model="auto", stream_usage=True).stream([HumanMessage("How do I install it?")]))
        words = [piece.content for piece in pieces if piece.content]
        self.assertEqual("".join(words), USUAL)
        self.assertEqual(len(words), 25)
        usage = [piece.usage_metadata for piece in pieces if piece.usage_metadata]
        self.assertEqual(usage[-1]["output_tokens"], 25)

    def test_a_model_that_breaks_off_is_not_noticed(self):
        plan(fake_chat={"fault": {"kind": "reset", "after": 4}})
        pieces = ChatOpenAI(model="fake-chat").stream("How do I install it?")
        self.assertEqual("".join(piece.content for piece in pieces), USUAL)

    def test_tools(self):
        def weather(text: str) -> str:
            """The weather."""
            return text

        answer = ChatOpenAI(model="fake-chat").bind_tools([weather]).invoke("How is the weather?")
        self.assertEqual(answer.tool_calls[0]["name"], "weather")
        self.assertEqual(answer.tool_calls[0]["args"]["text"], USUAL)


if __name__ == "__main__":
    unittest.main()
