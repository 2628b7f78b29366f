"""Reads the providers' model lists in the background, all concurrently, so that a slow provider delays no other."""

import asyncio
import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from ai_engine.catalogue.live import LiveCatalogue
from ai_engine.catalogue.snapshot import Listing, can_list
from ai_engine.clock import Chance, Clock, jittered, system_chance
from ai_engine.providers.adapter import LARGEST_LISTING_BYTES, Adapter, ListedModel
from ai_engine.providers.registry.definition import ProviderDefinition, ProviderKey, WireProtocol
from ai_engine.upstream.port import Upstream, UpstreamError, UpstreamRequest

logger = logging.getLogger(__name__)

_MOST_PAGES = 20
"""Of one listing: a provider that always names a next page must not be asked for ever."""


class ListingRepository(Protocol):
    """Persistent storage of listings."""

    async def load(self) -> Mapping[str, Listing]:
        """All stored listings by provider."""

    async def save(self, provider: str, listing: Listing) -> None:
        """Replaces the provider's stored listing."""


Target = tuple[ProviderDefinition, ProviderKey | None]
Targets = Callable[[], Sequence[Target]]
"""The providers whose list can be read now, each with the key to use; those without a usable key are left out."""


@dataclass(frozen=True, slots=True)
class DiscoveryIntervals:
    """In seconds."""

    deadline: float = 10
    """Timeout of one provider's listing."""
    every: float = 1800
    first_retry: float = 15
    """After a failure, doubling (with jitter) with each further one, up to `every`."""
    at_most_every: float = 60
    """Minimum time between listings caused by a route's "model not found"."""
    manual_at_most_every: float = 1
    """Minimum time between listings requested by an operator."""


@dataclass(slots=True)
class _LastListing:
    """A provider's last listing attempt and the time of the next, in monotonic seconds."""

    base_url: str
    started_at: float
    due_at: float
    failures: int = 0
    error: str | None = None


class _ListingFailed(Exception):
    """The message is the reason, for operators."""


