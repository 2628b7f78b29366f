"""The catalogue in force: rebuilt when the configuration or a listing changes, and swapped as one snapshot."""

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime

from ai_engine.catalogue.prices import FactsOf, Prices, PublishedPrices
from ai_engine.catalogue.snapshot import Catalogue, Listing, build
from ai_engine.clock import Clock
from ai_engine.configuration import Configuration
from ai_engine.providers.adapter import ListedModel

logger = logging.getLogger(__name__)

Listener = Callable[[Catalogue], None]
"""Called with the new snapshot once it is in force."""


class LiveCatalogue:
    """Holds the current snapshot. A request reads `current` once and never waits for a rebuild.

    Everything runs on the event loop, except for the build, which looks up thousands of prices in a thread.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._configuration: Configuration | None = None
        self._listings: dict[str, Listing] = {}
        self._published = PublishedPrices()
        self._listeners: list[Listener] = []
        self._rebuilding: asyncio.Task[None] | None = None
        self._is_stale = False
        self.current = Catalogue((), {}, {}, (), clock.now())

    def on_change(self, listener: Listener) -> None:
        """Calls `listener` after every rebuild, in the order of registration."""
        self._listeners.append(listener)

    def restore(self, listings: Mapping[str, Listing]) -> None:
        """Sets the stored listings. Called once, before the first configuration."""
        self._listings.update(listings)

    def set_configuration(self, configuration: Configuration) -> None:
        """Rebuilds at once: a provider that is not in the configuration is gone when this returns.

        Prices that were never looked up follow in the background.
        """
        self._configuration = configuration
        self._swap(self._build(configuration, dict(self._listings), self._published.cached))
        self._rebuild_soon()

    def record_listing(self, provider: str, models: Iterable[ListedModel], fetched_at: datetime) -> None:
        """Replaces the provider's listing and rebuilds in the background. Several in a row cost one rebuild."""
        self._listings[provider] = Listing(tuple(models), fetched_at)
        self._rebuild_soon()

    async def settled(self) -> Catalogue:
        """Waits until everything recorded so far is in force, and returns the snapshot."""
        while self._rebuilding is not None:
            await asyncio.wait({self._rebuilding})
        return self.current

    async def close(self) -> None:
        """Cancels a running rebuild."""
        self._is_stale = False
        if self._rebuilding is not None:
            self._rebuilding.cancel()
            await self.settled()

    def _rebuild_soon(self) -> None:
        self._is_stale = True
        if self._rebuilding is None:
            self._rebuilding = asyncio.create_task(self._rebuild(), name="rebuild the catalogue")
            self._rebuilding.add_done_callback(self._rebuilt)

    async def _rebuild(self) -> None:
        while self._is_stale and self._configuration is not None:
            self._is_stale = False
            configuration, facts_of = self._configuration, self._published.on(self._clock.now().date())
            built = await asyncio.to_thread(self._build, configuration, dict(self._listings), facts_of)
            # A reload in the meantime has built its own and scheduled another rebuild.
            if configuration is self._configuration:
                self._swap(built)

    def _rebuilt(self, task: asyncio.Task[None]) -> None:
        self._rebuilding = None
        if not task.cancelled() and (error := task.exception()) is not None:
            logger.error("The catalogue could not be rebuilt; the last one stays in force.", exc_info=error)
        elif self._is_stale and self._configuration is not None:
            self._rebuild_soon()

    def _build(self, configuration: Configuration, listings: Mapping[str, Listing], facts_of: FactsOf) -> Catalogue:
        prices = Prices(configuration.file.prices, facts_of)
        return build(configuration.providers, listings, configuration.file.aliases, prices, self._clock.now())

    def _swap(self, catalogue: Catalogue) -> None:
        self.current = catalogue
        for listener in self._listeners:
            listener(catalogue)
