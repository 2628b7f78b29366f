"""The common part of adapters that translate chats into a protocol of their own, with the key in one header."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import ClassVar

from ai_engine.clock import Clock
from ai_engine.names import Operation
from ai_engine.providers import failures
from ai_engine.providers.adapter import ListedModel
from ai_engine.providers.failures import Failure
from ai_engine.providers.json_requests import KeyedHeaders, listing_request, post_request
from ai_engine.providers.registry.definition import ProviderDefinition, ProviderKey
from ai_engine.upstream.port import Headers, UpstreamRequest
from ai_engine.wire import openai
from ai_engine.wire.fields import unsupported
from ai_engine.wire.json_types import JsonMapping

_REMEMBERED_KEYS = 4096
_MAY_STREAM = frozenset({Operation.CHAT, Operation.MESSAGES})


class TranslatingAdapter(ABC):
    """The part of an `adapter.Adapter` that does not depend on the protocol."""

    name: ClassVar[str]
    """The protocol's name in errors."""
    operations: ClassVar[frozenset[Operation]]

    def __init__(self, clock: Clock) -> None:
        """`clock` dates the answers."""
        self._clock = clock
        self._headers = lru_cache(_REMEMBERED_KEYS)(type(self).headers_with)

    @staticmethod
    @abstractmethod
    def headers_with(secret: str | None) -> KeyedHeaders:
        """The headers with this key."""

    @abstractmethod
    def request(self, operation: Operation, body: JsonMapping, model: str) -> tuple[str, JsonMapping]:
        """The path below the base URL and the body. Raises as `adapter.Adapter.encode`."""

    @abstractmethod
    def listing_url(self, base_url: str) -> str: ...

    @abstractmethod
    def decode_listing(self, body: bytes) -> Sequence[ListedModel]:
        """Raises `ValueError` where the body is not a listing."""

    def speaks(self, operation: Operation, provider: ProviderDefinition, model: str) -> bool:
        return operation in self.operations

    def chat_requests(
        self, chat: JsonMapping, provider: ProviderDefinition, model: str
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
        path, outgoing = self.request(operation, body, model)
        known = self._headers(key.secret if key else None)
        headers = known.stream if operation in _MAY_STREAM and body.get("stream") else known.plain
        replaced = {name for name, _ in extra_headers}
        headers = tuple(header for header in headers if header[0] not in replaced) + extra_headers
        return post_request(provider, provider.base_url + path, headers, openai.encoded(outgoing))

    def classify(self, status: int, headers: Headers, body: bytes) -> Failure:
        return failures.classify(status, headers, body)

    def encode_listing(self, provider: ProviderDefinition, key: ProviderKey | None) -> UpstreamRequest:
        return listing_request(provider, self.listing_url(provider.base_url), self._headers(key.secret if key else None).listing)

    def _now(self) -> int:
        """Seconds since the epoch."""
        return int(self._clock.now().timestamp())
