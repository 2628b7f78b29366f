"""Which routes turned out to lack a format that their provider is said to take (`ProviderDefinition.formats`).

A server behind `OPENAI_BASE_URL` may have `/chat/completions` and nothing else. Its 404 says so: it is asked for a chat instead,
and nobody is blamed.
"""

from ai_engine.clock import Clock
from ai_engine.names import Operation, Route

_REMEMBERED_SECONDS = 600
"""Then its own format is tried again."""


class LackedFormats:
    """Learnt where a chat was answered by a route that knew no path for the client's own format."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._until: dict[tuple[Route, Operation], float] = {}

    def note(self, route: Route, operation: Operation) -> None:
        """It has answered otherwise."""
        self._until[route, operation] = self._clock.monotonic() + _REMEMBERED_SECONDS

    def has(self, route: Route, operation: Operation) -> bool:
        """Whether it is known to lack this."""
        if not self._until:  # as nearly always
            return False
        until = self._until.get((route, operation))
        if until is None or self._clock.monotonic() < until:
            return until is not None
        del self._until[route, operation]
        return False
