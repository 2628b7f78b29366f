"""Frozen records of what happened. Who only observes (logs, metrics, the status page) hears these; nothing here steers."""

from collections.abc import Callable
from enum import StrEnum
from typing import NamedTuple

from ai_engine.names import Blame, Operation, Route

CLIENT_CLOSED_REQUEST = 499
"""nginx's word for the status of a request whose client left before it had an answer. It never goes over the line."""


ABANDONED = "abandoned"
"""What an attempt came to that was given up before its answer, because the client left or its time was over: nobody's failure."""


class Ending(StrEnum):
    """How a request ended for its client (`contract.md` section 8)."""

    COMPLETED = "completed"
    CLIENT_CANCELLED = "client_cancelled"
    UPSTREAM_CUT = "upstream_cut"
    RESCUED = "rescued"
    ERROR = "error"


class AttemptFinished(NamedTuple):
    """One request sent on one route with one provider key is over."""

    request_id: str
    route: Route
    key_fingerprint: str | None
    why: str
    """Why this attempt was made: `first choice`, `another key`, `next candidate`, `retry`, `after a rate limit`,
    `fallback model`, `without stream_options`, or `test` for an operator's."""
    succeeded: bool
    failure: str | None
    """The failure's class (`providers.failures.FailureClass`), or `ABANDONED`; `None` after a success."""
    blame: Blame | None
    status: int | None
    """The provider's HTTP status, `None` where none came."""
    duration_ms: float
    first_token_ms: float | None


class RequestFinished(NamedTuple):
    """One client request is over, whatever became of it."""

    request_id: str
    operation: Operation
    asked_model: str
    streamed: bool
    route: Route | None
    """Who answered, `None` if nobody did."""
    attempts: int
    ending: Ending
    status: int
    """What the client was told; 499 where it had left before that."""
    duration_ms: float
    upstream_ms: float
    """Of it, the time spent on providers: their answers, and the waits that they asked for."""
    first_token_ms: float | None
    input_tokens: int | None
    output_tokens: int | None


Event = AttemptFinished | RequestFinished
Observer = Callable[[Event], None]
"""Hears every event. It must be quick and must not raise: it is called on the request path."""
