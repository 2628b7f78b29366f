"""One attempt: one request on one route with one provider key, and everything that its end says about them."""

from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from typing import NamedTuple

from ai_engine.autodecide.candidates import Candidate
from ai_engine.catalogue.prices import Price
from ai_engine.clock import Watchdog
from ai_engine.errors import DeadlinePassed
from ai_engine.events import ABANDONED, AttemptFinished
from ai_engine.health.breaker import Permit
from ai_engine.names import PASSED_THROUGH, Blame, Route, TokenCounts
from ai_engine.provider_keys.pool import PooledKey
from ai_engine.providers.adapter import EventKind, PlainAnswer, StreamDecoder, StreamEvent
from ai_engine.providers.failures import Failure, FailureClass, classify_exception, malformed_answer
from ai_engine.providers.registry.definition import Timeouts
from ai_engine.relay.request import ClientRequest
from ai_engine.relay.services import RelayServices
from ai_engine.relay.spending import NOTHING_SPENT, UNKNOWN_SPENT, Spent, spent_as_reported, spent_on
from ai_engine.relay.streaming import OpenStream
from ai_engine.relay.translation import Exchange
from ai_engine.upstream.port import UpstreamAnswer, UpstreamError, UpstreamRequest
from ai_engine.wire.sse import MAX_EVENT_BYTES

_REASONING_FIRST_TOKEN_SECONDS = 300
"""Models that reason are silent by nature."""

_LARGEST_ERROR_BYTES = 256 * 1024
_LARGEST_ANSWER_BYTES = 128 * 1024 * 1024
_LARGEST_OPENING_BYTES = 2 * MAX_EVENT_BYTES
"""How much of a stream may come without content; what is held back of it lies in memory."""


class Answered(NamedTuple):
    """A sound answer: whole, or a stream whose first content is there."""

    route: Route
    price: Price | None
    plain: PlainAnswer | None
    stream: OpenStream | None


class Outgoing(NamedTuple):
    """One request for one route with one key, ready to go, and the way back."""

    exchange: Exchange
    request: UpstreamRequest
    asks_usage: bool
    """The relay asks the stream for usage, whether or not the client did."""


