"""Carries a client request to an upstream, and its answer back."""

from collections.abc import Collection, Mapping
from typing import Any, NamedTuple

from ai_engine.autodecide.candidates import Candidate
from ai_engine.errors import AIEngineError, AttemptsFailed
from ai_engine.events import AttemptObserver
from ai_engine.names import Route
from ai_engine.relay.attempt import Attempt
from ai_engine.relay.client import Client
from ai_engine.relay.client_stream import OnChunk
from ai_engine.relay.delivery import Delivery
from ai_engine.relay.open_stream import OpenStream, Write
from ai_engine.relay.request import ClientRequest
from ai_engine.relay.services import RelayServices
from ai_engine.relay.whole_answer import WholeAnswer

_OWN_ROUTE = Route("ai-engine", "estimate")
"""What an answer in the engine's own name is called."""


class Answer(NamedTuple):
    """What goes back to the client. Exactly one of `plain` and `stream` is there."""

    route: Route
    attempts: int
    family: str | None
    """Set where the model is only the best member of the family that was asked for."""
    gateway_ms: float
    """The engine's own time until now, providers and waits apart."""
    upstream_ms: float
    """Time spent on providers until now: their answers, and the waits that they asked for."""
    plain: WholeAnswer | None
    stream: "AnswerStream | None"
    dropped: Collection[str] = ()
    """The paths of the client's hints that the provider lacks."""


class AnswerStream:
    """The stream of one request, as the client's side sees it."""

    def __init__(self, delivery: Delivery, attempt: Attempt, stream: OpenStream) -> None:
        self._delivery = delivery
        self._attempt = attempt
        self._stream = stream

    async def relay_to(self, write: Write) -> AIEngineError | None:
        """Writes every event, and settles before it returns: what is left to send is `ending()`, or this error.

        Going on with a broken stream elsewhere belongs here.
        """
        try:
            failure = await self._attempt.relay_to(write)
        except OSError:  # how a server says that the client has left
            raise
        except Exception:
            self._attempt.abandon_stream()
            self._delivery.settlement.crash()
            raise
        if failure is None:
            self._delivery.settlement.complete()
            return None
        self._delivery.settlement.cut()
        return AttemptsFailed(f"The answer broke off and is not complete: {failure.message_for_client}", code="upstream_cut")

    def ending(self) -> bytes:
        """What ends a sound answer in the client's format."""
        return self._stream.ending()

    @property
    def answer(self) -> Mapping[str, Any] | None:
        """The whole answer, where the client's format repeats it at its end; known after `ending`."""
        return self._stream.answer

    async def close(self) -> None:
        """Ends the upstream exchange, on every path. A stream that was not relayed to its end was left by its client."""
        self._attempt.end_stream()
        self._delivery.settlement.leave()
        await self._stream.close()


class Relay:
    """Carries requests. Cancelling `answer`, or closing the stream it gave, ends the upstream request at once."""

    def __init__(self, services: RelayServices) -> None:
        self._services = services

    async def answer(
        self,
        request: ClientRequest,
        client: Client,
        *,
        only: Candidate | None = None,
        observer: AttemptObserver | None = None,
        on_chunk: OnChunk | None = None,
    ) -> Answer:
        """The first sound answer, settled unless it is a stream. Raises `CallerError` or `Unavailable`.

        `only` is the one route to ask, in rotation or not; `observer` gets this request's attempts, as the services' does, and
        `on_chunk` every event of a stream, parsed.
        """
        delivery = Delivery(self._services, request, client, only, observer, on_chunk)
        first = await delivery.first_answer()
        settlement, journal = delivery.settlement, delivery.journal
        now = self._services.clock.monotonic()
        upstream_ms = journal.upstream_seconds(now) * 1000
        gateway_ms = (now - settlement.started_at) * 1000 - upstream_ms
        if not isinstance(first, Attempt):
            settlement.complete()
            return Answer(_OWN_ROUTE, journal.begun, None, gateway_ms, upstream_ms, first, None)
        candidate, stream = first.lease.candidate, None
        settlement.price = candidate.entry.price
        if first.stream is None:
            settlement.complete()
        else:
            settlement.first_token_ms = (now - settlement.started_at) * 1000
            stream = AnswerStream(delivery, first, first.stream)
        family, dropped = delivery.search.family, first.lease.dropped
        return Answer(candidate.route, journal.begun, family, gateway_ms, upstream_ms, first.plain, stream, dropped)
