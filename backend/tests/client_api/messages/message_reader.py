"""How an SDK reads the events of a message, and stricter: whatever it would stumble over, or take silently, fails here."""

import json
from collections.abc import Iterable
from typing import Any

from ai_engine.relay.translation import StreamTranslator
from ai_engine.wire.json_types import Json
from ai_engine.wire.sse import encode_events
from tests.client_api.relayed import relayed

_DELTAS = {
    "text": {"text_delta", "citations_delta"},
    "thinking": {"thinking_delta", "signature_delta"},
    "tool_use": {"input_json_delta"},
    "redacted_thinking": set[str](),
}


def events_in(stream: bytes) -> list[Json]:
    """The events, each framed as Anthropic's are: its name outside, and again as its type."""
    assert stream == b"" or stream.endswith(b"\n\n")
    events = []
    for frame in stream.split(b"\n\n")[:-1]:
        first, second = frame.split(b"\n")
        assert first.startswith(b"event: ")
        assert second.startswith(b"data: ")
        event = json.loads(second[6:])
        assert event["type"] == first[7:].decode()
        events.append(event)
    return events


class Reader:
    """Takes the events one by one; `message` is what they have made."""

    def __init__(self) -> None:
        self.message: Json = {}
        self.is_over = False
        self._open: Json | None = None
        self._arguments = ""

    def take(self, event: Json) -> None:
        assert not self.is_over, "nothing follows message_stop"
        kind = event["type"]
        if not self.message:
            assert kind == "message_start"
            self._start(event["message"])
        elif kind == "content_block_start":
            self._begin(event)
        elif kind == "content_block_delta":
            self._continue(event["index"], event["delta"])
        elif kind == "content_block_stop":
            self._end(event["index"])
        elif kind == "message_delta":
            self._finish(event)
        else:
            assert kind == "message_stop"
            assert self.message["stop_reason"] is not None
            self.is_over = True

    def _start(self, message: Json) -> None:
        assert (message["type"], message["role"], message["content"]) == ("message", "assistant", [])
        assert message["stop_reason"] is None
        assert message["stop_sequence"] is None
        assert message["id"].startswith("msg_")
        assert isinstance(message["model"], str)
        assert message["usage"].keys() >= {"input_tokens", "output_tokens"}
        self.message = message

    def _begin(self, event: Json) -> None:
        assert self.message["stop_reason"] is None, "no block after the end was told"
        assert self._open is None, "one block at a time"
        assert event["index"] == len(self.message["content"])
        block = event["content_block"]
        assert block["type"] in _DELTAS
        if block["type"] == "text":
            assert block["text"] == ""
        elif block["type"] == "thinking":
            assert (block["thinking"], block["signature"]) == ("", "")
        elif block["type"] == "tool_use":
            assert block["input"] == {}
            assert block["id"]
            assert block["name"]
        else:
            assert block["data"]
        self.message["content"].append(block)
        self._open, self._arguments = block, ""

    def _continue(self, index: int, delta: Json) -> None:
        assert self._open is not None
        assert index == len(self.message["content"]) - 1
        kind = delta["type"]
        assert kind in _DELTAS[self._open["type"]]
        if kind == "text_delta":
            assert delta["text"]
            self._open["text"] += delta["text"]
        elif kind == "citations_delta":
            self._open["citations"] = [*(self._open.get("citations") or ()), delta["citation"]]
        elif kind == "thinking_delta":
            assert not self._open["signature"], "the signature comes last"
            assert delta["thinking"]
            self._open["thinking"] += delta["thinking"]
        elif kind == "signature_delta":
            assert delta["signature"]
            self._open["signature"] = delta["signature"]
        else:
            self._arguments += delta["partial_json"]

    def _end(self, index: int) -> None:
        assert self._open is not None
        assert index == len(self.message["content"]) - 1
        if self._open["type"] == "thinking":
            assert self._open["signature"]
        elif self._open["type"] == "tool_use" and self._arguments.strip():
            try:
                self._open["input"] = json.loads(self._arguments)
            except ValueError:
                self._open["input"] = {"unreadable_arguments": self._arguments}
        self._open = None

    def _finish(self, event: Json) -> None:
        assert self._open is None
        assert self.message["stop_reason"] is None, "one message_delta"
        assert event["delta"]["stop_reason"]
        self.message.update(event["delta"])
        assert isinstance(event["usage"]["output_tokens"], int)
        self.message["usage"].update(event["usage"])


def message_in(stream: bytes) -> Json:
    """What a whole stream makes."""
    reader = Reader()
    for event in events_in(stream):
        reader.take(event)
    assert reader.is_over
    return reader.message


def translated_message(stream: StreamTranslator, chunks: Iterable[Json]) -> Json:
    """What the whole stream of these chunks makes."""
    events = [event for chunk in relayed(chunks) for event in stream.translate(chunk)]
    return message_in(encode_events([*events, *stream.ending()]))


_ANTHROPICS_OWN = frozenset(
    {"citations", "stop_details", "container", "output_tokens_details", "cache_creation", "inference_geo"}
    | {"server_tool_use", "service_tier"}
)


def essence(value: Any) -> Any:
    """An answer, or a part of one, without the fields that say nothing where another provider answered."""
    if isinstance(value, list):
        return [essence(each) for each in value]
    if not isinstance(value, dict):
        return value
    return {
        name: essence(each)
        for name, each in value.items()
        if not (each is None and name in _ANTHROPICS_OWN) and (name, each) != ("caller", {"type": "direct"})
    }
