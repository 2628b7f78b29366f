"""One client request, from its plan to its settlement."""

import asyncio
import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

from ai_engine.autodecide.candidates import Candidate
from ai_engine.catalogue.prices import Price
from ai_engine.errors import AIEngineError, AttemptsFailed
from ai_engine.events import (
    ABANDONED,
    CLIENT_CLOSED_REQUEST,
    AttemptFinished,
    AttemptObserver,
    Ending,
    RequestFinished,
    new_record_id,
)
from ai_engine.names import UNKNOWN_TOKENS, Route
from ai_engine.providers.adapter import PlainAnswer
from ai_engine.relay.attempts import Attempts
from ai_engine.relay.request import ClientRequest
from ai_engine.relay.services import RelayServices
from ai_engine.relay.spending import NOTHING_SPENT, Spent
from ai_engine.relay.streaming import OpenStream, Write
from ai_engine.web.errors import error_shape

_NO_MONEY = Decimal(0)


class _Settlement:
    """What is known so far of one request; `settle` turns it into its one `RequestFinished`."""

    __slots__ = ("_is_settled", "_received_at", "attempts", "request", "services", "started_at")

    def __init__(self, services: RelayServices, request: ClientRequest, attempts: Attempts) -> None:
        self.services = services
        self.request = request
        self.attempts = attempts
        self.started_at = services.clock.monotonic()
        self._received_at = services.clock.now()
        self._is_settled = False

    def settle(
        self,
        ending: Ending,
        *,
        status: int = 200,
        error_class: str | None = None,
        price: Price | None = None,
        first_token_ms: float | None = None,
    ) -> None:
        """Says what became of the request, once: the first to call decides. Every attempt is over by then.

        `error_class` is used where no attempt tells a better one. `price` is that of the route which answered.
        """
        if self._is_settled:
            return
        self._is_settled = True
        services, request, attempts = self.services, self.request, tuple(self.attempts.finished)
        last = attempts[-1] if attempts else None
        is_our_own = ending is Ending.COMPLETED and (last is None or not last.succeeded)
        has_answered = status < 300 and not is_our_own
        spent = _paid_by_client(attempts, has_answered=has_answered)
        services.observe_request(
            RequestFinished(
                id=new_record_id(self._received_at, services.random_bits),
                request_id=request.id,
                received_at=self._received_at,
                client=request.caller.key_id if request.caller else None,
                client_name=request.caller.name if request.caller else None,
                operation=request.operation,
                asked_model=request.model,
                route=last.route if last else None,
                key_fingerprint=last.key_fingerprint if last else None,
                is_stream=request.is_stream,
                status=status,
                ending=ending,
                error_class=_error_class(ending, last, error_class),
                tokens=spent.tokens,
                tokens_are_estimated=spent.is_estimated,
                cost_usd=spent.cost_usd,
                absorbed_usd=_absorbed_usd(attempts[:-1] if has_answered else attempts),
                price_version=price.source if price else None,
                first_token_ms=first_token_ms,
                duration_ms=(services.clock.monotonic() - self.started_at) * 1000,
                upstream_ms=(self.attempts.upstream_seconds + self.attempts.waited_seconds) * 1000,
                attempts=attempts,
            )
        )


def _paid_by_client(attempts: Sequence[AttemptFinished], *, has_answered: bool) -> Spent:
    """What the attempt took that gave the answer, the last one. Who got no answer pays nothing, whatever it took elsewhere."""
    if has_answered:
        winner = attempts[-1]
        return Spent(winner.tokens, winner.tokens_are_estimated, winner.cost_usd)
    if all(attempt.tokens == NOTHING_SPENT.tokens for attempt in attempts):
        return NOTHING_SPENT
    return Spent(UNKNOWN_TOKENS, is_estimated=False, cost_usd=NOTHING_SPENT.cost_usd)


def _absorbed_usd(attempts: Sequence[AttemptFinished]) -> Decimal | None:
    """What the attempts cost us that no client pays; `None` where nobody knows."""
    if not attempts:  # as for nearly every request
        return _NO_MONEY
    costs = [attempt.cost_usd for attempt in attempts]
    return None if None in costs else sum((cost for cost in costs if cost is not None), _NO_MONEY)


