"""How one request is asked of one route: in the client's own format where the provider speaks it, as a chat everywhere else."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from ai_engine.errors import UnsupportedByProvider
from ai_engine.names import PASSED_THROUGH, Operation, Route
from ai_engine.providers.adapter import Adapter, PlainAnswer, StreamDecoder
from ai_engine.providers.failures import Failure, is_missing_path, of_optional_operation
from ai_engine.providers.plain_answers import NOT_JSON
from ai_engine.providers.registry.definition import ProviderDefinition, ProviderKey
from ai_engine.relay.learnt import Learnt
from ai_engine.relay.refused_hints import refused_hint
from ai_engine.relay.request import ClientRequest
from ai_engine.relay.translation import Translation
from ai_engine.upstream.port import Headers, UpstreamRequest
from ai_engine.wire import lenient_json
from ai_engine.wire.call_ids import ids_in
from ai_engine.wire.hints import DroppedHints, dropping_hints, without

_CHAT = Operation.CHAT
_OPTIONAL = PASSED_THROUGH | {Operation.COUNT_TOKENS}
"""Operations that a provider may lack whose models chat well: few that speak Anthropic's protocol count tokens."""


class Exchange:
    """One variant of the request for one route: its encoding, and how the answer is read."""

    __slots__ = (
        "_adapter",
        "_chat",
        "_dropped",
        "_headers",
        "_may_be_missing",
        "_names",
        "_provider",
        "asks_usage",
        "body",
        "is_translated",
        "keeps_first_call",
        "operation",
        "refuses_stream_options",
        "route",
        "translates_calls",
    )

    def __init__(
        self,
        adapter: Adapter,
        provider: ProviderDefinition,
        route: Route,
        operation: Operation,
        body: Mapping[str, Any],
        dropped: DroppedHints,
        *,
        asks_usage: bool,
        headers: Headers = (),
        chat: Mapping[str, Any] | None = None,
        names: Mapping[str, str] | None = None,
        may_be_missing: bool = False,
    ) -> None:
        """`chat` is the client's request as one, where its answer is wanted as one.

        `names` are the client's then, by those of the chat (`Translation.field_names`). `may_be_missing`: where the provider
        lacks the operation, a chat may do.
        """
        self._adapter = adapter
        self._provider = provider
        self._headers = headers
        self._may_be_missing = may_be_missing
        self._names = names or {}
        self.route = route
        self.operation = operation
        self.body = body
        """As the adapter gets it."""
        self._dropped = dropped
        self.asks_usage = asks_usage
        """The relay asks the stream for usage, whether or not the client did."""
        self.is_translated = chat is not None
        self._chat = chat if chat is not None else body
        self.translates_calls = self.is_translated or (operation is _CHAT and adapter.translates_chats)
        """The answer's calls are not passed on as the provider wrote them (`wire.sound_calls`)."""
        self.keeps_first_call = (
            operation is _CHAT and body.get("parallel_tool_calls") is False and not adapter.says_one_call_at_a_time(route.model)
        )
        """Of the calls made at once, only the first is passed on (`one_call`)."""
        self.refuses_stream_options = False
        """The provider's refusal names the one field that the relay added."""

    def call_ids(self) -> Collection[str]:
        """Of the conversation's calls, as the client knows them."""
        return ids_in(self._chat)

    def encode(self, key: ProviderKey | None) -> UpstreamRequest:
        """Without the hints that the adapter does not support. Raises as `Adapter.encode` for anything else."""
        while True:
            try:
                return self._adapter.encode(
                    self.operation,
                    self.body,
                    self._provider,
                    self.route.model,
                    key,
                    ask_usage=self.asks_usage,
                    extra_headers=self._headers,
                )
            except UnsupportedByProvider as error:
                fewer = self._dropped.fewer(self.operation, self.body, error)
                if fewer is None:
                    name = self._names.get(error.param or "")
                    if name is None:
                        raise
                    raise UnsupportedByProvider(error.message.replace(error.param or "", name, 1), param=name) from None
                self.body = fewer

    @property
    def is_strict(self) -> bool:
        """The request turns its hints into promises."""
        return self._dropped.is_strict

    @property
    def dropped(self) -> Sequence[str]:
        """The client's hints that the request goes without, by the client's names."""
        paths = self._dropped.paths
        return [self._names.get(path, path) for path in paths] if paths else ()

    def classify(self, status: int, headers: Headers, body: bytes) -> Failure:
        """As `Adapter.classify`, and what it means for this operation."""
        if status in (400, 422) and self.asks_usage and "stream_options" not in self.body:
            self.refuses_stream_options = b"stream_options" in body
        failure = self._adapter.classify(status, headers, body)
        if self.operation in _OPTIONAL or self.is_missing(failure):
            return of_optional_operation(failure)
        return failure

    def is_missing(self, failure: Failure) -> bool:
        """The provider has no path for this, and a chat is another way. A 404 with a parameter found its path."""
        return self._may_be_missing and failure.param is None and is_missing_path(failure)

    def amended(self, failure: Failure) -> Mapping[str, Any] | None:
        """As `Adapter.amended`: the body to ask again with."""
        return self._adapter.amended(self.operation, self.body, failure)

    def decode_answer(self, headers: Headers, body: bytes) -> PlainAnswer | Failure:
        """As `Adapter.decode_answer`: a chat where the answer is to be translated. What a lenient parser reads is repaired."""
        answer = self._adapter.decode_answer(self.operation, headers, body, self.route.model, as_chat=self.is_translated)
        if answer is not NOT_JSON:
            return answer
        try:
            body = lenient_json.repaired(body)
        except ValueError:
            return answer
        return self._adapter.decode_answer(self.operation, headers, body, self.route.model, as_chat=self.is_translated)

    def decode_stream(self) -> StreamDecoder:
        """As `Adapter.decode_stream`: chunks of a chat where the answer is to be translated."""
        return self._adapter.decode_stream(self.operation, self.route.model, as_chat=self.is_translated)


