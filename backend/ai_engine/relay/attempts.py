"""The rings: models → candidates → keys → send once, each with one reason to go again (`faults.md` section 2).

    try_models       the next model, when every candidate of this one is exhausted
    try_candidates   the next route, when this one failed; with none left, one second chance for what may soon work
    try_keys         the next provider key, when this one was to blame
    send_once        one request on one route with one key

A `Failure`'s blame decides which ring goes on, and what is marked; nothing else does. Streams and plain answers take the same
way: a stream has succeeded here once its first content arrived, and until then it starts again elsewhere like anything else.
"""

from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from ai_engine.autodecide.candidates import Possible, Reason
from ai_engine.autodecide.plan import Plan, Planner
from ai_engine.clock import Chance, Clock, Watchdog, jittered
from ai_engine.configuration import Configuration
from ai_engine.errors import DeadlinePassed, RoutesOut
from ai_engine.events import ABANDONED, AttemptFinished, Observer
from ai_engine.health.breaker import Breaker, Passage
from ai_engine.health.track_record import TrackRecord
from ai_engine.names import Blame, Route
from ai_engine.provider_keys.pool import KeyPool, PooledKey
from ai_engine.provider_keys.waiting import WaitingRoom, WaitingRoomFull
from ai_engine.providers.adapter import Adapter, EventKind, PlainAnswer, StreamDecoder, StreamEvent
from ai_engine.providers.definition import WireProtocol
from ai_engine.providers.failures import Failure, FailureClass, classify_exception
from ai_engine.relay.request import ClientRequest
from ai_engine.relay.streaming import OpenStream
from ai_engine.relay.verdict import verdict
from ai_engine.upstream.port import Headers, Upstream, UpstreamAnswer, UpstreamError

MOST_ATTEMPTS_ON_ONE_MODEL = 6
MOST_ATTEMPTS = 10
LONGEST_WAIT_SECONDS = 3
"""A `Retry-After` up to this is waited out where no other route is left."""
REASONING_FIRST_TOKEN_SECONDS = 300
"""Models that reason are silent by nature."""

_BACKOFF_SECONDS = 0.25
_LARGEST_ERROR_BYTES = 256 * 1024
_LARGEST_ANSWER_BYTES = 256 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class RelayServices:
    """Everything around the relay, built once by the wiring."""

    configuration: Callable[[], Configuration]
    planner: Planner
    keys: KeyPool
    waiting_room: WaitingRoom
    breaker: Breaker
    track_record: TrackRecord
    upstream: Upstream
    adapters: Mapping[WireProtocol, Adapter]
    own_headers: Headers
    """What every upstream request carries beside the adapter's own: our `via`."""
    has_usable_provider: Callable[[], bool]
    is_still_listing: Callable[[], bool]
    rediscover: Callable[[str], None]
    """Asks for a fresh listing of a provider that did not know a model the catalogue says it has."""
    observe: Observer
    clock: Clock
    chance: Chance
    refuses_stream_options: set[str]
    """Providers that were learnt to refuse `stream_options`, until the next start."""


class Answered(NamedTuple):
    """A sound answer: whole, or a stream whose first content is there."""

    route: Route
    plain: PlainAnswer | None
    stream: OpenStream | None


@dataclass(frozen=True, slots=True)
class _SecondChance:
    """A route that may well answer in a moment."""

    at: float
    possible: Possible
    is_cooling: bool
    """Its keys rest: those who wait go one at a time."""


