"""Other formats of a conversation over the hub, OpenAI's chat format: which way one candidate is asked, and the way back.

A provider that speaks the client's own format gets the request as it is. Every other gets it through two translations that know
nothing of each other: the client's format to chat (`Translation`, made by the client API), and chat to the provider's protocol,
which is its adapter's. What comes back takes the same two steps the other way.
"""

from collections.abc import Mapping
from typing import Any, Protocol

import orjson

from ai_engine.errors import UnsupportedByProvider
from ai_engine.names import PASSED_THROUGH, Operation, Route
from ai_engine.providers import plain_answers, stream_events
from ai_engine.providers.adapter import Adapter, PlainAnswer, StreamDecoder, StreamEvent
from ai_engine.providers.embedding_texts import packed
from ai_engine.providers.failures import Failure, is_missing_path, of_optional_operation
from ai_engine.providers.openai import chat_via_responses, responses
from ai_engine.providers.openai.chat_via_responses import ChunksOfResponse, chat_of
from ai_engine.providers.registry.definition import ProviderDefinition, ProviderKey
from ai_engine.relay.mapped_stream import MappedStream
from ai_engine.relay.one_call import first_call_alone, with_first_call
from ai_engine.relay.unsupported_formats import UnsupportedFormats
from ai_engine.upstream.port import Headers, UpstreamRequest
from ai_engine.wire import chat_shape

_OPTIONAL = PASSED_THROUGH | {Operation.COUNT_TOKENS}
"""Operations that a provider may lack whose models chat well: few of those who speak Anthropic's protocol count tokens."""


class StreamTranslator(Protocol):
    """A streamed chat in the client's format. Made anew for every answer; one that goes on elsewhere keeps its translator."""

    @property
    def answer(self) -> Mapping[str, Any] | None:
        """The whole answer once the stream has ended, where the format repeats it; else `None`."""

    def translate(self, chunk: Mapping[str, Any]) -> bytes:
        """The client's events for one chat chunk, framed; empty where it has nothing to say yet."""

    def ending(self) -> bytes:
        """What is left to say after a sound end: what waited for usage, and the format's own end."""


class Translation(Protocol):
    """One client's request in a format of its own."""

    def chat_request(self) -> Mapping[str, Any]:
        """The request as a chat. Raises `UnsupportedByProvider`, or `InvalidRequest`, naming the client's field."""

    def answer(self, chat: Mapping[str, Any]) -> Mapping[str, Any]:
        """A whole chat completion in the client's format."""

    def stream(self) -> StreamTranslator:
        """A fresh translator of one streamed answer."""


class RequestVariants:
    """One client request's body for whoever is asked. The translation to chat is made once, for the first who needs it."""

    __slots__ = (
        "_body",
        "_chat",
        "_missing",
        "_native_headers",
        "_operation",
        "_translation",
        "_unsupported",
        "_without_reasoning",
    )

    def __init__(
        self,
        operation: Operation,
        body: Mapping[str, Any],
        translation: Translation | None,
        unsupported: UnsupportedFormats,
        native_headers: Headers = (),
    ) -> None:
        """`native_headers` are sent to those who speak the client's format, and mean nothing to others."""
        self._operation = operation
        self._body = body
        self._translation = translation
        self._native_headers = native_headers
        self._chat: Mapping[str, Any] | UnsupportedByProvider | None = None
        self._unsupported = unsupported
        self._missing: set[tuple[Route, Operation]] = set()
        """What this request has found missing."""
        self._without_reasoning: set[Route] = set()
        """Those that could not read what the conversation holds of it."""

    def exchange_for(self, adapter: Adapter, provider: ProviderDefinition, model: str) -> "Exchange":
        """How this route is asked. Raises `UnsupportedByProvider` where it cannot be, `InvalidRequest` where nobody can."""
        is_spoken = adapter.speaks(self._operation, provider, model)
        if self._translation is None:
            if not is_spoken:
                raise UnsupportedByProvider(f"{provider.display_name} has no {self._operation} for {model!r}.", param="model")
            return Exchange(adapter, self._operation, self._body, None, self._native_headers)
        route = Route(provider.name, model)
        if is_spoken and not self._is_unsupported(self._operation, route):
            may_be_missing = self._operation in provider.formats
            body = self._readable(self._operation, self._body, route)
            return Exchange(adapter, self._operation, body, None, self._native_headers, may_be_missing=may_be_missing)
        chat = self._as_chat(self._translation)
        if (
            adapter.speaks(Operation.RESPONSES, provider, model)
            and chat_via_responses.is_only_way(chat, model)
            and not self._is_unsupported(Operation.RESPONSES, route)
        ):
            request = self._readable(Operation.RESPONSES, chat_via_responses.responses_request(chat), route)
            return Exchange(adapter, Operation.RESPONSES, request, self._translation, may_be_missing=True)
        return Exchange(adapter, Operation.CHAT, adapter.adopt(chat, provider, model), self._translation)

    def retry_variant(self, exchange: "Exchange", route: Route, failure: Failure) -> str | None:
        """Why to ask the route once more, where this failure is one of `exchange` alone: the next `exchange_for` it differs."""
        if exchange.is_missing(failure):
            self._missing.add((route, exchange.operation))
            return "as a chat"
        if exchange.is_about_reasoning(failure):
            self._without_reasoning.add(route)
            return "without reasoning"
        return None

    def note_answered(self, route: Route) -> None:
        """A sound answer came: it was not the model that is missing."""
        for missing, operation in self._missing:
            if missing == route:
                self._unsupported.note(route, operation)

    def _readable(self, operation: Operation, body: Mapping[str, Any], route: Route) -> Mapping[str, Any]:
        is_whole = route not in self._without_reasoning or operation is not Operation.RESPONSES
        return body if is_whole else responses.without_reasoning(body)

    def _is_unsupported(self, operation: Operation, route: Route) -> bool:
        return (route, operation) in self._missing or self._unsupported.is_unsupported(route, operation)

    def _as_chat(self, translation: Translation) -> Mapping[str, Any]:
        if self._chat is None:
            try:
                self._chat = translation.chat_request()
            except UnsupportedByProvider as error:
                self._chat = error
        if isinstance(self._chat, UnsupportedByProvider):
            raise self._chat
        return self._chat


