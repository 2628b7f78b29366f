"""The common part of adapters that translate chats into a protocol of their own."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from typing import ClassVar

from ai_engine.clock import Clock
from ai_engine.names import Operation
from ai_engine.providers import failures
from ai_engine.providers.adapter import ListedModel
from ai_engine.providers.endpoint import Call, Endpoint
from ai_engine.providers.failures import Failure
from ai_engine.providers.registry.definition import ProviderDefinition, ProviderKey
from ai_engine.upstream.port import Headers, UpstreamRequest
from ai_engine.wire.fields import unsupported
from ai_engine.wire.hints import DroppedHints
from ai_engine.wire.json_types import JsonMapping

_MAY_STREAM = frozenset({Operation.CHAT, Operation.MESSAGES})


class TranslatingAdapter(ABC):
    """The part of an `adapter.Adapter` that does not depend on the format."""

    name: ClassVar[str]
    """The protocol's name in errors."""
    operations: ClassVar[frozenset[Operation]]
    translates_chats: ClassVar[bool] = True

    def __init__(self, clock: Clock, endpoint: Endpoint) -> None:
        """`clock` dates the answers. `endpoint` is where the format is used."""
        self._clock = clock
        self._endpoint = endpoint

    @abstractmethod
    def request(self, operation: Operation, body: JsonMapping, model: str) -> tuple[str, JsonMapping]:
        """The method (`endpoint.Call`) and the body. Raises as `adapter.Adapter.encode`."""

    @abstractmethod
    def decode_listing(self, body: bytes) -> Sequence[ListedModel]:
        """Raises `ValueError` where the body is not a listing."""

    def speaks(self, operation: Operation, provider: ProviderDefinition, model: str) -> bool:
        return operation in self.operations

    def chat_requests(
        self, chat: JsonMapping, provider: ProviderDefinition, model: str, dropped: DroppedHints
    ) -> Iterator[tuple[Operation, JsonMapping]]:
        """The chat itself: `encode` translates it."""
        yield Operation.CHAT, chat

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
        """`extra_headers` replace others of the same name. `ask_usage` changes nothing: these protocols always report usage."""
        if operation not in self.operations:
            raise unsupported("model", f"is served by {self.name}, which does not support {operation}")
        method, outgoing = self.request(operation, body, model)
        is_stream = operation in _MAY_STREAM and bool(body.get("stream"))
        return self._endpoint.request(Call(method, model, outgoing, is_stream), provider, key, extra_headers)

    def classify(self, status: int, headers: Headers, body: bytes) -> Failure:
        return failures.classify(status, headers, body)

    def encode_listing(self, provider: ProviderDefinition, key: ProviderKey | None) -> UpstreamRequest:
        return self._endpoint.listing(provider, key)

    def encode_next_listing(self, provider: ProviderDefinition, key: ProviderKey | None, page: bytes) -> UpstreamRequest | None:
        """One page has everything."""
        return None

    def _now(self) -> int:
        """Seconds since the epoch."""
        return int(self._clock.now().timestamp())
