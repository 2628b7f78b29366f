"""Which routes turned out to lack a format that their provider is said to take (`ProviderDefinition.formats`).

A server behind `OPENAI_BASE_URL` may have `/chat/completions` and nothing else. Its 404 says so: it is asked for a chat instead,
and no failure is counted.
"""

from ai_engine.clock import Clock
from ai_engine.names import Operation, Route

_REMEMBERED_SECONDS = 600
"""Then its own format is tried again."""
_MOST_REMEMBERED = 1024
"""A server that answers to any name has as many routes as clients think of; the oldest go first."""


class UnsupportedFormats:
    """Learnt where a chat was answered by a route that knew no path for the client's own format."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._until: dict[tuple[Route, Operation], float] = {}

    def note(self, route: Route, operation: Operation) -> None:
        """It has answered otherwise."""
        self._until.pop((route, operation), None)
        self._until[route, operation] = self._clock.monotonic() + _REMEMBERED_SECONDS
        if len(self._until) > _MOST_REMEMBERED:
            del self._until[next(iter(self._until))]

    def is_unsupported(self, route: Route, operation: Operation) -> bool:
        """Whether the route is known to lack this."""
        return bool(self._until) and self._clock.monotonic() < self._until.get((route, operation), 0)