class RequestVariants:
    """The forms in which one client request can be asked. The translation to a chat is made once, for the first that needs it."""

    __slots__ = (
        "_amended",
        "_chat",
        "_dropped",
        "_headers",
        "_missing",
        "_refusal",
        "_refused",
        "_refused_hints",
        "_refuses_stream_options",
        "_request",
        "_unsupported_formats",
    )

    def __init__(
        self,
        request: ClientRequest,
        unsupported_formats: Learnt[Route, Operation],
        refused_hints: Learnt[tuple[Route, Operation], str],
        refuses_stream_options: set[str],
        own_headers: Headers,
    ) -> None:
        """What was learnt outlives the request, and is added to. `own_headers` go with every form."""
        self._request = request
        self._headers = own_headers
        self._unsupported_formats = unsupported_formats
        self._refused_hints = refused_hints
        self._refuses_stream_options = refuses_stream_options
        self._chat: Mapping[str, Any] | None = None
        self._dropped: DroppedHints | None = None
        """The client's hints that no chat has, once there is a chat."""
        self._refusal: tuple[str, str | None] | None = None
        """Why the request cannot be a chat: message and field. The exception itself would keep the request alive."""
        self._missing: set[tuple[Route, Operation]] = set()
        """What this request has found missing."""
        self._amended: dict[tuple[Route, Operation], Mapping[str, Any]] = {}
        """Bodies that take the place of those which a route refused."""
        self._refused: dict[tuple[Route, Operation], list[str]] = {}
        """Hints that this request has found refused, by their paths in the body."""

    def exchange_for(self, adapter: Adapter, provider: ProviderDefinition, route: Route) -> Exchange:
        """Raises `UnsupportedByProvider` where the route cannot be asked, `InvalidRequest` where no route can."""
        request, model = self._request, route.model
        operation, translation = request.operation, request.translation
        asks_usage = request.is_stream and provider.takes_stream_options and provider.name not in self._refuses_stream_options
        has_refused = self._amended or self._refused or self._refused_hints.until
        is_spoken = adapter.speaks(operation, provider, model)
        if is_spoken and (translation is None or not self._is_missing(route, operation)):
            dropped, given = DroppedHints(request.requires_parameters), request.body
            return Exchange(
                adapter,
                provider,
                route,
                operation,
                self._without_refused(route, operation, given, dropped) if has_refused else given,
                dropped,
                asks_usage=asks_usage,
                headers=request.native_headers + self._headers,
                may_be_missing=translation is not None and operation in provider.formats,
            )
        if translation is None:
            raise UnsupportedByProvider(f"{provider.display_name} does not support {operation} for {model!r}.", param="model")
        chat = self._as_chat(translation)
        dropped = DroppedHints(request.requires_parameters)
        if self._dropped is not None and self._dropped.paths:
            dropped.paths.update(self._dropped.paths)
        operation, body = dropping_hints(
            Operation.CHAT,
            chat,
            dropped,
            lambda chat: next(
                form
                for form in adapter.chat_requests(chat, provider, model, dropped)
                if form[0] is Operation.CHAT or not self._is_missing(route, form[0])
            ),
        )
        return Exchange(
            adapter,
            provider,
            route,
            operation,
            self._without_refused(route, operation, body, dropped) if has_refused else body,
            dropped,
            asks_usage=asks_usage,
            headers=self._headers,
            chat=chat,
            names=translation.field_names,
            may_be_missing=operation is not Operation.CHAT,
        )

    def retry_variant(self, exchange: Exchange, failure: Failure) -> str | None:
        """Why the route is asked again, where another form may succeed: the next `exchange_for` gives that one."""
        route, operation = exchange.route, exchange.operation
        if exchange.refuses_stream_options and exchange.asks_usage:
            self._refuses_stream_options.add(route.provider)
            return "without_stream_options"
        if exchange.is_missing(failure):
            self._missing.add((route, operation))
            return "as_chat"
        amended = exchange.amended(failure)
        if amended is not None:
            self._amended[route, operation] = amended
            return "without_reasoning"
        hint = None if exchange.is_strict else refused_hint(operation, exchange.body, failure)
        if hint is None:
            return None
        self._refused.setdefault((route, operation), []).append(hint)
        return "without_hint"

    def note_answered(self, route: Route) -> None:
        """A sound answer came: it was not the model that was missing."""
        for missing, operation in self._missing:
            if missing == route:
                self._unsupported_formats.note(route, operation)
        for (refusing, operation), hints in self._refused.items():
            if refusing == route:
                for hint in hints:
                    self._refused_hints.note((route, operation), hint)

    def _is_missing(self, route: Route, operation: Operation) -> bool:
        formats = self._unsupported_formats
        return (route, operation) in self._missing or (bool(formats.until) and operation in formats.of(route))

    def _without_refused(
        self, route: Route, operation: Operation, body: Mapping[str, Any], dropped: DroppedHints
    ) -> Mapping[str, Any]:
        form = route, operation
        body = self._amended.get(form, body)
        for hint in (*self._refused_hints.of(form), *self._refused.get(form, ())):
            fewer = without(operation, body, hint)
            if fewer is not None:
                dropped.note(hint)
                body = fewer
        return body

    def _as_chat(self, translation: Translation) -> Mapping[str, Any]:
        if self._refusal is not None:
            message, param = self._refusal
            raise UnsupportedByProvider(message, param=param)
        if self._chat is None:
            dropped = self._dropped = DroppedHints(self._request.requires_parameters)
            try:
                chat = dropping_hints(
                    self._request.operation,
                    translation.body,
                    dropped,
                    lambda body: translation.chat_request(body, dropped),
                )
            except UnsupportedByProvider as error:
                self._refusal = error.message, error.param
                raise
            self._chat = chat
        return self._chat