class Attempts:
    """All attempts for one request: the rings, with one budget."""

    def __init__(self, services: RelayServices, request: ClientRequest, hear: Observer | None = None) -> None:
        """`hear` is told of this request's attempts, beside the observers of all."""
        self._services = services
        self._request = request
        self._hear = hear
        self._started_at = services.clock.monotonic()
        self._plans: list[Plan] = []
        self._failures: list[Failure] = []
        self._never_again: set[Route] = set()
        """Routes that were silent, or that the request does not fit: no other name leads there a second time."""
        self._on_this_model = 0
        self.count = 0
        self.upstream_seconds = 0.0
        """Time spent waiting for providers, all attempts together; a stream adds its own to it later."""
        self.waited_seconds = 0.0
        """Time spent waiting before second chances."""

    async def try_models(self) -> Answered:
        """The first sound answer. Raises `CallerError` or `Unavailable`, with what the caller should know and do."""
        for model in self._models():
            plan = self._services.planner.plan(self._request.wish(model))
            self._plans.append(plan)
            self._on_this_model = 0
            answered = await self.try_candidates(plan)
            if answered is not None:
                return answered
        raise verdict(
            self._plans,
            self._failures,
            has_usable_provider=self._services.has_usable_provider(),
            is_still_listing=self._services.is_still_listing(),
            soonest_return=self._soonest_return(),
        )

    def _models(self) -> Iterator[str]:
        """The asked model, then the request's own `models`, or else the configured fallbacks of an unpinned request."""
        request = self._request
        yield request.model
        if request.further_models is not None:
            yield from request.further_models
        elif request.autodecide and self._plans[0].pinned_to is None:
            yield from self._services.configuration().file.fallbacks.get(request.model, ())

    async def try_candidates(self, plan: Plan) -> Answered | None:
        """`None` when every candidate is exhausted, or the request does not fit the model."""
        failed: list[tuple[Possible, Failure]] = []
        for candidate in plan.candidates:
            if len(plan.candidates) > 1:
                self._services.planner.note_use(candidate.route)
            outcome = await self.try_keys(candidate.possible, self._why(is_next=bool(failed)))
            if isinstance(outcome, Answered):
                return outcome
            if outcome is not None:
                failed.append((candidate.possible, outcome))
                if outcome.blame is Blame.MODEL:
                    return None
        for chance in self._second_chances(plan, failed):
            outcome = await self._take_second_chance(chance)
            if isinstance(outcome, Answered):
                return outcome
            if outcome is not None and outcome.blame is Blame.MODEL:
                return None
        return None

    def _why(self, *, is_next: bool) -> str:
        if is_next:
            return "next candidate"
        return "first choice" if len(self._plans) == 1 else "fallback model"

    def _second_chances(self, plan: Plan, failed: list[tuple[Possible, Failure]]) -> list[_SecondChance]:
        """Once each: a rate limit that ends within three seconds, and a 5xx or reset after a jittered backoff."""
        services, chances = self._services, []
        now = services.clock.monotonic()
        for possible, failure in failed:
            if failure.blame is Blame.KEY:
                rest = services.keys.soonest_return(*possible.route)
                is_limit = failure.is_worth_repeating if rest is None else rest.reason is FailureClass.RATE_LIMIT
                returns_at = rest.until if rest else now
                is_too_large = failure.kind is FailureClass.RATE_LIMIT and not failure.is_worth_repeating
                if is_limit and not is_too_large and returns_at - now <= LONGEST_WAIT_SECONDS:
                    chances.append(_SecondChance(returns_at, possible, is_cooling=True))
            elif failure.is_worth_repeating and (failure.retry_after_seconds or 0) <= LONGEST_WAIT_SECONDS:
                wait = max(jittered(_BACKOFF_SECONDS, services.chance), failure.retry_after_seconds or 0)
                chances.append(_SecondChance(now + wait, possible, is_cooling=False))
        for left_out in plan.left_out:
            if left_out.reason is Reason.KEYS_RESTING and left_out.cause is FailureClass.RATE_LIMIT:
                returns_at = left_out.returns_at or now
                if returns_at - now <= LONGEST_WAIT_SECONDS:
                    chances.append(_SecondChance(returns_at, left_out.possible, is_cooling=True))
        return sorted(chances, key=lambda chance: chance.at)

    async def _take_second_chance(self, chance: _SecondChance) -> Answered | Failure | None:
        clock, route = self._services.clock, chance.possible.route
        if not self._may_attempt() or chance.at >= self._deadline(chance.possible):
            return None
        waits_since = clock.monotonic()
        try:
            if not chance.is_cooling:
                await clock.sleep(chance.at - waits_since)
            else:
                with Watchdog(self._deadline(chance.possible) - waits_since):
                    if not await self._wait_in_line(route):
                        return None
        except TimeoutError:
            return None
        finally:
            self.waited_seconds += clock.monotonic() - waits_since
        return await self.try_keys(chance.possible, "after a rate limit" if chance.is_cooling else "retry")

    async def _wait_in_line(self, route: Route) -> bool:
        """Waits until a key of the route is usable again; false if that takes too long, or too many wait already."""
        services = self._services
        try:
            async with services.waiting_room.turn(route):
                rest = services.keys.soonest_return(*route)
                if rest is None:
                    return True
                wait = rest.until - services.clock.monotonic()
                if wait > LONGEST_WAIT_SECONDS:
                    return False
                await services.clock.sleep(wait)
                return True
        except WaitingRoomFull:
            return False

    async def try_only(self, possible: Possible) -> Answered:
        """One route by an operator's wish, whether it is in rotation or not. Raises `CallerError` or `Unavailable`."""
        outcome = await self.try_keys(possible, "test", even_if_out=True)
        if isinstance(outcome, Answered):
            return outcome
        if outcome is None:
            raise RoutesOut(f"{possible.definition.display_name} has no usable provider key now.", code="no_usable_key")
        raise verdict((), self._failures)

    async def try_keys(self, possible: Possible, why: str, *, even_if_out: bool = False) -> Answered | Failure | None:
        """The last key's failure, or `None` if no key could be tried at all."""
        services, route = self._services, possible.route
        tried: set[str | None] = set()
        failure: Failure | None = None
        while self._may_attempt() and (even_if_out or (services.breaker.is_admitting(route) and route not in self._never_again)):
            pooled = services.keys.take(route.provider, route.model, tried)
            if pooled is None:
                break
            outcome = await self.send_once(possible, pooled, why)
            if isinstance(outcome, Answered):
                return outcome
            failure = outcome
            if failure.kind is FailureClass.SILENT or failure.blame is Blame.MODEL:
                self._never_again.add(route)
            if failure.blame is Blame.REQUEST:
                raise verdict(self._plans, self._failures)
            if failure.blame is not Blame.KEY:
                break
            tried.add(pooled.fingerprint)
            why = "another key"
        return failure

    def _may_attempt(self) -> bool:
        return self.count < MOST_ATTEMPTS and self._on_this_model < MOST_ATTEMPTS_ON_ONE_MODEL

    async def send_once(self, possible: Possible, pooled: PooledKey, why: str) -> Answered | Failure:
        """One attempt, with everything it says about key, route and provider marked. Raises `DeadlinePassed`."""
        services, route = self._services, possible.route
        self.count += 1
        self._on_this_model += 1
        passage = services.breaker.begin(route)
        attempt = _Attempt(services, self._request, possible, pooled, passage, why, self._deadline(possible), self._record)
        try:
            outcome = await attempt.run()
        except BaseException:
            attempt.abandon()
            raise
        finally:
            self.upstream_seconds += services.clock.monotonic() - attempt.started_at
        if isinstance(outcome, Answered):
            return outcome
        attempt.fail(outcome)
        if attempt.is_refused_for_stream_options(outcome):
            services.refuses_stream_options.add(route.provider)
            again = services.keys.take(route.provider, route.model)
            if again is not None:
                return await self.send_once(possible, again, "without stream_options")
        self._failures.append(outcome)
        return outcome

    def _record(self, finished: AttemptFinished) -> None:
        self._services.observe(finished)
        if self._hear is not None:
            self._hear(finished)

    def _deadline(self, possible: Possible) -> float:
        """The end of the whole request, in monotonic seconds: never past the client's own."""
        total = possible.definition.timeouts.total
        return self._started_at + min(total, self._request.timeout_seconds or total)

    def _soonest_return(self) -> float | None:
        """Seconds until some route of the plans may serve again; `None` if nobody knows."""
        services, now = self._services, self._services.clock.monotonic()
        is_in_rotation = False
        ends: list[float] = []
        for plan in self._plans:
            ends.extend(left_out.returns_at for left_out in plan.left_out if left_out.returns_at is not None)
            for candidate in plan.candidates:
                rest = services.keys.soonest_return(*candidate.route)
                outage = services.breaker.outage_of(candidate.route)
                if rest or outage:
                    ends.append(max(rest.until if rest else 0, outage.until if outage else 0))
                else:
                    is_in_rotation = True
        if not ends:
            return None
        return 1 if is_in_rotation else max(min(ends) - now, 1)


