"""The adapter for everything that speaks OpenAI's protocol, which is nearly everything.

Nothing is translated: the client's body goes out and the provider's comes back, byte for byte where they allow it. What this
module adds is judgement: is it an answer, is it content, is it over, how much was it.
"""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import orjson

from ai_engine import __version__
from ai_engine.errors import InvalidRequest
from ai_engine.names import Operation, TokenCounts
from ai_engine.providers import failures
from ai_engine.providers.adapter import EventKind, ListedModel, PlainAnswer, StreamDecoder, StreamEvent
from ai_engine.providers.definition import ProviderDefinition, ProviderKey
from ai_engine.providers.failures import Failure, classify_error_object, classify_error_value, malformed_answer
from ai_engine.providers.openai_dialects import adopted
from ai_engine.providers.openai_listing import read_listing
from ai_engine.upstream.port import Headers, UpstreamRequest
from ai_engine.wire import openai
from ai_engine.wire.openai_usage import characters_in, token_counts
from ai_engine.wire.sse import EventReader, EventTooLarge, encode_event

_PATHS = {
    Operation.CHAT: "/chat/completions",
    Operation.COMPLETIONS: "/completions",
    Operation.RESPONSES: "/responses",
    Operation.MESSAGES: "/messages",
    Operation.COUNT_TOKENS: "/messages/count_tokens",
    Operation.EMBEDDINGS: "/embeddings",
    Operation.RERANK: "/rerank",
    Operation.MODERATIONS: "/moderations",
    Operation.IMAGE_GENERATIONS: "/images/generations",
    Operation.IMAGE_EDITS: "/images/edits",
    Operation.IMAGE_VARIATIONS: "/images/variations",
    Operation.SPEECH: "/audio/speech",
    Operation.TRANSCRIPTIONS: "/audio/transcriptions",
    Operation.TRANSLATIONS: "/audio/translations",
}
_FORMATS_OF_SOME = frozenset({Operation.COMPLETIONS, Operation.RESPONSES, Operation.MESSAGES, Operation.COUNT_TOKENS})
"""Formats of a conversation that only some take (`ProviderDefinition.formats`). Of the rest a provider says what it lacks."""
_USER_AGENT = f"ai-engine/{__version__}".encode()
_LISTING_SILENCE_SECONDS = 20.0
_KNOWN_TARGETS = 4096

# Deltas that only open a message: who speaks. Everything else that is not empty is content, fields we have never heard of too.
_OPENING_FIELDS = frozenset({"role", "name"})

# `finish_reason`s that say the answer is torn. `error`: OpenRouter,
# https://openrouter.ai/docs/api/reference/errors-and-debugging; `insufficient_system_resource`: DeepSeek,
# https://api-docs.deepseek.com/api/create-chat-completion; `abort`: vLLM (all read 2026-11-23).
_TORN_FINISHES = frozenset({"error", "insufficient_system_resource", "abort"})

_END = encode_event(openai.DONE)
_DONE = StreamEvent(EventKind.DONE)
_INVALID = StreamEvent(EventKind.INVALID)


class _Target(NamedTuple):
    """What is the same in every request to one base URL with one key."""

    urls: Mapping[Operation, str]
    plain_headers: Headers
    stream_headers: Headers
    listing_url: str
    listing_headers: Headers


def _target(base_url: str, key_header: str, secret: str | None) -> _Target:
    common: Headers = ((b"accept-encoding", b"identity"), (b"user-agent", _USER_AGENT))
    if secret is not None:
        value = b"Bearer " + secret.encode() if key_header == "authorization" else secret.encode()
        common = ((key_header.encode(), value), *common)
    json_body = ((b"content-type", b"application/json"), *common)
    return _Target(
        {operation: base_url + path for operation, path in _PATHS.items()},
        ((b"accept", b"application/json"), *json_body),
        ((b"accept", b"text/event-stream"), *json_body),
        base_url + "/models",
        ((b"accept", b"application/json"), *common),
    )


