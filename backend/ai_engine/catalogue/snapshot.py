"""A snapshot of the catalogue: every route of every configured provider, and the routes that a model name matches."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import NamedTuple

from ai_engine.catalogue.families import FAMILIES
from ai_engine.catalogue.model_names import MatchKind, NormalName, family_of, match_between, normalise
from ai_engine.catalogue.prices import SANDBOX_PRICE, Price, Prices
from ai_engine.names import Route
from ai_engine.providers.adapter import ListedModel
from ai_engine.providers.registry.definition import ProviderDefinition

CACHED_NAMES = 4096
"""How many look-ups of names a snapshot caches (LRU)."""


LONGEST_NAME = 512
"""In characters: longer names kind no model and are not cached."""


@dataclass(frozen=True, slots=True)
class Listing:
    """A provider's model list, and when it was read."""

    models: tuple[ListedModel, ...]
    fetched_at: datetime


@dataclass(frozen=True, slots=True)
class CatalogueEntry:
    """A route and the facts about its model; `None` is unknown."""

    route: Route
    context_tokens: int | None = None
    takes_tools: bool | None = None
    takes_images: bool | None = None
    takes_json_schema: bool | None = None
    is_reasoning: bool | None = None
    price: Price | None = None


@dataclass(frozen=True, slots=True)
class CatalogueModel:
    """A model: all routes whose names are equal after normalisation."""

    name: str
    """The shortest of its providers' names for it; it is valid in requests."""
    entries: tuple[CatalogueEntry, ...]
    searched: str
    """All its providers' names for it in lower case, for substring search."""


class Matched(NamedTuple):
    """A route that a name matches, and how."""

    entry: CatalogueEntry
    kind: MatchKind


class Found(NamedTuple):
    """The routes that a name matches: at most one per provider."""

    matched: tuple[Matched, ...]
    family: str | None
    """The family whose best member this is; `None` if the name itself matched."""


class _Named(NamedTuple):
    entry: CatalogueEntry
    name: NormalName


NOTHING_FOUND = Found((), None)


class Catalogue:
    """Immutable, so that a request uses one snapshot throughout."""

    def __init__(
        self,
        entries: Iterable[CatalogueEntry],
        aliases: Mapping[str, str],
        listed_at: Mapping[str, datetime],
        pending: Iterable[str],
        built_at: datetime,
    ) -> None:
        self.built_at = built_at
        self.entries = tuple(entries)
        """All routes, in the order of the configuration and of each provider's listing."""
        self._by_route = {entry.route: entry for entry in self.entries}
        self._by_provider: dict[str, list[CatalogueEntry]] = {}
        self._by_identity: dict[tuple[str, str], dict[str, list[_Named]]] = {}
        alike_by_name: dict[NormalName, list[CatalogueEntry]] = {}
        for entry in self.entries:
            self._by_provider.setdefault(entry.route.provider, []).append(entry)
            name = normalise(entry.route.model)
            alike = self._by_identity.setdefault((name.base, name.variant), {})
            alike.setdefault(entry.route.provider, []).append(_Named(entry, name))
            alike_by_name.setdefault(name, []).append(entry)
        self.models = tuple(sorted(map(_model, alike_by_name.values()), key=lambda model: model.name))
        """Every model, sorted by name."""
        self._aliases = {normalise(alias): target for alias, target in aliases.items()}
        self._listed_at = dict(listed_at)
        self._pending = frozenset(pending)
        self._matches = lru_cache(CACHED_NAMES)(self._search)
        self._found = lru_cache(CACHED_NAMES)(self._search_with_family)
        self._found_at = lru_cache(CACHED_NAMES)(self._search_at)

    def find(self, name: str) -> Found:
        """The routes that `name` matches, at all providers. Cached by name."""
        return self._found(name) if len(name) <= LONGEST_NAME else NOTHING_FOUND

    def find_at(self, provider: str, name: str) -> Matched | None:
        """The provider's route that `name` matches, by the same rules, ignoring other providers."""
        return self._found_at(provider, name) if len(name) <= LONGEST_NAME else None

    def entry(self, route: Route) -> CatalogueEntry | None:
        """The route's entry; `None` if it is not in the catalogue."""
        return self._by_route.get(route)

    def entries_of(self, provider: str) -> Sequence[CatalogueEntry]:
        """The provider's routes in its own order; empty if it is not configured."""
        return tuple(self._by_provider.get(provider, ()))

    def listed_at(self, provider: str) -> datetime | None:
        """When the provider's model list was read; `None` if its models come from its definition."""
        return self._listed_at.get(provider)

    def is_pending(self, provider: str) -> bool:
        """Whether the provider can list its models and its first listing is outstanding: it may have models that are not here."""
        return provider in self._pending

    def _search_with_family(self, name: str) -> Found:
        matched = self._matches(name)
        if matched:
            return Found(tuple(matched.values()), None)
        for member in _members(name):
            best = self._matches(member)
            if best:
                return Found(tuple(Matched(found.entry, MatchKind.FAMILY) for found in best.values()), family_of(normalise(name)))
        return NOTHING_FOUND

    def _search_at(self, provider: str, name: str) -> Matched | None:
        matched = self._matches(name).get(provider)
        if matched is not None:
            return matched
        for member in _members(name):
            best = self._matches(member).get(provider)
            if best is not None:
                return Matched(best.entry, MatchKind.FAMILY)
        return None

    def _search(self, name: str) -> Mapping[str, Matched]:
        """The best kind at each provider, without families."""
        requested = normalise(name)
        best = {
            provider: matched
            for provider, alike in self._by_identity.get((requested.base, requested.variant), {}).items()
            if (matched := _best_of(alike, name, requested)) is not None
        }
        target = self._aliases.get(requested)
        if target is None:
            return best
        meant = normalise(target)
        for provider, alike in self._by_identity.get((meant.base, meant.variant), {}).items():
            matched = _best_of(alike, target, meant)
            if matched is None:
                continue
            kind = max(matched.kind, MatchKind.ALIAS)
            if provider not in best or kind < best[provider].kind:
                best[provider] = Matched(matched.entry, kind)
        return best


