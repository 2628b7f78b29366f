"""Streams in OpenAI's format, of chats and of text completions: classifies events and reads usage."""

from collections.abc import Sequence
from json import JSONDecoder

import orjson

from ai_engine.providers.adapter import EventKind, StreamEvent
from ai_engine.providers.error_bodies import has_error
from ai_engine.providers.failures import Failure, classify_error_object, classify_error_value
from ai_engine.providers.stream_events import EventDecoder, failed
from ai_engine.wire import exact_json
from ai_engine.wire.finish_reasons import OPENING_FIELDS, reason_in
from ai_engine.wire.json_types import Json, JsonMapping
from ai_engine.wire.openai_usage import characters_in, token_counts, usage_in
from ai_engine.wire.tolerant import object_in

# `finish_reason`s of incomplete answers. `error`: OpenRouter,
# https://openrouter.ai/docs/api/reference/errors-and-debugging; `insufficient_system_resource`: DeepSeek,
# https://api-docs.deepseek.com/api/create-chat-completion; `abort`: vLLM (all read 2026-11-23).
_TORN_FINISHES = frozenset({"error", "insufficient_system_resource", "abort"})

_HEAD = ("id", "object", "created", "model", "system_fingerprint")
_DECODER = JSONDecoder()

# By name in this module: before Python 3.12 a member of an enum is looked up by a function, and every event would do it.
_OPENING, _CONTENT, _FINISH, _USAGE = EventKind.OPENING, EventKind.CONTENT, EventKind.FINISH, EventKind.USAGE


def failure_of_choice(choice: Json) -> Failure | None:
    """The failure in a choice, or in a piece of one; `None` if it is valid."""
    error = choice.get("error")
    if isinstance(error, dict) and error:
        return classify_error_object(error)
    reason = reason_in(choice.get("finish_reason"))
    if reason in _TORN_FINISHES:
        return classify_error_object({"message": "The provider ended its answer early.", "type": reason})
    return None


