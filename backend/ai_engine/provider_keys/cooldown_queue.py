"""The queue for keys in cooldown: bounded, and let go one request at a time."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from ai_engine.clock import Clock
from ai_engine.names import Route
from ai_engine.provider_keys.cooldown import Cooldown

_MOST_WAITING = 64
_SPACING_SECONDS = 0.05


@dataclass(slots=True)
class _Line:
    """The requests that wait for one route."""

    head: asyncio.Lock = field(default_factory=asyncio.Lock)
    length: int = 0
    next_goes_at: float = 0
    """In monotonic seconds: spaces a request from the one before it."""


class CooldownQueue:
    """One line for each route.

    The first request that is let go finds out for the others whether the provider has recovered: each looks at the key again when
    its turn comes, and a key that was refused is in cooldown again.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lines: dict[Route, _Line] = {}

    async def wait(self, route: Route, cooldown: Callable[[], Cooldown | None], longest_seconds: float) -> None:
        """Waits for this request's turn, then until a key is usable: until `cooldown`, asked again after each sleep, is `None`.

        The wait ends without a usable key where the cooldown has more than `longest_seconds` left, and at once where 64 requests
        wait already: the caller looks again itself. Cancel it for a deadline.
        """
        line = self._lines.setdefault(route, _Line())
        if line.length >= _MOST_WAITING:
            return
        line.length += 1
        try:
            async with line.head:
                if (pause := line.next_goes_at - self._clock.monotonic()) > 0:
                    await self._clock.sleep(pause)
                while (left := cooldown()) is not None and left.seconds <= longest_seconds:
                    await self._clock.sleep(left.seconds)
                line.next_goes_at = self._clock.monotonic() + _SPACING_SECONDS
        finally:
            line.length -= 1
            if not line.length:
                del self._lines[route]
