"""Streams in OpenAI's format, of chats and of text completions: classifies events and reads usage."""

import orjson

from ai_engine.providers.adapter import EventKind, StreamEvent
from ai_engine.providers.error_bodies import has_error
from ai_engine.providers.failures import Failure, classify_error_object, classify_error_value
from ai_engine.providers.stream_events import DONE, EventDecoder, failed
from ai_engine.wire import openai
from ai_engine.wire.json_types import Json
from ai_engine.wire.openai_usage import characters_in, token_counts

# Fields of deltas that only open a message. Every other field that is not empty is content, unknown ones too.
_OPENING_FIELDS = frozenset({"role", "name"})

# `finish_reason`s of incomplete answers. `error`: OpenRouter,
# https://openrouter.ai/docs/api/reference/errors-and-debugging; `insufficient_system_resource`: DeepSeek,
# https://api-docs.deepseek.com/api/create-chat-completion; `abort`: vLLM (all read 2026-11-23).
_TORN_FINISHES = frozenset({"error", "insufficient_system_resource", "abort"})

# By name in this module: before Python 3.12 a member of an enum is looked up by a function, and every event would do it.
_OPENING, _CONTENT, _FINISH, _USAGE = EventKind.OPENING, EventKind.CONTENT, EventKind.FINISH, EventKind.USAGE


def failure_of_choice(choice: Json) -> Failure | None:
    """The failure in a choice, or in a piece of one; `None` if it is valid."""
    error = choice.get("error")
    if isinstance(error, dict) and error:
        return classify_error_object(error)
    reason = choice.get("finish_reason")
    if isinstance(reason, str) and reason in _TORN_FINISHES:
        return classify_error_object({"message": "The provider ended its answer early.", "type": reason})
    return None


class OpenAIStreamDecoder(EventDecoder):
    """`adapter.StreamDecoder` for chunks of chat completions and text completions."""

    __slots__ = ("_finished", "_seen")

    def __init__(self) -> None:
        super().__init__()
        self._seen: set[int] = set()
        self._finished: set[int] = set()

    @property
    def is_finished(self) -> bool:
        return bool(self._finished) and len(self._finished) == len(self._seen)

    def _event(self, data: bytes) -> StreamEvent:
        if data == openai.DONE:
            return DONE
        try:
            event = orjson.loads(data)
        except orjson.JSONDecodeError:
            if data.strip() == openai.DONE:
                return DONE
            return self._invalid()
        if type(event) is not dict:
            return failed(classify_error_value(event)) if has_error(event) else self._invalid()
        if self.model is None:
            model = event.get("model")
            self.model = model if isinstance(model, str) and model else None
        kind = self._kind_of(event)
        if kind is None:
            return self._invalid()
        if not isinstance(kind, EventKind):
            return failed(kind)
        if b"\n" in data:
            try:
                data = orjson.dumps(event)
            except orjson.JSONEncodeError:
                return self._invalid()
        return StreamEvent(kind, data, None, event)

    def _kind_of(self, event: Json) -> EventKind | Failure | None:
        """The kind of the event, or its failure; notes its usage. `None`: malformed."""
        if event.get("error"):
            return classify_error_value(event)
        choices, usage = event.get("choices"), event.get("usage")
        if choices:
            kind = self._kind_of_choices(choices)
            if usage:
                self._note(token_counts(usage))
            return kind
        if usage:
            self._note(token_counts(usage))
            return _USAGE
        if choices is not None:
            return _OPENING  # Azure begins with the result of its prompt filter and no choices
        return classify_error_value(event) if has_error(event) else None

    def _kind_of_choices(self, choices: object) -> EventKind | Failure | None:
        """As `_kind_of`, from the choices; notes the started and finished ones."""
        if type(choices) is not list:
            return None
        kind = _OPENING
        for choice in choices:
            if type(choice) is not dict:
                return None
            index = choice.get("index")
            if type(index) is not int:
                index = 0
            self._seen.add(index)
            has_content = self._has_content(choice)
            reason = choice.get("finish_reason")
            if reason:
                failure = failure_of_choice(choice)
                if failure is not None:
                    return failure
                self._finished.add(index)
                kind = _FINISH
            elif has_content and kind is _OPENING:
                kind = _CONTENT
        if kind is _FINISH and len(self._finished) != len(self._seen):
            return _CONTENT  # one choice of several has ended
        return kind

    def _has_content(self, choice: Json) -> bool:
        """Whether the choice has content; adds its length."""
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
            if value and name not in _OPENING_FIELDS:
                has_content = True
                self.characters_since_usage += characters_in({name: value})
        return has_content
