"""`/api/models`: the catalogue, searched and filtered; and its refresh."""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from decimal import Decimal
from enum import StrEnum
from typing import Annotated

from fastapi import APIRouter, Body, Depends, Query
from pydantic import BaseModel, ConfigDict, Field

from ai_engine.access.audit import Action
from ai_engine.access.guards import GuardedRoute, requires
from ai_engine.autodecide.candidates import CandidateFinder
from ai_engine.catalogue.discovery import Discovery
from ai_engine.catalogue.prices import Price
from ai_engine.catalogue.snapshot import CatalogueEntry, CatalogueModel, can_list
from ai_engine.configuration import LiveConfiguration
from ai_engine.errors import Conflict, InvalidRequest
from ai_engine.management_api.audit import By, Trail
from ai_engine.management_api.providers import Finder, Known
from ai_engine.management_api.schemas import Name
from ai_engine.management_api.views.models import (
    ModelPage,
    ModelView,
    ModelViews,
    ProviderModelPage,
    Refreshed,
    RefreshedProvider,
)
from ai_engine.names import Role
from ai_engine.providers.registry.definition import ProviderDefinition
from ai_engine.providers.registry.readiness import obstacle
from ai_engine.web.paging import DEFAULT_PAGE, PageQuery, cursor_after, place_of
from ai_engine.web.provide import provided

router = APIRouter(prefix="/api", route_class=GuardedRoute)

Models = Annotated[ModelViews, Depends(provided(ModelViews))]

LARGEST_MODEL_PAGE = 1_000
"""Five thousand models are then there in a second: a page of so many costs the event loop 8 ms on one route each."""

REFRESH_PATIENCE_SECONDS = 15
"""A listing has a deadline of its own, 10 seconds; what is not over by now goes on without anybody waiting."""


class Capability(StrEnum):
    """What a model may take."""

    TOOLS = "tools"
    IMAGES = "images"
    JSON_SCHEMA = "json_schema"
    REASONING = "reasoning"

    def is_known_of(self, entry: CatalogueEntry) -> bool:
        """Somebody says that the route has it."""
        match self:
            case Capability.TOOLS:
                return bool(entry.takes_tools)
            case Capability.IMAGES:
                return bool(entry.takes_images)
            case Capability.JSON_SCHEMA:
                return bool(entry.takes_json_schema)
            case Capability.REASONING:
                return bool(entry.is_reasoning)


class SearchQuery(PageQuery):
    """Which names."""

    search: str | None = Field(
        None, min_length=1, max_length=200, description="A part of the name, in any case.", examples=["gpt-4"]
    )


class ModelQuery(SearchQuery):
    """Which routes. A model is shown with those that fit, and not at all if none does; what is not known fits nothing."""

    limit: int = Field(DEFAULT_PAGE, ge=1, le=LARGEST_MODEL_PAGE, description="How many at most.", examples=[DEFAULT_PAGE])
    provider: Name | None = Field(None, min_length=1, max_length=200, description="Only of this provider.", examples=["openai"])
    capability: list[Capability] = Field(
        [], max_length=len(Capability), description="Only with this; may be repeated.", examples=[["tools"]]
    )
    min_context_tokens: int | None = Field(
        None, ge=1, le=1_000_000_000, description="Only with at least this much context.", examples=[100_000]
    )
    max_input_usd_per_million: Decimal | None = Field(
        None, ge=0, le=1_000_000, description="Only where a million input tokens cost at most this.", examples=["3"]
    )
    max_output_usd_per_million: Decimal | None = Field(
        None, ge=0, le=1_000_000, description="Only where a million output tokens cost at most this.", examples=["15"]
    )

    def is_met_by(self, model: CatalogueModel) -> Sequence[CatalogueEntry]:
        """The routes that fit. Thousands of models are asked for a page, so what is not asked for costs nothing."""
        if self.search is not None and self.search.lower() not in model.searched:
            return ()
        entries: Sequence[CatalogueEntry] = model.entries
        if self.provider is not None:
            entries = [entry for entry in entries if entry.route.provider == self.provider]
        if self.min_context_tokens is not None:
            entries = [entry for entry in entries if (entry.context_tokens or 0) >= self.min_context_tokens]
        if self.max_input_usd_per_million is not None or self.max_output_usd_per_million is not None:
            entries = [entry for entry in entries if self._affords(entry.price)]
        for capability in self.capability:
            entries = [entry for entry in entries if capability.is_known_of(entry)]
        return entries

    def _affords(self, price: Price | None) -> bool:
        at_most_in, at_most_out = self.max_input_usd_per_million, self.max_output_usd_per_million
        if price is None:
            return at_most_in is None and at_most_out is None
        return (at_most_in is None or price.input_usd_per_million <= at_most_in) and (
            at_most_out is None or price.output_usd_per_million <= at_most_out
        )


