"""The explanation of each request at `AI_ENGINE_LOG_LEVEL=DEBUG`: candidates, exclusions, attempts and result.

At other levels it is not installed, and requests are planned by a plain `Planner`.
"""

from collections.abc import Iterator, Mapping
from contextvars import ContextVar
from typing import Any, NamedTuple

from ai_engine.autodecide.candidates import Exclusion, RouteQuery
from ai_engine.autodecide.plan import Plan, Planner, RankedCandidate
from ai_engine.events import AttemptFinished, RequestFinished
from ai_engine.telemetry.logs import BlockLog

SHORTEST_WAIT_MS = 5
"""Shorter gaps between attempts are processing time, not waits."""


class RecordedPlan(NamedTuple):
    """A plan with its scores."""

    plan: Plan
    ranked: tuple[RankedCandidate, ...]


_recorded: ContextVar[tuple[RecordedPlan, ...]] = ContextVar("plans of this request", default=())
"""Each request runs in its own task and so has its own value."""


class RecordingPlanner(Planner):
    """A planner that records its plans for the current request."""

    def plan(self, query: RouteQuery) -> Plan:
        plan = super().plan(query)
        recorded = RecordedPlan(plan, tuple(map(self.rank, plan.candidates)))
        # An operator's test explains the plan first and then plans again: only one is recorded.
        others = (each for each in _recorded.get() if each.plan.asked != plan.asked)
        _recorded.set((*others, recorded))
        return plan


class DecisionLog:
    """A `RequestObserver` that writes a block for each finished request."""

    def __init__(self, block_log: BlockLog) -> None:
        self._block_log = block_log

    def __call__(self, request: RequestFinished) -> None:
        plans = _recorded.get()
        _recorded.set(())
        self._block_log.write(_title(request), _lines(request, plans), _fields(request, plans))


def _title(event: RequestFinished) -> str:
    route = f"by {event.route}" if event.route else "by no provider"
    asked = f"{event.operation} {event.requested_model}{', streamed' if event.is_stream else ''}"
    return f"Request {event.request_id}: {asked}: {event.ending} {route} with status {event.status}"


def _lines(event: RequestFinished, plans: tuple[RecordedPlan, ...]) -> Iterator[str]:
    for plan, ranked in plans:
        family = f", as the best of the family {plan.family}" if plan.family else ""
        pinned = f", pinned to {plan.pinned_to}" if plan.pinned_to else ""
        yield f"plan for {plan.asked}, ordered by {plan.order}{family}{pinned}"
        for place, one in enumerate(ranked, 1):
            parts = ", ".join(f"{name} {value:.2f}" for name, value in _parts_of(one).items())
            yield f"  {place}. {one.candidate.route} ({one.candidate.match_kind.name.lower()}): {parts}"
        for exclusion in plan.exclusions:
            back = _back_in(exclusion)
            yield f"  excluded {exclusion.candidate.route}: {exclusion.reason} ({exclusion.detail}{_after(', back in', back)})"
    ended_ms = 0.0
    for attempt in event.attempts:
        waited_ms = attempt.started_ms - ended_ms
        if waited_ms >= SHORTEST_WAIT_MS:
            yield f"waited {waited_ms:.0f} ms"
        key = f"key {attempt.key_fingerprint}" if attempt.key_fingerprint else "no key"
        yield f"attempt {attempt.number}, {attempt.reason}: {attempt.route} with {key}: {_outcome(attempt)}"
        ended_ms = attempt.started_ms + attempt.duration_ms
    why = f", {event.error_class}" if event.error_class else ""
    yield f"{event.ending}{why} after {event.duration_ms:.1f} ms, {event.overhead_ms:.2f} ms of it our own"


def _outcome(attempt: AttemptFinished) -> str:
    first = f", first token after {attempt.first_token_ms:.0f} ms" if attempt.first_token_ms is not None else ""
    if attempt.succeeded:
        return f"success in {attempt.duration_ms:.0f} ms{first}"
    status = f" with status {attempt.status}" if attempt.status else ""
    return f"{attempt.failure}{status} after {attempt.duration_ms:.0f} ms{first}"


def _fields(event: RequestFinished, plans: tuple[RecordedPlan, ...]) -> Mapping[str, Any]:
    return {
        "request_id": event.request_id,
        "operation": event.operation,
        "requested_model": event.requested_model,
        "stream": event.is_stream,
        "plans": [_plan_fields(recorded) for recorded in plans],
        "attempts": [_attempt_fields(attempt) for attempt in event.attempts],
        "ending": event.ending,
        "error_class": event.error_class,
        "status": event.status,
        "duration_ms": round(event.duration_ms, 2),
        "overhead_ms": round(event.overhead_ms, 2),
    }


def _plan_fields(recorded: RecordedPlan) -> Mapping[str, Any]:
    plan, ranked = recorded
    return {
        "model": plan.asked,
        "order": plan.order,
        "family": plan.family,
        "pinned_to": plan.pinned_to,
        "candidates": [
            {
                "route": str(one.candidate.route),
                "matched": one.candidate.match_kind.name.lower(),
                "score": {name: round(value, 4) for name, value in _parts_of(one).items()},
            }
            for one in ranked
        ],
        "excluded": [
            {
                "route": str(exclusion.candidate.route),
                "reason": exclusion.reason,
                "detail": exclusion.detail,
                "back_in_seconds": _back_in(exclusion),
            }
            for exclusion in plan.exclusions
        ],
    }


def _attempt_fields(attempt: AttemptFinished) -> Mapping[str, Any]:
    return {
        "number": attempt.number,
        "route": str(attempt.route),
        "key": attempt.key_fingerprint,
        "reason": attempt.reason,
        "started_ms": round(attempt.started_ms, 2),
        "duration_ms": round(attempt.duration_ms, 2),
        "first_token_ms": None if attempt.first_token_ms is None else round(attempt.first_token_ms, 2),
        "result": "success" if attempt.succeeded else attempt.failure,
        "status": attempt.status,
        "blame": attempt.blame,
    }


def _parts_of(ranked: RankedCandidate) -> Mapping[str, float]:
    return ranked.score._asdict()


def _back_in(exclusion: Exclusion) -> float | None:
    """Seconds after the plan was made; `None` if that is not known."""
    return None if exclusion.returns_in_seconds is None else round(max(exclusion.returns_in_seconds, 0), 1)


def _after(words: str, seconds: float | None) -> str:
    return "" if seconds is None else f"{words} {seconds:g} s"
