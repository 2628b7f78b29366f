"""The views of the catalogue: models, routes and their state."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Literal

from pydantic import BaseModel, Field

from ai_engine.autodecide.candidates import Candidate, CandidateFinder, ExclusionReason, RouteQuery
from ai_engine.catalogue.live import LiveCatalogue
from ai_engine.catalogue.model_names import MatchKind
from ai_engine.catalogue.snapshot import CatalogueEntry, CatalogueModel
from ai_engine.configuration import LiveConfiguration
from ai_engine.management_api.schemas import Flag, FlagReason
from ai_engine.management_api.views.providers import ProviderViews
from ai_engine.preferences.preferences import LivePreferences
from ai_engine.providers.registry.definition import ProviderDefinition

RouteState = Literal["available", "flagged", "drained", "disabled", "no_key"]
_STATES: dict[ExclusionReason, RouteState] = {
    ExclusionReason.DISABLED: "disabled",
    ExclusionReason.DRAINED: "drained",
    ExclusionReason.NO_KEY: "no_key",
}
"""Every other reason is a flag: an open circuit, or all keys in cooldown."""


class CapabilitiesView(BaseModel):
    """The model's capabilities; `null` is unknown."""

    tools: bool | None
    images: bool | None
    json_schema: bool | None
    reasoning: bool | None


class ModelRouteView(BaseModel):
    """A model at a provider."""

    id: str = Field(description="The name that pins a request to this route.", examples=["openai/gpt-4o"])
    provider: str = Field(examples=["openai"])
    name: str = Field(description="The provider's name for the model.", examples=["gpt-4o"])
    context_tokens: int | None = Field(description="The context window; `null` is unknown.", examples=[128_000])
    capabilities: CapabilitiesView
    input_usd_per_million: str | None = Field(description="`null` is unknown, `0` is free.", examples=["2.5"])
    output_usd_per_million: str | None = Field(examples=["10"])
    price_source: str | None = Field(description="`configuration`, `listing`, or `genai-prices` with its version.")
    state: RouteState = Field(description="Whether the route can serve requests now.")
    flag: Flag | None = Field(description="Why it cannot; `null` if it can.")
    is_default: bool = Field(description="Whether this is the provider's default model.")


class ModelView(BaseModel):
    """A model with its routes."""

    name: str = Field(description="Valid as `model` of a request.", examples=["gpt-4o"])
    routes: list[ModelRouteView]


class ModelPage(BaseModel):
    """A page of models, by name."""

    items: list[ModelView]
    next_cursor: str | None


class ProviderModelPage(BaseModel):
    """A page of a provider's models, by name."""

    items: list[ModelRouteView]
    next_cursor: str | None


class RefreshedProvider(BaseModel):
    """The result of refreshing one provider's model list."""

    provider: str = Field(examples=["openai"])
    outcome: Literal["refreshed", "failed", "in_progress"]
    models_count: int = Field(description="The number of models in the catalogue; a failed refresh keeps the known ones.")
    refreshed_at: datetime | None = Field(description="When its model list was last read.")
    error: str | None


class Refreshed(BaseModel):
    """The refreshed providers."""

    providers: list[RefreshedProvider]


@dataclass(frozen=True, slots=True)
class ModelViews:
    """Creates the views."""

    configuration: LiveConfiguration
    finder: CandidateFinder
    preferences: LivePreferences
    catalogue: LiveCatalogue
    provider_views: ProviderViews

    def model(self, model: CatalogueModel, entries: Iterable[CatalogueEntry]) -> ModelView:
        """The model with these routes."""
        return ModelView(name=model.name, routes=[self.route(entry) for entry in entries])

    def route(self, entry: CatalogueEntry) -> ModelRouteView:
        definition, price = self.configuration.current.providers.get(entry.route.provider), entry.price
        state, flag = self._standing(definition, entry)
        return ModelRouteView(
            id=str(entry.route),
            provider=entry.route.provider,
            name=entry.route.model,
            context_tokens=entry.context_tokens,
            capabilities=CapabilitiesView(
                tools=entry.takes_tools,
                images=entry.takes_images,
                json_schema=entry.takes_json_schema,
                reasoning=entry.is_reasoning,
            ),
            input_usd_per_million=_plain(price.input_usd_per_million) if price else None,
            output_usd_per_million=_plain(price.output_usd_per_million) if price else None,
            price_source=price.source if price else None,
            state=state,
            flag=flag,
            is_default=definition is not None and self._is_default(definition, entry),
        )

    def _standing(self, definition: ProviderDefinition | None, entry: CatalogueEntry) -> tuple[RouteState, Flag | None]:
        """State and flag of the route for a request without requirements."""
        if definition is None or (definition.is_sandbox and not self.finder.is_usable(definition)):
            return "disabled", Flag(reason=FlagReason.DISABLED, message="Not in use.", until=None)
        exclusion = self.finder.why_not(Candidate(definition, entry, MatchKind.EXACT), RouteQuery(entry.route.model))
        if exclusion is None:
            return "available", None
        until = self.provider_views.until(exclusion.returns_in_seconds)
        flag = Flag(reason=FlagReason(exclusion.cause or exclusion.reason), message=exclusion.detail, until=until)
        return _STATES.get(exclusion.reason, "flagged"), flag

    def _is_default(self, definition: ProviderDefinition, entry: CatalogueEntry) -> bool:
        default = self.preferences.of(definition.name).default_model or definition.default_model
        if default is None:
            return False
        match = self.catalogue.current.find_at(definition.name, default)
        return match is not None and match.entry.route == entry.route


def _plain(amount: Decimal) -> str:
    """A decimal without an exponent and trailing zeros."""
    text = f"{amount:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
