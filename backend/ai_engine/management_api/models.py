"""`/api/models`: the catalogue with search and filters, and its refresh."""

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
from ai_engine.web.paging import DEFAULT_PAGE, PageQuery, cursor_after, position_of
from ai_engine.web.provide import provided

router = APIRouter(prefix="/api", route_class=GuardedRoute)

Models = Annotated[ModelViews, Depends(provided(ModelViews))]

LARGEST_MODEL_PAGE = 1_000
"""Five thousand models take a second: a page of this size blocks the event loop for 8 ms with one route per model."""

REFRESH_PATIENCE_SECONDS = 15
"""Longer than the 10 seconds that a listing may take; one that is not finished by then continues in the background."""


class Capability(StrEnum):
    """A capability of a model."""

    TOOLS = "tools"
    IMAGES = "images"
    JSON_SCHEMA = "json_schema"
    REASONING = "reasoning"

    def is_known_of(self, entry: CatalogueEntry) -> bool:
        """Whether the route is known to have it."""
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
    """Search by name."""

    search: str | None = Field(
        None, min_length=1, max_length=200, description="A part of the name, case-insensitive.", examples=["gpt-4"]
    )


class ModelQuery(SearchQuery):
    """Filters on routes. A model is listed with the routes that match; unknown facts do not match."""

    limit: int = Field(
        DEFAULT_PAGE, ge=1, le=LARGEST_MODEL_PAGE, description="The maximum number of items.", examples=[DEFAULT_PAGE]
    )
    provider: Name | None = Field(
        None, min_length=1, max_length=200, description="Only routes of this provider.", examples=["openai"]
    )
    capability: list[Capability] = Field(
        [], max_length=len(Capability), description="Only routes with this capability; may be repeated.", examples=[["tools"]]
    )
    min_context_tokens: int | None = Field(
        None, ge=1, le=1_000_000_000, description="The minimum context window.", examples=[100_000]
    )
    max_input_usd_per_million: Decimal | None = Field(
        None, ge=0, le=1_000_000, description="The maximum price of a million input tokens.", examples=["3"]
    )
    max_output_usd_per_million: Decimal | None = Field(
        None, ge=0, le=1_000_000, description="The maximum price of a million output tokens.", examples=["15"]
    )

    def matching(self, model: CatalogueModel) -> Sequence[CatalogueEntry]:
        """The routes that match. Filters that are not set cost nothing, since a page tests thousands of models."""
        if self.search is not None and self.search.lower() not in model.searched:
            return ()
        entries: Sequence[CatalogueEntry] = model.entries
        if self.provider is not None:
            entries = [entry for entry in entries if entry.route.provider == self.provider]
        if self.min_context_tokens is not None:
            entries = [entry for entry in entries if (entry.context_tokens or 0) >= self.min_context_tokens]
        if self.max_input_usd_per_million is not None or self.max_output_usd_per_million is not None:
            entries = [entry for entry in entries if self._is_within_budget(entry.price)]
        for capability in self.capability:
            entries = [entry for entry in entries if capability.is_known_of(entry)]
        return entries

    def _is_within_budget(self, price: Price | None) -> bool:
        max_input, max_output = self.max_input_usd_per_million, self.max_output_usd_per_million
        if price is None:
            return max_input is None and max_output is None
        return (max_input is None or price.input_usd_per_million <= max_input) and (
            max_output is None or price.output_usd_per_million <= max_output
        )


class RefreshBody(BaseModel):
    """Which provider to refresh."""

    model_config = ConfigDict(extra="forbid")

    provider: Name | None = Field(None, min_length=1, max_length=200, description="Default: all providers.", examples=["openai"])


@router.get("/models", summary="List the catalogue", tags=["Models"], dependencies=[requires(Role.VIEWER)])
async def list_catalogue(
    query: Annotated[ModelQuery, Query()],
    models: Models,
    configuration: Annotated[LiveConfiguration, Depends(provided(LiveConfiguration))],
) -> ModelPage:
    """Every model of the configured providers, by name, with its routes: capabilities, prices and state."""
    if query.provider is not None and query.provider not in configuration.current.providers:
        raise InvalidRequest(f"Unknown provider {query.provider!r}; GET /api/providers lists all.", param="provider")
    return catalogue_page(query, models)


def catalogue_page(query: ModelQuery, models: ModelViews) -> ModelPage:
    """The page, from the snapshot of the moment."""
    known = models.catalogue.current.models
    position = position_of("models", query.cursor)
    shown: list[ModelView] = []
    is_last = True
    for model in known[bisect_right(known, position, key=lambda model: model.name) if position is not None else 0 :]:
        entries = query.matching(model)
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
    """The provider's models by name: those it lists, or those in its definition. Empty if it is not configured."""
    position = position_of(f"models of {definition.name}", query.cursor)
    search = query.search.lower() if query.search else ""
    entries = sorted(models.catalogue.current.entries_of(definition.name), key=lambda entry: entry.route.model)
    found = [
        entry for entry in entries if search in entry.route.model.lower() and (position is None or entry.route.model > position)
    ]
    shown = found[: query.limit]
    return ProviderModelPage(
        items=[models.route(entry) for entry in shown],
        next_cursor=cursor_after(f"models of {definition.name}", shown[-1].route.model) if len(found) > query.limit else None,
    )


@router.post("/models/refresh", summary="Refresh the model lists", tags=["Models"], dependencies=[requires(Role.ADMIN)])
async def refresh_models(
    configuration: Annotated[LiveConfiguration, Depends(provided(LiveConfiguration))],
    discovery: Annotated[Discovery, Depends(provided(Discovery))],
    finder: Finder,
    models: Models,
    trail: Trail,
    by: By,
    body: Annotated[RefreshBody | None, Body()] = None,
) -> Refreshed:
    """Reads the model lists of all providers, or of one; responds when all are read, after 15 seconds at the latest.

    A list that is being read, or was read within the last second, is not requested again.
    """
    names = discovery.refreshable_providers()
    if body is not None and body.provider is not None:
        definition = configuration.current.providers.get(body.provider)
        if definition is None:
            raise InvalidRequest(f"Unknown provider {body.provider!r}; GET /api/providers lists all.", param="provider")
        if definition.name not in names:
            raise Conflict(
                f"{definition.display_name} cannot list its models: {_obstacle(definition, finder)}.",
                code="model_list_unavailable",
            )
        names = [definition.name]
    errors = await discovery.refresh(names, REFRESH_PATIENCE_SECONDS)
    refreshed = [_refreshed(name, models, errors) for name in names]
    target = "*" if body is None or body.provider is None else body.provider
    await trail.record(by, Action.REFRESH, target, {}, {one.provider: one.error or one.outcome for one in refreshed})
    return Refreshed(providers=refreshed)


def _obstacle(definition: ProviderDefinition, finder: CandidateFinder) -> str:
    if not can_list(definition):
        return "its models are set by its definition"
    missing = obstacle(definition)
    if missing is not None:
        return missing
    return "no key is usable" if finder.is_enabled(definition) else "it is disabled"


def _refreshed(name: str, models: ModelViews, errors: Mapping[str, str | None]) -> RefreshedProvider:
    current, error = models.catalogue.current, errors.get(name)
    return RefreshedProvider(
        provider=name,
        outcome="in_progress" if name not in errors else "failed" if error else "refreshed",
        models_count=len(current.entries_of(name)),
        refreshed_at=current.listed_at(name),
        error=error,
    )
