"""Those who wait for a cooling key: bounded in number, and let go one at a time."""

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
    """Those who wait for one route."""

    head: asyncio.Lock = field(default_factory=asyncio.Lock)
    length: int = 0
    next_goes_at: float = 0
    """In monotonic seconds: not sooner than this after whoever went before."""


class CooldownQueue:
    """One line a route.

    The first that is let go finds out for the others whether the provider has calmed down: those behind look at the key again,
    and it is in cooldown again if it was refused.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lines: dict[Route, _Line] = {}

    async def wait(self, route: Route, cooldown: Callable[[], Cooldown | None], longest_seconds: float) -> None:
        """Returns once `cooldown` gives none, or more than `longest_seconds` of it are left, or at once if too many wait already.

        The caller looks again by itself.
        """
        line = self._lines.setdefault(route, _Line())
        if line.length >= _MOST_WAITING:
            return
        line.length += 1
        try:
            async with line.head:
                spacing = line.next_goes_at - self._clock.monotonic()
                if spacing > 0:
                    await self._clock.sleep(spacing)
                while (left := cooldown()) is not None and left.until - self._clock.monotonic() <= longest_seconds:
                    await self._clock.sleep(left.until - self._clock.monotonic())
                line.next_goes_at = self._clock.monotonic() + _SPACING_SECONDS
        finally:
            line.length -= 1
            if not line.length:
                del self._lines[route]
