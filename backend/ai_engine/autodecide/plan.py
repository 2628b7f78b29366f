"""The plan: the candidates of one model in the order in which they are tried, each with its reasons."""

from collections.abc import Callable
from typing import NamedTuple

from ai_engine.autodecide.candidates import (
    NO_PREFERENCES,
    CandidateFinder,
    LeftOut,
    Matches,
    Possible,
    ProviderPreferences,
    Reason,
    Wish,
)
from ai_engine.autodecide.score import Facts, Score, score
from ai_engine.health.track_record import TrackRecord
from ai_engine.names import Route
from ai_engine.preferences.preferences import LivePreferences
from ai_engine.provider_keys.pool import KeyPool
from ai_engine.providers.registry.definition import ProviderDefinition
from ai_engine.settings.file import WeightsSection


class Judged(NamedTuple):
    """A route with its score, and the facts that the score is made from."""

    possible: Possible
    score: Score
    facts: Facts


class Plan(NamedTuple):
    """Whom to try, in order, and who was left out and why."""

    asked: str
    candidates: tuple[Possible, ...]
    """The routes that can serve the wish now."""
    left_out: tuple[LeftOut, ...]
    order: str
    """What ordered them: `score`, `configured`, `provider.order`, or `provider.sort: …`."""
    family: str | None = None
    """Set where no model of that name exists and the family's best member is meant."""
    pinned_to: str | None = None

    @property
    def is_known(self) -> bool:
        """Some catalogue entry is meant by the name."""
        return bool(self.candidates or self.left_out)


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

    def plan(self, wish: Wish) -> Plan:
        """Raises `InvalidRequest` if the request's `provider` field names an unknown provider."""
        preferences = wish.preferences
        if preferences != NO_PREFERENCES:
            self._finder.refuse_unknown_providers(preferences)
        matches = self._finder.matches(wish.model)
        candidates: list[Possible] = []
        left_out: list[LeftOut] = []
        for possible in matches.possible:
            reason = self._finder.why_not(possible, wish)
            if reason is None:
                candidates.append(possible)
            else:
                left_out.append(reason)
        if not wish.autodecide:
            candidates, left_out = self._preferred_alone(candidates, left_out, matches, preferences)
        candidates, order = self._in_order(candidates, matches, preferences)
        return Plan(wish.model, tuple(candidates), tuple(left_out), order, matches.family, matches.pinned_to)

    def _in_order(
        self, possible: list[Possible], matches: Matches, preferences: ProviderPreferences
    ) -> tuple[list[Possible], str]:
        """As they are to be tried, and what orders them. Where there is no choice, nothing is scored."""
        order = "configured" if matches.is_in_given_order else "score"
        if len(possible) < 2:
            return possible, order
        if preferences.sort or not matches.is_in_given_order:
            judged = sorted(map(self.judge, possible), key=self._by_score)
            if preferences.sort:
                order = f"provider.sort: {preferences.sort}"
                judged.sort(key=lambda one: self._by_wish(one, preferences.sort))
            possible = [one.possible for one in judged]
        if preferences.order:
            order = "provider.order"
            places = {name: place for place, name in enumerate(preferences.order)}
            possible = sorted(possible, key=lambda one: places.get(one.route.provider, len(places)))
        return possible, order

    def _preferred_alone(
        self, candidates: list[Possible], left_out: list[LeftOut], matches: Matches, preferences: ProviderPreferences
    ) -> tuple[list[Possible], list[LeftOut]]:
        """`autodecide: false`: the preferred provider and no other, not even while that one is out for a time."""
        away = {one.possible: one for one in left_out if one.reason in (Reason.FLAGGED, Reason.KEYS_RESTING)}
        if not candidates and not away:
            return [], left_out
        preferred = self._in_order([*candidates, *away], matches, preferences)[0][0]
        return ([], [away[preferred]]) if preferred in away else ([preferred], [])

    def note_use(self, route: Route) -> None:
        """The route gets an attempt: among equals it goes to the end of the line."""
        self._turn += 1
        self._turns[route] = self._turn

    def judge(self, possible: Possible) -> Judged:
        """The route's score as it is now."""
        route, price = possible.route, possible.entry.price
        record = self._track_record.of(route)
        facts = Facts(
            priority=self.priority(possible.definition),
            success_rate=record.success_rate,
            first_token_seconds=record.first_token_seconds,
            usd_per_million=price.blended_usd_per_million if price else None,
            in_flight_per_key=self._keys.in_flight_per_key(route.provider),
        )
        return Judged(possible, score(facts, self._weights()), facts)

    def priority(self, definition: ProviderDefinition) -> int:
        """The operator's choice at run time, else the configuration's."""
        chosen = self._preferences.of(definition.name).priority
        return definition.priority if chosen is None else chosen

    def _by_score(self, judged: Judged) -> tuple[float, int, int]:
        return -round(judged.score.total, 2), judged.possible.rung, self._turns.get(judged.possible.route, 0)

    def _by_wish(self, judged: Judged, sort: str | None) -> float:
        """The unknown comes last, whatever is sorted by."""
        match sort:
            case "price":
                value = judged.facts.usd_per_million
            case "latency":
                value = judged.facts.first_token_seconds
            case _:
                throughput = self._track_record.of(judged.possible.route).tokens_per_second
                value = None if throughput is None else -throughput
        return float("inf") if value is None else value
