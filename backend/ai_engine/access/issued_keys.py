"""Keys issued or revoked while the gateway runs, such as on the command line, take effect within a second."""

import contextlib
import logging
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Protocol

from ai_engine.access.repository import AccessKey
from ai_engine.clock import Clock
from ai_engine.database import DATABASE_FAILURES
from ai_engine.errors import ConfigurationError

_CHECK_EVERY_SECONDS = 1

Stamp = tuple[int, datetime | None]
"""The number of keys, and when the newest was created: it changes when one is added or removed."""

_log = logging.getLogger("ai_engine")


class IssuedKeysRepository(Protocol):
    """Storage of the issued keys."""

    async def all(self) -> Sequence[AccessKey]:
        """Every key, oldest first."""

    async def stamp(self) -> Stamp:
        """The stamp of `all`, at a constant cost."""


class IssuedKeys:
    """Polls the stored keys. `run` never returns; cancel it to stop."""

    def __init__(self, repository: IssuedKeysRepository, apply: Callable[[Sequence[AccessKey]], None], clock: Clock) -> None:
        """`apply` replaces the valid keys; it raises `ConfigurationError` if that is not possible."""
        self._repository = repository
        self._apply = apply
        self._clock = clock
        self._stamp: Stamp | None = None
        """Of the keys that apply."""

    async def run(self) -> None:
        while True:
            # `/health/ready` reports an unavailable database; the known keys stay valid.
            with contextlib.suppress(*DATABASE_FAILURES):
                await self.refresh()
            await self._clock.sleep(_CHECK_EVERY_SECONDS)

    async def refresh(self) -> None:
        """Applies the stored keys if they have changed."""
        if await self._repository.stamp() == self._stamp:
            return
        keys = await self._repository.all()
        try:
            self._apply(keys)
        except ConfigurationError as error:
            _log.error("The issued keys stay unchanged: %s", error.message)
        # Of what was read: a key may have come since the stamp was, and its removal must not look like no change.
        self._stamp = len(keys), max((key.created_at for key in keys), default=None)
