"""`/api/autodecide`: how a model would be routed, and a test request."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request
from starlette.convertors import PathConvertor, register_url_convertor

from ai_engine.access.guards import GuardedRoute, requires
from ai_engine.autodecide.candidates import Exclusion, RouteQuery
from ai_engine.autodecide.plan import Planner, RankedCandidate
from ai_engine.catalogue.live import LiveCatalogue
from ai_engine.catalogue.snapshot import LONGEST_NAME
from ai_engine.clock import Clock
from ai_engine.configuration import LiveConfiguration
from ai_engine.management_api.schemas import (
    AutodecideTestBody,
    AutodecideTestResult,
    CandidateView,
    ExcludedView,
    Explanation,
    ScoreView,
)
from ai_engine.management_api.trials import Trials
from ai_engine.management_api.views.providers import ProviderViews
from ai_engine.management_api.views.requests import attempt_view
from ai_engine.names import Role
from ai_engine.web.middleware import request_id_of
from ai_engine.web.provide import provided


class AnyText(PathConvertor):
    """The rest of the path, including line breaks, which Starlette's `path` excludes and a model's name may contain."""

    regex = "(?s:.*)"


register_url_convertor("any_text", AnyText())
router = APIRouter(prefix="/api/autodecide", tags=["Autodecide"], route_class=GuardedRoute)


class Explainer:
    """Turns a plan into an `Explanation`."""

    def __init__(
        self, planner: Planner, catalogue: LiveCatalogue, configuration: LiveConfiguration, views: ProviderViews, clock: Clock
    ) -> None:
        self._planner = planner
        self._catalogue = catalogue
        self._configuration = configuration
        self._views = views
        self._clock = clock

    def explain(self, model: str) -> Explanation:
        """Which routes would be tried for this model now, in which order and why. Without side effects."""
        plan = self._planner.plan(RouteQuery(model))
        file = self._configuration.current.file
        return Explanation(
            model=model,
            known=plan.is_known,
            family=plan.family,
            pinned_to=plan.pinned_to,
            order=plan.order,
            weights=file.autodecide.weights.model_dump(),
            candidates=[_candidate_view(self._planner.rank(candidate)) for candidate in plan.candidates],
            excluded=[self._exclusion_view(exclusion) for exclusion in plan.exclusions],
            fallbacks=[] if plan.pinned_to else list(file.fallbacks.get(model, ())),
            catalogue_age_seconds=round((self._clock.now() - self._catalogue.current.built_at).total_seconds(), 3),
        )

    def _exclusion_view(self, exclusion: Exclusion) -> ExcludedView:
        route = exclusion.candidate.route
        return ExcludedView(
            provider=route.provider,
            model=route.model,
            reason=exclusion.reason,
            cause=exclusion.cause,
            detail=exclusion.detail,
            until=self._views.until(exclusion.returns_in_seconds),
        )


def _candidate_view(ranked: RankedCandidate) -> CandidateView:
    candidate, score, facts = ranked
    parts = ("total", "priority", "health", "latency", "cost", "load")
    return CandidateView(
        provider=candidate.route.provider,
        model=candidate.route.model,
        matched=candidate.match_kind.name.lower(),
        score=ScoreView(**{part: round(getattr(score, part), 4) for part in parts}),
        first_token_seconds=facts.first_token_seconds,
        usd_per_million_tokens=None if facts.usd_per_million is None else f"{facts.usd_per_million:g}",
    )


@router.post("/test", summary="Send a test message through autodecide", dependencies=[requires(Role.ADMIN)])
async def test_autodecide(
    request: Request,
    body: AutodecideTestBody,
    explainer: Annotated[Explainer, Depends(provided(Explainer))],
    trials: Annotated[Trials, Depends(provided(Trials))],
) -> AutodecideTestResult:
    """Sends a message and returns the explanation, the response and every attempt with its timing."""
    explanation = explainer.explain(body.model)
    trial = await trials.run(request_id_of(request.scope), body.model, body.message)
    return AutodecideTestResult(
        explanation=explanation,
        success=trial.error is None,
        provider=trial.route.provider if trial.route else None,
        model=trial.route.model if trial.route else None,
        response=trial.text,
        usage=trial.usage,
        latency_ms=round(trial.latency_ms, 2),
        attempts=[attempt_view(attempt) for attempt in trial.attempts],
        error=trial.error,
    )


@router.get("/{model:any_text}", summary="Explain how a model is routed", dependencies=[requires(Role.VIEWER)])
async def explain_model(
    model: Annotated[
        str,
        Path(min_length=1, max_length=LONGEST_NAME, description="A model name; it may contain `/`.", examples=["gpt-4"]),
    ],
    explainer: Annotated[Explainer, Depends(provided(Explainer))],
) -> Explanation:
    """The candidates in order with their scores, and the excluded routes with the reason. An unknown model is `known: false`."""
    return explainer.explain(model)
