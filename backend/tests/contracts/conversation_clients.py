"""Three clients that have the script's conversations, each in its own API: what they send, and what they understand.

Written from the APIs' documentation and apart from the product, so that a misreading there is not repeated here:
https://platform.openai.com/docs/api-reference/chat, https://platform.openai.com/docs/api-reference/responses,
https://docs.anthropic.com/en/api/messages (read 2026-11-28).
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol

from tests.contracts.conversation_script import ANSWER, PICTURE, WEATHER, Asked, Call, Result, Said, Turn
from tests.contracts.published_specifications import check

Json = dict[str, Any]


class Client(Protocol):
    """One client API."""

    name: str
    path: str

    def asks(self, asked: Asked, *, stream: bool) -> Json:
        """The request."""

    def hears(self, body: bytes, *, stream: bool) -> Said:
        """The answer, as an SDK puts it together."""

    def checks(self, body: bytes, *, stream: bool) -> None:
        """Asserts that the answer is what the API's own specification says."""

    def goes_on(self, asked: Asked, body: bytes, results: Sequence[Result]) -> Json:
        """The next request: the first, its plain answer as it came, and what the tools gave."""

    def error_in(self, body: bytes) -> Json:
        """The error object of a refusal."""


def sse(body: bytes) -> Iterator[tuple[str | None, str]]:
    """`(event, data)` of every event."""
    *blocks, rest = body.decode().split("\n\n")
    assert not rest, "the stream ends inside an event"
    for block in blocks:
        lines = dict(line.split(": ", 1) for line in block.split("\n") if not line.startswith(":"))
        if lines:
            yield lines.get("event"), lines["data"]


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


class Messages:
    name = "messages"
    path = "/v1/messages"

    def asks(self, asked: Asked, *, stream: bool) -> Json:
        body: Json = {
            "model": "tiny",
            "max_tokens": asked.max_tokens,
            "messages": [self._turn(turn) for turn in asked.turns],
        }
        if stream:
            body["stream"] = True
        if asked.system:
            body["system"] = asked.system
        if asked.tools:
            body["tools"] = [{"name": name, "description": f"The {name}", "input_schema": WEATHER} for name in asked.tools]
        if asked.forced_tool:
            body["tool_choice"] = {"type": "any"}
        if asked.is_structured:
            body["output_config"] = {"format": {"type": "json_schema", "schema": ANSWER}}
        if asked.stop:
            body["stop_sequences"] = list(asked.stop)
        if asked.temperature is not None:
            body["temperature"] = asked.temperature
        if asked.wants_reasoning:
            body["thinking"] = {"type": "enabled", "budget_tokens": 1024}
        return body

    def _turn(self, turn: Turn) -> Json:
        blocks: list[Json] = [
            {"type": "tool_result", "tool_use_id": result.call.id, "content": result.text} for result in turn.results
        ]
        if turn.text:
            blocks.append({"type": "text", "text": turn.text})
        if turn.has_picture:
            blocks.append({"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": PICTURE}})
        blocks += [{"type": "tool_use", "id": call.id, "name": call.name, "input": call.arguments} for call in turn.calls]
        is_text = len(blocks) == 1 and blocks[0]["type"] == "text"
        return {"role": turn.role, "content": turn.text if is_text else blocks}

    def hears(self, body: bytes, *, stream: bool) -> Said:
        return self._said(self._heard_stream(body) if stream else json.loads(body))

    def _heard_stream(self, body: bytes) -> Json:
        message: Json = {}
        is_over = False
        for name, data in sse(body):
            event = json.loads(data)
            assert event["type"] == name
            assert not is_over
            match event["type"]:
                case "message_start":
                    message = event["message"]
                    assert message["content"] == []
                case "content_block_start":
                    assert event["index"] == len(message["content"])
                    message["content"].append({**event["content_block"], "json": ""})
                case "content_block_delta":
                    assert event["index"] == len(message["content"]) - 1
                    self._grow(message["content"][-1], event["delta"])
                case "content_block_stop":
                    block = message["content"][event["index"]]
                    if block["type"] == "tool_use":
                        block["input"] = json.loads(block["json"] or "{}")
                case "message_delta":
                    message |= event["delta"]
                    message["usage"] |= event["usage"]
                case "message_stop":
                    is_over = True
                case other:
                    assert other == "ping"
        assert is_over
        return message

    def _grow(self, block: Json, delta: Json) -> None:
        match delta["type"]:
            case "text_delta":
                block["text"] += delta["text"]
            case "thinking_delta":
                block["thinking"] += delta["thinking"]
            case "signature_delta":
                block["signature"] = delta["signature"]
            case "input_json_delta":
                block["json"] += delta["partial_json"]
            case other:
                raise AssertionError(other)

    def _said(self, message: Json) -> Said:
        assert (message["type"], message["role"]) == ("message", "assistant")
        endings = {"end_turn": "stop", "stop_sequence": "stop", "max_tokens": "length", "tool_use": "calls", "refusal": "filter"}
        blocks, usage = message["content"], message["usage"]
        text = "".join(block["text"] for block in blocks if block["type"] == "text")
        thought = "".join(block["thinking"] for block in blocks if block["type"] == "thinking")
        cached = usage.get("cache_read_input_tokens") or 0
        return Said(
            (text,) if text else (),
            (thought,) if thought else (),
            tuple(Call(block["id"], block["name"], block["input"]) for block in blocks if block["type"] == "tool_use"),
            endings[message["stop_reason"]],
            usage["input_tokens"] + cached + (usage.get("cache_creation_input_tokens") or 0),
            cached,
            usage["output_tokens"],
        )

    def checks(self, body: bytes, *, stream: bool) -> None:
        if not stream:
            check("anthropic", "Message", json.loads(body))
        for name, data in sse(body) if stream else ():
            if name != "ping":
                check("anthropic", "MessageStreamEvent", json.loads(data))

    def goes_on(self, asked: Asked, body: bytes, results: Sequence[Result]) -> Json:
        first = self.asks(asked, stream=False)
        answer = {"role": "assistant", "content": json.loads(body)["content"]}
        return first | {"messages": [*first["messages"], answer, self._turn(Turn("user", results=tuple(results)))]}

    def error_in(self, body: bytes) -> Json:
        answer = json.loads(body)
        assert answer["type"] == "error"
        error: Json = answer["error"]
        assert {"type", "message"} <= set(error)
        return error


