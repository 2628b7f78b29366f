"""`/api/providers`: show, test and configure providers."""

from typing import Annotated

from fastapi import APIRouter, Body, Depends, Path, Request

from ai_engine.access.audit import Action, AuditContext
from ai_engine.access.guards import GuardedRoute, requires
from ai_engine.autodecide.candidates import CandidateFinder
from ai_engine.catalogue.snapshot import Catalogue
from ai_engine.configuration import LiveConfiguration
from ai_engine.errors import Conflict, InvalidRequest, NotFound
from ai_engine.management_api.audit import By
from ai_engine.management_api.schemas import ProviderChanges, ProviderView, RolledKey, TestBody, TestResult, ToggleBody
from ai_engine.management_api.trials import Trials
from ai_engine.management_api.views.providers import ProviderViews
from ai_engine.management_api.views.requests import attempt_view
from ai_engine.names import Role
from ai_engine.preferences.preferences import Changes, LivePreferences
from ai_engine.provider_keys.pool import KeyPool
from ai_engine.providers.registry.definition import ProviderDefinition
from ai_engine.providers.registry.readiness import obstacle
from ai_engine.web.middleware import request_id_of
from ai_engine.web.provide import provided

router = APIRouter(prefix="/api/providers", tags=["Providers"], route_class=GuardedRoute)

Configuration = Annotated[LiveConfiguration, Depends(provided(LiveConfiguration))]
Views = Annotated[ProviderViews, Depends(provided(ProviderViews))]
Preferences = Annotated[LivePreferences, Depends(provided(LivePreferences))]
Keys = Annotated[KeyPool, Depends(provided(KeyPool))]
Finder = Annotated[CandidateFinder, Depends(provided(CandidateFinder))]


def known_provider(
    provider: Annotated[str, Path(max_length=200, description="A provider's name.", examples=["openai"])],
    configuration: Configuration,
) -> ProviderDefinition:
    """The provider that the path names."""
    definition = configuration.current.providers.get(provider)
    if definition is None:
        raise NotFound(f"Unknown provider {provider!r}; GET /api/providers lists all.", param="provider")
    return definition


Known = Annotated[ProviderDefinition, Depends(known_provider)]


@router.get("", summary="List the providers", dependencies=[requires(Role.VIEWER)])
async def list_providers(views: Views) -> list[ProviderView]:
    """Every known provider, configured or not, with its keys and flag."""
    return views.all()


@router.get("/{provider}", summary="Show one provider", dependencies=[requires(Role.VIEWER)])
async def show_provider(definition: Known, views: Views) -> ProviderView:
    """One provider with its keys and flag."""
    return views.view(definition)


@router.patch("/{provider}", summary="Change the default model or the priority", dependencies=[requires(Role.ADMIN)])
async def update_provider(
    definition: Known, body: ProviderChanges, preferences: Preferences, views: Views, by: By
) -> ProviderView:
    """An omitted field stays unchanged; `null` resets it to the configured value. Kept across restarts."""
    if body.default_model is not None:
        _check_model(definition, body.default_model, views.catalogue.current)
    changes: Changes = {}
    if "default_model" in body.model_fields_set:
        changes["default_model"] = body.default_model
    if "priority" in body.model_fields_set:
        changes["priority"] = body.priority
    await preferences.set(definition.name, AuditContext(Action.UPDATE, by), **changes)
    return views.view(definition)


def _check_model(definition: ProviderDefinition, model: str, catalogue: Catalogue) -> None:
    """Raises `InvalidRequest` if the provider's models are known and this is not one of them."""
    is_complete = definition.models_are_complete or catalogue.listed_at(definition.name) is not None
    if definition.is_configured and is_complete and catalogue.find_at(definition.name, model) is None:
        raise InvalidRequest(
            f"{definition.display_name} has no model {model!r}; GET /api/providers/{definition.name}/models lists its models.",
            param="default_model",
        )


@router.post("/{provider}/test", summary="Send a test message to this provider", dependencies=[requires(Role.ADMIN)])
async def test_provider(
    request: Request,
    definition: Known,
    finder: Finder,
    preferences: Preferences,
    trials: Annotated[Trials, Depends(provided(Trials))],
    body: Annotated[TestBody | None, Body()] = None,  # noqa: PT028 - a route, not a test
) -> TestResult:
    """A real, billed message to **this** provider only, enabled or not. A failure is reported in the result with status 200."""
    body = body or TestBody()
    missing = None if definition.is_sandbox else obstacle(definition)
    if missing is not None:
        raise Conflict(f"{definition.display_name} is not configured: {missing}.", code="no_key")
    model = body.model or preferences.of(definition.name).default_model or definition.default_model
    if model is None:
        raise InvalidRequest(f"{definition.display_name} has no default model; set `model`.", param="model")
    trial = await trials.run(request_id_of(request.scope), model, body.message, only=finder.at_provider(definition, model))
    last = trial.attempts[-1] if trial.attempts else None
    return TestResult(
        success=trial.error is None,
        provider=definition.name,
        model=last.route.model if last else model,
        response=trial.text,
        latency_ms=round(trial.latency_ms, 2),
        ttft_ms=None if trial.ttft_ms is None else round(trial.ttft_ms, 2),
        usage=trial.usage,
        key=last.key_fingerprint if last else None,
        attempts=[attempt_view(attempt) for attempt in trial.attempts],
        error=trial.error,
    )


@router.post("/{provider}/toggle", summary="Enable or disable", dependencies=[requires(Role.ADMIN)])
async def toggle_provider(
    definition: Known,
    preferences: Preferences,
    views: Views,
    by: By,
    body: Annotated[ToggleBody | None, Body()] = None,
) -> ProviderView:
    """Without a body it toggles; `{"enabled": …}` sets it. Kept across restarts; requests in flight are not affected."""
    audit = AuditContext(Action.TOGGLE, by)
    if body is None:
        await preferences.toggle(definition, audit)
    else:
        await preferences.set(definition.name, audit, enabled=body.enabled)
    return views.view(definition)


@router.post("/{provider}/roll-key", summary="Roll to the next key", dependencies=[requires(Role.ADMIN)])
async def roll_key(definition: Known, keys: Keys, preferences: Preferences, by: By) -> RolledKey:
    """Makes the next usable key the preferred one: used as long as it is usable. Kept across restarts."""
    fingerprint = keys.next_to_roll_to(definition.name)
    await preferences.set(definition.name, AuditContext(Action.ROLL_KEY, by), preferred_key=fingerprint)
    return RolledKey(provider=definition.name, preferred_key=fingerprint)