class Discovery:
    """Keeps the catalogue's listings up to date. If a listing fails, is empty or invalid, the last one stays in force."""

    def __init__(
        self,
        upstream: Upstream,
        adapters: Mapping[WireProtocol, Adapter],
        targets: Targets,
        catalogue: LiveCatalogue,
        repository: ListingRepository,
        clock: Clock,
        *,
        chance: Chance = system_chance,
        intervals: DiscoveryIntervals = DiscoveryIntervals(),
    ) -> None:
        self._upstream = upstream
        self._adapters = adapters
        self._targets = targets
        self._catalogue = catalogue
        self._repository = repository
        self._clock = clock
        self._chance = chance
        self._intervals = intervals
        self._last: dict[str, _LastListing] = {}
        self._running: dict[str, asyncio.Task[str | None]] = {}
        self._outdated: set[str] = set()
        """Running listings that may predate a "model not found" and are repeated."""
        self._wake_up = asyncio.Event()

    async def restore(self) -> None:
        """Loads the stored listings into the catalogue. Called once, before the catalogue's first configuration."""
        self._catalogue.restore(await self._repository.load())

    async def run(self) -> None:
        """Reads all lists at once, then each when it is due, until it is cancelled."""
        try:
            while True:
                self._wake_up.clear()
                for target in self._due():
                    self._begin(target)
                await self._wait_until_due()
        finally:
            await self._cancel_all()

    async def refresh(
        self, providers: Collection[str] | None = None, timeout_seconds: float | None = None
    ) -> Mapping[str, str | None]:
        """Reads the lists of these providers now (`None`: all). Returns the error of each, or `None` on success.

        A list that is being read, or was read a moment ago, is not requested again. All results are in force when
        this returns. Providers that exceed `timeout_seconds` are missing from the result and continue in the background.
        """
        known: dict[str, str | None] = {}
        tasks: dict[str, asyncio.Task[str | None]] = {}
        for target in self._listable():
            name = target[0].name
            if providers is not None and name not in providers:
                continue
            last = self._recent(target[0])
            if last is not None:
                known[name] = last.error
            else:
                self._begin(target)
                tasks[name] = self._running[name]
        if tasks:
            # A timeout here does not cancel the listing: others may wait for it.
            await asyncio.wait(tasks.values(), timeout=timeout_seconds)
        await self._catalogue.settled()
        return known | {name: task.result() for name, task in tasks.items() if task.done() and not task.cancelled()}

    def _recent(self, definition: ProviderDefinition) -> _LastListing | None:
        """Its last listing, if that is too recent to repeat."""
        last = self._last.get(definition.name)
        if last is None or definition.name in self._running or last.base_url != definition.base_url:
            return None
        is_recent = self._clock.monotonic() - last.started_at < self._intervals.manual_at_most_every
        return last if is_recent else None

    def refreshable_providers(self) -> list[str]:
        """The providers that a refresh of all includes: usable ones that can list their models."""
        return [definition.name for definition, _ in self._listable()]

    def request_soon(self, provider: str) -> None:
        """Repeats the provider's listing after a "model not found", at most once a minute."""
        last = self._last.get(provider)
        if provider in self._running:
            self._outdated.add(provider)
        elif last is not None:
            last.due_at = min(last.due_at, max(self._clock.monotonic(), last.started_at + self._intervals.at_most_every))
            self._wake_up.set()

    def targets_changed(self) -> None:
        """Configuration or preferences changed: providers that are new, have a new address, or failed before are due at once."""
        for last in self._last.values():
            if last.failures:
                last.due_at = self._clock.monotonic()
        self._wake_up.set()

    def _listable(self) -> list[Target]:
        return [target for target in self._targets() if can_list(target[0]) and target[0].protocol in self._adapters]

    def _due(self) -> list[Target]:
        return [target for target in self._listable() if self._is_due(target[0])]

    def _is_due(self, definition: ProviderDefinition) -> bool:
        if definition.name in self._running:
            return False
        last = self._last.get(definition.name)
        return last is None or last.base_url != definition.base_url or last.due_at <= self._clock.monotonic()

    async def _wait_until_due(self) -> None:
        listable = {definition.name for definition, _ in self._listable()} - self._running.keys()
        due = [last.due_at for name, last in self._last.items() if name in listable]
        seconds = max(min(due) - self._clock.monotonic(), 0) if due else self._intervals.every
        waiting = [asyncio.create_task(self._clock.sleep(seconds)), asyncio.create_task(self._wake_up.wait())]
        try:
            await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in waiting:
                task.cancel()
            await asyncio.gather(*waiting, return_exceptions=True)

    def _begin(self, target: Target) -> None:
        name = target[0].name
        if name in self._running:
            return

        def finish(_: object) -> None:
            del self._running[name]
            self._wake_up.set()

        self._running[name] = asyncio.create_task(self._list(*target), name=f"list the models of {name}")
        self._running[name].add_done_callback(finish)

    async def _list(self, definition: ProviderDefinition, key: ProviderKey | None) -> str | None:
        """Reads and records one provider's list. Returns the error, or `None`."""
        started_at = self._clock.monotonic()
        error = await self._list_and_record(definition, key)
        before = self._last.get(definition.name)
        failures = (before.failures if before else 0) + 1 if error else 0
        due_at = self._clock.monotonic() + self._wait_after(failures)
        if definition.name in self._outdated:
            self._outdated.discard(definition.name)
            due_at = min(due_at, started_at + self._intervals.at_most_every)
        self._last[definition.name] = _LastListing(definition.base_url, started_at, due_at, failures, error)
        return error

    def _wait_after(self, failures: int) -> float:
        if not failures:
            return self._intervals.every
        return min(jittered(self._intervals.first_retry * 2 ** min(failures - 1, 16), self._chance), self._intervals.every)

    async def _list_and_record(self, definition: ProviderDefinition, key: ProviderKey | None) -> str | None:
        try:
            async with asyncio.timeout(self._intervals.deadline):
                models = await self._fetch(definition, key)
        except TimeoutError:
            return f"Listing the models timed out after {self._intervals.deadline:g} seconds."
        except (UpstreamError, _ListingFailed) as error:
            return str(error)
        except Exception:  # an adapter's bug must not end the other listings
            logger.exception("Listing the models of %s failed.", definition.name)
            return "Internal error; see the log."
        listing = Listing(tuple(models), self._clock.now())
        self._catalogue.record_listing(definition.name, listing.models, listing.fetched_at)
        try:
            await self._repository.save(definition.name, listing)
        except Exception:  # the listing is in force all the same
            logger.exception("The listing of %s could not be stored.", definition.name)
        return None

    async def _fetch(self, definition: ProviderDefinition, key: ProviderKey | None) -> Sequence[ListedModel]:
        adapter = self._adapters[definition.protocol]
        models: dict[str, ListedModel] = {}
        request: UpstreamRequest | None = adapter.encode_listing(definition, key)
        pages = 0
        while request is not None and pages < _MOST_PAGES:
            body = await self._read(adapter, request, key)
            try:
                for model in await asyncio.to_thread(adapter.decode_listing, body):
                    models.setdefault(model.name, model)
            except ValueError:
                raise _ListingFailed("Invalid model list.") from None
            request = adapter.encode_next_listing(definition, key, body)
            pages += 1
        if not models:
            raise _ListingFailed("Empty model list.")
        return tuple(models.values())

    async def _read(self, adapter: Adapter, request: UpstreamRequest, key: ProviderKey | None) -> bytes:
        answer = await self._upstream.send(request)
        try:
            body = await answer.read(LARGEST_LISTING_BYTES)
        finally:
            await answer.close()
        if not 200 <= answer.status < 300:
            failure = adapter.classify(answer.status, answer.headers, body)
            raise _ListingFailed(f"HTTP {answer.status}: {(failure.without(key.secret) if key else failure).message}")
        return body

    async def _cancel_all(self) -> None:
        tasks = list(self._running.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