def _model(entries: Sequence[CatalogueEntry]) -> CatalogueModel:
    names = [entry.route.model for entry in entries]
    name = names[0] if len(names) == 1 else min(names, key=lambda name: (len(name), name))
    return CatalogueModel(name, tuple(entries), "\n".join(names).lower())


def can_list(definition: ProviderDefinition) -> bool:
    """Whether its model list is read. The sandbox accepts any name, so it has none."""
    return definition.lists_models and not definition.is_sandbox


def build(
    providers: Mapping[str, ProviderDefinition],
    listings: Mapping[str, Listing],
    aliases: Mapping[str, str],
    prices: Prices,
    now: datetime,
) -> Catalogue:
    """The catalogue of all configured providers, including disabled and flagged ones."""
    served = [definition for definition in providers.values() if definition.is_configured]
    current = {
        definition.name: listings[definition.name]
        for definition in served
        if can_list(definition) and definition.name in listings
    }
    return Catalogue(
        entries=(
            _entry(definition, listed, prices)
            for definition in served
            for listed in _models_of(definition, current.get(definition.name))
        ),
        aliases=aliases,
        listed_at={name: listing.fetched_at for name, listing in current.items()},
        pending=(definition.name for definition in served if can_list(definition) and definition.name not in current),
        built_at=now,
    )


def _models_of(definition: ProviderDefinition, listing: Listing | None) -> Iterable[ListedModel]:
    """The models of its listing, or of its definition without one; each name once."""
    if listing is not None:
        return {model.name: model for model in listing.models}.values()
    default = (definition.default_model,) if definition.default_model else ()
    return (ListedModel(name) for name in dict.fromkeys((*definition.models, *default)))


def _entry(definition: ProviderDefinition, listed: ListedModel, prices: Prices) -> CatalogueEntry:
    return CatalogueEntry(
        Route(definition.name, listed.name),
        listed.context_tokens or prices.context_tokens_of(definition.name, listed.name),
        listed.takes_tools,
        listed.takes_images,
        listed.takes_json_schema,
        listed.is_reasoning,
        SANDBOX_PRICE if definition.is_sandbox else prices.of(definition.name, listed.name, listed),
    )


def _members(name: str) -> Sequence[str]:
    family = family_of(normalise(name))
    return FAMILIES[family] if family is not None else ()


def _best_of(alike: Iterable[_Named], name: str, requested: NormalName) -> Matched | None:
    """The provider's best kind: exact, then normalised, then dated; of several dated ones the newest."""
    best: tuple[MatchKind, _Named] | None = None
    for named in alike:
        kind = MatchKind.EXACT if named.entry.route.model == name else match_between(requested, named.name)
        if kind is None:
            continue
        if (
            best is None
            or kind < best[0]
            or (kind == best[0] == MatchKind.DATED and (named.name.date or "") > (best[1].name.date or ""))
        ):
            best = kind, named
    return Matched(best[1].entry, best[0]) if best else None
