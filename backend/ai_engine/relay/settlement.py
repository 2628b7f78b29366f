"""What a request came to: its one `RequestFinished`."""

import re
from collections.abc import Iterable, Sequence
from decimal import Decimal

from ai_engine.catalogue.prices import Price
from ai_engine.errors import AIEngineError, error_detail
from ai_engine.events import CANCELLED, CLIENT_CLOSED_REQUEST, AttemptFinished, Ending, RequestFinished, new_record_id
from ai_engine.names import UNKNOWN_TOKENS, TokenCounts
from ai_engine.relay.client import Client
from ai_engine.relay.journal import Journal
from ai_engine.relay.request import ClientRequest
from ai_engine.relay.services import RelayServices
from ai_engine.relay.spending import NOTHING_SPENT, Spent

_NO_MONEY = Decimal(0)
_COMPLETED, _CANCELLED = Ending.COMPLETED, Ending.CLIENT_CANCELLED


class Settlement:
    """Says what became of one request, once: the first of its ends counts. Every attempt is over by then."""

    __slots__ = (
        "_client",
        "_is_settled",
        "_journal",
        "_received_at",
        "_request",
        "_services",
        "first_token_ms",
        "price",
        "started_at",
    )

    def __init__(self, services: RelayServices, request: ClientRequest, client: Client, journal: Journal) -> None:
        self._services = services
        self._request = request
        self._client = client
        self._journal = journal
        self._received_at = services.clock.now()
        self._is_settled = False
        self.started_at = services.clock.monotonic()
        self.price: Price | None = None
        """That of the route which answered."""
        self.first_token_ms: float | None = None

    def complete(self) -> None:
        """The client gets a sound answer."""
        self._settle(_COMPLETED, 200)

    def cut(self) -> None:
        """A stream broke after its first content, and could not go on."""
        self._settle(Ending.UPSTREAM_CUT, 200)

    def leave(self) -> None:
        """The client left before the end of its answer."""
        status = self._client.committed_status or (CLIENT_CLOSED_REQUEST if self._journal.winner is None else 200)
        self._settle(_CANCELLED, status)

    def fail(self, error: AIEngineError) -> None:
        """The client gets this error."""
        status = self._client.committed_status or self._client.status_for(error)
        self._settle(Ending.ERROR, status, _word_for(error), error_detail(error))

    def crash(self) -> None:
        """The gateway itself failed."""
        self._settle(Ending.ERROR, self._client.committed_status or 500, "internal_error")

    def _settle(self, ending: Ending, status: int, error_class: str | None = None, detail: str | None = None) -> None:
        """`error_class` and `detail` are used where no attempt has better ones."""
        if self._is_settled:
            return
        self._is_settled = True
        services, request, journal = self._services, self._request, self._journal
        attempts = journal.attempts()
        shown = attempts[-1] if attempts else None
        paid: list[AttemptFinished] = []
        absorbed: list[AttemptFinished] = []
        for attempt in attempts:
            (paid if attempt.number in journal.payable else absorbed).append(attempt)
            if attempt.number == journal.winner:
                shown = attempt
        spent = _spent(paid, absorbed)
        now = services.clock.monotonic()
        # By position: by name it takes four times as long.
        services.observe_request(
            RequestFinished(
                new_record_id(self._received_at, services.random_bits),
                request.id,
                self._received_at,
                request.caller.key_id if request.caller else None,
                request.caller.name if request.caller else None,
                request.operation,
                request.model,
                shown.route if shown else None,
                shown.key_fingerprint if shown else None,
                request.is_stream,
                status,
                ending,
                *_error(ending, shown, error_class, detail),
                spent.tokens,
                spent.is_estimated,
                spent.cost_usd,
                _cost_of(absorbed) if absorbed else _NO_MONEY,
                self.price.source if self.price else None,
                self.first_token_ms,
                (now - self.started_at) * 1000,
                journal.upstream_seconds(now) * 1000,
                journal.client_seconds * 1000,
                attempts,
            )
        )


def _spent(paid: Sequence[AttemptFinished], absorbed: Sequence[AttemptFinished]) -> Spent:
    """What the client pays for: the attempts that its answer is made of. Without an answer it pays nothing."""
    if len(paid) == 1:  # as for nearly every request
        return Spent(paid[0].tokens, paid[0].tokens_are_estimated, paid[0].cost_usd)
    if paid:
        tokens = TokenCounts(*(_sum_of(counts) for counts in zip(*(attempt.tokens for attempt in paid), strict=True)))
        return Spent(tokens, any(attempt.tokens_are_estimated for attempt in paid), _cost_of(paid))
    if all(attempt.tokens == NOTHING_SPENT.tokens for attempt in absorbed):
        return NOTHING_SPENT
    return Spent(UNKNOWN_TOKENS, is_estimated=False, cost_usd=NOTHING_SPENT.cost_usd)


def _sum_of(counts: Iterable[int | None]) -> int | None:
    known = [count for count in counts if count is not None]
    return sum(known) if known else None


def _cost_of(attempts: Iterable[AttemptFinished]) -> Decimal | None:
    """What they cost together; `None` where that is unknown of one."""
    total = _NO_MONEY
    for attempt in attempts:
        if attempt.cost_usd is None:
            return None
        total += attempt.cost_usd
    return total


def _error(
    ending: Ending, shown: AttemptFinished | None, error_class: str | None, detail: str | None
) -> tuple[str | None, str | None]:
    """Class and detail: those of the attempt that is shown where it failed."""
    if ending is _COMPLETED or ending is _CANCELLED:
        return None, None
    if shown is not None and shown.failure is not None and shown.failure != CANCELLED:
        return shown.failure, shown.detail
    return error_class, detail


def _word_for(error: AIEngineError) -> str:
    """`code`, or the kind of error: `DeadlineExceeded` is `deadline_exceeded`."""
    return getattr(error, "code", None) or re.sub("(?<!^)(?=[A-Z])", "_", type(error).__name__).lower()
