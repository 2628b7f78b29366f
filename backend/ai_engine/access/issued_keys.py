"""Keys that are issued or taken back while the gateway runs, by its command line for one, open or close it within a second."""

import contextlib
import logging
from collections.abc import Callable, Sequence
from typing import Any, Protocol

from ai_engine.access.repository import AccessKey
from ai_engine.clock import Clock
from ai_engine.database import DATABASE_FAILURES
from ai_engine.errors import ConfigurationError

_LOOK_EVERY_SECONDS = 1

_log = logging.getLogger("ai_engine")


class IssuedKeysRepository(Protocol):
    """Where the keys are."""

    async def all(self) -> Sequence[AccessKey]:
        """Every key, oldest first."""

    async def stamp(self) -> Any:
        """Whatever differs once a key was added or removed. Costs the same for any number of keys."""


class IssuedKeys:
    """Looks after them. `run` never returns; cancel it to stop."""

    def __init__(self, repository: IssuedKeysRepository, take_over: Callable[[Sequence[AccessKey]], None], clock: Clock) -> None:
        """`take_over` is told of all keys that are valid from now on; it raises `ConfigurationError` where that cannot be."""
        self._repository = repository
        self._take_over = take_over
        self._clock = clock
        self._stamp: Any = None

    async def run(self) -> None:
        while True:
            # `/health/ready` tells of a database that is away; the keys that were known stay.
            with contextlib.suppress(*DATABASE_FAILURES):
                await self.look()
            await self._clock.sleep(_LOOK_EVERY_SECONDS)

    async def look(self) -> None:
        """Takes over what has changed since the last look."""
        stamp = await self._repository.stamp()
        if stamp == self._stamp:
            return
        keys = await self._repository.all()
        try:
            self._take_over(keys)
        except ConfigurationError as error:
            _log.error("The keys that were issued stay as they were: %s", error.message)
        self._stamp = stamp
