"""Asks the providers which models they have: in the background, all at once, and nobody waits for a slow one."""

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
from ai_engine.upstream.port import Upstream, UpstreamError

logger = logging.getLogger(__name__)


class ListingRepository(Protocol):
    """Where listings outlive the process."""

    async def load(self) -> Mapping[str, Listing]:
        """Every kept listing by provider name."""

    async def save(self, provider: str, listing: Listing) -> None:
        """Keeps it in place of the provider's earlier one."""


Target = tuple[ProviderDefinition, ProviderKey | None]
Targets = Callable[[], Sequence[Target]]
"""Who may be asked at the moment, each with the key to ask with. A provider without a usable key is left out by the wiring."""


@dataclass(frozen=True, slots=True)
class Pace:
    """Seconds."""

    deadline: float = 10
    """For one provider's whole listing."""
    every: float = 1800
    first_retry: float = 15
    """After a failure, doubling (with jitter) with each further one, up to `every`."""
    at_most_every: float = 60
    """How soon after one attempt a route's complaint may cause the next."""
    by_hand_at_most_every: float = 1
    """How soon after one attempt an operator may cause the next: whoever keeps pressing the button asks nobody more often."""


@dataclass(slots=True)
class _Turn:
    """When and where a provider was last asked, and when it is to be asked again, in monotonic seconds."""

    base_url: str
    asked_at: float
    due_at: float
    failures: int = 0
    error: str | None = None


class _NoListing(Exception):
    """The provider gave none. The text says why, for people."""


