"""`/api/providers`: see, test and steer each provider."""

from typing import Annotated

from fastapi import APIRouter, Body, Depends, Path, Request

from ai_engine.access.audit import Action, Note
from ai_engine.access.guards import GuardedRoute, requires
from ai_engine.autodecide.candidates import CandidateFinder
from ai_engine.catalogue.snapshot import Catalogue
from ai_engine.configuration import LiveConfiguration
from ai_engine.errors import Conflict, InvalidRequest, NotFound
from ai_engine.management_api.audit import By
from ai_engine.management_api.schemas import ProviderChanges, ProviderView, RolledKey, TestBody, TestResult, ToggleBody
from ai_engine.management_api.trials import Trials, attempt_view
from ai_engine.management_api.views.providers import ProviderViews
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
    provider: Annotated[str, Path(max_length=200, description="A provider's name, as the list has it.", examples=["openai"])],
    configuration: Configuration,
) -> ProviderDefinition:
    """The provider that the path names."""
    definition = configuration.current.providers.get(provider)
    if definition is None:
        raise NotFound(f"There is no provider {provider!r}; GET /api/providers lists them.", param="provider")
    return definition


Known = Annotated[ProviderDefinition, Depends(known_provider)]


@router.get("", summary="List the providers", dependencies=[requires(Role.VIEWER)])
async def list_providers(views: Views) -> list[ProviderView]:
    """Every provider that the engine knows, configured or not, with its keys and flags."""
    return views.all()


@router.get("/{provider}", summary="Show one provider", dependencies=[requires(Role.VIEWER)])
async def show_provider(definition: Known, views: Views) -> ProviderView:
    """One provider, with its keys and flags."""
    return views.view(definition)


@router.patch("/{provider}", summary="Change the default model or the priority", dependencies=[requires(Role.ADMIN)])
async def update_provider(
    definition: Known, body: ProviderChanges, preferences: Preferences, views: Views, by: By
) -> ProviderView:
    """A field that is left out stays; `null` goes back to the configuration's. It survives restarts."""
    if body.default_model is not None:
        _refuse_foreign_model(definition, body.default_model, views.catalogue.current)
    changes: Changes = {}
    if "default_model" in body.model_fields_set:
        changes["default_model"] = body.default_model
    if "priority" in body.model_fields_set:
        changes["priority"] = body.priority
    await preferences.set(definition.name, Note(Action.UPDATE, by), **changes)
    return views.view(definition)


def _refuse_foreign_model(definition: ProviderDefinition, model: str, catalogue: Catalogue) -> None:
    """Raises `InvalidRequest` where the provider's models are known and this is none of them."""
    is_known_whole = definition.models_are_complete or catalogue.listed_at(definition.name) is not None
    if definition.is_configured and is_known_whole and catalogue.find_at(definition.name, model) is None:
        raise InvalidRequest(
            f"{definition.display_name} has no model {model!r}; GET /api/providers/{definition.name}/models lists those it has.",
            param="default_model",
        )


@router.post("/{provider}/test", summary="Send one message to this provider", dependencies=[requires(Role.ADMIN)])
async def test_provider(
    request: Request,
    definition: Known,
    finder: Finder,
    preferences: Preferences,
    trials: Annotated[Trials, Depends(provided(Trials))],
    body: Annotated[TestBody | None, Body()] = None,  # noqa: PT028 - a route, not a test
) -> TestResult:
    """One real message to **this** provider and no other, enabled or not. A failure is the answer, not an error of this route."""
    body = body or TestBody()
    missing = None if definition.is_sandbox else obstacle(definition)
    if missing is not None:
        raise Conflict(f"{definition.display_name} cannot be asked: {missing}.", code="no_key")
    model = body.model or preferences.of(definition.name).default_model or definition.default_model
    if model is None:
        raise InvalidRequest(f"{definition.display_name} has no default model; name one.", param="model")
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
    """An empty body flips; `{"enabled": …}` sets. It survives restarts, and no request in flight is broken."""
    note = Note(Action.TOGGLE, by)
    if body is None:
        await preferences.flip(definition, note)
    else:
        await preferences.set(definition.name, note, enabled=body.enabled)
    return views.view(definition)


@router.post("/{provider}/roll-key", summary="Prefer the next key", dependencies=[requires(Role.ADMIN)])
async def roll_key(definition: Known, keys: Keys, preferences: Preferences, by: By) -> RolledKey:
    """The next usable key is used from now on, while it is usable, and after restarts. The old one is not penalised."""
    fingerprint = keys.next_to_roll_to(definition.name)
    await preferences.set(definition.name, Note(Action.ROLL_KEY, by), preferred_key=fingerprint)
    return RolledKey(provider=definition.name, preferred_key=fingerprint)