class RefreshBody(BaseModel):
    """Whom to ask."""

    model_config = ConfigDict(extra="forbid")

    provider: Name | None = Field(
        None, min_length=1, max_length=200, description="Only this provider; without it, all.", examples=["openai"]
    )


@router.get("/models", summary="List the catalogue", tags=["Models"], dependencies=[requires(Role.VIEWER)])
async def list_catalogue(
    query: Annotated[ModelQuery, Query()],
    models: Models,
    configuration: Annotated[LiveConfiguration, Depends(provided(LiveConfiguration))],
) -> ModelPage:
    """Every model that a configured provider has, by name, with its routes: facts, prices, and how each stands now."""
    if query.provider is not None and query.provider not in configuration.current.providers:
        raise InvalidRequest(f"There is no provider {query.provider!r}; GET /api/providers lists them.", param="provider")
    return catalogue_page(query, models)


def catalogue_page(query: ModelQuery, models: ModelViews) -> ModelPage:
    """The page, from the snapshot of the moment."""
    known = models.catalogue.current.models
    place = place_of("models", query.cursor)
    shown: list[ModelView] = []
    is_last = True
    for model in known[bisect_right(known, place, key=lambda model: model.name) if place is not None else 0 :]:
        entries = query.is_met_by(model)
        if not entries:
            continue
        if len(shown) == query.limit:
            is_last = False
            break
        shown.append(models.model(model, entries))
    return ModelPage(items=shown, next_cursor=None if is_last else cursor_after("models", shown[-1].name))


@router.get(
    "/providers/{provider}/models", summary="List a provider's models", tags=["Providers"], dependencies=[requires(Role.VIEWER)]
)
async def list_provider_models(definition: Known, query: Annotated[SearchQuery, Query()], models: Models) -> ProviderModelPage:
    """The models that the provider has told, or that its definition names, by name; empty while it is not configured."""
    place = place_of(f"models of {definition.name}", query.cursor)
    search = query.search.lower() if query.search else ""
    entries = sorted(models.catalogue.current.entries_of(definition.name), key=lambda entry: entry.route.model)
    found = [entry for entry in entries if search in entry.route.model.lower() and (place is None or entry.route.model > place)]
    shown = found[: query.limit]
    return ProviderModelPage(
        items=[models.route(entry) for entry in shown],
        next_cursor=cursor_after(f"models of {definition.name}", shown[-1].route.model) if len(found) > query.limit else None,
    )


@router.post(
    "/models/refresh", summary="Ask the providers for their models", tags=["Models"], dependencies=[requires(Role.ADMIN)]
)
async def refresh_models(
    configuration: Annotated[LiveConfiguration, Depends(provided(LiveConfiguration))],
    discovery: Annotated[Discovery, Depends(provided(Discovery))],
    finder: Finder,
    models: Models,
    trail: Trail,
    by: By,
    body: Annotated[RefreshBody | None, Body()] = None,
) -> Refreshed:
    """All of them at once, or one; answers when all have told, after 15 seconds at the latest.

    Who is just being asked, or was within the last second, is not asked again, however often this is called.
    """
    names = discovery.whom_to_ask()
    if body is not None and body.provider is not None:
        definition = configuration.current.providers.get(body.provider)
        if definition is None:
            raise InvalidRequest(f"There is no provider {body.provider!r}; GET /api/providers lists them.", param="provider")
        if definition.name not in names:
            raise Conflict(f"{definition.display_name} cannot be asked: {_why_not(definition, finder)}.", code="not_listable")
        names = [definition.name]
    errors = await discovery.refresh(names, REFRESH_PATIENCE_SECONDS)
    refreshed = [_refreshed(name, models, errors) for name in names]
    target = "*" if body is None or body.provider is None else body.provider
    await trail.note(by, Action.REFRESH, target, {}, {one.provider: one.error or one.outcome for one in refreshed})
    return Refreshed(providers=refreshed)


def _why_not(definition: ProviderDefinition, finder: CandidateFinder) -> str:
    if not can_list(definition):
        return "its models are those that its definition names"
    missing = obstacle(definition)
    if missing is not None:
        return missing
    return "none of its keys is usable now" if finder.is_enabled(definition) else "it is switched off"


def _refreshed(name: str, models: ModelViews, errors: Mapping[str, str | None]) -> RefreshedProvider:
    current, error = models.catalogue.current, errors.get(name)
    return RefreshedProvider(
        provider=name,
        outcome="under_way" if name not in errors else "failed" if error else "listed",
        models_count=len(current.entries_of(name)),
        listed_at=current.listed_at(name),
        error=error,
    )
