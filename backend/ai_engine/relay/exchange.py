"""How one request is asked of one route: in the client's own format where the provider speaks it, as a chat everywhere else."""

from collections.abc import Mapping
from typing import Any

from ai_engine.errors import UnsupportedByProvider
from ai_engine.names import PASSED_THROUGH, Operation, Route
from ai_engine.providers.adapter import Adapter, PlainAnswer, StreamDecoder
from ai_engine.providers.failures import Failure, is_missing_path, of_optional_operation
from ai_engine.providers.registry.definition import ProviderDefinition, ProviderKey
from ai_engine.relay.request import ClientRequest
from ai_engine.relay.translation import Translation
from ai_engine.relay.unsupported_formats import UnsupportedFormats
from ai_engine.upstream.port import Headers, UpstreamRequest

_CHAT = Operation.CHAT
_OPTIONAL = PASSED_THROUGH | {Operation.COUNT_TOKENS}
"""Operations that a provider may lack whose models chat well: few that speak Anthropic's protocol count tokens."""


class Exchange:
    """One variant of the request for one route: its encoding, and how the answer is read."""

    __slots__ = (
        "_adapter",
        "_headers",
        "_may_be_missing",
        "_provider",
        "asks_usage",
        "body",
        "is_translated",
        "keeps_first_call",
        "operation",
        "refuses_stream_options",
        "route",
    )

    def __init__(
        self,
        adapter: Adapter,
        provider: ProviderDefinition,
        route: Route,
        operation: Operation,
        body: Mapping[str, Any],
        *,
        asks_usage: bool,
        headers: Headers = (),
        is_translated: bool = False,
        may_be_missing: bool = False,
    ) -> None:
        """`is_translated`: the answer is wanted as a chat. `may_be_missing`: where the provider lacks it, a chat may do."""
        self._adapter = adapter
        self._provider = provider
        self._headers = headers
        self._may_be_missing = may_be_missing
        self.route = route
        self.operation = operation
        self.body = body
        """As the adapter gets it."""
        self.asks_usage = asks_usage
        """The relay asks the stream for usage, whether or not the client did."""
        self.is_translated = is_translated
        self.keeps_first_call = (
            operation is _CHAT and body.get("parallel_tool_calls") is False and not adapter.says_one_call_at_a_time(route.model)
        )
        """Of the calls made at once, only the first is passed on (`one_call`)."""
        self.refuses_stream_options = False
        """The provider's refusal names the one field that the relay added."""

    def encode(self, key: ProviderKey | None) -> UpstreamRequest:
        """Raises as `Adapter.encode`."""
        return self._adapter.encode(
            self.operation,
            self.body,
            self._provider,
            self.route.model,
            key,
            ask_usage=self.asks_usage,
            extra_headers=self._headers,
        )

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
        """As `Adapter.decode_answer`: a chat where the answer is to be translated."""
        return self._adapter.decode_answer(self.operation, headers, body, self.route.model, as_chat=self.is_translated)

    def decode_stream(self) -> StreamDecoder:
        """As `Adapter.decode_stream`: chunks of a chat where the answer is to be translated."""
        return self._adapter.decode_stream(self.operation, self.route.model, as_chat=self.is_translated)


class RequestVariants:
    """The forms in which one client request can be asked. The translation to a chat is made once, for the first that needs it."""

    __slots__ = ("_amended", "_chat", "_headers", "_learnt", "_missing", "_refusal", "_refuses_stream_options", "_request")

    def __init__(
        self, request: ClientRequest, learnt: UnsupportedFormats, refuses_stream_options: set[str], own_headers: Headers
    ) -> None:
        """`learnt` and `refuses_stream_options` outlive the request, and are added to. `own_headers` go with every form."""
        self._request = request
        self._headers = own_headers
        self._learnt = learnt
        self._refuses_stream_options = refuses_stream_options
        self._chat: Mapping[str, Any] | None = None
        self._refusal: tuple[str, str | None] | None = None
        """Why the request cannot be a chat: message and field. The exception itself would keep the request alive."""
        self._missing: set[tuple[Route, Operation]] = set()
        """What this request has found missing."""
        self._amended: dict[tuple[Route, Operation], Mapping[str, Any]] = {}
        """Bodies that take the place of those which a route refused."""

    def exchange_for(self, adapter: Adapter, provider: ProviderDefinition, route: Route) -> Exchange:
        """Raises `UnsupportedByProvider` where the route cannot be asked, `InvalidRequest` where no route can."""
        request, model = self._request, route.model
        operation, translation = request.operation, request.translation
        asks_usage = request.is_stream and provider.takes_stream_options and provider.name not in self._refuses_stream_options
        is_spoken = adapter.speaks(operation, provider, model)
        if is_spoken and (translation is None or not self._is_missing(route, operation)):
            return Exchange(
                adapter,
                provider,
                route,
                operation,
                self._amended.get((route, operation), request.body),
                asks_usage=asks_usage,
                headers=request.native_headers + self._headers,
                may_be_missing=translation is not None and operation in provider.formats,
            )
        if translation is None:
            raise UnsupportedByProvider(f"{provider.display_name} does not support {operation} for {model!r}.", param="model")
        operation, body = next(
            form
            for form in adapter.chat_requests(self._as_chat(translation), provider, model)
            if form[0] is Operation.CHAT or not self._is_missing(route, form[0])
        )
        return Exchange(
            adapter,
            provider,
            route,
            operation,
            self._amended.get((route, operation), body),
            asks_usage=asks_usage,
            headers=self._headers,
            is_translated=True,
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
        if amended is None:
            return None
        self._amended[route, operation] = amended
        return "without_reasoning"

    def note_answered(self, route: Route) -> None:
        """A sound answer came: it was not the model that was missing."""
        for missing, operation in self._missing:
            if missing == route:
                self._learnt.note(route, operation)

    def _is_missing(self, route: Route, operation: Operation) -> bool:
        return (route, operation) in self._missing or self._learnt.is_unsupported(route, operation)

    def _as_chat(self, translation: Translation) -> Mapping[str, Any]:
        if self._refusal is not None:
            message, param = self._refusal
            raise UnsupportedByProvider(message, param=param)
        if self._chat is None:
            try:
                self._chat = translation.chat_request()
            except UnsupportedByProvider as error:
                self._refusal = error.message, error.param
                raise
        return self._chat
