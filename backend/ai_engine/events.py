"""Immutable events for observers: logs, metrics, traces, the ledger and the status page."""

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple

from ai_engine.names import Blame, Operation, Route, TokenCounts

CLIENT_CLOSED_REQUEST = 499
"""nginx's status for a request whose client disconnected before the response. It is never sent."""


CANCELLED = "cancelled"
"""The result of an attempt that ended before its response because the client disconnected or the deadline passed."""


class Ending(StrEnum):
    """How a request ended for the client."""

    COMPLETED = "completed"
    CLIENT_CANCELLED = "client_cancelled"
    UPSTREAM_CUT = "upstream_cut"
    RESCUED = "rescued"
    ERROR = "error"


class AttemptFinished(NamedTuple):
    """An attempt has ended: one request sent on one route with one provider key. A row of the ledger."""

    request_id: str
    """As `RequestFinished.request_id`."""
    number: int
    """From 1, in the order in which the request's attempts started."""
    route: Route
    key_fingerprint: str | None
    """`None` for a provider without keys."""
    reason: str
    """Why this attempt was made: `first_candidate`, `next_key`, `next_candidate`, `retry`, `after_cooldown`, `fallback_model`,
    `without_stream_options`, `as_chat`, `without_reasoning`, `without_hint`, or `test` (an operator's)."""
    started_ms: float
    """Since the arrival of the request."""
    succeeded: bool
    failure: str | None
    """The class of failure (`providers.failures.FailureClass`), or `CANCELLED`; `None` on success."""
    blame: Blame | None
    status: int | None
    """The provider's HTTP status; `None` without a response."""
    duration_ms: float
    first_token_ms: float | None
    """From the start of the attempt to the first content; `None` if there was none or it was not streamed."""
    tokens: TokenCounts
    """As reported by the provider, or estimated (`tokens_are_estimated`); zero if it refused."""
    tokens_are_estimated: bool
    cost_usd: Decimal | None
    """At list price; `None` if tokens or price are unknown."""
    is_absorbed: bool
    """Not charged to the client, such as the loser of a hedge."""
    detail: str | None
    """What failed, in a sentence with the path of the field: `messages[3].name: …`; of a success, the hints that were left out
    and a finish reason that was inferred. Short, without the request's text."""


class RequestFinished(NamedTuple):
    """A client request has ended, with any result. A row of the ledger."""

    id: str
    """Unique (`new_record_id`), so that recording it twice is idempotent; `request_id` may be set by clients and repeat."""
    request_id: str
    """The response's `x-request-id`."""
    received_at: datetime
    client: str | None
    """The client key's id; `None` in open mode and for keys from the configuration."""
    client_name: str | None
    operation: Operation
    requested_model: str
    route: Route | None
    """The route that answered, or the last one that was tried; `None` if none was."""
    key_fingerprint: str | None
    """The provider key of that attempt."""
    is_stream: bool
    status: int
    """The HTTP status that the client received; 499 if it disconnected before."""
    ending: Ending
    error_class: str | None
    """The class of failure, for statistics; `None` if it succeeded or the client disconnected."""
    error_detail: str | None
    """What failed, in a sentence with the path of the field. Short, without the request's text."""
    tokens: TokenCounts
    """Of the attempts that the client is charged for."""
    tokens_are_estimated: bool
    cost_usd: Decimal | None
    """The client's cost: the attempts that make up its response."""
    absorbed_usd: Decimal | None
    price_version: str | None
    """The source of the price: `genai-prices 0.2.3`, `listing` or `configuration`."""
    first_token_ms: float | None
    """From the arrival of the request to the first content; `None` if not streamed."""
    duration_ms: float
    upstream_ms: float
    """The part of the duration spent waiting for providers, including cooldowns."""
    client_wait_ms: float
    """The part of the duration spent waiting for a slow client to read the stream."""
    attempts: tuple[AttemptFinished, ...]

    @property
    def overhead_ms(self) -> float:
        """The gateway's own part of the duration."""
        return max(self.duration_ms - self.upstream_ms - self.client_wait_ms, 0.0)


RandomBits = Callable[[int], int]
"""Returns that many random bits, as `random.getrandbits`."""


def new_record_id(now: datetime, random_bits: RandomBits) -> str:
    """A new `RequestFinished.id`: 128 bits in hex, the first 48 of them milliseconds, so that ids are ordered by time."""
    return f"{int(now.timestamp() * 1000) & 0xFFFFFFFFFFFF:012x}{random_bits(80):020x}"


AttemptObserver = Callable[[AttemptFinished], None]
"""Called at the end of every attempt. It is on the request path, so it must be fast and must not raise."""
RequestObserver = Callable[[RequestFinished], None]
"""Called at the end of every request, after its attempts, with the same constraints."""
