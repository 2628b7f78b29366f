"""What each route did lately, as the facts that the score uses: success, first token, throughput."""

from dataclasses import dataclass

from ai_engine.names import Route

_MEMORY = 0.1
"""The weight of the newest observation: about the last twenty attempts count."""

_MOST_ROUTES = 10_000
"""Beyond it everything is learnt anew: names that clients make up must not fill the memory."""


@dataclass(slots=True)
class RouteRecord:
    """Moving averages; `None` before the first observation."""

    attempts: int = 0
    success_rate: float = 1.0
    first_token_seconds: float | None = None
    tokens_per_second: float | None = None


class TrackRecord:
    """One record a route that was ever tried."""

    def __init__(self) -> None:
        self._records: dict[Route, RouteRecord] = {}

    def of(self, route: Route) -> RouteRecord:
        """The route's record; a route never tried is trusted."""
        return self._records.get(route) or RouteRecord()

    def record(
        self, route: Route, *, succeeded: bool, first_token_seconds: float | None = None, tokens_per_second: float | None = None
    ) -> None:
        """Adds one attempt that says something about the route. Faults of keys and of clients do not."""
        record = self._records.get(route)
        if record is None:
            if len(self._records) >= _MOST_ROUTES:
                self._records.clear()
            record = self._records[route] = RouteRecord()
        record.attempts += 1
        record.success_rate += _MEMORY * ((1.0 if succeeded else 0.0) - record.success_rate)
        if first_token_seconds is not None:
            record.first_token_seconds = _moved(record.first_token_seconds, first_token_seconds)
        if tokens_per_second is not None:
            record.tokens_per_second = _moved(record.tokens_per_second, tokens_per_second)


def _moved(average: float | None, observed: float) -> float:
    return observed if average is None else average + _MEMORY * (observed - average)
