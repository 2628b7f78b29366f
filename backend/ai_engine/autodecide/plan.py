"""The plan: the candidates of one model in the order in which they are tried, each with its reasons."""

from collections.abc import Callable
from typing import NamedTuple

from ai_engine.autodecide.candidates import NO_PREFERENCES, CandidateFinder, LeftOut, Possible, Wish
from ai_engine.autodecide.score import Facts, Score, score
from ai_engine.health.track_record import TrackRecord
from ai_engine.names import Route
from ai_engine.preferences.preferences import LivePreferences
from ai_engine.provider_keys.pool import KeyPool
from ai_engine.providers.definition import ProviderDefinition
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
        order = "configured" if matches.is_in_given_order else "score"
        if len(candidates) > 1:
            if not matches.is_in_given_order or preferences.sort:
                candidates, order = self._ordered(candidates, preferences.sort)
            if preferences.order:
                order = "provider.order"
                places = {name: place for place, name in enumerate(preferences.order)}
                candidates.sort(key=lambda possible: places.get(possible.definition.name, len(places)))
        if not wish.autodecide:
            candidates, left_out = _preferred_provider_alone(candidates, left_out)
        return Plan(wish.model, tuple(candidates), tuple(left_out), order, matches.family, matches.pinned_to)

    def _ordered(self, candidates: list[Possible], sort: str | None) -> tuple[list[Possible], str]:
        """By the score, or by the one fact that the request asks for; and what that order is called."""
        judged = sorted(map(self.judge, candidates), key=self._by_score)
        if sort:
            judged.sort(key=lambda one: self._by_wish(one, sort))
        return [one.possible for one in judged], f"provider.sort: {sort}" if sort else "score"

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

    def _by_wish(self, judged: Judged, sort: str) -> float:
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


def _preferred_provider_alone(candidates: list[Possible], left_out: list[LeftOut]) -> tuple[list[Possible], list[LeftOut]]:
    """`autodecide: false`: the best candidate's provider, its keys alone."""
    return candidates[:1], left_out if not candidates else []
