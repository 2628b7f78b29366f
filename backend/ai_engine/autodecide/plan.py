"""The plan: the candidates of one model in the order in which they are tried, each with its reasons."""

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
    """A route with its score, and the facts that the score is made from."""

    candidate: Candidate
    score: Score
    facts: Facts


class Plan(NamedTuple):
    """Whom to try, in order, and who was left out and why."""

    asked: str
    candidates: tuple[Candidate, ...]
    """The routes that can serve the wish now."""
    exclusions: tuple[Exclusion, ...]
    order: str
    """What ordered them: `score`, `configured`, `provider.order`, or `provider.sort: …`."""
    family: str | None = None
    """Set where no model of that name exists and the family's best member is meant."""
    pinned_to: str | None = None

    @property
    def is_known(self) -> bool:
        """Some catalogue entry is meant by the name."""
        return bool(self.candidates or self.exclusions)


class Planner:
    """Makes plans from the snapshots of the moment. A plan costs its own candidates, not the catalogue's size."""

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
        """As they are to be tried, and what orders them. Where there is no choice, nothing is scored."""
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
        """`autodecide: false`: the preferred provider and no other, not even while that one is out for a time."""
        away = {
            one.candidate: one for one in exclusions if one.reason in (ExclusionReason.FLAGGED, ExclusionReason.KEYS_IN_COOLDOWN)
        }
        if not candidates and not away:
            return [], exclusions
        preferred = self._in_order([*candidates, *away], matches, preferences)[0][0]
        return ([], [away[preferred]]) if preferred in away else ([preferred], [])

    def note_use(self, route: Route) -> None:
        """The route gets an attempt: among equals it goes to the end of the line."""
        self._turn += 1
        self._turns[route] = self._turn

    def rank(self, candidate: Candidate) -> RankedCandidate:
        """The route's score as it is now."""
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
        """The operator's choice at run time, else the configuration's."""
        chosen = self._preferences.of(definition.name).priority
        return definition.priority if chosen is None else chosen

    def _by_score(self, ranked: RankedCandidate) -> tuple[float, int, int]:
        return -round(ranked.score.total, 2), ranked.candidate.match_kind, self._turns.get(ranked.candidate.route, 0)

    def _by_sort(self, ranked: RankedCandidate, sort: str | None) -> float:
        """The unknown comes last, whatever is sorted by."""
        match sort:
            case "price":
                value = ranked.facts.usd_per_million
            case "latency":
                value = ranked.facts.first_token_seconds
            case _:
                throughput = self._track_record.of(ranked.candidate.route).tokens_per_second
                value = None if throughput is None else -throughput
        return float("inf") if value is None else value
