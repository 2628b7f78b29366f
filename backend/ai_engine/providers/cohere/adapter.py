"""The adapter for Cohere's v2 API."""

from collections.abc import Sequence

from ai_engine.clock import Clock
from ai_engine.names import Operation
from ai_engine.providers.adapter import ListedModel, PlainAnswer, StreamDecoder
from ai_engine.providers.cohere.answers import filtered, read_chat, read_embeddings, read_ranking
from ai_engine.providers.cohere.listing import listing_url, read_listing
from ai_engine.providers.cohere.requests import chat_request, embed_request
from ai_engine.providers.cohere.stream import CohereStreamDecoder
from ai_engine.providers.failures import Failure, classify_error_value
from ai_engine.providers.json_requests import KeyedHeaders, keyed_headers, listing_request, post_request
from ai_engine.providers.plain_answers import answer_object
from ai_engine.providers.registry.definition import ProviderDefinition, ProviderKey
from ai_engine.providers.translating import TranslatingAdapter
from ai_engine.upstream.port import Headers, UpstreamRequest
from ai_engine.wire import openai
from ai_engine.wire.fields import unsupported
from ai_engine.wire.json_types import JsonMapping

_PATHS = {Operation.CHAT: "/chat", Operation.EMBEDDINGS: "/embed", Operation.RERANK: "/rerank"}
_DENY_LISTED = 498


def _headers_with(secret: str | None) -> KeyedHeaders:
    return keyed_headers() if secret is None else keyed_headers((b"authorization", b"Bearer " + secret.encode()))


class Cohere(TranslatingAdapter):
    """`adapter.Adapter` for `WireProtocol.COHERE`."""

    says_one_call_at_a_time = False

    def __init__(self, clock: Clock) -> None:
        super().__init__(clock, _headers_with)

    def speaks(self, operation: Operation, provider: ProviderDefinition, model: str) -> bool:
        return operation in _PATHS

    def encode(
        self,
        operation: Operation,
        body: JsonMapping,
        provider: ProviderDefinition,
        model: str,
        key: ProviderKey | None,
        *,
        ask_usage: bool,
        extra_headers: Headers = (),
    ) -> UpstreamRequest:
        known = self._headers(key)
        headers = known.plain
        if operation is Operation.CHAT:
            outgoing = chat_request(body, model)
            if "stream" in outgoing:
                headers = known.stream
        elif operation is Operation.EMBEDDINGS:
            outgoing = embed_request(body, model)
        elif operation is Operation.RERANK:
            outgoing = {**body, "model": model}
        else:
            raise unsupported("model", f"is served by Cohere, which does not support {operation}")
        return post_request(provider, provider.base_url + _PATHS[operation], headers + extra_headers, openai.encoded(outgoing))

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

    def encode_listing(self, provider: ProviderDefinition, key: ProviderKey | None) -> UpstreamRequest:
        return listing_request(provider, listing_url(provider.base_url), self._headers(key).listing)

    def decode_listing(self, body: bytes) -> Sequence[ListedModel]:
        return read_listing(body)
