"""One client request, from its plan to its settlement."""

import asyncio
from dataclasses import dataclass
from typing import NamedTuple

from ai_engine.autodecide.candidates import Possible
from ai_engine.errors import AIEngineError, AttemptsFailed
from ai_engine.events import CLIENT_CLOSED_REQUEST, Ending, Observer, RequestFinished
from ai_engine.names import Route
from ai_engine.providers.adapter import PlainAnswer, Usage
from ai_engine.relay.attempts import Attempts
from ai_engine.relay.request import ClientRequest
from ai_engine.relay.services import RelayServices
from ai_engine.relay.streaming import OpenStream, Write
from ai_engine.web.errors import error_shape


@dataclass(slots=True)
class _Settlement:
    """What is known so far of one request; `settle` turns it into its one `RequestFinished`."""

    services: RelayServices
    request: ClientRequest
    attempts: Attempts
    started_at: float
    is_settled: bool = False

    def settle(
        self,
        ending: Ending,
        *,
        status: int = 200,
        route: Route | None = None,
        usage: Usage | None = None,
        first_token_ms: float | None = None,
    ) -> None:
        if self.is_settled:
            return
        self.is_settled = True
        self.services.observe(
            RequestFinished(
                request_id=self.request.id,
                operation=self.request.operation,
                asked_model=self.request.model,
                streamed=self.request.is_stream,
                route=route,
                attempts=self.attempts.count,
                ending=ending,
                status=status,
                duration_ms=(self.services.clock.monotonic() - self.started_at) * 1000,
                upstream_ms=(self.attempts.upstream_seconds + self.attempts.waited_seconds) * 1000,
                first_token_ms=first_token_ms,
                input_tokens=usage.input_tokens if usage else None,
                output_tokens=usage.output_tokens if usage else None,
            )
        )


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

    def __init__(self, stream: OpenStream, route: Route, settlement: _Settlement) -> None:
        self._stream = stream
        self._route = route
        self._settlement = settlement
        self._began_at = settlement.services.clock.monotonic()

    async def relay_to(self, write: Write) -> AIEngineError | None:
        """Writes every event, and settles before it returns: what is left to send is the end, or this error.

        Going on with a broken stream elsewhere (`rescue`) belongs here.
        """
        settlement = self._settlement
        failure = await self._stream.relay_to(write, wants_usage=settlement.request.wants_usage)
        settlement.attempts.upstream_seconds += settlement.services.clock.monotonic() - self._began_at
        self._settle(Ending.COMPLETED if failure is None else Ending.UPSTREAM_CUT)
        if failure is None:
            return None
        return AttemptsFailed(f"The answer broke off and is not complete: {failure.message}", code="upstream_cut")

    def _settle(self, ending: Ending) -> None:
        first_token_ms = (self._began_at - self._settlement.started_at) * 1000
        self._settlement.settle(ending, route=self._route, usage=self._stream.usage, first_token_ms=first_token_ms)

    async def close(self) -> None:
        """Ends the upstream exchange, on every path. A stream that was not relayed to its end was left by its client."""
        self._settle(Ending.CLIENT_CANCELLED)
        await self._stream.close()


class Relay:
    """Carries requests. Cancelling `answer`, or closing the stream it gave, ends the upstream request at once."""

    def __init__(self, services: RelayServices) -> None:
        self._services = services

    async def answer(self, request: ClientRequest, *, only: Possible | None = None, hear: Observer | None = None) -> Answer:
        """The first sound answer, settled unless it is a stream. Raises `CallerError` or `Unavailable`.

        `only` is the one route to ask, in rotation or not; `hear` is told of this request's attempts.
        """
        services = self._services
        started_at = services.clock.monotonic()
        attempts = Attempts(services, request, hear)
        settlement = _Settlement(services, request, attempts, started_at)
        try:
            answered = await (attempts.try_models() if only is None else attempts.try_only(only))
        except AIEngineError as error:
            error.attempts = attempts.count
            settlement.settle(Ending.ERROR, status=error_shape(error).status)
            raise
        except asyncio.CancelledError:
            settlement.settle(Ending.CLIENT_CANCELLED, status=CLIENT_CLOSED_REQUEST)
            raise
        except Exception:
            settlement.settle(Ending.ERROR, status=500)
            raise
        upstream_ms = attempts.upstream_seconds * 1000
        elsewhere_ms = upstream_ms + attempts.waited_seconds * 1000
        gateway_ms = (services.clock.monotonic() - started_at) * 1000 - elsewhere_ms
        stream = AnswerStream(answered.stream, answered.route, settlement) if answered.stream else None
        if answered.plain is not None:
            settlement.settle(Ending.COMPLETED, route=answered.route, usage=answered.plain.usage)
        return Answer(answered.route, attempts.count, attempts.family, gateway_ms, upstream_ms, answered.plain, stream)
