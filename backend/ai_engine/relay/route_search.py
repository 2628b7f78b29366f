"""The search for a route: which candidate and key the next attempt uses, what to wait for, and when nothing is left.

It goes through the asked model and its fallbacks, the candidates of each, the forms in which a candidate can be asked, and its
keys. A failure's blame decides what comes next. It keeps its place, so that it can be asked for the next route at any time: while
an attempt still runs, and after a stream broke.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from ai_engine.autodecide.candidates import Candidate, ExclusionReason, RouteQuery
from ai_engine.autodecide.plan import Plan
from ai_engine.clock import jittered
from ai_engine.errors import AIEngineError, NoRouteAvailable, RefusedByProvider, Unavailable, UnsupportedByProvider
from ai_engine.names import ABOUT_THE_REQUEST, PASSED_THROUGH, Blame, Route
from ai_engine.provider_keys.pool import PooledKey
from ai_engine.providers.failures import Failure, FailureClass
from ai_engine.relay.exchange import RequestVariants
from ai_engine.relay.final_error import final_error
from ai_engine.relay.request import ClientRequest
from ai_engine.relay.services import RelayServices
from ai_engine.relay.steps import AttemptBudget, Send, Trial, Wait
from ai_engine.upstream.port import Headers

LONGEST_WAIT_SECONDS = 3
"""A `Retry-After` up to this is waited out where no other route is left."""

_BACKOFF_SECONDS = 0.25


class RouteSearch:
    """One request's search. `next_step` gives a step; `record` and `resume` say what came of it."""

    __slots__ = (
        "_budget",
        "_closed",
        "_failures",
        "_has_fallbacks",
        "_is_refused",
        "_looked_at",
        "_models",
        "_next_candidate",
        "_only",
        "_plan",
        "_plans",
        "_query",
        "_ready",
        "_request",
        "_services",
        "_started_at",
        "_tried",
        "_unsupported",
        "_variants",
        "_waits",
        "family",
    )

    _plan: Plan

    def __init__(self, services: RelayServices, request: ClientRequest, only: Candidate | None = None) -> None:
        """`only` is the one route to ask, by an operator's wish: in rotation or not, and with a key in cooldown if need be."""
        self._services = services
        self._request = request
        self._only = only
        self._started_at = services.clock.monotonic()
        self._variants = RequestVariants(
            request,
            services.unsupported_formats,
            services.refused_hints,
            services.refuses_stream_options,
            _own_headers(services.own_headers, request.hops) if request.hops else services.own_headers,
        )
        self._budget = AttemptBudget()
        self._plans: list[Plan] = []
        self._failures: list[Failure] = []
        self._unsupported: list[UnsupportedByProvider] = []
        """Why routes could not even be asked."""
        self._closed: set[Route] = set()
        """Routes that were silent, or that the request does not fit: no other name leads there a second time."""
        self._has_fallbacks = False
        self._models = [request.model]
        """Those that were not planned."""
        self._query: RouteQuery | None = None
        self._next_candidate = 0
        """Its place among those of the present plan."""
        self._ready: list[Trial] = []
        """Trials that go on at once."""
        self._tried: list[Trial] = []
        """Those of the present plan that came to nothing."""
        self._waits: list[Wait] | None = None
        """Set once the present plan has no candidate left."""
        self._looked_at = 0
        """How many of `_tried` have had their wait considered."""
        self._is_refused = False
        self.family: str | None = None
        """Set where the model that was asked last is only the best member of the family that was asked for."""

    # Steps

    def next_step(self) -> Send | Wait | None:
        """The next thing to do; `None` when nothing is left, and `final_error` says why.

        Raises `InvalidRequest` where the request cannot be asked of any provider.
        """
        while not self._is_refused:
            step = self._next_in_plan() if self._plans else None
            if step is not None:
                return step
            if not self._begin_next_plan():
                return None
        return None

    def record(self, send: Send, failure: Failure) -> None:
        """The attempt of this step failed: its blame decides what is tried next."""
        trial, route = send.trial, send.exchange.route
        trial.failure = self._named(failure, trial.candidate)
        self._failures.append(trial.failure)
        other_form = self._variants.retry_variant(send.exchange, failure)
        if other_form is not None:
            trial.exchange, trial.reason, trial.is_superseded = None, other_form, True
            self._ready.append(trial)
            return
        if failure.kind is FailureClass.TIMEOUT or failure.blame is Blame.MODEL:
            self._closed.add(route)
        match failure.blame:
            case Blame.REQUEST if not self.may_answer_locally():
                self._is_refused = True
            case Blame.MODEL if trial.plan is self._plan:
                self._end_plan()
            case Blame.KEY:
                trial.tried_keys += (send.key.fingerprint,)
                trial.reason = "next_key"
                self._ready.append(trial)
            case _ if trial.plan is self._plan and not trial.is_retry:
                self._tried.append(trial)
            case _:
                pass

    def resume(self, wait: Wait) -> None:
        """The wait is over: the route is looked at again."""
        self._ready.append(wait.trial)

    def note_answered(self, send: Send) -> None:
        """The attempt of this step gave a sound answer."""
        self._variants.note_answered(send.exchange.route)

    def deadline(self, candidate: Candidate) -> float:
        """The end of the whole request, in monotonic seconds: never past the client's own."""
        total = candidate.definition.timeouts.total
        return self._started_at + min(total, self._request.timeout_seconds or total)

    # Where it stands

    def _next_in_plan(self) -> Send | Wait | None:
        while True:
            if self._ready:
                trial = self._ready.pop(0)
            elif self._next_candidate < len(self._plan.candidates):
                trial = self._begin_trial(self._plan.candidates[self._next_candidate])
                self._next_candidate += 1
            else:
                return self._next_wait()
            send = self._prepare(trial)
            if send is not None:
                return send
            if not trial.is_retry:
                self._tried.append(trial)

    def _begin_trial(self, candidate: Candidate) -> Trial:
        if len(self._plan.candidates) > 1:
            self._services.planner.note_use(candidate.route)
        if self._only is not None:
            return Trial(candidate, self._plan, "test")
        if self._tried:
            return Trial(candidate, self._plan, "next_candidate")
        return Trial(candidate, self._plan, "first_candidate" if len(self._plans) == 1 else "fallback_model")

    def _prepare(self, trial: Trial) -> Send | None:
        """The attempt that goes on with this trial; `None` where there is none to make."""
        services, candidate = self._services, trial.candidate
        route, definition = candidate.route, candidate.definition
        if self._budget.is_spent or (self._only is None and (route in self._closed or not services.breaker.allows(route))):
            return None
        if trial.is_retry and services.clock.monotonic() >= self.deadline(candidate):
            return None
        key: PooledKey | None = None
        try:
            exchange = trial.exchange or self._variants.exchange_for(services.adapters[definition.protocol], definition, route)
            key = services.keys.acquire(route.provider, route.model, trial.tried_keys, even_in_cooldown=self._only is not None)
            if key is None:
                return None
            request = exchange.encode(key.key)
        except UnsupportedByProvider as error:
            self._release(key)
            self._unsupported.append(error.with_traceback(None))  # whose frames would keep the request alive
            self._drop_superseded(trial)
            trial.is_unsupported = True
            return None
        except BaseException:
            self._release(key)
            raise
        self._drop_superseded(trial)
        trial.exchange = exchange
        self._budget.spend()
        return Send(trial, exchange, request, key)

    def _release(self, key: PooledKey | None) -> None:
        if key is not None:
            self._services.keys.release(key)

    def _drop_superseded(self, trial: Trial) -> None:
        if trial.is_superseded and trial.failure is not None:
            self._failures.remove(trial.failure)
            trial.failure, trial.is_superseded = None, False

    # Waits, once every candidate of a model has failed

    def _next_wait(self) -> Wait | None:
        if self._only is not None:
            return None
        now = self._services.clock.monotonic()
        if self._waits is None:
            self._waits = list(self._waits_for_excluded(now))
        # One that ran beside others may have failed since.
        self._waits.extend(wait for trial in self._tried[self._looked_at :] if (wait := self._wait_after(trial, now)))
        self._looked_at = len(self._tried)
        self._waits.sort(key=lambda wait: wait.until)
        while self._waits:
            wait = self._waits.pop(0)
            if not self._budget.is_spent and wait.until < self.deadline(wait.trial.candidate):
                return wait
        return None

    def _waits_for_excluded(self, now: float) -> Iterator[Wait]:
        """Routes that were in cooldown when the plan was made, by a rate limit that ends within three seconds."""
        for exclusion in self._plan.exclusions:
            if exclusion.reason is ExclusionReason.KEYS_IN_COOLDOWN and exclusion.cause is FailureClass.RATE_LIMIT:
                cooldown = self._services.keys.cooldown_of(*exclusion.candidate.route)
                seconds = cooldown.seconds if cooldown else 0
                if seconds <= LONGEST_WAIT_SECONDS:
                    yield self._wait(exclusion.candidate, now + seconds, is_cooldown=True)

    def _wait_after(self, trial: Trial, now: float) -> Wait | None:
        """One for each route: a rate limit that ends within three seconds, or a 5xx or reset after a jittered backoff."""
        services, candidate, failure = self._services, trial.candidate, trial.failure
        if trial.is_unsupported or not services.breaker.allows(candidate.route):
            return None
        if failure is None or failure.blame is Blame.KEY:
            # Without a failure no key could be tried: other requests have put them all into cooldown since the plan.
            if failure is not None and failure.kind is FailureClass.RATE_LIMIT and not failure.is_worth_repeating:
                return None  # the request alone is over the limit: no wait makes it smaller
            cooldown = services.keys.cooldown_of(*candidate.route)
            if cooldown is None:
                return self._wait(candidate, now, is_cooldown=True) if failure and failure.is_worth_repeating else None
            is_short = cooldown.reason is FailureClass.RATE_LIMIT and cooldown.seconds <= LONGEST_WAIT_SECONDS
            return self._wait(candidate, now + cooldown.seconds, is_cooldown=True) if is_short else None
        asked_for = failure.retry_after_seconds or 0
        if not failure.is_worth_repeating or asked_for > LONGEST_WAIT_SECONDS:
            return None
        return self._wait(candidate, now + max(jittered(_BACKOFF_SECONDS, services.chance), asked_for), is_cooldown=False)

    def _wait(self, candidate: Candidate, until: float, *, is_cooldown: bool) -> Wait:
        reason = "after_cooldown" if is_cooldown else "retry"
        return Wait(Trial(candidate, self._plan, reason, is_retry=True), until, is_cooldown)

    # Plans

    def _begin_next_plan(self) -> bool:
        """Makes the plan of the next model; false when there is no further one."""
        if self._only is not None:
            if self._plans:
                return False
            self._plans.append(Plan(self._request.model, (self._only,), (), "test"))
            self._take(self._plans[-1])
            return True
        if self._request.operation in PASSED_THROUGH and self._replan_without_unsupported():
            return True
        if self._plans and not self._has_fallbacks:
            self._has_fallbacks = True
            self._models.extend(self._fallbacks())
        if not self._models:
            return False
        self._query = self._request.route_query(self._models.pop(0))
        self._budget.next_model()
        self._plans.append(self._services.planner.plan(self._query))
        self._take(self._plans[-1])
        return True

    def _take(self, plan: Plan) -> None:
        self._plan = plan
        self.family = plan.family
        self._next_candidate = 0
        self._ready, self._tried, self._waits, self._looked_at = [], [], None, 0

    def _end_plan(self) -> None:
        """The request does not fit the model: no candidate of it is asked any more."""
        self._take(self._plan._replace(candidates=(), exclusions=()))

    def _replan_without_unsupported(self) -> bool:
        """What is passed through goes to the one provider that serves it best. One that lacks the operation is not that one."""
        if self._query is None or not any(trial.is_unsupported for trial in self._tried):
            return False
        preferences = self._query.preferences
        lacking = self._plan.candidates[0].route.provider
        self._query = self._query._replace(preferences=preferences._replace(ignore=(*preferences.ignore, lacking)))
        plan = self._services.planner.plan(self._query)
        if not plan.candidates:
            return False
        self._take(plan)
        return True

    def _fallbacks(self) -> Sequence[str]:
        """The request's own `models`, or else the configured fallbacks of an unpinned request."""
        request = self._request
        if request.further_models is not None:
            return request.further_models
        if not request.autodecide or self._plan.pinned_to is not None:
            return ()
        return self._services.configuration().file.fallbacks.get(request.model, ())

    # What to say when nothing is left

    def final_error(self) -> AIEngineError:
        """What the caller should know and do, from everything that was planned and tried."""
        if self._only is not None and not self._failures and not self._unsupported:
            return NoRouteAvailable(f"{self._only.definition.display_name} has no provider key.", code="no_usable_key")
        finder = self._services.finder
        return final_error(
            self._plans,
            self._failures,
            self._unsupported,
            has_usable_provider=finder.has_usable_provider(),
            is_still_listing=finder.is_still_listing(),
            why_unknown=finder.why_unknown(self._request.model),
            retry_after_seconds=None if self._only is not None else self._soonest_return(),
        )

    def may_answer_locally(self) -> bool:
        """The engine has an answer of its own, and no provider found a fault with the request."""
        return self._request.local_fallback is not None and is_beyond_providers(self.final_error())

    def _soonest_return(self) -> float | None:
        """Seconds until some route of the plans may serve again; `None` if that is not known."""
        is_in_rotation = False
        seconds: list[float] = []
        for plan in self._plans:
            excluded = (one.candidate for one in plan.exclusions if one.returns_in_seconds is not None)
            seconds.extend(self._returns_in(candidate.route) or 0 for candidate in excluded)
            for candidate in plan.candidates:
                returns_in = self._returns_in(candidate.route)
                if returns_in is None:
                    is_in_rotation = True
                else:
                    seconds.append(returns_in)
        if not seconds:
            return None
        return 1 if is_in_rotation else max(min(seconds), 1)

    def _returns_in(self, route: Route) -> float | None:
        """Seconds until the route may serve again, as it is now; `None` while it is in rotation."""
        cooldown, outage = self._services.keys.cooldown_of(*route), self._services.breaker.outage_of(route)
        if cooldown is None and outage is None:
            return None
        return max(cooldown.seconds if cooldown else 0, outage.retry_in_seconds if outage else 0)

    def _named(self, failure: Failure, candidate: Candidate) -> Failure:
        """With the provider's name before what happened, unless it is about the request itself.

        An operator who tests a route owns the account that the provider writes about, and reads its own wording.
        """
        if failure.blame in ABOUT_THE_REQUEST:
            return failure
        happened = failure.message if self._only is not None else failure.message_for_client
        return replace(failure, message=f"{candidate.definition.display_name}: {happened}")


def is_beyond_providers(error: AIEngineError) -> bool:
    """Whether no provider could answer or had the operation at all, as against a fault of the request that one found."""
    return isinstance(error, Unavailable | UnsupportedByProvider) or (
        isinstance(error, RefusedByProvider) and error.status in (404, 405, 501)
    )


def _own_headers(own: Headers, hops: tuple[bytes, ...]) -> Headers:
    """Our `via` behind those of the gateways that sent the request on before."""
    before = b"".join(b"1.1 " + hop + b", " for hop in hops)
    return tuple((name, before + value if name == b"via" else value) for name, value in own)
