"""OpenAI's chat completions, at the client's end (https://platform.openai.com/docs/api-reference/chat, read 2026-11-28)."""

import json
from collections.abc import Sequence

from ai_engine.wire.json_types import Json
from tests.contracts.conversation_clients.port import sse
from tests.contracts.conversation_script import ANSWER, PICTURE, WEATHER, Asked, Call, Result, Said, Turn
from tests.contracts.published_specifications import check


class Chat:
    name = "chat"
    path = "/v1/chat/completions"

    def asks(self, asked: Asked, *, stream: bool) -> Json:
        body: Json = {"model": "tiny", "messages": self._messages(asked), "max_completion_tokens": asked.max_tokens}
        if stream:
            body |= {"stream": True, "stream_options": {"include_usage": True}}
        if asked.tools:
            body["tools"] = [
                {"type": "function", "function": {"name": name, "description": f"The {name}", "parameters": WEATHER}}
                for name in asked.tools
            ]
        if asked.forced_tool:
            body["tool_choice"] = "required"
        if asked.is_structured:
            body["response_format"] = {
                "type": "json_schema",
                "json_schema": {"name": "answer", "schema": ANSWER, "strict": True},
            }
        if asked.stop:
            body["stop"] = list(asked.stop)
        if asked.temperature is not None:
            body["temperature"] = asked.temperature
        if asked.wants_reasoning:
            body["reasoning_effort"] = "low"
        return body

    def _messages(self, asked: Asked) -> list[Json]:
        messages: list[Json] = [{"role": "system", "content": asked.system}] if asked.system else []
        for turn in asked.turns:
            messages += self._turn(turn)
        return messages

    def _turn(self, turn: Turn) -> list[Json]:
        if turn.results:
            return [{"role": "tool", "tool_call_id": result.call.id, "content": result.text} for result in turn.results]
        message: Json = {"role": turn.role, "content": turn.text}
        if turn.has_picture:
            url = {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PICTURE}"}}
            message["content"] = [{"type": "text", "text": turn.text}, url]
        if turn.calls:
            message["tool_calls"] = [
                {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": json.dumps(call.arguments)}}
                for call in turn.calls
            ]
        return [message]

    def hears(self, body: bytes, *, stream: bool) -> Said:
        if not stream:
            answer = json.loads(body)
            (choice,) = answer["choices"]
            return self._said(choice["message"], choice["finish_reason"], answer["usage"])
        return self._heard_stream(body)

    def _heard_stream(self, body: bytes) -> Said:
        lines = [data for _, data in sse(body)]
        assert lines.pop() == "[DONE]"
        message: Json = {"content": "", "reasoning_content": "", "tool_calls": []}
        reason, usage, ids = None, None, set()
        for chunk in map(json.loads, lines):
            ids.add(chunk["id"])
            usage = chunk.get("usage") or usage
            for choice in chunk["choices"]:
                assert reason is None, "nothing comes after the finish"
                reason = choice.get("finish_reason")
                delta = choice["delta"]
                message["content"] += delta.get("content") or ""
                message["reasoning_content"] += delta.get("reasoning_content") or ""
                for call in delta.get("tool_calls") or ():
                    if call["index"] == len(message["tool_calls"]):
                        message["tool_calls"].append(
                            {"id": call["id"], "function": {"name": call["function"]["name"], "arguments": ""}}
                        )
                    message["tool_calls"][call["index"]]["function"]["arguments"] += call["function"].get("arguments") or ""
        assert len(ids) == 1
        assert reason is not None
        assert usage is not None
        return self._said(message, reason, usage)

    def _said(self, message: Json, reason: str, usage: Json) -> Said:
        endings = {"stop": "stop", "length": "length", "tool_calls": "calls", "content_filter": "filter"}
        reasoning = message.get("reasoning_content")
        return Said(
            (message["content"],) if message.get("content") else (),
            (reasoning,) if reasoning else (),
            tuple(
                Call(call["id"], call["function"]["name"], json.loads(call["function"]["arguments"]))
                for call in message.get("tool_calls") or ()
            ),
            endings[reason],
            usage["prompt_tokens"],
            (usage.get("prompt_tokens_details") or {}).get("cached_tokens") or 0,
            usage["completion_tokens"],
        )

    def checks(self, body: bytes, *, stream: bool) -> None:
        if not stream:
            check("openai", "CreateChatCompletionResponse", json.loads(body))
        for _, data in sse(body) if stream else ():
            if data != "[DONE]":
                check("openai", "CreateChatCompletionStreamResponse", json.loads(data))

    def goes_on(self, asked: Asked, body: bytes, results: Sequence[Result]) -> Json:
        first = self.asks(asked, stream=False)
        message = json.loads(body)["choices"][0]["message"]
        return first | {"messages": [*first["messages"], message, *self._turn(Turn("user", results=tuple(results)))]}

    def error_in(self, body: bytes) -> Json:
        error: Json = json.loads(body)["error"]
        assert set(error) == {"message", "type", "param", "code"}
        return error
