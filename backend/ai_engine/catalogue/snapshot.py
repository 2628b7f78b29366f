"""The catalogue at one moment: every route of every configured provider, and which of them a model name means."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import NamedTuple

from ai_engine.catalogue.families import FAMILIES
from ai_engine.catalogue.model_names import NormalName, Rung, family_of, normalise, rung_between
from ai_engine.catalogue.prices import SANDBOX_PRICE, Price, Prices
from ai_engine.names import Route
from ai_engine.providers.adapter import ListedModel
from ai_engine.providers.registry.definition import ProviderDefinition

REMEMBERED_NAMES = 4096
"""How many asked names a snapshot remembers the answer for; beyond it, the longest unused are searched again."""


LONGEST_NAME = 512
"""Characters. Nobody's model has such a name; a client's megabytes are not remembered."""


@dataclass(frozen=True, slots=True)
class Listing:
    """What a provider said it has, and when."""

    models: tuple[ListedModel, ...]
    fetched_at: datetime


@dataclass(frozen=True, slots=True)
class CatalogueEntry:
    """One route and what is known of its model; `None` is unknown, not no."""

    route: Route
    context_tokens: int | None = None
    takes_tools: bool | None = None
    takes_images: bool | None = None
    takes_json_schema: bool | None = None
    is_reasoning: bool | None = None
    price: Price | None = None


@dataclass(frozen=True, slots=True)
class CatalogueModel:
    """One model: every route whose name is the same once case, punctuation and vendor are set aside."""

    name: str
    """The shortest of its providers' names for it. A request may use it as it stands."""
    entries: tuple[CatalogueEntry, ...]
    searched: str
    """All its providers' names for it in lower case, to find a part of one in."""


class Matched(NamedTuple):
    """A route that a name means, and how well it matches."""

    entry: CatalogueEntry
    rung: Rung


class Found(NamedTuple):
    """Everything a name means: at most one route a provider. Empty if nobody has such a model."""

    matched: tuple[Matched, ...]
    family: str | None
    """The family whose best member this is; `None` where the model itself was found."""


class _Named(NamedTuple):
    entry: CatalogueEntry
    name: NormalName


NOTHING_FOUND = Found((), None)


class Catalogue:
    """Immutable. Whoever holds one may keep it for the whole of a request."""

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
        """All of them, in the order of the configuration and of each provider's own listing."""
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
        """Every model by name, the names in order."""
        self._aliases = {normalise(alias): target for alias, target in aliases.items()}
        self._listed_at = dict(listed_at)
        self._pending = frozenset(pending)
        self._matches = lru_cache(REMEMBERED_NAMES)(self._search)
        self._found = lru_cache(REMEMBERED_NAMES)(self._search_with_family)
        self._found_at = lru_cache(REMEMBERED_NAMES)(self._search_at)

    def find(self, name: str) -> Found:
        """Every route that `name` means, at all providers. Costs a dictionary look-up for a name that was asked before."""
        return self._found(name) if len(name) <= LONGEST_NAME else NOTHING_FOUND

    def find_at(self, provider: str, name: str) -> Matched | None:
        """The provider's route that `name` means, by the same rules, as if there were no other provider."""
        return self._found_at(provider, name) if len(name) <= LONGEST_NAME else None

    def entry(self, route: Route) -> CatalogueEntry | None:
        """What is known of the route, `None` if the catalogue does not have it."""
        return self._by_route.get(route)

    def entries_of(self, provider: str) -> Sequence[CatalogueEntry]:
        """The provider's routes, in its own order; empty for one that is not configured."""
        return tuple(self._by_provider.get(provider, ()))

    def listed_at(self, provider: str) -> datetime | None:
        """When the provider's models were last read from it; `None` where they come from its definition alone."""
        return self._listed_at.get(provider)

    def is_pending(self, provider: str) -> bool:
        """It can list its models, and no listing has ever come: a name it lacks here may still be one of its own."""
        return provider in self._pending

    def _search_with_family(self, name: str) -> Found:
        matched = self._matches(name)
        if matched:
            return Found(tuple(matched.values()), None)
        for member in _members(name):
            best = self._matches(member)
            if best:
                return Found(tuple(Matched(found.entry, Rung.FAMILY) for found in best.values()), family_of(normalise(name)))
        return NOTHING_FOUND

    def _search_at(self, provider: str, name: str) -> Matched | None:
        matched = self._matches(name).get(provider)
        if matched is not None:
            return matched
        for member in _members(name):
            best = self._matches(member).get(provider)
            if best is not None:
                return Matched(best.entry, Rung.FAMILY)
        return None

    def _search(self, name: str) -> Mapping[str, Matched]:
        """The best match at each provider, the family aside."""
        asked = normalise(name)
        best = {
            provider: matched
            for provider, alike in self._by_identity.get((asked.base, asked.variant), {}).items()
            if (matched := _best_of(alike, name, asked)) is not None
        }
        target = self._aliases.get(asked)
        if target is None:
            return best
        meant = normalise(target)
        for provider, alike in self._by_identity.get((meant.base, meant.variant), {}).items():
            matched = _best_of(alike, target, meant)
            if matched is None:
                continue
            rung = max(matched.rung, Rung.ALIAS)
            if provider not in best or rung < best[provider].rung:
                best[provider] = Matched(matched.entry, rung)
        return best


def _model(entries: Sequence[CatalogueEntry]) -> CatalogueModel:
    names = [entry.route.model for entry in entries]
    name = names[0] if len(names) == 1 else min(names, key=lambda name: (len(name), name))
    return CatalogueModel(name, tuple(entries), "\n".join(names).lower())


def can_list(definition: ProviderDefinition) -> bool:
    """Its models are asked for. The sandbox would list only what its definition says: it takes any name."""
    return definition.lists_models and not definition.is_sandbox


def build(
    providers: Mapping[str, ProviderDefinition],
    listings: Mapping[str, Listing],
    aliases: Mapping[str, str],
    prices: Prices,
    now: datetime,
) -> Catalogue:
    """The catalogue of all configured providers, the disabled and the flagged included: whom to ask is not its business."""
    served = [definition for definition in providers.values() if definition.is_configured]
    heard = {
        definition.name: listings[definition.name]
        for definition in served
        if can_list(definition) and definition.name in listings
    }
    return Catalogue(
        entries=(
            _entry(definition, listed, prices)
            for definition in served
            for listed in _models_of(definition, heard.get(definition.name))
        ),
        aliases=aliases,
        listed_at={name: listing.fetched_at for name, listing in heard.items()},
        pending=(definition.name for definition in served if can_list(definition) and definition.name not in heard),
        built_at=now,
    )


def _models_of(definition: ProviderDefinition, listing: Listing | None) -> Iterable[ListedModel]:
    """Its listing, or what its definition knows without one; each name once."""
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


def _best_of(alike: Iterable[_Named], name: str, asked: NormalName) -> Matched | None:
    """The provider's best match: exact before equal, equal before dated, of several dated ones the newest."""
    best: tuple[Rung, _Named] | None = None
    for named in alike:
        rung = Rung.EXACT if named.entry.route.model == name else rung_between(asked, named.name)
        if rung is None:
            continue
        if (
            best is None
            or rung < best[0]
            or (rung == best[0] == Rung.DATED and (named.name.date or "") > (best[1].name.date or ""))
        ):
            best = rung, named
    return Matched(best[1].entry, best[0]) if best else None