class Exchange:
    """The way to one route and back, natively or by translation."""

    __slots__ = ("_adapter", "_headers", "_keeps_first_call", "_may_be_missing", "_translation", "body", "operation")

    def __init__(
        self,
        adapter: Adapter,
        operation: Operation,
        body: Mapping[str, Any],
        translation: Translation | None,
        headers: Headers = (),
        *,
        may_be_missing: bool = False,
    ) -> None:
        """`may_be_missing`: the provider is only said to have it, and a chat is another way."""
        self._adapter = adapter
        self._headers = headers
        self._may_be_missing = may_be_missing
        self.operation = operation
        self._translation = translation
        self.body = body
        """As the adapter gets it."""
        self._keeps_first_call = (
            operation is Operation.CHAT and body.get("parallel_tool_calls") is False and not adapter.says_one_call_at_a_time
        )

    def encode(
        self, provider: ProviderDefinition, model: str, key: ProviderKey | None, *, ask_usage: bool, extra_headers: Headers
    ) -> UpstreamRequest:
        """As `Adapter.encode`."""
        return self._adapter.encode(
            self.operation, self.body, provider, model, key, ask_usage=ask_usage, extra_headers=self._headers + extra_headers
        )

    def classify(self, status: int, headers: Headers, body: bytes) -> Failure:
        """As `Adapter.classify`, and what it means for this operation."""
        failure = self._adapter.classify(status, headers, body)
        if self.operation in _OPTIONAL or self.is_missing(failure):
            return of_optional_operation(failure)
        return failure

    def is_missing(self, failure: Failure) -> bool:
        """The provider has no path for this, and a chat is another way. A 404 with a parameter found its path."""
        return self._may_be_missing and failure.param is None and is_missing_path(failure)

    def is_about_reasoning(self, failure: Failure) -> bool:
        """The provider cannot read the reasoning of earlier turns."""
        return self.operation is Operation.RESPONSES and responses.is_unreadable_reasoning(failure, self.body)

    def decode_answer(self, headers: Headers, body: bytes, model: str) -> PlainAnswer | Failure:
        """As `Adapter.decode_answer`, in the client's format."""
        plain = self._adapter.decode_answer(self.operation, headers, body, model)
        if not isinstance(plain, PlainAnswer):
            return plain
        try:
            return self._in_clients_format(plain)
        except orjson.JSONEncodeError:
            return plain_answers.TOO_DEEP

    def _in_clients_format(self, plain: PlainAnswer) -> PlainAnswer:
        if self.operation is Operation.EMBEDDINGS and self.body.get("encoding_format") == "base64":
            return packed(plain)
        if self._keeps_first_call:
            plain = with_first_call(plain)
        if self._translation is None:
            return plain
        assert plain.answer is not None, "a chat is a JSON object"
        chat = chat_of(plain.answer) if self.operation is Operation.RESPONSES else plain.answer
        answer = self._translation.answer(chat_shape.sound_answer(chat))
        return plain._replace(body=orjson.dumps(answer), answer=answer)

    def decode_stream(self, model: str) -> StreamDecoder:
        """As `Adapter.decode_stream`, in the client's format."""
        decoder = self._adapter.decode_stream(self.operation, model)
        if self._keeps_first_call:
            decoder = MappedStream(decoder, first_call_alone)
        if self._translation is None:
            return decoder
        if self.operation is Operation.RESPONSES:
            decoder = MappedStream(decoder, ChunksOfResponse().in_chat)
        return _TranslatedStream(decoder, self._translation.stream())


class _TranslatedStream(MappedStream):
    """A streamed chat in the client's format."""

    __slots__ = ("_translator",)

    def __init__(self, decoder: StreamDecoder, translator: StreamTranslator) -> None:
        super().__init__(decoder, self._translated)
        self._translator = translator

    @property
    def answer(self) -> Mapping[str, Any] | None:
        return self._translator.answer

    def ending(self) -> bytes:
        return self._translator.ending()

    def _translated(self, event: StreamEvent) -> StreamEvent:
        if event.chunk is None:
            return event
        try:
            return StreamEvent(event.kind, self._translator.translate(chat_shape.sound_chunk(event.chunk)))
        except orjson.JSONEncodeError:
            return stream_events.TOO_DEEP
