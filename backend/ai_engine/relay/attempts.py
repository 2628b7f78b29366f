"""The rings: models → candidates → keys → send once, each with one reason to go again.

    try_models       the next model, when every candidate of this one is exhausted
    try_candidates   the next route, when this one failed; with none left, one second chance for what may soon work
    try_keys         the next provider key, when this one was to blame
    send_once        one request on one route with one key (`attempt`)

A `Failure`'s blame decides which ring goes on, and what is marked; nothing else does. Streams and plain answers take the same
way: a stream has succeeded here once its first content arrived, and until then it starts again elsewhere like anything else.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import orjson

from ai_engine.autodecide.candidates import Candidate, ExclusionReason
from ai_engine.autodecide.plan import Plan
from ai_engine.clock import Watchdog, jittered
from ai_engine.errors import AIEngineError, InvalidRequest, RefusedByProvider, RoutesOut, Unavailable, UnsupportedByProvider
from ai_engine.events import AttemptFinished, AttemptObserver
from ai_engine.names import PASSED_THROUGH, Blame, Route
from ai_engine.provider_keys.cooldown_queue import CooldownQueueFull
from ai_engine.provider_keys.pool import PooledKey
from ai_engine.providers.adapter import PlainAnswer
from ai_engine.providers.failures import Failure, FailureClass
from ai_engine.relay.attempt import Answered, Attempt, Outgoing
from ai_engine.relay.final_error import final_error
from ai_engine.relay.request import ClientRequest
from ai_engine.relay.services import RelayServices
from ai_engine.relay.translation import Exchange, RequestVariants
from ai_engine.upstream.port import Headers

_MOST_ATTEMPTS_ON_ONE_MODEL = 6
_MOST_ATTEMPTS = 10
_LONGEST_WAIT_SECONDS = 3
"""A `Retry-After` up to this is waited out where no other route is left."""

_OWN_ROUTE = Route("ai-engine", "estimate")
"""What an answer in the engine's own name is called."""

_BACKOFF_SECONDS = 0.25


@dataclass(frozen=True, slots=True)
class _SecondChance:
    """A route that may well answer in a moment."""

    at: float
    candidate: Candidate
    is_cooling: bool
    """Its keys rest: those who wait go one at a time."""


