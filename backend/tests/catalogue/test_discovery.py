import asyncio
import logging
from collections.abc import AsyncIterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from ai_engine.catalogue.discovery import Discovery, DiscoveryIntervals, Target
from ai_engine.catalogue.live import LiveCatalogue
from ai_engine.catalogue.repository import SqlListingRepository
from ai_engine.catalogue.snapshot import Listing
from ai_engine.database import migrate, open_database
from ai_engine.providers.adapter import LARGEST_LISTING_BYTES
from ai_engine.providers.registry.definition import ProviderDefinition, ProviderKey, WireProtocol
from ai_engine.upstream.port import ConnectFailed
from tests.catalogue.fakes import LINES, NOW, Site, SiteUpstream, configuration, listing, provider
from tests.fakes.clock import HandTurnedClock
from tests.patience import PATIENCE_SECONDS

pytestmark = pytest.mark.anyio


class StoredListings:
    """A `ListingRepository` in memory."""

    def __init__(self) -> None:
        self.listings: dict[str, Listing] = {}
        self.is_full = False

    async def load(self) -> Mapping[str, Listing]:
        return self.listings

    async def save(self, provider: str, listing: Listing) -> None:
        if self.is_full:
            raise OSError("disk full")
        self.listings[provider] = listing


class Bench:
    """A discovery with fakes: one provider per site by default."""

    def __init__(
        self,
        intervals: DiscoveryIntervals | None = None,
        definitions: list[ProviderDefinition] | None = None,
        key: ProviderKey | None = None,
        **sites: Site,
    ) -> None:
        self.clock = HandTurnedClock()
        self.upstream = SiteUpstream(**sites)
        self.definitions = definitions if definitions is not None else [provider(name) for name in sites]
        self.key = key
        self.stored = StoredListings()
        self.live = LiveCatalogue(self.clock)
        self.live.set_configuration(configuration(*self.definitions))
        self.discovery = Discovery(
            self.upstream,
            {WireProtocol.OPENAI: LINES},
            self.targets,
            self.live,
            self.stored,
            self.clock,
            chance=lambda: 0.5,
            intervals=intervals or DiscoveryIntervals(),
        )

    def targets(self) -> list[Target]:
        return [(definition, self.key) for definition in self.definitions]

    def models_of(self, name: str) -> list[str]:
        return [entry.route.model for entry in self.live.current.entries_of(name)]

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        # A single thread, so that what `idle` gives it last ends last.
        asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(1))
        task = asyncio.create_task(self.discovery.run())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            await self.live.close()

    async def idle(self) -> None:
        """Lets everything happen that needs no time to pass."""
        for _ in range(3):
            await self.live.settled()
            for _ in range(20):
                await asyncio.sleep(0)
            await asyncio.to_thread(int)


async def listed_at(live: LiveCatalogue, *names: str) -> None:
    """Waits until the named providers have a listing in force."""
    arrived = asyncio.Event()
    live.on_change(lambda catalogue: arrived.set() if all(map(catalogue.listed_at, names)) else None)
    if not all(map(live.current.listed_at, names)):
        await asyncio.wait_for(arrived.wait(), PATIENCE_SECONDS)


async def test_every_provider_is_asked_at_once_and_its_models_are_in_force_and_kept() -> None:
    bench = Bench(a=Site(b"m1 m2"), b=Site(b"m3"))

    errors = await bench.discovery.refresh()

    assert errors == {"a": None, "b": None}
    assert bench.models_of("a") == ["m1", "m2"]
    assert bench.models_of("b") == ["m3"]
    assert bench.stored.listings == {"a": listing("m1", "m2"), "b": listing("m3")}
    assert [site.closed for site in bench.upstream.sites.values()] == [1, 1]


async def test_a_slow_provider_delays_no_other() -> None:
    gate = asyncio.Event()
    bench = Bench(slow=Site(b"late", gate=gate), quick=Site(b"m"))
    all_of_them = asyncio.create_task(bench.discovery.refresh())

    await listed_at(bench.live, "quick")

    assert not all_of_them.done()
    assert bench.models_of("quick") == ["m"]
    assert bench.live.current.is_pending("slow")
    gate.set()
    assert await all_of_them == {"slow": None, "quick": None}
    assert bench.models_of("slow") == ["late"]


async def test_a_provider_that_does_not_answer_by_the_deadline_is_given_up() -> None:
    bench = Bench(DiscoveryIntervals(deadline=0.5), silent=Site(gate=asyncio.Event()), quick=Site(b"m"))

    errors = await bench.discovery.refresh()

    assert errors == {"silent": "Listing the models timed out after 0.5 seconds.", "quick": None}
    assert bench.upstream.sites["silent"].at_once == 0


