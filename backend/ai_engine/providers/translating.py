"""The common part of adapters that translate chats into a protocol of their own, with the key in one header."""

from collections.abc import Callable, Iterator
from functools import lru_cache

from ai_engine.clock import Clock
from ai_engine.names import Operation
from ai_engine.providers import failures
from ai_engine.providers.failures import Failure
from ai_engine.providers.json_requests import KeyedHeaders
from ai_engine.providers.registry.definition import ProviderDefinition, ProviderKey
from ai_engine.upstream.port import Headers
from ai_engine.wire.json_types import JsonMapping

_REMEMBERED_KEYS = 4096


class TranslatingAdapter:
    """The part of an `adapter.Adapter` that does not depend on the protocol."""

    def __init__(self, clock: Clock, headers_with: Callable[[str | None], KeyedHeaders]) -> None:
        """`clock` dates the answers. `headers_with` makes the headers with a key's secret."""
        self._clock = clock
        self._headers_with = lru_cache(_REMEMBERED_KEYS)(headers_with)

    def chat_requests(
        self, chat: JsonMapping, provider: ProviderDefinition, model: str
    ) -> Iterator[tuple[Operation, JsonMapping]]:
        """The chat itself: whatever it holds is translated anyway."""
        yield Operation.CHAT, chat

    def amended(self, operation: Operation, body: JsonMapping, failure: Failure) -> JsonMapping | None:
        return None

    def classify(self, status: int, headers: Headers, body: bytes) -> Failure:
        return failures.classify(status, headers, body)

    def _headers(self, key: ProviderKey | None) -> KeyedHeaders:
        return self._headers_with(key.secret if key else None)

    def _now(self) -> int:
        """Seconds since the epoch."""
        return int(self._clock.now().timestamp())
