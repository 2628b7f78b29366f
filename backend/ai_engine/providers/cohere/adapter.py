"""The adapter for Cohere's v2 API."""

from collections.abc import Sequence

from ai_engine.clock import Clock
from ai_engine.names import Operation
from ai_engine.providers.adapter import ListedModel, PlainAnswer, StreamDecoder
from ai_engine.providers.cohere.answers import filtered, read_chat, read_embeddings, read_ranking
from ai_engine.providers.cohere.listing import read_listing
from ai_engine.providers.cohere.requests import chat_request, embed_request
from ai_engine.providers.cohere.stream import CohereStreamDecoder
from ai_engine.providers.endpoint import KeyedEndpoint
from ai_engine.providers.failures import Failure, classify_error_value
from ai_engine.providers.json_requests import KeyedHeaders, keyed_headers
from ai_engine.providers.plain_answers import answer_object
from ai_engine.providers.registry.definition import ProviderDefinition
from ai_engine.providers.translating import TranslatingAdapter
from ai_engine.upstream.port import Headers
from ai_engine.wire.json_types import JsonMapping

_METHODS = {Operation.CHAT: "chat", Operation.EMBEDDINGS: "embed", Operation.RERANK: "rerank"}
_DENY_LISTED = 498


class CohereEndpoint(KeyedEndpoint):
    """Cohere's own API."""

    def __init__(self) -> None:
        super().__init__(_headers_with)

    def _listing_url(self, provider: ProviderDefinition) -> str:
        """The listing is part of v1. One page holds the API's maximum, a thousand."""
        return provider.base_url.removesuffix("/v2") + "/v1/models?page_size=1000"


def _headers_with(secret: str | None) -> KeyedHeaders:
    return keyed_headers() if secret is None else keyed_headers((b"authorization", b"Bearer " + secret.encode()))


class Cohere(TranslatingAdapter):
    """`adapter.Adapter` for `WireProtocol.COHERE`."""

    name = "Cohere"
    operations = frozenset(_METHODS)

    def __init__(self, clock: Clock) -> None:
        super().__init__(clock, CohereEndpoint())

    def says_one_call_at_a_time(self, model: str) -> bool:
        return False

    def request(self, operation: Operation, body: JsonMapping, model: str) -> tuple[str, JsonMapping]:
        if operation is Operation.CHAT:
            return _METHODS[operation], chat_request(body, model)
        if operation is Operation.EMBEDDINGS:
            return _METHODS[operation], embed_request(body, model)
        return _METHODS[operation], {**body, "model": model}

    def decode_answer(
        self, operation: Operation, headers: Headers, body: bytes, model: str, *, as_chat: bool = False
    ) -> PlainAnswer | Failure:
        answer = answer_object(body)
        if isinstance(answer, Failure):
            return answer
        if answer.get("error") or isinstance(answer.get("message"), str):
            return classify_error_value(answer)
        if operation is Operation.RERANK:
            return read_ranking(answer, body)
        if operation is Operation.EMBEDDINGS:
            return read_embeddings(answer, model)
        return read_chat(answer, body, model, self._now())

    def decode_stream(self, operation: Operation, model: str, *, as_chat: bool = False) -> StreamDecoder:
        return CohereStreamDecoder(model, self._now())

    def classify(self, status: int, headers: Headers, body: bytes) -> Failure:
        failure = super().classify(status, headers, body)
        return filtered(failure) if status == _DENY_LISTED else failure

    def decode_listing(self, body: bytes) -> Sequence[ListedModel]:
        return read_listing(body)