class Attempts:
    """All attempts for one request: the rings, with one budget."""

    def __init__(self, services: RelayServices, request: ClientRequest, observer: AttemptObserver | None = None) -> None:
        """`observer` is told of this request's attempts, beside the observers of all."""
        self._services = services
        self._request = request
        self._observer = observer
        self._started_at = services.clock.monotonic()
        self._plans: list[Plan] = []
        self._failures: list[Failure] = []
        self._variants = RequestVariants(
            request.operation, request.body, request.translation, services.unsupported_formats, request.native_headers
        )
        self._own_headers = _own_headers(services.own_headers, request.hops) if request.hops else services.own_headers
        self._unsupported: list[UnsupportedByProvider] = []
        """Why routes could not even be asked: their protocols have no words for the request."""
        self._never_again: set[Route] = set()
        """Routes that were silent, or that the request does not fit: no other name leads there a second time."""
        self._on_this_model = 0
        self.family: str | None = None
        """Set where the model that answered is only the best member of the family that was asked for."""
        self._is_test = False
        self.count = 0
        """How many were begun."""
        self.finished: list[AttemptFinished] = []
        """What came of each, in the order in which they ended."""
        self.upstream_seconds = 0.0
        """Time spent waiting for providers, all attempts together; a stream adds its own to it later."""
        self.waited_seconds = 0.0
        """Time spent waiting before second chances."""

    async def try_models(self) -> Answered:
        """The first sound answer. Raises `CallerError` or `Unavailable`, with what the caller should know and do."""
        for model in self._models():
            plan = self._services.planner.plan(self._request.route_query(model))
            self._plans.append(plan)
            self._on_this_model = 0
            answered = await self.try_candidates(plan)
            if answered is None and self._unsupported and self._request.operation in PASSED_THROUGH:
                answered = await self._try_who_has_it(model, plan)
            if answered is not None:
                self.family = plan.family
                return answered
        error = self._final_error()
        if self._request.local_fallback is not None and _is_beyond_providers(error):
            own = self._request.local_fallback()
            return Answered(_OWN_ROUTE, None, PlainAnswer(orjson.dumps(own), None, None, answer=own), None)
        raise error

    async def _try_who_has_it(self, model: str, plan: Plan) -> Answered | None:
        """What is passed through goes to one provider, and whoever lacks the operation is not the one: the next best is meant."""
        route_query, known_to_lack_it = self._request.route_query(model), 0
        while plan.candidates and len(self._unsupported) > known_to_lack_it:
            known_to_lack_it = len(self._unsupported)
            lacking = plan.candidates[0].route.provider
            preferences = route_query.preferences._replace(ignore=(*route_query.preferences.ignore, lacking))
            route_query = route_query._replace(preferences=preferences)
            plan = self._services.planner.plan(route_query)
            answered = await self.try_candidates(plan)
            if answered is not None:
                return answered
        return None

    def _final_error(self) -> AIEngineError:
        finder = self._services.finder
        return final_error(
            self._plans,
            self._failures,
            self._unsupported,
            has_usable_provider=finder.has_usable_provider(),
            is_still_listing=finder.is_still_listing(),
            why_unknown=finder.why_unknown(self._request.model),
            retry_after_seconds=self._retry_after_seconds(),
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
        failed: list[tuple[Candidate, Failure | None]] = []
        for candidate in plan.candidates:
            if len(plan.candidates) > 1:
                self._services.planner.note_use(candidate.route)
            outcome = await self.try_keys(candidate, self._why(is_next=bool(failed)))
            if isinstance(outcome, Answered):
                return outcome
            if outcome is not None and outcome.blame is Blame.MODEL:
                return None
            failed.append((candidate, outcome))
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

    def _second_chances(self, plan: Plan, failed: list[tuple[Candidate, Failure | None]]) -> list[_SecondChance]:
        """Once each: a rate limit that ends within three seconds, and a 5xx or reset after a jittered backoff."""
        now = self._services.clock.monotonic()
        chances = [
            chance for candidate, failure in failed if (chance := self._second_chance(candidate, failure, now)) is not None
        ]
        for exclusion in plan.exclusions:
            if exclusion.reason is ExclusionReason.KEYS_IN_COOLDOWN and exclusion.cause is FailureClass.RATE_LIMIT:
                returns_at = exclusion.returns_at or now
                if returns_at - now <= _LONGEST_WAIT_SECONDS:
                    chances.append(_SecondChance(returns_at, exclusion.candidate, is_cooling=True))
        return sorted(chances, key=lambda chance: chance.at)

    def _second_chance(self, candidate: Candidate, failure: Failure | None, now: float) -> _SecondChance | None:
        """`failure` is `None` where no key could be tried: other requests made them all rest since the plan."""
        services, route = self._services, candidate.route
        if not services.breaker.allows(route):
            return None
        if failure is None or failure.blame is Blame.KEY:
            if failure is not None and failure.kind is FailureClass.RATE_LIMIT and not failure.is_worth_repeating:
                return None  # the request alone is over the limit: no wait makes it smaller
            cooldown = services.keys.cooldown_of(*route)
            if cooldown is None:
                return _SecondChance(now, candidate, is_cooling=True) if failure and failure.is_worth_repeating else None
            is_short = cooldown.reason is FailureClass.RATE_LIMIT and cooldown.until - now <= _LONGEST_WAIT_SECONDS
            return _SecondChance(cooldown.until, candidate, is_cooling=True) if is_short else None
        asked_for = failure.retry_after_seconds or 0
        if not failure.is_worth_repeating or asked_for > _LONGEST_WAIT_SECONDS:
            return None
        return _SecondChance(now + max(jittered(_BACKOFF_SECONDS, services.chance), asked_for), candidate, is_cooling=False)

    async def _take_second_chance(self, chance: _SecondChance) -> Answered | Failure | None:
        clock, route = self._services.clock, chance.candidate.route
        if not self._may_attempt() or chance.at >= self._deadline(chance.candidate):
            return None
        waits_since = clock.monotonic()
        try:
            if not chance.is_cooling:
                await clock.sleep(chance.at - waits_since)
            else:
                with Watchdog(self._deadline(chance.candidate) - waits_since):
                    if not await self._wait_in_line(route):
                        return None
        except TimeoutError:
            return None
        finally:
            self.waited_seconds += clock.monotonic() - waits_since
        return await self.try_keys(chance.candidate, "after a rate limit" if chance.is_cooling else "retry")

    async def _wait_in_line(self, route: Route) -> bool:
        """Waits until a key of the route is usable again; false if that takes too long, or too many wait already."""
        services = self._services
        try:
            async with services.cooldown_queue.turn(route):
                cooldown = services.keys.cooldown_of(*route)
                if cooldown is None:
                    return True
                wait = cooldown.until - services.clock.monotonic()
                if wait > _LONGEST_WAIT_SECONDS:
                    return False
                await services.clock.sleep(wait)
                return True
        except CooldownQueueFull:
            return False

    async def try_only(self, candidate: Candidate) -> Answered:
        """One route by an operator's wish, whether it is in rotation or not. Raises `CallerError` or `Unavailable`.

        What the provider says of a failure is told as it is: the operator owns the account that it is about.
        """
        self._is_test = True
        outcome = await self.try_keys(candidate, "test", even_if_out=True)
        if isinstance(outcome, Answered):
            return outcome
        if self._unsupported:
            raise self._unsupported[0]
        if outcome is None:
            raise RoutesOut(f"{candidate.definition.display_name} has no provider key.", code="no_usable_key")
        raise final_error((), self._failures)

    async def try_keys(self, candidate: Candidate, why: str, *, even_if_out: bool = False) -> Answered | Failure | None:
        """The last key's failure, or `None` if no key could be tried at all, or the provider has no words for the request."""
        services, route, definition = self._services, candidate.route, candidate.definition
        tried: set[str | None] = set()
        failure: Failure | None = None
        exchange: Exchange | None = None
        superseded: list[Failure] = []
        while self._may_attempt() and (even_if_out or (services.breaker.allows(route) and route not in self._never_again)):
            try:
                exchange = exchange or self._variants.exchange_for(
                    services.adapters[definition.protocol], definition, route.model
                )
                pooled = services.keys.acquire(route.provider, route.model, tried, even_in_cooldown=even_if_out)
                if pooled is None:
                    break
                outcome = await self.send_once(candidate, exchange, pooled, why)
            except UnsupportedByProvider as error:
                self._unsupported.append(error)
                self._forget(superseded)
                return None
            self._forget(superseded)
            if isinstance(outcome, Answered):
                self._variants.note_answered(route)
                return outcome
            failure = outcome
            retry_variant = self._variants.retry_variant(exchange, route, outcome)
            if retry_variant is not None:
                superseded.append(self._failures[-1])
                exchange, why = None, retry_variant
                continue
            if failure.kind is FailureClass.SILENT or failure.blame is Blame.MODEL:
                self._never_again.add(route)
            if failure.blame is Blame.REQUEST:
                refusal = final_error(self._plans, self._failures)
                if self._request.local_fallback is None or not _is_beyond_providers(refusal):
                    raise refusal
            if failure.blame is not Blame.KEY:
                break
            tried.add(pooled.fingerprint)
            why = "another key"
        return failure

    def _forget(self, superseded: list[Failure]) -> None:
        """Failures of a way in whose place another one has been tried say nothing of the route."""
        for failure in superseded:
            self._failures.remove(failure)
        superseded.clear()

    def _may_attempt(self) -> bool:
        return self.count < _MOST_ATTEMPTS and self._on_this_model < _MOST_ATTEMPTS_ON_ONE_MODEL

    async def send_once(self, candidate: Candidate, exchange: Exchange, pooled: PooledKey, why: str) -> Answered | Failure:
        """One attempt, with everything it says about key, route and provider marked.

        Raises `DeadlinePassed`, and `UnsupportedByProvider` where the protocol has no words for the request: nothing was sent.
        """
        services, route = self._services, candidate.route
        outgoing = self._outgoing(candidate, exchange, pooled)
        self.count += 1
        self._on_this_model += 1
        permit = services.breaker.acquire(route)
        attempt = Attempt(
            services,
            self._request,
            candidate,
            outgoing,
            pooled,
            permit,
            self.count,
            why,
            self._started_at,
            self._deadline(candidate),
            self._record,
        )
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
            again = services.keys.acquire(route.provider, route.model) if self._may_attempt() else None
            if again is not None:
                return await self.send_once(candidate, exchange, again, "without stream_options")
        self._failures.append(_named(outcome, candidate, in_its_words=self._is_test))
        return outcome

    def _outgoing(self, candidate: Candidate, exchange: Exchange, pooled: PooledKey) -> Outgoing:
        services, definition = self._services, candidate.definition
        asks_usage = (
            self._request.is_stream and definition.takes_stream_options and definition.name not in services.refuses_stream_options
        )
        try:
            request = exchange.encode(
                definition, candidate.route.model, pooled.key, ask_usage=asks_usage, extra_headers=self._own_headers
            )
        except InvalidRequest:
            services.keys.release(pooled)
            raise
        return Outgoing(exchange, request, asks_usage)

    def _record(self, finished: AttemptFinished) -> None:
        self.finished.append(finished)
        self._services.observe_attempt(finished)
        if self._observer is not None:
            self._observer(finished)

    def _deadline(self, candidate: Candidate) -> float:
        """The end of the whole request, in monotonic seconds: never past the client's own."""
        total = candidate.definition.timeouts.total
        return self._started_at + min(total, self._request.timeout_seconds or total)

    def _retry_after_seconds(self) -> float | None:
        """Seconds until some route of the plans may serve again; `None` if nobody knows."""
        services, now = self._services, self._services.clock.monotonic()
        is_in_rotation = False
        ends: list[float] = []
        for plan in self._plans:
            ends.extend(exclusion.returns_at for exclusion in plan.exclusions if exclusion.returns_at is not None)
            for candidate in plan.candidates:
                cooldown = services.keys.cooldown_of(*candidate.route)
                outage = services.breaker.outage_of(candidate.route)
                if cooldown or outage:
                    ends.append(max(cooldown.until if cooldown else 0, outage.until if outage else 0))
                else:
                    is_in_rotation = True
        if not ends:
            return None
        return 1 if is_in_rotation else max(min(ends) - now, 1)


def _own_headers(own: Headers, hops: tuple[bytes, ...]) -> Headers:
    """Our `via` behind those of the gateways that sent the request on before."""
    before = b"".join(b"1.1 " + hop + b", " for hop in hops)
    return tuple((name, before + value if name == b"via" else value) for name, value in own)


def _named(failure: Failure, candidate: Candidate, *, in_its_words: bool) -> Failure:
    """With the provider's name before what happened, unless it is about the request itself, which it tells in its words."""
    if failure.blame in (Blame.REQUEST, Blame.MODEL):
        return failure
    happened = failure.message if in_its_words else failure.message_for_client
    return replace(failure, message=f"{candidate.definition.display_name}: {happened}")


def _is_beyond_providers(error: AIEngineError) -> bool:
    """Whether nobody could answer or had the operation at all, as against a fault of the request that somebody found."""
    return isinstance(error, Unavailable | UnsupportedByProvider) or (
        isinstance(error, RefusedByProvider) and error.status in (404, 405, 501)
    )