class OpenAICompatible:
    """`adapter.Adapter` for `WireProtocol.OPENAI`."""

    def __init__(self) -> None:
        self._target = lru_cache(_KNOWN_TARGETS)(_target)

    def speaks(self, operation: Operation, provider: ProviderDefinition, model: str) -> bool:
        return operation not in _FORMATS_OF_SOME or operation in provider.formats

    def adopt(self, chat: Mapping[str, Any], provider: ProviderDefinition) -> Mapping[str, Any]:
        return adopted(chat, provider)

    def encode(
        self,
        operation: Operation,
        body: Mapping[str, Any],
        provider: ProviderDefinition,
        model: str,
        key: ProviderKey | None,
        *,
        ask_usage: bool,
        extra_headers: Headers = (),
    ) -> UpstreamRequest:
        target = self._target(provider.base_url, provider.key_header, key.secret if key else None)
        outgoing = {**body, "model": model}
        headers = target.plain_headers
        if body.get("stream"):
            headers = target.stream_headers
            if ask_usage and provider.takes_stream_options and operation in (Operation.CHAT, Operation.COMPLETIONS):
                options = body.get("stream_options")
                outgoing["stream_options"] = {**(options if isinstance(options, dict) else {}), "include_usage": True}
        try:
            encoded = orjson.dumps(outgoing)
        except orjson.JSONEncodeError:
            raise InvalidRequest("The request is nested more than 250 levels deep; no provider takes that.") from None
        timeouts = provider.timeouts
        return UpstreamRequest(
            "POST",
            target.urls[operation],
            headers + extra_headers,
            encoded,
            timeouts.connect,
            # A backstop only. The relay's own watch is finer, and knows which models are silent by nature.
            max(timeouts.plain_answer, timeouts.first_token),
        )

    def decode_answer(self, operation: Operation, headers: Headers, body: bytes, model: str) -> PlainAnswer | Failure:
        try:
            answer = orjson.loads(body)
        except orjson.JSONDecodeError:
            return malformed_answer("The provider's answer is not JSON.")
        if not isinstance(answer, dict):
            if _has_error(answer):
                return classify_error_value(answer)
            return malformed_answer("The provider's answer is not an object.")
        failure = _failure_in(operation, answer)
        if failure is not None:
            return failure
        named = answer.get("model")
        if not isinstance(named, str) or not named:
            try:
                answer = {**answer, "model": model}
                body = orjson.dumps(answer)
            except orjson.JSONEncodeError:
                return malformed_answer("The provider's answer is nested too deeply.")
            named = None
        usage = token_counts(answer.get("usage"))
        if operation is Operation.EMBEDDINGS:
            return PlainAnswer(body, named, usage._replace(output=0) if usage else None, answer=answer)
        characters = 0 if usage is not None and usage.output is not None else characters_in(answer["choices"])
        return PlainAnswer(body, named, usage, characters, answer)

    def decode_stream(self, operation: Operation, model: str) -> StreamDecoder:
        return OpenAIStreamDecoder()

    def classify(self, status: int, headers: Headers, body: bytes) -> Failure:
        return failures.classify(status, headers, body)

    def encode_listing(self, provider: ProviderDefinition, key: ProviderKey | None) -> UpstreamRequest:
        target = self._target(provider.base_url, provider.key_header, key.secret if key else None)
        return UpstreamRequest(
            "GET", target.listing_url, target.listing_headers, b"", provider.timeouts.connect, _LISTING_SILENCE_SECONDS
        )

    def decode_listing(self, body: bytes) -> Sequence[ListedModel]:
        return read_listing(body)


def _has_error(value: object) -> bool:
    if isinstance(value, list):
        value = value[0] if value else None
    return isinstance(value, dict) and any(value.get(name) for name in ("error", "errors", "detail", "message", "base_resp"))


def _failure_in(operation: Operation, answer: dict[str, Any]) -> Failure | None:
    """Why a parsed 2xx body is no sound answer; `None` if it is one."""
    if answer.get("error"):
        return classify_error_value(answer)
    results = answer.get("choices" if operation is Operation.CHAT else "data")
    if isinstance(results, list) and results:
        for result in results:
            if type(result) is not dict:
                break
            failure = _failure_of_choice(result)
            if failure is not None:
                return failure
        else:
            return None
    if _has_error(answer):
        return classify_error_value(answer)
    return malformed_answer(f"The provider's answer has no {'choices' if operation is Operation.CHAT else 'data'}.")


def _failure_of_choice(choice: dict[str, Any]) -> Failure | None:
    error = choice.get("error")
    if isinstance(error, dict) and error:
        return classify_error_object(error)
    reason = choice.get("finish_reason")
    if isinstance(reason, str) and reason in _TORN_FINISHES:
        return classify_error_object({"message": "The provider broke its answer off.", "type": reason})
    return None


