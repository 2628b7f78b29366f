"""Reads Cohere's v2 stream as chat completion chunks.

Sources: https://docs.cohere.com/docs/streaming, https://docs.cohere.com/docs/tool-use-streaming (read 2026-11-28).
"""

from collections.abc import Sequence

from ai_engine.providers.adapter import EventKind, StreamEvent
from ai_engine.providers.cohere.answers import failure_of_finish
from ai_engine.providers.failures import classify_error_value, malformed_response
from ai_engine.providers.stream_events import TranslatingDecoder, failed
from ai_engine.wire import cohere, exact_json, openai
from ai_engine.wire.finish_reasons import reason_in
from ai_engine.wire.json_types import Json, JsonMapping
from ai_engine.wire.made_ids import answer_id
from ai_engine.wire.openai_usage import token_counts
from ai_engine.wire.tolerant import string_in
from ai_engine.wire.tool_arguments import arguments_text

_MARKS = frozenset({"content-end", "tool-call-end", "citation-end", "debug"})
"""Events without content."""


class CohereStreamDecoder(TranslatingDecoder):
    """`adapter.StreamDecoder`."""

    __slots__ = ("_calls", "_calls_by_index", "_chunk_head", "_says_role", "is_finished")

    def __init__(self, model: str, created: int) -> None:
        """Cohere does not name the model that answers, so `model` is it; `created` in seconds since the epoch."""
        super().__init__()
        self.is_finished = False
        self._chunk_head = {"id": "", "object": "chat.completion.chunk", "created": created, "model": model}
        self._calls = 0
        self._calls_by_index: dict[int, int] = {}
        """Cohere's index of a call → the chat's."""
        self._says_role = True

    def _is_error(self, value: object) -> bool:
        return isinstance(value, dict) and (bool(value.get("error")) or isinstance(value.get("message"), str))

    def infer_finish(self) -> Sequence[StreamEvent]:
        if not self._is_speaking:
            return ()
        self.inferred_finish = "tool_calls" if self._calls else "stop"
        return (self._said({}, EventKind.FINISH, end={"finish_reason": self.inferred_finish}),)

    def _events(self, data: bytes) -> Sequence[StreamEvent]:
        event = exact_json.loads(data)
        kind = event.get("type") if type(event) is dict else None
        if type(kind) is not str:
            if type(event) is dict and (event.get("message") or event.get("error")):
                return (failed(classify_error_value(event)),)
            return (self._invalid(),)
        if kind in _MARKS:
            return ()
        if not self._chunk_head["id"]:
            given = event.get("id")
            self._chunk_head["id"] = given if isinstance(given, str) and given else answer_id(data)
        delta = event.get("delta")
        delta = delta if type(delta) is dict else {}
        if kind == "message-end":
            return self._finish(delta)
        message = delta.get("message")
        return self._of_message(kind, event, message if type(message) is dict else {})

    def _of_message(self, kind: str, event: Json, message: Json) -> Sequence[StreamEvent]:
        match kind:
            case "content-delta" | "content-start":
                return self._content(event, message)
            case "tool-call-delta":
                return self._more_of_call(event, message)
            case "tool-call-start":
                return self._call(event, message)
            case "tool-plan-delta":
                return self._plan(message)
            case "citation-start":
                return self._citation(message)
            case "message-start":
                return (self._said({}, EventKind.OPENING),)
            case _:
                return (self._invalid(),)

    def _content(self, event: Json, message: Json) -> Sequence[StreamEvent]:
        content = message.get("content")
        if type(content) is not dict:
            return (self._invalid(),)
        text, thinking = content.get("text"), content.get("thinking")
        delta: Json = {}
        if type(text) is str and text:
            delta["content"] = text
            self.characters_since_usage += len(text)
        if type(thinking) is str and thinking:
            delta["reasoning_content"] = thinking
            self.characters_since_usage += len(thinking)
        probabilities = cohere.logprobs([event["logprobs"]]) if event.get("logprobs") else None
        if not delta and probabilities is None:
            return ()
        return (self._said(delta, EventKind.CONTENT, probabilities),)

    def _plan(self, message: Json) -> Sequence[StreamEvent]:
        plan = message.get("tool_plan")
        if type(plan) is not str:
            return (self._invalid(),)
        self.characters_since_usage += len(plan)
        return (self._said({"reasoning_content": plan}, EventKind.CONTENT),) if plan else ()

    def _call(self, event: Json, message: Json) -> Sequence[StreamEvent]:
        call = message.get("tool_calls")
        function = call.get("function") if type(call) is dict else None
        if type(call) is not dict or type(function) is not dict:
            return (self._invalid(),)
        name, arguments = string_in(function, "name"), arguments_text(function.get("arguments"))
        number = self._calls_by_index[_number(event)] = self._calls
        self._calls += 1
        self.characters_since_usage += len(name) + len(arguments)
        said = {"index": number, **openai.tool_call(string_in(call, "id"), name, arguments)}
        return (self._said({"tool_calls": [said]}, EventKind.CONTENT),)

    def _more_of_call(self, event: Json, message: Json) -> Sequence[StreamEvent]:
        call = message.get("tool_calls")
        function = call.get("function") if type(call) is dict else None
        # Without an index, it is the last call.
        number = self._calls_by_index.get(_number(event), self._calls - 1)
        if type(function) is not dict or number < 0:
            return (self._invalid(),)
        arguments = arguments_text(function.get("arguments"))
        self.characters_since_usage += len(arguments)
        return (self._said({"tool_calls": [{"index": number, "function": {"arguments": arguments}}]}, EventKind.CONTENT),)

    def _citation(self, message: Json) -> Sequence[StreamEvent]:
        citation = message.get("citations")
        if type(citation) is not dict:
            return (self._invalid(),)
        delta: Json = {"citations": [citation]}
        pages = cohere.annotations(citation)
        if pages:
            delta["annotations"] = pages
        return (self._said(delta, EventKind.CONTENT),)

    def _finish(self, delta: Json) -> Sequence[StreamEvent]:
        reason = reason_in(delta.get("finish_reason"))
        if reason is None:
            events = list(self.infer_finish())
            if not events:
                return (failed(malformed_response("Cohere's stream ends without a reason.")),)
        elif (failure := failure_of_finish(reason, delta.get("error"))) is not None:
            return (failed(failure),)
        else:
            end = {"finish_reason": cohere.FINISH_REASONS[reason], "native_finish_reason": reason}
            events = [self._said({}, EventKind.FINISH, end=end)]
        usage = cohere.chat_usage(delta.get("usage"))
        if usage is not None:
            self._note(token_counts(usage))
            events.append(StreamEvent(EventKind.USAGE, chunk={**self._chunk_head, "choices": [], "usage": usage}))
        self.saw_end = True
        return events

    def _said(self, delta: Json, kind: EventKind, logprobs: Json | None = None, end: JsonMapping | None = None) -> StreamEvent:
        if self._says_role:
            self._says_role = False
            delta = {"role": "assistant", **delta}
        choice: Json = {"index": 0, "delta": delta, "finish_reason": None}
        if logprobs is not None:
            choice["logprobs"] = logprobs
        if end is not None:
            choice.update(end)
            self.is_finished, self._is_speaking = True, False
        elif kind is EventKind.CONTENT:
            self.is_finished, self._is_speaking = False, True
        chunk: Json = {**self._chunk_head, "choices": [choice]}
        return StreamEvent(kind, chunk=chunk)


def _number(event: Json) -> int:
    number = event.get("index")
    return number if type(number) is int else -1
