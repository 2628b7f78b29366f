"""The items of a streamed response: each emits its additions, and at its end the whole item."""

from collections.abc import Sequence
from typing import Protocol

from ai_engine.client_api.responses.reasoning import GatheredDetails, seal
from ai_engine.client_api.responses.tools import Kind, Tool, call_item
from ai_engine.wire import responses as wire
from ai_engine.wire.json_types import Json
from ai_engine.wire.sse import Event

Events = list[Event]


class EventSink(Protocol):
    """The stream of an item (`stream.ResponsesStream`)."""

    def emit(self, kind: str, fields: Json, events: Events) -> None: ...

    def add_item(self, item: Json, events: Events) -> int: ...

    def end_item(self, index: int, item: Json, events: Events) -> None: ...


class OpenReasoning:
    """Reasoning: its text is one summary, its details are sealed at the end."""

    __slots__ = ("_details", "_index", "_item_id", "_stream", "_text")

    def __init__(self, stream: EventSink, item_id: str, events: Events) -> None:
        self._stream = stream
        self._item_id = item_id
        self._text: list[str] = []
        self._details = GatheredDetails()
        self._index = stream.add_item(wire.reasoning_item(item_id, [], None, wire.IN_PROGRESS), events)

    def add(self, text: str, details: Sequence[Json], events: Events) -> None:
        """`text` is for the user, `details` for the next turn."""
        if details:
            self._details.add(details)
        if not text:
            return
        if not self._text:
            self._emit("response.reasoning_summary_part.added", {"part": wire.summary_part("")}, events)
        self._text.append(text)
        self._emit("response.reasoning_summary_text.delta", {"delta": text}, events)

    def end(self, status: str, events: Events) -> None:
        text = "".join(self._text)
        if text:
            self._emit("response.reasoning_summary_text.done", {"text": text}, events)
            self._emit("response.reasoning_summary_part.done", {"part": wire.summary_part(text)}, events)
        encrypted = seal(self._details.whole())
        item = wire.reasoning_item(self._item_id, [text] if text else [], encrypted, status)
        self._stream.end_item(self._index, item, events)

    def _emit(self, kind: str, fields: Json, events: Events) -> None:
        fields |= {"item_id": self._item_id, "output_index": self._index, "summary_index": 0}
        self._stream.emit(kind, fields, events)


class OpenMessage:
    """A message: parts of text and of refusal, one open at a time."""

    __slots__ = ("_annotations", "_index", "_is_refusal", "_item_id", "_logprobs", "_parts", "_pieces", "_stream")

    def __init__(self, stream: EventSink, item_id: str, events: Events) -> None:
        self._stream = stream
        self._item_id = item_id
        self._parts: list[Json] = []
        self._pieces: list[str] = []
        self._is_refusal = False
        self._annotations: list[Json] = []
        self._logprobs: list[Json] = []
        self._index = stream.add_item(wire.message_item(item_id, [], wire.IN_PROGRESS), events)

    def add_text(self, text: str, logprobs: list[Json], events: Events) -> None:
        if not self._pieces or self._is_refusal:
            self._begin_part(wire.text_part(""), events, is_refusal=False)
        self._pieces.append(text)
        self._logprobs += logprobs
        self._emit("response.output_text.delta", {"delta": text, "logprobs": _without_bytes(logprobs)}, events)

    def add_refusal(self, refusal: str, events: Events) -> None:
        if not self._pieces or not self._is_refusal:
            self._begin_part(wire.refusal_part(""), events, is_refusal=True)
        self._pieces.append(refusal)
        self._emit("response.refusal.delta", {"delta": refusal}, events)

    def add_annotations(self, annotations: Sequence[Json], events: Events) -> None:
        """To the text so far; ignored before any text."""
        if not self._pieces or self._is_refusal:
            return
        for annotation in annotations:
            fields: Json = {"annotation": annotation, "annotation_index": len(self._annotations)}
            self._annotations.append(annotation)
            self._emit("response.output_text.annotation.added", fields, events)

    def end(self, status: str, events: Events) -> None:
        self._end_part(events)
        self._stream.end_item(self._index, wire.message_item(self._item_id, self._parts, status), events)

    def _begin_part(self, part: Json, events: Events, *, is_refusal: bool) -> None:
        self._end_part(events)
        self._is_refusal = is_refusal
        self._emit("response.content_part.added", {"part": part}, events)

    def _end_part(self, events: Events) -> None:
        if not self._pieces:
            return
        text = "".join(self._pieces)
        if self._is_refusal:
            part = wire.refusal_part(text)
            self._emit("response.refusal.done", {"refusal": text}, events)
        else:
            part = wire.text_part(text, self._annotations, self._logprobs)
            self._emit("response.output_text.done", {"text": text, "logprobs": _without_bytes(self._logprobs)}, events)
        self._emit("response.content_part.done", {"part": part}, events)
        self._parts.append(part)
        self._pieces, self._annotations, self._logprobs = [], [], []

    def _emit(self, kind: str, fields: Json, events: Events) -> None:
        fields["item_id"] = self._item_id
        fields["output_index"] = self._index
        fields["content_index"] = len(self._parts)
        self._stream.emit(kind, fields, events)


class OpenCall:
    """A call of one of the client's tools.

    A function's arguments are streamed. A custom tool's input is inside them, and is sent once it is complete.
    """

    __slots__ = ("_index", "_item_id", "_pieces", "_stream", "_tool", "call_id")

    def __init__(self, stream: EventSink, tool: Tool, item_id: str, call_id: str, events: Events) -> None:
        self.call_id = call_id
        self._stream = stream
        self._tool = tool
        self._item_id = item_id
        self._pieces: list[str] = []
        self._index = stream.add_item(call_item(tool, item_id, call_id, "", wire.IN_PROGRESS), events)

    def add(self, arguments: str, events: Events) -> None:
        self._pieces.append(arguments)
        if self._tool.kind is Kind.FUNCTION:
            self._emit("response.function_call_arguments.delta", {"delta": arguments}, events)

    def end(self, status: str, events: Events) -> None:
        item = call_item(self._tool, self._item_id, self.call_id, "".join(self._pieces), status)
        if self._tool.kind is Kind.FUNCTION:
            fields = {"arguments": item["arguments"], "name": self._tool.name}
            self._emit("response.function_call_arguments.done", fields, events)
        elif self._tool.kind is Kind.CUSTOM:
            if item["input"]:
                self._emit("response.custom_tool_call_input.delta", {"delta": item["input"]}, events)
            self._emit("response.custom_tool_call_input.done", {"input": item["input"]}, events)
        self._stream.end_item(self._index, item, events)

    def _emit(self, kind: str, fields: Json, events: Events) -> None:
        fields["item_id"] = self._item_id
        fields["output_index"] = self._index
        self._stream.emit(kind, fields, events)


def _without_bytes(logprobs: Sequence[Json]) -> list[Json]:
    """As in events."""
    return [
        {
            "token": token["token"],
            "logprob": token["logprob"],
            "top_logprobs": [{"token": other["token"], "logprob": other["logprob"]} for other in token["top_logprobs"]],
        }
        for token in logprobs
    ]
