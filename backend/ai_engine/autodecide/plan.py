"""The plan: the candidates of a model in the order in which they are tried."""

from collections.abc import Callable
from typing import NamedTuple

from ai_engine.autodecide.candidates import (
    NO_PREFERENCES,
    Candidate,
    CandidateFinder,
    Exclusion,
    ExclusionReason,
    Matches,
    ProviderPreferences,
    RouteQuery,
)
from ai_engine.autodecide.score import Facts, Score, score
from ai_engine.health.track_record import TrackRecord
from ai_engine.names import Route
from ai_engine.preferences.preferences import LivePreferences
from ai_engine.provider_keys.pool import KeyPool
from ai_engine.providers.registry.definition import ProviderDefinition
from ai_engine.settings.file import WeightsSection


class RankedCandidate(NamedTuple):
    """A route with its score and the facts behind it."""

    candidate: Candidate
    score: Score
    facts: Facts


class Plan(NamedTuple):
    """The candidates in order, and the excluded routes with the reason."""

    asked: str
    candidates: tuple[Candidate, ...]
    """The routes that can serve the request now."""
    exclusions: tuple[Exclusion, ...]
    order: str
    """How they are ordered: `score`, `configured`, `provider.order`, or `provider.sort: …`."""
    family: str | None = None
    """Set if no model has this name and it stands for the best member of a family."""
    pinned_to: str | None = None

    @property
    def is_known(self) -> bool:
        """Whether the name matches any route."""
        return bool(self.candidates or self.exclusions)


class Planner:
    """Creates plans from the current snapshots. The cost depends on the number of candidates, not on the catalogue's size."""

    def __init__(
        self,
        finder: CandidateFinder,
        preferences: LivePreferences,
        keys: KeyPool,
        track_record: TrackRecord,
        weights: Callable[[], WeightsSection],
    ) -> None:
        self._finder = finder
        self._preferences = preferences
        self._keys = keys
        self._track_record = track_record
        self._weights = weights
        self._turns: dict[Route, int] = {}
        self._turn = 0

    def plan(self, query: RouteQuery) -> Plan:
        """Raises `InvalidRequest` if the request's `provider` field names an unknown provider."""
        preferences = query.preferences
        if preferences != NO_PREFERENCES:
            self._finder.refuse_unknown_providers(preferences)
        matches = self._finder.matches(query.model)
        candidates: list[Candidate] = []
        exclusions: list[Exclusion] = []
        for candidate in matches.candidates:
            exclusion = self._finder.why_not(candidate, query)
            if exclusion is None:
                candidates.append(candidate)
            else:
                exclusions.append(exclusion)
        if not query.autodecide:
            candidates, exclusions = self._preferred_alone(candidates, exclusions, matches, preferences)
        candidates, order = self._in_order(candidates, matches, preferences)
        return Plan(query.model, tuple(candidates), tuple(exclusions), order, matches.family, matches.pinned_to)

    def _in_order(
        self, candidates: list[Candidate], matches: Matches, preferences: ProviderPreferences
    ) -> tuple[list[Candidate], str]:
        """The candidates in order, and how they are ordered. A single candidate is not scored."""
        order = "configured" if matches.is_in_given_order else "score"
        if len(candidates) < 2:
            return candidates, order
        if preferences.sort or not matches.is_in_given_order:
            ranked = sorted(map(self.rank, candidates), key=self._by_score)
            if preferences.sort:
                order = f"provider.sort: {preferences.sort}"
                ranked.sort(key=lambda one: self._by_sort(one, preferences.sort))
            candidates = [one.candidate for one in ranked]
        if preferences.order:
            order = "provider.order"
            places = {name: place for place, name in enumerate(preferences.order)}
            candidates = sorted(candidates, key=lambda one: places.get(one.route.provider, len(places)))
        return candidates, order

    def _preferred_alone(
        self, candidates: list[Candidate], exclusions: list[Exclusion], matches: Matches, preferences: ProviderPreferences
    ) -> tuple[list[Candidate], list[Exclusion]]:
        """`autodecide: false`: only the preferred provider, also while it is flagged or in cooldown."""
        unavailable = {
            one.candidate: one for one in exclusions if one.reason in (ExclusionReason.FLAGGED, ExclusionReason.KEYS_IN_COOLDOWN)
        }
        if not candidates and not unavailable:
            return [], exclusions
        preferred = self._in_order([*candidates, *unavailable], matches, preferences)[0][0]
        return ([], [unavailable[preferred]]) if preferred in unavailable else ([preferred], [])

    def note_use(self, route: Route) -> None:
        """Records an attempt: among equal scores the least recently used route comes first."""
        self._turn += 1
        self._turns[route] = self._turn

    def rank(self, candidate: Candidate) -> RankedCandidate:
        """The route's current score."""
        route, price = candidate.route, candidate.entry.price
        record = self._track_record.of(route)
        facts = Facts(
            priority=self.priority(candidate.definition),
            success_rate=record.success_rate,
            first_token_seconds=record.first_token_seconds,
            usd_per_million=price.blended_usd_per_million if price else None,
            in_flight_per_key=self._keys.in_flight_per_key(route.provider),
        )
        return RankedCandidate(candidate, score(facts, self._weights()), facts)

    def priority(self, definition: ProviderDefinition) -> int:
        """The preference set at run time, else the configured priority."""
        chosen = self._preferences.of(definition.name).priority
        return definition.priority if chosen is None else chosen

    def _by_score(self, ranked: RankedCandidate) -> tuple[float, int, int]:
        return -round(ranked.score.total, 2), ranked.candidate.match_kind, self._turns.get(ranked.candidate.route, 0)

    def _by_sort(self, ranked: RankedCandidate, sort: str | None) -> float:
        """Unknown values sort last."""
        match sort:
            case "price":
                value = ranked.facts.usd_per_million
            case "latency":
                value = ranked.facts.first_token_seconds
            case _:
                throughput = self._track_record.of(ranked.candidate.route).tokens_per_second
                value = None if throughput is None else -throughput
        return float("inf") if value is None else value