class Discovery:
    """Keeps the catalogue's listings fresh. A listing that fails, is empty or cannot be read leaves the known one in force."""

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
        pace: Pace = Pace(),
    ) -> None:
        self._upstream = upstream
        self._adapters = adapters
        self._targets = targets
        self._catalogue = catalogue
        self._repository = repository
        self._clock = clock
        self._chance = chance
        self._pace = pace
        self._turns: dict[str, _Turn] = {}
        self._under_way: dict[str, asyncio.Task[str | None]] = {}
        self._complained: set[str] = set()
        """Of those under way: what they are just saying may be older than the complaint."""
        self._woken = asyncio.Event()

    async def restore(self) -> None:
        """Puts the listings of earlier runs into the catalogue. Called once, before the catalogue's first configuration."""
        self._catalogue.restore(await self._repository.load())

    async def run(self) -> None:
        """Lists everybody at once, then each when it is due, until it is cancelled."""
        try:
            while True:
                self._woken.clear()
                for target in self._due():
                    self._begin(target)
                await self._until_somebody_is_due()
        finally:
            await self._end_all()

    async def refresh(
        self, providers: Collection[str] | None = None, patience_seconds: float | None = None
    ) -> Mapping[str, str | None]:
        """Lists these providers now (`None`: all), and gives provider → what went wrong, or `None` if nothing did.

        One that is just being listed, or was a moment ago, is not asked twice. When this returns, the catalogue has everything
        that was heard. Who has not answered after `patience_seconds` is missing from the result; its listing goes on.
        """
        known: dict[str, str | None] = {}
        tasks: dict[str, asyncio.Task[str | None]] = {}
        for target in self._askable():
            name = target[0].name
            if providers is not None and name not in providers:
                continue
            turn = self._just_asked(target[0])
            if turn is not None:
                known[name] = turn.error
            else:
                self._begin(target)
                tasks[name] = self._under_way[name]
        if tasks:
            # Waiting ends no listing: others may wait for it too.
            await asyncio.wait(tasks.values(), timeout=patience_seconds)
        await self._catalogue.settled()
        return known | {name: task.result() for name, task in tasks.items() if task.done() and not task.cancelled()}

    def _just_asked(self, definition: ProviderDefinition) -> _Turn | None:
        """Its last turn, if that is so fresh that another would tell nothing new."""
        turn = self._turns.get(definition.name)
        if turn is None or definition.name in self._under_way or turn.base_url != definition.base_url:
            return None
        is_fresh = self._clock.monotonic() - turn.asked_at < self._pace.by_hand_at_most_every
        return turn if is_fresh else None

    def whom_to_ask(self) -> list[str]:
        """The providers that a refresh of all asks: those in use that can list their models, each with a usable key."""
        return [definition.name for definition, _ in self._askable()]

    def request_soon(self, provider: str) -> None:
        """A route of the provider answered that it does not have the model: list it again, at most once a minute."""
        turn = self._turns.get(provider)
        if provider in self._under_way:
            self._complained.add(provider)
        elif turn is not None:
            turn.due_at = min(turn.due_at, max(self._clock.monotonic(), turn.asked_at + self._pace.at_most_every))
            self._woken.set()

    def targets_changed(self) -> None:
        """The configuration or the preferences are other ones: who is new, has moved, or failed before is asked at once."""
        for turn in self._turns.values():
            if turn.failures:
                turn.due_at = self._clock.monotonic()
        self._woken.set()

    def _askable(self) -> list[Target]:
        return [target for target in self._targets() if can_list(target[0]) and target[0].protocol in self._adapters]

    def _due(self) -> list[Target]:
        return [target for target in self._askable() if self._is_due(target[0])]

    def _is_due(self, definition: ProviderDefinition) -> bool:
        if definition.name in self._under_way:
            return False
        turn = self._turns.get(definition.name)
        return turn is None or turn.base_url != definition.base_url or turn.due_at <= self._clock.monotonic()

    async def _until_somebody_is_due(self) -> None:
        askable = {definition.name for definition, _ in self._askable()} - self._under_way.keys()
        due = [turn.due_at for name, turn in self._turns.items() if name in askable]
        seconds = max(min(due) - self._clock.monotonic(), 0) if due else self._pace.every
        waiting = [asyncio.create_task(self._clock.sleep(seconds)), asyncio.create_task(self._woken.wait())]
        try:
            await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in waiting:
                task.cancel()
            await asyncio.gather(*waiting, return_exceptions=True)

    def _begin(self, target: Target) -> None:
        name = target[0].name
        if name in self._under_way:
            return

        def is_over(_: object) -> None:
            del self._under_way[name]
            self._woken.set()

        self._under_way[name] = asyncio.create_task(self._list(*target), name=f"list the models of {name}")
        self._under_way[name].add_done_callback(is_over)

    async def _list(self, definition: ProviderDefinition, key: ProviderKey | None) -> str | None:
        """One provider's turn, from asking to recording. Gives what went wrong."""
        asked_at = self._clock.monotonic()
        error = await self._list_and_record(definition, key)
        before = self._turns.get(definition.name)
        failures = (before.failures if before else 0) + 1 if error else 0
        due_at = self._clock.monotonic() + self._wait_after(failures)
        if definition.name in self._complained:
            self._complained.discard(definition.name)
            due_at = min(due_at, asked_at + self._pace.at_most_every)
        self._turns[definition.name] = _Turn(definition.base_url, asked_at, due_at, failures, error)
        return error

    def _wait_after(self, failures: int) -> float:
        if not failures:
            return self._pace.every
        return min(jittered(self._pace.first_retry * 2 ** min(failures - 1, 16), self._chance), self._pace.every)

    async def _list_and_record(self, definition: ProviderDefinition, key: ProviderKey | None) -> str | None:
        try:
            async with asyncio.timeout(self._pace.deadline):
                models = await self._fetch(definition, key)
        except TimeoutError:
            return f"It did not list its models within {self._pace.deadline:g} seconds."
        except (UpstreamError, _NoListing) as error:
            return str(error)
        except Exception:  # an adapter's fault must not end the listing of everybody else
            logger.exception("Listing the models of %s failed.", definition.name)
            return "Its listing could not be handled; the log says why."
        listing = Listing(tuple(models), self._clock.now())
        self._catalogue.record_listing(definition.name, listing.models, listing.fetched_at)
        try:
            await self._repository.save(definition.name, listing)
        except Exception:  # the listing is in force; only a restart would miss it
            logger.exception("The listing of %s could not be kept.", definition.name)
        return None

    async def _fetch(self, definition: ProviderDefinition, key: ProviderKey | None) -> Sequence[ListedModel]:
        adapter = self._adapters[definition.protocol]
        answer = await self._upstream.send(adapter.encode_listing(definition, key))
        try:
            body = await answer.read(LARGEST_LISTING_BYTES)
        finally:
            await answer.close()
        if not 200 <= answer.status < 300:
            failure = adapter.classify(answer.status, answer.headers, body)
            raise _NoListing(f"HTTP {answer.status}: {(failure.without(key.secret) if key else failure).message}")
        try:
            models = await asyncio.to_thread(adapter.decode_listing, body)
        except ValueError:
            raise _NoListing("Its listing cannot be read.") from None
        if not models:
            raise _NoListing("Its listing is empty.")
        return models

    async def _end_all(self) -> None:
        tasks = list(self._under_way.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
