"""The lease of an attempt: a provider key, a permit of the circuit breaker, and a record, which end together and once."""

from collections.abc import Sequence

from ai_engine.autodecide.candidates import Candidate
from ai_engine.events import CANCELLED, AttemptFinished, AttemptObserver
from ai_engine.names import Blame
from ai_engine.provider_keys.pool import PooledKey
from ai_engine.providers.failures import Failure, FailureClass
from ai_engine.relay.journal import Journal
from ai_engine.relay.services import RelayServices
from ai_engine.relay.spending import NOTHING_SPENT, UNKNOWN_SPENT, Spent
from ai_engine.upstream.port import Headers


class Lease:
    """Begins with the attempt. One of `succeed`, `fail` and `abandon` ends it; what comes after the first end changes nothing."""

    __slots__ = (
        "_journal",
        "_observe",
        "_permit",
        "_request_id",
        "_request_started_at",
        "_services",
        "candidate",
        "client_seconds",
        "dropped",
        "first_token_seconds",
        "is_over",
        "key",
        "number",
        "reason",
        "started_at",
    )

    def __init__(
        self,
        services: RelayServices,
        journal: Journal,
        candidate: Candidate,
        key: PooledKey,
        reason: str,
        dropped: Sequence[str],
        request_id: str,
        request_started_at: float,
        observe: AttemptObserver,
    ) -> None:
        """Takes over `key`, which the pool counts as in flight. `dropped` are the hints that the attempt goes without.

        `request_started_at` is in monotonic seconds.
        """
        self._services = services
        self._journal = journal
        self._request_id = request_id
        self._request_started_at = request_started_at
        self._observe = observe
        self.is_over = False
        self.candidate = candidate
        self.key = key
        self.reason = reason
        self.dropped = dropped
        self.started_at = services.clock.monotonic()
        self.first_token_seconds: float | None = None
        """From the attempt's start; `None` for plain answers, and while nothing came."""
        self.client_seconds = 0.0
        """How long a slow client held the attempt up: no time of the provider's."""
        self.number = journal.begin(self.started_at)
        self._permit = services.breaker.acquire(candidate.route)

    def confirm(self, headers: Headers) -> None:
        """A sound answer has begun: breaker and key know it at once, whatever becomes of the rest."""
        self._services.breaker.record_success(self._permit)
        self._services.keys.record_success(self.key, self.candidate.route.model, headers)

    def provider_seconds(self) -> float:
        """How long the attempt has taken so far, without the client's own slowness."""
        return self._services.clock.monotonic() - self.started_at - self.client_seconds

    def succeed(self, spent: Spent, tokens_per_second: float | None = None, detail: str | None = None) -> None:
        """A whole answer, or a stream that ended well or that its client left; `detail` is a sentence about it."""
        if self.is_over:
            return
        self._services.track_record.record(
            self.candidate.route,
            succeeded=True,
            first_token_seconds=self.first_token_seconds,
            tokens_per_second=tokens_per_second,
        )
        notes = [f"Dropped, since the provider lacks it: {', '.join(self.dropped)}."] if self.dropped else []
        if detail is not None:
            notes.append(detail)
        self._end(None, None, 200, " ".join(notes) or None, spent)

    def fail(self, failure: Failure, reported: Spent | None) -> None:
        """Marks what is to blame, and nothing else; a client's own fault marks nothing.

        `reported` is what the attempt took, where something of an answer or of its usage came.
        """
        if self.is_over:
            return
        services, route = self._services, self.candidate.route
        services.breaker.record_failure(self._permit, failure)
        match failure.blame:
            case Blame.KEY:
                services.keys.record_failure(self.key, route.model, failure)
            case Blame.ROUTE | Blame.NETWORK:
                services.track_record.record(route, succeeded=False, first_token_seconds=self.first_token_seconds)
                if failure.kind is FailureClass.MODEL_NOT_FOUND:
                    services.rediscover(route.provider)
            case Blame.REQUEST | Blame.MODEL | Blame.FIT:
                pass
        is_free = failure.status is not None or failure.blame is Blame.NETWORK
        spent = reported or (NOTHING_SPENT if is_free else UNKNOWN_SPENT)
        self._end(failure.kind, failure.blame, failure.status, failure.detail, spent)

    def abandon(self, reported: Spent | None) -> None:
        """Ends without a verdict: the client left, its time was over, or the gateway itself failed."""
        if self.is_over:
            return
        self._services.breaker.abandon(self._permit)
        self._end(CANCELLED, Blame.REQUEST, None, None, reported or UNKNOWN_SPENT)

    def _end(self, failure: str | None, blame: Blame | None, status: int | None, detail: str | None, spent: Spent) -> None:
        self.is_over = True
        self._services.keys.release(self.key)
        now = self._services.clock.monotonic()
        # By position: by name it takes four times as long.
        finished = AttemptFinished(
            self._request_id,
            self.number,
            self.candidate.route,
            self.key.fingerprint,
            self.reason,
            (self.started_at - self._request_started_at) * 1000,
            failure is None,
            failure,
            blame,
            status,
            (now - self.started_at - self.client_seconds) * 1000,
            None if self.first_token_seconds is None else self.first_token_seconds * 1000,
            spent.tokens,
            spent.is_estimated,
            spent.cost_usd,
            False,
            detail,
        )
        self._journal.end(finished, self.client_seconds, now)
        self._observe(finished)