class _Attempt:
    """One request on one route with one key, from encoding to the first content or the whole answer."""

    __slots__ = (
        "_deadline",
        "_passage",
        "_pooled",
        "_possible",
        "_record",
        "_request",
        "_services",
        "_why",
        "asks_usage",
        "error_body",
        "started_at",
    )

    def __init__(
        self,
        services: RelayServices,
        request: ClientRequest,
        possible: Possible,
        pooled: PooledKey,
        passage: Passage,
        why: str,
        deadline: float,
        record: Callable[[AttemptFinished], None],
    ) -> None:
        self._services = services
        self._request = request
        self._possible = possible
        self._pooled = pooled
        self._passage = passage
        self._why = why
        self._deadline = deadline
        self._record = record
        self.started_at = services.clock.monotonic()
        self.asks_usage = (
            request.is_stream
            and possible.definition.takes_stream_options
            and possible.definition.name not in services.refuses_stream_options
        )
        self.error_body = b""

    async def run(self) -> Answered | Failure:
        """Raises `DeadlinePassed` where the request's own time is over: nobody's fault."""
        definition, entry = self._possible.definition, self._possible.entry
        timeouts = definition.timeouts
        adapter = self._services.adapters[definition.protocol]
        upstream_request = adapter.encode(
            self._request.operation,
            self._request.body,
            definition,
            entry.route.model,
            self._pooled.key,
            ask_usage=self.asks_usage,
            extra_headers=self._services.own_headers,
        )
        patience = timeouts.first_token if self._request.is_stream else timeouts.plain_answer
        if entry.is_reasoning and self._request.is_stream:
            patience = max(patience, REASONING_FIRST_TOKEN_SECONDS)
        remaining = self._deadline - self.started_at
        if remaining <= 0:
            raise DeadlinePassed("The request's time was over before a provider could answer.")
        try:
            with Watchdog(min(patience, remaining)):
                answer = await self._services.upstream.send(upstream_request)
                return await self._read(answer, adapter)
        except TimeoutError:
            if remaining <= patience:
                raise DeadlinePassed("The request's time was over before an answer was complete.") from None
            return Failure(
                FailureClass.SILENT, Blame.ROUTE, f"{definition.display_name} gave no answer for {patience:g} seconds."
            )
        except UpstreamError as error:
            return classify_exception(error)

    async def _read(self, answer: UpstreamAnswer, adapter: Adapter) -> Answered | Failure:
        """Closes the answer on every path, except that an open stream is handed on."""
        outcome: Answered | PlainAnswer | Failure | None = None
        try:
            if not 200 <= answer.status < 300:
                self.error_body = await answer.read(_LARGEST_ERROR_BYTES)
                outcome = adapter.classify(answer.status, answer.headers, self.error_body)
            elif self._request.is_stream:
                outcome = await self._open_stream(answer, adapter)
            else:
                body = await answer.read(_LARGEST_ANSWER_BYTES)
                outcome = adapter.decode_answer(self._request.operation, body, self._possible.route.model)
        finally:
            if not isinstance(outcome, Answered):
                await answer.close()
        # Only now: a cancellation while the answer was being closed must find an attempt that is not settled yet.
        return self._succeed(outcome, answer) if isinstance(outcome, PlainAnswer) else outcome

    def _succeed(self, plain: PlainAnswer, answer: UpstreamAnswer) -> Answered:
        services, route = self._services, self._possible.route
        seconds = services.clock.monotonic() - self.started_at
        services.breaker.record_success(self._passage)
        services.keys.record_success(self._pooled, route.model, answer.headers)
        services.keys.give_back(self._pooled)
        tokens = plain.usage.output_tokens if plain.usage else None
        services.track_record.record(
            route, succeeded=True, tokens_per_second=tokens / seconds if tokens and seconds > 0 else None
        )
        self.report(None)
        return Answered(route, plain, None)

    async def _open_stream(self, answer: UpstreamAnswer, adapter: Adapter) -> Answered | Failure:
        """Reads until the first content. What came before it is held back, and forgotten if nothing follows."""
        decoder = adapter.decode_stream()
        chunks = answer.chunks()
        held: list[StreamEvent] = []
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
        failures = (event.failure for event in decoder.end() if event.failure is not None)
        return next(failures, _nothing_came())

    def _begin_stream(
        self, answer: UpstreamAnswer, chunks: AsyncIterator[bytes], decoder: StreamDecoder, held: list[StreamEvent]
    ) -> Answered:
        services = self._services
        services.breaker.record_success(self._passage)
        services.keys.record_success(self._pooled, self._possible.route.model, answer.headers)
        first_token_seconds = services.clock.monotonic() - self.started_at
        timeouts = self._possible.definition.timeouts
        stream = OpenStream(
            answer,
            chunks,
            decoder,
            held,
            timeouts,
            self._deadline,
            services.clock,
            has_several_choices=self._request.body.get("n") not in (None, 1),
        )
        stream.on_end = lambda failure: self._end_stream(stream, first_token_seconds, failure)
        return Answered(self._possible.route, None, stream)

    def _end_stream(self, stream: OpenStream, first_token_seconds: float, failure: Failure | None) -> None:
        """Called once, when the stream is over: by its end, by a fault, or (no failure) because the client left."""
        if failure is not None:
            self.fail(failure, first_token_seconds)
            return
        services, route = self._services, self._possible.route
        services.keys.give_back(self._pooled)
        seconds = services.clock.monotonic() - self.started_at - first_token_seconds
        tokens = stream.usage.output_tokens if stream.usage else None
        rate = tokens / seconds if tokens and stream.is_complete and seconds > 0 else None
        services.track_record.record(route, succeeded=True, first_token_seconds=first_token_seconds, tokens_per_second=rate)
        self.report(None, first_token_seconds)

    def fail(self, failure: Failure, first_token_seconds: float | None = None) -> None:
        """Ends the attempt. Only who is to blame is marked, and a client's own fault blames nobody."""
        services, route = self._services, self._possible.route
        services.keys.give_back(self._pooled)
        services.breaker.record_failure(self._passage, failure)
        match failure.blame:
            case Blame.KEY:
                services.keys.record_failure(self._pooled, route.model, failure)
            case Blame.ROUTE | Blame.NETWORK:
                services.track_record.record(route, succeeded=False, first_token_seconds=first_token_seconds)
                if failure.kind is FailureClass.MODEL_NOT_FOUND:
                    services.rediscover(route.provider)
            case Blame.REQUEST | Blame.MODEL:
                pass
        self.report(failure, first_token_seconds)

    def abandon(self) -> None:
        """Ends the attempt without a verdict: the client left, or its time was over."""
        self._services.breaker.abandon(self._passage)
        self._services.keys.give_back(self._pooled)
        self._record(self._finished(succeeded=False, failure=ABANDONED, blame=Blame.REQUEST, status=None))

    def is_refused_for_stream_options(self, failure: Failure) -> bool:
        """A 400 or 422 that names the one field which we added and the client did not: the provider does not take it."""
        return (
            failure.blame is Blame.REQUEST
            and failure.status in (400, 422)
            and self.asks_usage
            and "stream_options" not in self._request.body
            and b"stream_options" in self.error_body
        )

    def report(self, failure: Failure | None, first_token_seconds: float | None = None) -> None:
        kind, blame, status = (failure.kind, failure.blame, failure.status) if failure else (None, None, 200)
        first_token_ms = None if first_token_seconds is None else first_token_seconds * 1000
        self._record(self._finished(failure is None, kind, blame, status, first_token_ms))

    def _finished(
        self, succeeded: bool, failure: str | None, blame: Blame | None, status: int | None, first_token_ms: float | None = None
    ) -> AttemptFinished:
        return AttemptFinished(
            request_id=self._request.id,
            route=self._possible.route,
            key_fingerprint=self._pooled.fingerprint,
            why=self._why,
            succeeded=succeeded,
            failure=failure,
            blame=blame,
            status=status,
            duration_ms=(self._services.clock.monotonic() - self.started_at) * 1000,
            first_token_ms=first_token_ms,
        )


def _nothing_came() -> Failure:
    return Failure(FailureClass.CUT, Blame.ROUTE, "The stream ended before its first content.", is_worth_repeating=True)
