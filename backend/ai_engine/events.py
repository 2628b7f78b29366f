"""Frozen records of what happened. Who only observes (logs, metrics, the status page) hears these; nothing here steers."""

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple

from ai_engine.names import Blame, Operation, Route, TokenCounts

CLIENT_CLOSED_REQUEST = 499
"""nginx's word for the status of a request whose client left before it had an answer. It never goes over the line."""


ABANDONED = "abandoned"
"""What an attempt came to that was given up before its answer, because the client left or its time was over: nobody's failure."""


class Ending(StrEnum):
    """How a request ended for its client."""

    COMPLETED = "completed"
    CLIENT_CANCELLED = "client_cancelled"
    UPSTREAM_CUT = "upstream_cut"
    RESCUED = "rescued"
    ERROR = "error"


class AttemptFinished(NamedTuple):
    """One request sent on one route with one provider key is over. A row of the ledger."""

    request_id: str
    """As `RequestFinished.request_id`."""
    number: int
    """From 1, in the order in which the request's attempts were begun."""
    route: Route
    key_fingerprint: str | None
    """`None` for a provider that takes no key."""
    why: str
    """Why this attempt was made: `first choice`, `another key`, `next candidate`, `retry`, `after a rate limit`,
    `fallback model`, `without stream_options`, `as a chat`, `without reasoning`, or `test` for an operator's."""
    started_ms: float
    """After the request came."""
    succeeded: bool
    failure: str | None
    """The failure's class (`providers.failures.FailureClass`), or `ABANDONED`; `None` after a success."""
    blame: Blame | None
    status: int | None
    """The provider's HTTP status, `None` where none came."""
    duration_ms: float
    first_token_ms: float | None
    """After the attempt began; `None` where none came, and for plain answers."""
    tokens: TokenCounts
    """As the provider counted them, or as many as came (`tokens_are_estimated`); none where it refused."""
    tokens_are_estimated: bool
    cost_usd: Decimal | None
    """At list price; `None` where tokens or price are unknown."""
    is_absorbed: bool
    """Paid by us and charged to nobody, such as the loser of a hedge."""
    detail: str | None
    """What failed in a sentence, with the field it is about: `messages[3].name: …`. Short, and without text of the request."""


class RequestFinished(NamedTuple):
    """One client request is over, whatever became of it. A row of the ledger."""

    id: str
    """Ours alone (`new_record_id`), which makes recording it twice harmless: `request_id` may have come from a client, twice."""
    request_id: str
    """As the client was told it (`x-request-id`)."""
    received_at: datetime
    client: str | None
    """The id of the client key; `None` in open mode and for keys of the environment."""
    client_name: str | None
    operation: Operation
    asked_model: str
    route: Route | None
    """Who answered; where nobody did, who was tried last; `None` if nobody was."""
    key_fingerprint: str | None
    """The provider key's, of that attempt."""
    is_stream: bool
    status: int
    """What the client was told; 499 where it had left before that."""
    ending: Ending
    error_class: str | None
    """Why it did not end well, in a word for statistics; `None` where it did, and where the client left."""
    error_detail: str | None
    """The same in a sentence, with the field it is about; short, and without text of the request."""
    tokens: TokenCounts
    """Of the attempts that the client pays."""
    tokens_are_estimated: bool
    cost_usd: Decimal | None
    """What the client pays: the winning and continuing attempts."""
    absorbed_usd: Decimal | None
    price_version: str | None
    """Where the price is from: `genai-prices 0.2.3`, `listing`, `configuration`."""
    first_token_ms: float | None
    """After the request came; `None` for plain answers."""
    duration_ms: float
    upstream_ms: float
    """Of it, the time spent on providers: their answers, and the waits that they asked for."""
    client_wait_ms: float
    """Of it, the time that a slow client took to read a stream: neither the providers' nor the engine's."""
    attempts: tuple[AttemptFinished, ...]

    @property
    def overhead_ms(self) -> float:
        """Our own share of the duration."""
        return max(self.duration_ms - self.upstream_ms - self.client_wait_ms, 0.0)


RandomBits = Callable[[int], int]
"""As many random bits as asked for, as `random.getrandbits` gives them."""


def new_record_id(now: datetime, random_bits: RandomBits) -> str:
    """A new `RequestFinished.id`: 128 bits in hex, 48 of them milliseconds, so that rows of one time lie together on disk."""
    return f"{int(now.timestamp() * 1000) & 0xFFFFFFFFFFFF:012x}{random_bits(80):020x}"


AttemptObserver = Callable[[AttemptFinished], None]
"""Hears of every attempt, at its end. It must be quick and must not raise: it is called on the request path."""
RequestObserver = Callable[[RequestFinished], None]
"""Hears of every request, at its end and after its attempts, by the same rules."""