class Responses:
    name = "responses"
    path = "/v1/responses"

    def asks(self, asked: Asked, *, stream: bool) -> Json:
        body: Json = {
            "model": "tiny",
            "input": [item for turn in asked.turns for item in self._items(turn)],
            "max_output_tokens": asked.max_tokens,
            "store": False,
        }
        if stream:
            body["stream"] = True
        if asked.system:
            body["instructions"] = asked.system
        if asked.tools:
            body["tools"] = [
                {"type": "function", "name": name, "description": f"The {name}", "parameters": WEATHER} for name in asked.tools
            ]
        if asked.forced_tool:
            body["tool_choice"] = "required"
        if asked.is_structured:
            body["text"] = {"format": {"type": "json_schema", "name": "answer", "schema": ANSWER, "strict": True}}
        if asked.temperature is not None:
            body["temperature"] = asked.temperature
        if asked.wants_reasoning:
            body["reasoning"] = {"effort": "low", "summary": "auto"}
        return body

    def _items(self, turn: Turn) -> list[Json]:
        if turn.results:
            return [{"type": "function_call_output", "call_id": result.call.id, "output": result.text} for result in turn.results]
        kind = "input_text" if turn.role == "user" else "output_text"
        content: list[Json] = [{"type": kind, "text": turn.text}]
        if turn.has_picture:
            content.append({"type": "input_image", "image_url": f"data:image/png;base64,{PICTURE}"})
        items: list[Json] = [{"type": "message", "role": turn.role, "content": content}]
        items += [
            {"type": "function_call", "call_id": call.id, "name": call.name, "arguments": json.dumps(call.arguments)}
            for call in turn.calls
        ]
        return items

    def hears(self, body: bytes, *, stream: bool) -> Said:
        return self._said(self._heard_stream(body) if stream else json.loads(body))

    def _heard_stream(self, body: bytes) -> Json:
        text, arguments, answer = "", "", None
        names = []
        for number, (name, data) in enumerate(sse(body)):
            event = json.loads(data)
            assert event["type"] == name
            assert event["sequence_number"] == number
            assert answer is None
            names.append(name)
            if name == "response.output_text.delta":
                text += event["delta"]
            elif name == "response.function_call_arguments.delta":
                arguments += event["delta"]
            elif name in ("response.completed", "response.incomplete"):
                answer = event["response"]
        assert names[:2] == ["response.created", "response.in_progress"]
        assert answer is not None
        said = self._said(answer)
        assert said.text == text
        assert json.loads(f"[{arguments.replace('}{', '},{')}]") == [call.arguments for call in said.calls]
        whole: Json = answer
        return whole

    def _said(self, answer: Json) -> Said:
        assert answer["object"] == "response"
        text, reasoning, calls = "", "", []
        for item in answer["output"]:
            match item["type"]:
                case "message":
                    text += "".join(part["text"] for part in item["content"])
                case "reasoning":
                    parts = [*item.get("summary", ()), *(item.get("content") or ())]
                    reasoning += "".join(part["text"] for part in parts)
                case "function_call":
                    calls.append(Call(item["call_id"], item["name"], json.loads(item["arguments"])))
                case other:
                    raise AssertionError(other)
        usage = answer["usage"]
        assert usage["total_tokens"] == usage["input_tokens"] + usage["output_tokens"]
        return Said(
            (text,) if text else (),
            (reasoning,) if reasoning else (),
            tuple(calls),
            self._ending(answer, calls),
            usage["input_tokens"],
            usage["input_tokens_details"]["cached_tokens"],
            usage["output_tokens"],
        )

    def _ending(self, answer: Mapping[str, Any], calls: Sequence[Call]) -> str:
        if answer["status"] == "completed":
            return "calls" if calls else "stop"
        assert answer["status"] == "incomplete"
        return {"max_output_tokens": "length", "content_filter": "filter"}[answer["incomplete_details"]["reason"]]

    def checks(self, body: bytes, *, stream: bool) -> None:
        if not stream:
            check("openai", "Response", json.loads(body))
        for _, data in sse(body) if stream else ():
            check("openai", "ResponseStreamEvent", json.loads(data))

    def goes_on(self, asked: Asked, body: bytes, results: Sequence[Result]) -> Json:
        first = self.asks(asked, stream=False)
        return first | {
            "input": [*first["input"], *json.loads(body)["output"], *self._items(Turn("user", results=tuple(results)))]
        }

    def error_in(self, body: bytes) -> Json:
        error: Json = json.loads(body)["error"]
        assert set(error) == {"message", "type", "param", "code"}
        return error


CLIENTS: tuple[Client, ...] = (Chat(), Messages(), Responses())