def _error_class(ending: Ending, last: AttemptFinished | None, default: str | None) -> str | None:
    if ending not in (Ending.ERROR, Ending.UPSTREAM_CUT):
        return None
    if last is not None and last.failure is not None and last.failure != ABANDONED:
        return last.failure
    return default


def _word_for(error: AIEngineError) -> str:
    """`code`, or the kind of error: `DeadlinePassed` is `deadline_passed`."""
    return getattr(error, "code", None) or re.sub("(?<!^)(?=[A-Z])", "_", type(error).__name__).lower()


class Answer(NamedTuple):
    """What goes back to the client. Exactly one of `plain` and `stream` is there."""

    route: Route
    attempts: int
    family: str | None
    """Set where the model is only the best member of the family that was asked for."""
    gateway_ms: float
    """The engine's own time until now, providers and waits apart."""
    upstream_ms: float
    plain: PlainAnswer | None
    stream: "AnswerStream | None"


class AnswerStream:
    """The stream of one request, as the client's side sees it."""

    def __init__(self, stream: OpenStream, price: Price | None, settlement: _Settlement) -> None:
        self._stream = stream
        self._price = price
        self._settlement = settlement
        self._began_at = settlement.services.clock.monotonic()

    async def relay_to(self, write: Write) -> AIEngineError | None:
        """Writes every event, and settles before it returns: what is left to send is the end, or this error.

        Going on with a broken stream elsewhere (`rescue`) belongs here.
        """
        settlement = self._settlement
        try:
            failure = await self._stream.relay_to(write, wants_usage=settlement.request.wants_usage)
        finally:
            settlement.attempts.upstream_seconds += settlement.services.clock.monotonic() - self._began_at
        self._settle(Ending.COMPLETED if failure is None else Ending.UPSTREAM_CUT)
        if failure is None:
            return None
        return AttemptsFailed(f"The answer broke off and is not complete: {failure.message_for_client}", code="upstream_cut")

    def _settle(self, ending: Ending) -> None:
        first_token_ms = (self._began_at - self._settlement.started_at) * 1000
        self._settlement.settle(ending, price=self._price, first_token_ms=first_token_ms)

    @property
    def answer(self) -> Mapping[str, Any] | None:
        """The whole answer, where the client's format repeats it at its end; known once it was relayed."""
        return self._stream.answer

    def ending(self) -> bytes:
        """What ends a sound answer in the client's format."""
        return self._stream.ending()

    async def close(self) -> None:
        """Ends the upstream exchange, on every path. A stream that was not relayed to its end was left by its client."""
        self._stream.end()
        self._settle(Ending.CLIENT_CANCELLED)
        await self._stream.close()


class Relay:
    """Carries requests. Cancelling `answer`, or closing the stream it gave, ends the upstream request at once."""

    def __init__(self, services: RelayServices) -> None:
        self._services = services

    async def answer(
        self, request: ClientRequest, *, only: Candidate | None = None, observer: AttemptObserver | None = None
    ) -> Answer:
        """The first sound answer, settled unless it is a stream. Raises `CallerError` or `Unavailable`.

        `only` is the one route to ask, in rotation or not; `observer` is told of this request's attempts.
        """
        services = self._services
        attempts = Attempts(services, request, observer)
        settlement = _Settlement(services, request, attempts)
        try:
            answered = await (attempts.try_models() if only is None else attempts.try_only(only))
        except AIEngineError as error:
            error.attempts = attempts.count
            settlement.settle(Ending.ERROR, status=error_shape(error).status, error_class=_word_for(error))
            raise
        except asyncio.CancelledError:
            settlement.settle(Ending.CLIENT_CANCELLED, status=CLIENT_CLOSED_REQUEST)
            raise
        except Exception:
            settlement.settle(Ending.ERROR, status=500, error_class="internal_error")
            raise
        upstream_ms = attempts.upstream_seconds * 1000
        elsewhere_ms = upstream_ms + attempts.waited_seconds * 1000
        gateway_ms = (services.clock.monotonic() - settlement.started_at) * 1000 - elsewhere_ms
        stream = AnswerStream(answered.stream, answered.price, settlement) if answered.stream else None
        if answered.plain is not None:
            settlement.settle(Ending.COMPLETED, price=answered.price)
        return Answer(answered.route, attempts.count, attempts.family, gateway_ms, upstream_ms, answered.plain, stream)