@pytest.mark.parametrize(
    ("failing", "error"),
    [
        (Site(b"out of order", status=503), "HTTP 503: out of order"),
        (Site(error=ConnectFailed("Connection refused.")), "Connection refused."),
        (Site(b"!"), "Invalid model list."),
        (Site(b""), "Empty model list."),
        (Site(b"x" * (LARGEST_LISTING_BYTES + 1)), "The body is too large."),
    ],
    ids=["refused", "unreachable", "unreadable", "empty", "endless"],
)
async def test_a_listing_that_fails_leaves_the_known_one_in_force_and_kept(failing: Site, error: str) -> None:
    bench = Bench(a=Site(b"m1"))
    await bench.discovery.refresh()
    bench.upstream.sites["a"] = failing
    await bench.clock.turn(60)

    assert await bench.discovery.refresh() == {"a": error}

    assert bench.models_of("a") == ["m1"]
    assert bench.live.current.listed_at("a") == NOW
    assert bench.stored.listings == {"a": listing("m1")}


async def test_a_providers_error_is_reported_without_the_key_that_it_repeats() -> None:
    secret = "a provider key that looks like none"
    bench = Bench(key=ProviderKey.of(secret), a=Site(f"who is {secret}?".encode(), status=401))

    assert await bench.discovery.refresh() == {"a": "HTTP 401: who is [redacted]?"}


async def test_an_internal_error_is_logged_and_ends_no_other_listing(caplog: pytest.LogCaptureFixture) -> None:
    bench = Bench(a=Site(b"\xff"), b=Site(b"m"), definitions=[provider("a"), provider("b"), provider("unknown")])

    with caplog.at_level(logging.ERROR):
        errors = await bench.discovery.refresh()

    assert errors == {
        "a": "Invalid model list.",
        "b": None,
        "unknown": "Internal error; see the log.",
    }
    assert "Listing the models of unknown failed." in caplog.text


async def test_a_listing_that_cannot_be_kept_is_in_force_all_the_same(caplog: pytest.LogCaptureFixture) -> None:
    bench = Bench(a=Site(b"m1"))
    bench.stored.is_full = True

    assert await bench.discovery.refresh() == {"a": None}

    assert bench.models_of("a") == ["m1"]
    assert "The listing of a could not be stored." in caplog.text


async def test_a_provider_is_never_asked_twice_at_a_time_and_both_callers_get_the_answer() -> None:
    gate = asyncio.Event()
    bench = Bench(a=Site(b"m", gate=gate))
    callers = [asyncio.create_task(bench.discovery.refresh()) for _ in range(3)]
    await bench.upstream.asked(a=1)
    gate.set()

    assert await asyncio.gather(*callers) == [{"a": None}] * 3

    assert bench.upstream.sites["a"].asked == 1


async def test_a_caller_that_gives_up_does_not_end_a_listing_that_others_wait_for() -> None:
    gate = asyncio.Event()
    bench = Bench(a=Site(b"m", gate=gate))
    impatient, patient = (asyncio.create_task(bench.discovery.refresh()) for _ in range(2))
    await bench.upstream.asked(a=1)

    impatient.cancel()
    await asyncio.gather(impatient, return_exceptions=True)
    gate.set()

    assert await patient == {"a": None}


async def test_who_keeps_asking_for_a_refresh_asks_a_provider_once_a_second() -> None:
    bench = Bench(a=Site(b"m"), b=Site(status=503))
    first = await bench.discovery.refresh()
    assert first["a"] is None
    assert first["b"]
    for _ in range(10):
        await bench.clock.turn(0.09)
        assert await bench.discovery.refresh() == first
    assert [site.asked for site in bench.upstream.sites.values()] == [1, 1]
    await bench.clock.turn(0.1)
    await bench.discovery.refresh()
    assert [site.asked for site in bench.upstream.sites.values()] == [2, 2]


async def test_who_does_not_answer_in_time_is_left_out_and_goes_on() -> None:
    gate = asyncio.Event()
    bench = Bench(a=Site(b"m"), b=Site(b"m", gate=gate))
    assert await bench.discovery.refresh(timeout_seconds=0.05) == {"a": None}
    gate.set()
    assert await bench.discovery.refresh({"b"}) == {"b": None}
    assert bench.upstream.sites["b"].asked == 1


async def test_only_those_named_are_refreshed_and_only_those_that_can_list() -> None:
    definitions = [
        provider("a"),
        provider("b"),
        provider("fixed", lists_models=False),
        provider("sandbox", is_sandbox=True),
        provider("foreign", protocol=WireProtocol.COHERE),
    ]
    bench = Bench(a=Site(b"m"), b=Site(b"m"), definitions=definitions)

    assert bench.discovery.refreshable_providers() == ["a", "b"]
    assert await bench.discovery.refresh({"b", "fixed", "unknown"}) == {"b": None}
    await bench.clock.turn(1)
    assert await bench.discovery.refresh() == {"a": None, "b": None}
    assert [site.asked for site in bench.upstream.sites.values()] == [1, 2]


async def test_in_the_background_all_are_listed_at_once_and_again_every_half_hour() -> None:
    bench = Bench(a=Site(b"m1"), b=Site(b"m2"))
    async with bench.running():
        await bench.upstream.asked(a=1, b=1)
        await listed_at(bench.live, "a", "b")
        await bench.idle()

        await bench.clock.turn(1799)
        await bench.idle()
        assert [site.asked for site in bench.upstream.sites.values()] == [1, 1]

        bench.upstream.sites["a"].body = b"m1 m9"
        await bench.clock.turn(1)
        await bench.upstream.asked(a=2, b=2)
        await bench.idle()
        assert bench.models_of("a") == ["m1", "m9"]
        assert bench.live.current.listed_at("a") == NOW + timedelta(seconds=1800)