class Attempt:
    """One request on one route with one key, from its sending to the first content or the whole answer."""

    __slots__ = (
        "_came_at",
        "_candidate",
        "_deadline",
        "_decoder",
        "_number",
        "_outgoing",
        "_permit",
        "_pooled",
        "_record",
        "_request",
        "_services",
        "_why",
        "error_body",
        "started_at",
    )

    def __init__(
        self,
        services: RelayServices,
        request: ClientRequest,
        candidate: Candidate,
        outgoing: Outgoing,
        pooled: PooledKey,
        permit: Permit,
        number: int,
        why: str,
        came_at: float,
        deadline: float,
        record: Callable[[AttemptFinished], None],
    ) -> None:
        """`number` counts the request's attempts from 1; `came_at` and `deadline` are the request's, in monotonic seconds."""
        self._number = number
        self._came_at = came_at
        self._services = services
        self._request = request
        self._candidate = candidate
        self._outgoing = outgoing
        self._pooled = pooled
        self._permit = permit
        self._why = why
        self._deadline = deadline
        self._record = record
        self.started_at = services.clock.monotonic()
        self.error_body = b""
        self._decoder: StreamDecoder | None = None

    async def run(self) -> Answered | Failure:
        """Raises `DeadlinePassed` where the request's own time is over: nobody's fault."""
        outcome = await self._run()
        return self._without_our_key(outcome) if isinstance(outcome, Failure) else outcome

    def _without_our_key(self, failure: Failure) -> Failure:
        """Providers repeat the key that they refuse, and not every key looks like one."""
        key = self._pooled.key
        return failure.without(key.secret) if key else failure

    async def _run(self) -> Answered | Failure:
        timeouts, entry = self._timeouts(), self._candidate.entry
        patience = timeouts.first_token if self._request.is_stream else timeouts.plain_answer
        if entry.is_reasoning and self._request.is_stream:
            patience = max(patience, _REASONING_FIRST_TOKEN_SECONDS)
        remaining = self._deadline - self.started_at
        if remaining <= 0:
            raise DeadlinePassed("The request's time was over before a provider could answer.")
        try:
            with Watchdog(min(patience, remaining)):
                answer = await self._services.upstream.send(self._outgoing.request)
                return await self._read(answer, self._outgoing.exchange)
        except TimeoutError:
            if remaining <= patience:
                raise DeadlinePassed("The request's time was over before an answer was complete.") from None
            return Failure(FailureClass.SILENT, Blame.ROUTE, f"No answer for {patience:g} seconds.")
        except UpstreamError as error:
            return classify_exception(error)

    async def _read(self, answer: UpstreamAnswer, exchange: Exchange) -> Answered | Failure:
        """Closes the answer on every path, except that an open stream is handed on."""
        outcome: Answered | PlainAnswer | Failure | None = None
        try:
            if not 200 <= answer.status < 300:
                self.error_body = await answer.read(_LARGEST_ERROR_BYTES)
                outcome = exchange.classify(answer.status, answer.headers, self.error_body)
            elif self._request.is_stream:
                outcome = await self._open_stream(answer, exchange)
            else:
                body = await answer.read(_LARGEST_ANSWER_BYTES)
                outcome = exchange.decode_answer(answer.headers, body, self._candidate.route.model)
        finally:
            if not isinstance(outcome, Answered):
                await answer.close()
        # Only now: a cancellation while the answer was being closed must find an attempt that is not settled yet.
        return self._succeed(outcome, answer) if isinstance(outcome, PlainAnswer) else outcome

    def _succeed(self, plain: PlainAnswer, answer: UpstreamAnswer) -> Answered:
        services, route = self._services, self._candidate.route
        seconds = services.clock.monotonic() - self.started_at
        services.breaker.record_success(self._permit)
        services.keys.record_success(self._pooled, route.model, answer.headers)
        services.keys.release(self._pooled)
        tokens = plain.usage.all_output if plain.usage else None
        services.track_record.record(
            route, succeeded=True, tokens_per_second=tokens / seconds if tokens and seconds > 0 else None
        )
        self._report(None, self._spent(plain.usage, plain.characters_since_usage))
        return Answered(route, self._candidate.entry.price, plain, None)

    async def _open_stream(self, answer: UpstreamAnswer, exchange: Exchange) -> Answered | Failure:
        """Reads until the first content. What came before it is held back, and forgotten if nothing follows."""
        decoder = self._decoder = exchange.decode_stream(self._candidate.route.model)
        chunks = answer.chunks()
        held: list[StreamEvent] = []
        received_bytes = 0
        async for chunk in chunks:
            events = decoder.feed(chunk)
            held.extend(events)
            for event in events:
                match event.kind:
                    case EventKind.CONTENT | EventKind.FINISH:
                        return self._begin_stream(answer, chunks, decoder, held)
                    case EventKind.FAILURE if event.failure is not None:
                        return event.failure
                    case EventKind.DONE:
                        return _nothing_came()
                    case _:
                        pass
            received_bytes += len(chunk)
            if received_bytes > _LARGEST_OPENING_BYTES:
                return malformed_answer(f"The provider's stream has no content in its first {received_bytes} bytes.")
        failures = (event.failure for event in decoder.end() if event.failure is not None)
        return next(failures, _nothing_came())

    def _begin_stream(
        self, answer: UpstreamAnswer, chunks: AsyncIterator[bytes], decoder: StreamDecoder, held: list[StreamEvent]
    ) -> Answered:
        services = self._services
        services.breaker.record_success(self._permit)
        services.keys.record_success(self._pooled, self._candidate.route.model, answer.headers)
        first_token_seconds = services.clock.monotonic() - self.started_at
        timeouts = self._timeouts()
        stream = OpenStream(
            answer,
            chunks,
            decoder,
            held,
            timeouts,
            self._deadline,
            services.clock,
            has_several_choices=self._outgoing.exchange.body.get("n") not in (None, 1),
            cleaned=self._without_our_key,
        )
        stream.on_end = lambda failure: self._end_stream(stream, decoder, first_token_seconds, failure)
        return Answered(self._candidate.route, self._candidate.entry.price, None, stream)

    def _end_stream(
        self, stream: OpenStream, decoder: StreamDecoder, first_token_seconds: float, failure: Failure | None
    ) -> None:
        """Called once, when the stream is over: by its end, by a fault, or (no failure) because the client left."""
        spent = self._spent(decoder.usage, decoder.characters_since_usage)
        if failure is not None:
            self.fail(failure, spent, first_token_seconds)
            return
        services, route = self._services, self._candidate.route
        services.keys.release(self._pooled)
        seconds = services.clock.monotonic() - self.started_at - first_token_seconds
        tokens = decoder.usage.all_output if decoder.usage else None
        rate = tokens / seconds if tokens and stream.is_complete and seconds > 0 else None
        services.track_record.record(route, succeeded=True, first_token_seconds=first_token_seconds, tokens_per_second=rate)
        self._report(None, spent, first_token_seconds)

    def _timeouts(self) -> Timeouts:
        """The provider's. A picture takes its time: its stream may be as silent as a plain answer would be."""
        timeouts = self._candidate.definition.timeouts
        if self._request.operation not in PASSED_THROUGH:
            return timeouts
        return replace(timeouts, first_token=timeouts.plain_answer, idle=timeouts.plain_answer, progress=timeouts.plain_answer)

    def _spent(self, usage: TokenCounts | None, characters_since_usage: int) -> Spent:
        if self._request.operation in PASSED_THROUGH:
            definition, price = self._candidate.definition, self._candidate.entry.price
            return spent_as_reported(self._request.operation, usage, price, definition.free)
        return spent_on(self._outgoing.exchange.body, usage, characters_since_usage, self._candidate.entry.price)

    def _reported(self) -> Spent | None:
        """What a stream told of its usage that came to nothing; some count the input before they begin."""
        usage = self._decoder.usage if self._decoder is not None else None
        return self._spent(usage, 0) if usage is not None else None

    def fail(self, failure: Failure, spent: Spent | None = None, first_token_seconds: float | None = None) -> None:
        """Ends the attempt. Only who is to blame is marked, and a client's own fault blames nobody.

        `spent` is given where some of an answer came.
        """
        services, route = self._services, self._candidate.route
        services.keys.release(self._pooled)
        services.breaker.record_failure(self._permit, failure)
        match failure.blame:
            case Blame.KEY:
                services.keys.record_failure(self._pooled, route.model, failure)
            case Blame.ROUTE | Blame.NETWORK:
                services.track_record.record(route, succeeded=False, first_token_seconds=first_token_seconds)
                if failure.kind is FailureClass.MODEL_NOT_FOUND:
                    services.rediscover(route.provider)
            case Blame.REQUEST | Blame.MODEL:
                pass
        was_refused = failure.status is not None or failure.blame is Blame.NETWORK
        spent = spent or self._reported() or (NOTHING_SPENT if was_refused else UNKNOWN_SPENT)
        self._report(failure, spent, first_token_seconds)

    def abandon(self) -> None:
        """Ends the attempt without a verdict: the client left, or its time was over."""
        self._services.breaker.abandon(self._permit)
        self._services.keys.release(self._pooled)
        self._record(self._finished(False, ABANDONED, Blame.REQUEST, None, self._reported() or UNKNOWN_SPENT))

    def is_refused_for_stream_options(self, failure: Failure) -> bool:
        """A 400 or 422 that names the one field which we added and the client did not: the provider does not take it."""
        return (
            failure.blame is Blame.REQUEST
            and failure.status in (400, 422)
            and self._outgoing.asks_usage
            and "stream_options" not in self._outgoing.exchange.body
            and b"stream_options" in self.error_body
        )

    def _report(self, failure: Failure | None, spent: Spent, first_token_seconds: float | None = None) -> None:
        kind, blame, status = (failure.kind, failure.blame, failure.status) if failure else (None, None, 200)
        self._record(self._finished(failure is None, kind, blame, status, spent, first_token_seconds))

    def _finished(
        self,
        succeeded: bool,
        failure: str | None,
        blame: Blame | None,
        status: int | None,
        spent: Spent,
        first_token_seconds: float | None = None,
    ) -> AttemptFinished:
        return AttemptFinished(
            request_id=self._request.id,
            number=self._number,
            route=self._candidate.route,
            key_fingerprint=self._pooled.fingerprint,
            why=self._why,
            started_ms=(self.started_at - self._came_at) * 1000,
            succeeded=succeeded,
            failure=failure,
            blame=blame,
            status=status,
            duration_ms=(self._services.clock.monotonic() - self.started_at) * 1000,
            first_token_ms=None if first_token_seconds is None else first_token_seconds * 1000,
            tokens=spent.tokens,
            tokens_are_estimated=spent.is_estimated,
            cost_usd=spent.cost_usd,
            is_absorbed=False,
        )


def _nothing_came() -> Failure:
    return Failure(FailureClass.CUT, Blame.ROUTE, "The stream ended before its first content.", is_worth_repeating=True)
