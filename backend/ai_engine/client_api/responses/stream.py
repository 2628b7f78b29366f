"""A streamed chat as the events of a response.

The order is the one that SDKs check (https://platform.openai.com/docs/api-reference/responses-streaming, read 2026-11-28): an
item is added before its other events, its parts begin and end inside it, and the last event repeats the whole response. Reasoning
ends where something else begins, a message where tools are called. Parallel calls are open side by side until the answer ends.
"""

from ai_engine.client_api.responses.answers import (
    Answered,
    ItemIds,
    annotations_in,
    logprobs_in,
    reasoning_text,
    response,
    started,
    status_of,
)
from ai_engine.client_api.responses.calls import Calls
from ai_engine.client_api.responses.images import pictures_in
from ai_engine.client_api.responses.output_items import Events, OpenCall, OpenMessage, OpenReasoning
from ai_engine.client_api.responses.reasoning import GatheredDetails, shown_text
from ai_engine.client_api.responses.tools import ITEM_PREFIX
from ai_engine.wire import responses as wire
from ai_engine.wire.chat_shape import text_of
from ai_engine.wire.json_types import Json, JsonMapping
from ai_engine.wire.tolerant import objects_in


class ResponsesStream:
    """`relay.translation.StreamTranslator` of one answer."""

    __slots__ = (
        "_calls",
        "_finish",
        "_has_begun",
        "_has_reasoning_text",
        "_ids",
        "_late_details",
        "_message",
        "_model",
        "_output",
        "_reasoning",
        "_request",
        "_sequence_number",
        "_tier",
        "_usage",
        "answer",
    )

    def __init__(self, request: Answered) -> None:
        self.answer: JsonMapping | None = None
        self._request = request
        self._ids = ItemIds(request.response_id)
        self._sequence_number = 0
        self._has_begun = False
        self._model: object = None
        self._tier: object = None
        self._usage: object = None
        self._finish: object = None
        self._output: list[Json] = []
        self._reasoning: OpenReasoning | None = None
        self._has_reasoning_text = False
        self._late_details: GatheredDetails | None = None
        self._message: OpenMessage | None = None
        self._calls = Calls(self._begin_call)

    def translate(self, chunk: JsonMapping) -> Events:
        events: Events = []
        if not self._has_begun:
            self._begin(chunk, events)
        if chunk.get("usage"):
            self._usage = chunk["usage"]
        if chunk.get("service_tier"):
            self._tier = chunk["service_tier"]
        for choice in objects_in(chunk, "choices"):
            if choice.get("index") in (0, None):
                self._take(choice, events)
        return events

    def ending(self) -> Events:
        events: Events = []
        if not self._has_begun:
            self._begin({}, events)
        self._close_all(events)
        self.answer = response(
            self._request,
            model=self._model,
            finish=self._finish,
            output=self._output,
            usage=self._usage,
            chat={"service_tier": self._tier},
        )
        self.emit(f"response.{self.answer['status']}", {"response": self.answer}, events)
        return events

    def emit(self, kind: str, fields: Json, events: Events) -> None:
        """Adds one event, numbered."""
        events.append(wire.event(kind, self._sequence_number, fields))
        self._sequence_number += 1

    def add_item(self, item: Json, events: Events) -> int:
        """Begins an item of the output and returns its index."""
        index = len(self._output)
        self._output.append(item)
        self.emit("response.output_item.added", {"output_index": index, "item": item}, events)
        return index

    def end_item(self, index: int, item: Json, events: Events) -> None:
        """Ends an item; `item` is its final form."""
        self._output[index] = item
        self.emit("response.output_item.done", {"output_index": index, "item": item}, events)

    def _begin(self, chunk: JsonMapping, events: Events) -> None:
        self._has_begun = True
        self._model = chunk.get("model")
        response_so_far = started(self._request, self._model, wire.IN_PROGRESS)
        self.emit("response.created", {"response": response_so_far}, events)
        self.emit("response.in_progress", {"response": response_so_far}, events)

    def _take(self, choice: JsonMapping, events: Events) -> None:
        delta = choice.get("delta")
        if type(delta) is dict:
            content = delta.get("content")
            if len(delta) > 1 or content is None:
                self._take_reasoning(delta, events)
            text = content if type(content) is str else text_of(content)
            if text:
                self._open_message(events).add_text(text, logprobs_in(choice.get("logprobs")), events)
            if len(delta) > 1 or content is None:
                self._take_rest(delta, events)
        finish = choice.get("finish_reason")
        if finish:
            self._finish = finish
            self._close_all(events)

    def _take_reasoning(self, delta: JsonMapping, events: Events) -> None:
        text = reasoning_text(delta)
        details = objects_in(delta, "reasoning_details")
        if text:
            self._has_reasoning_text = True
        elif details and not self._has_reasoning_text:
            text = shown_text(details)
        if not text and not details:
            return
        if not text and (self._message is not None or self._calls):
            # A late signature belongs to the turn, and ends no item.
            self._late_details = self._late_details or GatheredDetails()
            self._late_details.add(details)
            return
        self._end_message(wire.COMPLETED, events)
        if self._reasoning is None:
            self._reasoning = OpenReasoning(self, self._ids.next("rs"), events)
        self._reasoning.add(text, details, events)

    def _take_rest(self, delta: JsonMapping, events: Events) -> None:
        refusal = delta.get("refusal")
        if isinstance(refusal, str) and refusal:
            self._open_message(events).add_refusal(refusal, events)
        if delta.get("annotations") and self._message is not None:
            self._message.add_annotations(annotations_in(delta), events)
        if delta.get("images"):
            self._take_pictures(delta, events)
        for call in objects_in(delta, "tool_calls"):
            self._calls.read(call, events)

    def _take_pictures(self, delta: JsonMapping, events: Events) -> None:
        pictures = pictures_in(delta)
        for address in pictures.addresses:
            self._open_message(events).add_text(address, [], events)
        for file in pictures.files:
            self._end_reasoning(wire.COMPLETED, events)
            self._end_message(wire.COMPLETED, events)
            item_id = self._ids.next("ig")
            index = self.add_item(wire.image_generation_call(item_id, None, wire.IN_PROGRESS), events)
            for step in ("in_progress", "generating", "completed"):
                self.emit(f"response.image_generation_call.{step}", {"item_id": item_id, "output_index": index}, events)
            self.end_item(index, wire.image_generation_call(item_id, file, wire.COMPLETED), events)

    def _begin_call(self, name: str, call_id: str, events: Events) -> OpenCall:
        self._end_reasoning(wire.COMPLETED, events)
        self._end_message(wire.COMPLETED, events)
        tool = self._request.tools.named(name)
        return OpenCall(self, tool, self._ids.next(ITEM_PREFIX[tool.kind]), call_id, events)

    def _open_message(self, events: Events) -> OpenMessage:
        if self._message is None:
            self._end_reasoning(wire.COMPLETED, events)
            self._message = OpenMessage(self, self._ids.next("msg"), events)
        return self._message

    def _end_reasoning(self, status: str, events: Events) -> None:
        if self._reasoning is not None:
            self._reasoning.end(status, events)
            self._reasoning = None

    def _end_message(self, status: str, events: Events) -> None:
        if self._message is not None:
            self._message.end(status, events)
            self._message = None

    def _close_all(self, events: Events) -> None:
        """Ends everything that is open, as incomplete if a limit ended the answer."""
        status = status_of(self._finish)
        self._end_reasoning(status, events)
        self._end_message(status, events)
        self._calls.end(status, events)
        if self._late_details is not None:
            late = OpenReasoning(self, self._ids.next("rs"), events)
            late.add("", self._late_details.whole(), events)
            late.end(wire.COMPLETED, events)
            self._late_details = None