async def test_a_provider_that_failed_is_asked_again_sooner_then_ever_later_and_never_later_than_usual() -> None:
    bench = Bench(a=Site(status=500), b=Site(b"m"))
    async with bench.running():
        asked = 1
        for wait in (15, 30, 60, 120, 240, 480, 960, 1800, 1800):
            await bench.upstream.asked(a=asked)
            await bench.idle()
            await bench.clock.turn(wait - 0.5)
            await bench.idle()
            assert bench.upstream.sites["a"].asked == asked
            await bench.clock.turn(0.5)
            asked += 1
            await bench.upstream.asked(a=asked)

        bench.upstream.sites["a"].status, bench.upstream.sites["a"].body = 200, b"m"
        await bench.idle()
        await bench.clock.turn(1800)
        await listed_at(bench.live, "a")


async def test_a_slow_provider_does_not_keep_the_background_from_the_others() -> None:
    gate = asyncio.Event()
    bench = Bench(slow=Site(b"late", gate=gate), a=Site(status=500))
    async with bench.running():
        await bench.upstream.asked(slow=1, a=1)
        await bench.idle()
        await bench.clock.turn(15)
        await bench.upstream.asked(a=2)
        assert bench.upstream.sites["slow"].asked == 1
        gate.set()
        await listed_at(bench.live, "slow")


async def test_a_complaint_about_a_model_brings_a_fresh_listing_at_most_once_a_minute() -> None:
    bench = Bench(a=Site(b"m1"))
    async with bench.running():
        await listed_at(bench.live, "a")
        await bench.idle()
        await bench.clock.turn(20)

        for _ in range(100):
            bench.discovery.request_soon("a")
        await bench.idle()
        assert bench.upstream.sites["a"].asked == 1

        await bench.clock.turn(40)
        await bench.upstream.asked(a=2)
        await bench.idle()
        await bench.clock.turn(300)
        bench.discovery.request_soon("a")
        await bench.upstream.asked(a=3)
        bench.discovery.request_soon("unknown")
        await bench.idle()
        assert bench.upstream.sites["a"].asked == 3


async def test_a_complaint_during_a_listing_asks_again_a_minute_later() -> None:
    gate = asyncio.Event()
    bench = Bench(a=Site(b"m1", gate=gate))
    async with bench.running():
        await bench.upstream.asked(a=1)
        bench.discovery.request_soon("a")
        gate.set()
        await listed_at(bench.live, "a")
        await bench.idle()
        assert bench.upstream.sites["a"].asked == 1
        await bench.clock.turn(60)
        await bench.upstream.asked(a=2)


async def test_after_a_reload_the_new_the_moved_and_the_failed_are_asked_at_once_and_the_others_are_left() -> None:
    bench = Bench(
        a=Site(b"m1"), moved=Site(b"m2"), away=Site(b"m2"), broken=Site(status=500), new=Site(b"m3"),
        definitions=[provider("a"), provider("moved"), provider("broken")],
    )  # fmt: skip
    async with bench.running():
        await listed_at(bench.live, "a", "moved")
        await bench.upstream.asked(broken=1)
        await bench.idle()

        bench.definitions = [provider("a"), provider("moved", base_url="https://away"), provider("broken"), provider("new")]
        bench.live.set_configuration(configuration(*bench.definitions))
        bench.discovery.targets_changed()

        await bench.upstream.asked(away=1, broken=2, new=1)
        await listed_at(bench.live, "new")
        await bench.idle()
        assert bench.upstream.sites["a"].asked == 1
        assert bench.upstream.sites["moved"].asked == 1


async def test_stopping_ends_the_listings_under_way() -> None:
    bench = Bench(a=Site(gate=asyncio.Event()))
    async with bench.running():
        await bench.upstream.asked(a=1)

    assert bench.upstream.sites["a"].at_once == 0


async def test_after_a_restart_the_listings_of_the_last_run_serve_before_anybody_answers(tmp_path: Path) -> None:
    database = await open_database(f"sqlite:///{tmp_path}/engine.db")
    await migrate(database)
    first = Bench(a=Site(b"m1 m2"))
    discovery = Discovery(
        first.upstream, {WireProtocol.OPENAI: LINES}, first.targets, first.live, SqlListingRepository(database), first.clock
    )
    await discovery.refresh()
    await database.close()

    database = await open_database(f"sqlite:///{tmp_path}/engine.db")
    await migrate(database)
    live = LiveCatalogue(HandTurnedClock())
    again = Discovery(SiteUpstream(), {}, list, live, SqlListingRepository(database), HandTurnedClock())
    await again.restore()
    live.set_configuration(configuration(provider("a")))

    assert [entry.route.model for entry in live.current.find("m2").matched[0][:1]] == ["m2"]
    assert live.current.listed_at("a") == NOW
    await live.close()
    await database.close()
