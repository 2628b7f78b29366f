"""The adapter for Amazon Bedrock."""

from collections.abc import Sequence
from uuid import uuid4

import orjson

from ai_engine.clock import Clock
from ai_engine.names import Operation
from ai_engine.providers import failures
from ai_engine.providers.adapter import ListedModel, PlainAnswer, StreamDecoder
from ai_engine.providers.bedrock.answers import read_chat
from ai_engine.providers.bedrock.content import PROVIDER
from ai_engine.providers.bedrock.endpoint import BedrockEndpoint
from ai_engine.providers.bedrock.listing import next_path, read_listing
from ai_engine.providers.bedrock.model_traits import traits_of
from ai_engine.providers.bedrock.requests import converse_request
from ai_engine.providers.bedrock.stream import ConverseStreamDecoder
from ai_engine.providers.cloud_credentials import CloudCredentials
from ai_engine.providers.error_bodies import has_error
from ai_engine.providers.failures import Failure, classify_error_value
from ai_engine.providers.plain_answers import TOO_DEEP, answer_object
from ai_engine.providers.registry.definition import ProviderDefinition, ProviderKey
from ai_engine.providers.translating import TranslatingAdapter
from ai_engine.upstream.port import Headers, UpstreamRequest, header
from ai_engine.wire.json_types import JsonMapping


class Bedrock(TranslatingAdapter):
    """`adapter.Adapter` for `WireProtocol.BEDROCK`."""

    name = PROVIDER
    operations = frozenset({Operation.CHAT})

    def __init__(self, clock: Clock, credentials: CloudCredentials) -> None:
        self._bedrock = BedrockEndpoint(clock, credentials.aws)
        self._credentials = credentials.aws
        super().__init__(clock, self._bedrock)

    def says_one_call_at_a_time(self, model: str) -> bool:
        return traits_of(model).claude is not None

    def request(self, operation: Operation, body: JsonMapping, model: str) -> tuple[str, JsonMapping]:
        return "converse-stream" if body.get("stream") else "converse", converse_request(body, model)

    def decode_answer(
        self, operation: Operation, headers: Headers, body: bytes, model: str, *, as_chat: bool = False
    ) -> PlainAnswer | Failure:
        answer = answer_object(body)
        if isinstance(answer, Failure):
            return answer
        if "output" not in answer and has_error(answer):
            return classify_error_value(answer)
        try:
            return read_chat(answer, header(headers, b"x-amzn-requestid") or _new_id(), model, self._now())
        except orjson.JSONEncodeError:
            return TOO_DEEP

    def decode_stream(self, operation: Operation, model: str, *, as_chat: bool = False) -> StreamDecoder:
        return ConverseStreamDecoder(model, _new_id(), self._now())

    def classify(self, status: int, headers: Headers, body: bytes) -> Failure:
        """The error's name is in a header, as `ThrottlingException:http://…`; some messages repeat what was signed."""
        named = header(headers, b"x-amzn-errortype") or ""
        failure = failures.classify(status, headers, body, name=named.partition(":")[0].rpartition("#")[2] or None)
        credentials = self._credentials.current
        if credentials is None:
            return failure
        for secret in (credentials.access_key_id, credentials.session_token or ""):
            failure = failure.without(secret)
        return failure

    def encode_next_listing(self, provider: ProviderDefinition, key: ProviderKey | None, page: bytes) -> UpstreamRequest | None:
        path = next_path(page)
        return None if path is None else self._bedrock.get(path, provider, key)

    def decode_listing(self, body: bytes) -> Sequence[ListedModel]:
        return read_listing(body)


def _new_id() -> str:
    return f"chatcmpl-{uuid4().hex[:24]}"
