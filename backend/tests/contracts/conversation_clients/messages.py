"""Anthropic's messages, at the client's end (https://docs.anthropic.com/en/api/messages, read 2026-11-28)."""

import json
from collections.abc import Sequence

from ai_engine.wire.json_types import Json
from tests.contracts.conversation_clients.port import sse
from tests.contracts.conversation_script import ANSWER, PICTURE, WEATHER, Asked, Call, Result, Said, Turn
from tests.contracts.published_specifications import check


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