class OpenAIStreamDecoder(EventDecoder):
    """`adapter.StreamDecoder` for chunks of chat completions and text completions."""

    __slots__ = ("_arguments", "_begun", "_finished", "_head", "_is_changed", "_speaking")

    def __init__(self) -> None:
        super().__init__()
        self._head: JsonMapping = {}
        """The first event that names its model."""
        self._begun: set[int] = set()
        """The choices without content or finish so far."""
        self._speaking: set[int] = set()
        """Those with content and no finish after it."""
        self._finished: set[int] = set()
        self._arguments: dict[tuple[int, object], list[str]] = {}
        """Pieces of the arguments of calls, by choice and index."""
        self._is_changed = False
        """The event is not as the provider sent it."""

    @property
    def is_finished(self) -> bool:
        return bool(self._finished) and not self._speaking and not self._begun

    def infer_finish(self) -> Sequence[StreamEvent]:
        unfinished = self._speaking | self._begun
        if not self._speaking or (self._finished and not unfinished <= self._finished):
            return ()  # a provider that gives reasons, and none for one of the choices
        if not all(_are_whole("".join(pieces)) for pieces in self._arguments.values()):
            return ()
        callers = {choice for choice, _ in self._arguments}
        reasons = {index: "tool_calls" if index in callers else "stop" for index in sorted(unfinished)}
        self.inferred_finish = "tool_calls" if callers & unfinished else "stop"
        self._finished |= unfinished
        self._speaking, self._begun = set(), set()
        head = {name: self._head[name] for name in _HEAD if type(self._head.get(name)) in (str, int)}
        nothing: Json = {"text": ""} if head.get("object") == "text_completion" else {"delta": {}}
        choices = [{"index": index, **nothing, "logprobs": None, "finish_reason": reason} for index, reason in reasons.items()]
        chunk = {**head, "choices": choices}
        return (StreamEvent(_FINISH, orjson.dumps(chunk), None, chunk),)

    def _event(self, data: bytes) -> StreamEvent:
        event = orjson.loads(data)
        if type(event) is not dict:
            return failed(classify_error_value(event)) if has_error(event) else self._invalid()
        if self.model is None:
            model = event.get("model")
            self.model = model if isinstance(model, str) and model else None
            self._head = event
        kind = self._kind_of(event)
        if kind is None:
            return self._invalid()
        if not isinstance(kind, EventKind):
            return failed(kind)
        if self._is_changed or b"\n" in data:
            event = event if self._is_changed else exact_json.exact(event, data)
            self._is_changed = False
            try:
                data = exact_json.dumps(event)
            except orjson.JSONEncodeError:
                return self._invalid()
        return StreamEvent(kind, data, None, event)

    def _kind_of(self, event: Json) -> EventKind | Failure | None:
        """The kind of the event, or its failure; notes its usage. `None`: malformed."""
        if event.get("error"):
            return classify_error_value(event)
        choices, usage = event.get("choices"), event.get("usage")
        if choices:
            kind = self._kind_of_choices(choices, event)
            if usage:
                self._note(token_counts(usage))
            return kind
        if usage:
            self._note(token_counts(usage))
            return _USAGE
        if choices is not None:
            return _OPENING  # Azure begins with the result of its prompt filter and no choices
        return classify_error_value(event) if has_error(event) else None

    def _kind_of_choices(self, choices: object, event: Json) -> EventKind | Failure | None:
        """As `_kind_of`, from the event's choices; notes the started and finished ones."""
        if type(choices) is not list:
            return None
        kind = _OPENING
        for choice in choices:
            if type(choice) is not dict:
                return None
            index = choice.get("index")
            if type(index) is not int:
                index = 0
            has_content = self._has_content(choice, index)
            if choice.get("finish_reason") is not None and self._has_reason(choice):
                failure = failure_of_choice(choice)
                if failure is not None:
                    return failure
                self._finished.add(index)
                self._speaking.discard(index)
                self._begun.discard(index)
                self._note(token_counts(usage_in(event)))
                kind = _FINISH
            elif has_content:
                self._speaking.add(index)
                if kind is _OPENING:
                    kind = _CONTENT
            elif index not in self._finished:
                self._begun.add(index)
        if kind is _FINISH and not self.is_finished:
            return _CONTENT  # one choice of several has ended
        return kind

    def _has_reason(self, choice: Json) -> bool:
        """Whether the choice has ended; clients get a reason or null."""
        given = choice["finish_reason"]
        reason = reason_in(given)
        if reason is not given:
            choice["finish_reason"] = reason
            self._is_changed = True
        return reason is not None

    def _has_content(self, choice: Json, index: int) -> bool:
        """Whether the choice has content; adds its length, and notes its calls."""
        delta = choice.get("delta")
        if type(delta) is not dict:
            text = choice.get("text")
            self.characters_since_usage += characters_in(text)
            return bool(text)
        content = delta.get("content")
        if type(content) is str and content and len(delta) == 1:  # nearly every event
            self.characters_since_usage += len(content)
            return True
        has_content = False
        for name, value in delta.items():
            if value and name not in OPENING_FIELDS:
                has_content = True
                self.characters_since_usage += characters_in({name: value})
                if name == "tool_calls":
                    self._note_calls(value, index)
        return has_content

    def _note_calls(self, pieces: object, index: int) -> None:
        for piece in pieces if type(pieces) is list else ():
            number = piece.get("index") if type(piece) is dict else None
            arguments = object_in(piece, "function").get("arguments")
            said = self._arguments.setdefault((index, number if type(number) is int else None), [])
            if type(arguments) is str:
                said.append(arguments)


def _are_whole(arguments: str) -> bool:
    """Whether a call's arguments are complete; some providers send several calls under one index."""
    rest = arguments.lstrip()
    try:
        while rest:
            _, end = _DECODER.raw_decode(rest)
            rest = rest[end:].lstrip()
    except (ValueError, RecursionError):
        return False
    return True
