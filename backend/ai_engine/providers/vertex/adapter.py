"""The adapter for Google Vertex AI: two formats, each at its own endpoint, chosen by the model's name."""

from collections.abc import Iterator, Sequence
from typing import ClassVar

from ai_engine.clock import Clock
from ai_engine.names import Operation
from ai_engine.providers import failures
from ai_engine.providers.adapter import Adapter, ListedModel, PlainAnswer, StreamDecoder
from ai_engine.providers.anthropic.adapter import AnthropicMessages
from ai_engine.providers.cloud_credentials import CloudCredentials
from ai_engine.providers.endpoint import Call
from ai_engine.providers.failures import Failure, classify_error_value
from ai_engine.providers.gemini.adapter import Gemini
from ai_engine.providers.plain_answers import answer_object
from ai_engine.providers.registry.definition import ProviderDefinition, ProviderKey
from ai_engine.providers.vertex.embeddings import predict_request, read_predictions
from ai_engine.providers.vertex.endpoint import AnthropicModels, GoogleModels, anthropic_name, google_name
from ai_engine.providers.vertex.listing import next_path, read_listing
from ai_engine.upstream.port import Headers, UpstreamRequest
from ai_engine.wire.hints import DroppedHints
from ai_engine.wire.json_types import JsonMapping


class VertexAI:
    """`adapter.Adapter` for `WireProtocol.VERTEX`."""

    translates_chats: ClassVar[bool] = True

    def __init__(self, clock: Clock, credentials: CloudCredentials) -> None:
        self._endpoint = GoogleModels(credentials.google)
        self._google = Gemini(clock, self._endpoint)
        self._anthropic = AnthropicMessages(clock, AnthropicModels(credentials.google))
        self._credentials = credentials.google

    def _for(self, model: str) -> Adapter:
        return self._anthropic if "claude" in model.lower() else self._google

    def says_one_call_at_a_time(self, model: str) -> bool:
        return self._for(model).says_one_call_at_a_time(model)

    def speaks(self, operation: Operation, provider: ProviderDefinition, model: str) -> bool:
        return self._for(model).speaks(operation, provider, model)

    def chat_requests(
        self, chat: JsonMapping, provider: ProviderDefinition, model: str, dropped: DroppedHints
    ) -> Iterator[tuple[Operation, JsonMapping]]:
        return self._for(model).chat_requests(chat, provider, model, dropped)

    def amended(self, operation: Operation, body: JsonMapping, failure: Failure) -> JsonMapping | None:
        return None

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
        if operation is Operation.EMBEDDINGS and self._for(model) is self._google:
            return self._endpoint.request(Call("predict", model, predict_request(body)), provider, key, extra_headers)
        adapter = self._for(model)
        name = anthropic_name(model) if adapter is self._anthropic else google_name(model)
        return adapter.encode(operation, body, provider, name, key, ask_usage=ask_usage, extra_headers=extra_headers)

    def decode_answer(
        self, operation: Operation, headers: Headers, body: bytes, model: str, *, as_chat: bool = False
    ) -> PlainAnswer | Failure:
        if operation is not Operation.EMBEDDINGS:
            return self._for(model).decode_answer(operation, headers, body, model, as_chat=as_chat)
        answer = answer_object(body)
        if isinstance(answer, Failure):
            return answer
        return classify_error_value(answer) if answer.get("error") else read_predictions(answer, model)

    def decode_stream(self, operation: Operation, model: str, *, as_chat: bool = False) -> StreamDecoder:
        return self._for(model).decode_stream(operation, model, as_chat=as_chat)

    def classify(self, status: int, headers: Headers, body: bytes) -> Failure:
        failure, token = failures.classify(status, headers, body), self._credentials.current
        return failure if token is None else failure.without(token.token)

    def encode_listing(self, provider: ProviderDefinition, key: ProviderKey | None) -> UpstreamRequest:
        return self._endpoint.listing(provider, key)

    def encode_next_listing(self, provider: ProviderDefinition, key: ProviderKey | None, page: bytes) -> UpstreamRequest | None:
        path = next_path(page)
        return None if path is None else self._endpoint.get(path, provider, key)

    def decode_listing(self, body: bytes) -> Sequence[ListedModel]:
        return read_listing(body)