class OpenAIStreamDecoder:
    """`adapter.StreamDecoder` for chat completion chunks."""

    __slots__ = (
        "_finished",
        "_has_events",
        "_reader",
        "_seen",
        "answer",
        "characters_since_usage",
        "invalid_events",
        "model",
        "usage",
    )

    def __init__(self) -> None:
        self.answer = None
        self.model: str | None = None
        self.usage: TokenCounts | None = None
        self.characters_since_usage = 0
        self.invalid_events = 0
        self._reader = EventReader()
        self._seen: set[int] = set()
        self._finished: set[int] = set()
        self._has_events = False

    def feed(self, chunk: bytes) -> Sequence[StreamEvent]:
        try:
            return [self._event(payload) for payload in self._reader.feed(chunk)]
        except EventTooLarge as error:
            return [_failed(malformed_answer(f"The provider's stream has {error}."))]

    def end(self) -> Sequence[StreamEvent]:
        rest = self._reader.unfinished
        payloads = self._reader.end()
        if not payloads and not self._has_events and rest.lstrip().startswith((b"{", b"[")):
            return [self._plain_json(rest)]
        return [self._event(payload) for payload in payloads]

    def ending(self) -> bytes:
        return _END

    @property
    def is_finished(self) -> bool:
        return bool(self._finished) and len(self._finished) == len(self._seen)

    def _event(self, data: bytes) -> StreamEvent:
        self._has_events = True
        if data == openai.DONE:
            return _DONE
        try:
            event = orjson.loads(data)
        except orjson.JSONDecodeError:
            if data.strip() == openai.DONE:
                return _DONE
            return self._invalid()
        if type(event) is not dict:
            return _failed(classify_error_value(event)) if _has_error(event) else self._invalid()
        if self.model is None:
            model = event.get("model")
            self.model = model if isinstance(model, str) and model else None
        kind = self._kind_of(event)
        if kind is None:
            return self._invalid()
        if not isinstance(kind, EventKind):
            return _failed(kind)
        if b"\n" in data:
            try:
                data = orjson.dumps(event)
            except orjson.JSONEncodeError:
                return self._invalid()
        return StreamEvent(kind, encode_event(data), None, event)

    def _kind_of(self, event: dict[str, Any]) -> EventKind | Failure | None:
        """What the event is, or why it is a failure; notes its usage. `None`: not to be understood."""
        if event.get("error"):
            return classify_error_value(event)
        choices, usage = event.get("choices"), event.get("usage")
        if choices:
            kind = self._kind_of_choices(choices)
            if usage:
                self._note(usage)
            return kind
        if usage:
            self._note(usage)
            return EventKind.USAGE
        if choices is not None:
            return EventKind.OPENING  # Azure opens with the findings of its prompt filter and no choices
        return classify_error_value(event) if _has_error(event) else None

    def _note(self, usage: object) -> None:
        counted = token_counts(usage)
        if counted is not None:
            self.usage = counted
            self.characters_since_usage = 0

    def _kind_of_choices(self, choices: object) -> EventKind | Failure | None:
        """As `_kind_of`, from the choices; notes which of them began and which are over."""
        if type(choices) is not list:
            return None
        kind = EventKind.OPENING
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
                failure = _failure_of_choice(choice)
                if failure is not None:
                    return failure
                self._finished.add(index)
                kind = EventKind.FINISH
            elif has_content and kind is EventKind.OPENING:
                kind = EventKind.CONTENT
        if kind is EventKind.FINISH and len(self._finished) != len(self._seen):
            return EventKind.CONTENT  # one choice of several is over
        return kind

    def _has_content(self, choice: dict[str, Any]) -> bool:
        """Whether the answer gets any further by it; adds how far."""
        delta = choice.get("delta")
        if type(delta) is not dict:
            text = choice.get("text")
            self.characters_since_usage += characters_in(text)
            return bool(text)
        content = delta.get("content")
        if type(content) is str and content and len(delta) == 1:  # as nearly every event is
            self.characters_since_usage += len(content)
            return True
        has_content = False
        for name, value in delta.items():
            if value and name not in _OPENING_FIELDS:
                has_content = True
                self.characters_since_usage += characters_in({name: value})
        return has_content

    def _plain_json(self, body: bytes) -> StreamEvent:
        """A body that is no stream at all: often an error under a 200, sometimes an answer from a server that cannot stream."""
        try:
            value = orjson.loads(body)
        except orjson.JSONDecodeError:
            value = None
        if _has_error(value):
            return _failed(classify_error_value(value))
        return _failed(malformed_answer("The provider did not answer a streaming request with a stream."))

    def _invalid(self) -> StreamEvent:
        self.invalid_events += 1
        return _INVALID


def _failed(failure: Failure) -> StreamEvent:
    return StreamEvent(EventKind.FAILURE, failure=failure)
