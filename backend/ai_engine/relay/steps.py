"""What the route search gives and keeps: the steps, the trial of a candidate, and the budget of attempts."""

from dataclasses import dataclass
from typing import NamedTuple

from ai_engine.autodecide.candidates import Candidate
from ai_engine.autodecide.plan import Plan
from ai_engine.provider_keys.pool import PooledKey
from ai_engine.providers.failures import Failure
from ai_engine.relay.exchange import Exchange
from ai_engine.upstream.port import UpstreamRequest

MOST_ATTEMPTS_ON_ONE_MODEL = 6
MOST_ATTEMPTS = 10


class AttemptBudget:
    """How many attempts one request may take, in all and on one model."""

    __slots__ = ("_in_all", "_on_this_model")

    def __init__(self) -> None:
        self._in_all = 0
        self._on_this_model = 0

    @property
    def is_spent(self) -> bool:
        return self._in_all >= MOST_ATTEMPTS or self._on_this_model >= MOST_ATTEMPTS_ON_ONE_MODEL

    def spend(self) -> None:
        """One attempt begins."""
        self._in_all += 1
        self._on_this_model += 1

    def next_model(self) -> None:
        """Another model is asked from here on."""
        self._on_this_model = 0


@dataclass(slots=True, eq=False)
class Trial:
    """One candidate, while its keys and the forms of the request are tried."""

    candidate: Candidate
    plan: Plan
    reason: str
    is_retry: bool = False
    """After a wait; there is one for each candidate."""
    exchange: Exchange | None = None
    tried_keys: tuple[str | None, ...] = ()
    failure: Failure | None = None
    """The last attempt's; `None` if none was made."""
    is_superseded: bool = False
    """`failure` is of one form of the request alone, and another is tried in its place: it says nothing of the route."""
    is_unsupported: bool = False


class Send(NamedTuple):
    """The next attempt, ready to go. `key` is counted as in flight: the attempt releases it."""

    trial: Trial
    exchange: Exchange
    request: UpstreamRequest
    key: PooledKey


class Wait(NamedTuple):
    """Nothing can be sent at once, and this may help: after it, `resume` with it."""

    trial: Trial
    until: float
    """In monotonic seconds."""
    is_cooldown: bool
    """The route's keys are in cooldown. Requests that wait for the same route go one at a time."""
