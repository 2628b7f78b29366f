import asyncio
import logging
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from ai_engine.catalogue.discovery import Discovery, Pace, Target
from ai_engine.catalogue.live import LiveCatalogue
from ai_engine.catalogue.repository import SqlListingRepository
from ai_engine.catalogue.snapshot import Listing
from ai_engine.database import migrate, open_database
from ai_engine.providers.adapter import LARGEST_LISTING_BYTES
from ai_engine.providers.registry.definition import ProviderDefinition, ProviderKey, WireProtocol
from ai_engine.upstream.port import ConnectFailed
from tests.catalogue.fakes import LINES, NOW, HandClock, Site, SiteUpstream, configuration, listing, provider

pytestmark = pytest.mark.anyio


class Shelf:
    """A `ListingRepository` in memory."""

    def __init__(self) -> None:
        self.kept: dict[str, Listing] = {}
        self.is_full = False

    async def load(self) -> Mapping[str, Listing]:
        return self.kept

    async def save(self, provider: str, listing: Listing) -> None:
        if self.is_full:
            raise OSError("disk full")
        self.kept[provider] = listing


class House:
    """A discovery with its neighbours: one provider for each site unless said otherwise."""

    def __init__(
        self,
        pace: Pace | None = None,
        definitions: list[ProviderDefinition] | None = None,
        key: ProviderKey | None = None,
        **sites: Site,
    ) -> None:
        self.clock = HandClock()
        self.upstream = SiteUpstream(**sites)
        self.definitions = definitions if definitions is not None else [provider(name) for name in sites]
        self.key = key
        self.shelf = Shelf()
        self.live = LiveCatalogue(self.clock)
        self.live.set_configuration(configuration(*self.definitions))
        self.discovery = Discovery(
            self.upstream,
            {WireProtocol.OPENAI: LINES},
            self.targets,
            self.live,
            self.shelf,
            self.clock,
            chance=lambda: 0.5,
            pace=pace or Pace(),
        )

    def targets(self) -> list[Target]:
        return [(definition, self.key) for definition in self.definitions]

    def models_of(self, name: str) -> list[str]:
        return [entry.route.model for entry in self.live.current.entries_of(name)]

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
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
        await asyncio.wait_for(arrived.wait(), 5)


async def test_every_provider_is_asked_at_once_and_its_models_are_in_force_and_kept() -> None:
    house = House(a=Site(b"m1 m2"), b=Site(b"m3"))

    errors = await house.discovery.refresh()

    assert errors == {"a": None, "b": None}
    assert house.models_of("a") == ["m1", "m2"]
    assert house.models_of("b") == ["m3"]
    assert house.shelf.kept == {"a": listing("m1", "m2"), "b": listing("m3")}
    assert [site.closed for site in house.upstream.sites.values()] == [1, 1]


async def test_a_slow_provider_delays_nobody() -> None:
    gate = asyncio.Event()
    house = House(slow=Site(b"late", gate=gate), quick=Site(b"m"))
    everybody = asyncio.create_task(house.discovery.refresh())

    await listed_at(house.live, "quick")

    assert not everybody.done()
    assert house.models_of("quick") == ["m"]
    assert house.live.current.is_pending("slow")
    gate.set()
    assert await everybody == {"slow": None, "quick": None}
    assert house.models_of("slow") == ["late"]


async def test_a_provider_that_does_not_answer_by_the_deadline_is_given_up() -> None:
    house = House(Pace(deadline=0.02), silent=Site(gate=asyncio.Event()), quick=Site(b"m"))

    errors = await house.discovery.refresh()

    assert errors == {"silent": "It did not list its models within 0.02 seconds.", "quick": None}
    assert house.upstream.sites["silent"].at_once == 0


@pytest.mark.parametrize(
    ("failing", "error"),
    [
        (Site(b"out of order", status=503), "HTTP 503: out of order"),
        (Site(error=ConnectFailed("Connection refused.")), "Connection refused."),
        (Site(b"!"), "Its listing cannot be read."),
        (Site(b""), "Its listing is empty."),
        (Site(b"x" * (LARGEST_LISTING_BYTES + 1)), "The body is too large."),
    ],
    ids=["refused", "unreachable", "unreadable", "empty", "endless"],
)
async def test_a_listing_that_fails_leaves_the_known_one_in_force_and_kept(failing: Site, error: str) -> None:
    house = House(a=Site(b"m1"))
    await house.discovery.refresh()
    house.upstream.sites["a"] = failing
    house.clock.advance(60)

    assert await house.discovery.refresh() == {"a": error}

    assert house.models_of("a") == ["m1"]
    assert house.live.current.listed_at("a") == NOW
    assert house.shelf.kept == {"a": listing("m1")}


async def test_a_provider_that_repeats_our_key_in_its_refusal_is_told_without_it() -> None:
    secret = "a provider key that looks like none"
    house = House(key=ProviderKey.of(secret), a=Site(f"who is {secret}?".encode(), status=401))

    assert await house.discovery.refresh() == {"a": "HTTP 401: who is [redacted]?"}


async def test_a_fault_of_our_own_is_logged_and_ends_nobody_elses_listing(caplog: pytest.LogCaptureFixture) -> None:
    house = House(a=Site(b"\xff"), b=Site(b"m"), definitions=[provider("a"), provider("b"), provider("unknown")])

    with caplog.at_level(logging.ERROR):
        errors = await house.discovery.refresh()

    assert errors == {
        "a": "Its listing cannot be read.",
        "b": None,
        "unknown": "Its listing could not be handled; the log says why.",
    }
    assert "Listing the models of unknown failed." in caplog.text


async def test_a_listing_that_cannot_be_kept_is_in_force_all_the_same(caplog: pytest.LogCaptureFixture) -> None:
    house = House(a=Site(b"m1"))
    house.shelf.is_full = True

    assert await house.discovery.refresh() == {"a": None}

    assert house.models_of("a") == ["m1"]
    assert "The listing of a could not be kept." in caplog.text


async def test_a_provider_is_never_asked_twice_at_a_time_and_both_callers_get_the_answer() -> None:
    gate = asyncio.Event()
    house = House(a=Site(b"m", gate=gate))
    callers = [asyncio.create_task(house.discovery.refresh()) for _ in range(3)]
    await house.upstream.asked(a=1)
    gate.set()

    assert await asyncio.gather(*callers) == [{"a": None}] * 3

    assert house.upstream.sites["a"].asked == 1


async def test_a_caller_that_gives_up_does_not_end_a_listing_that_others_wait_for() -> None:
    gate = asyncio.Event()
    house = House(a=Site(b"m", gate=gate))
    impatient, patient = (asyncio.create_task(house.discovery.refresh()) for _ in range(2))
    await house.upstream.asked(a=1)

    impatient.cancel()
    await asyncio.gather(impatient, return_exceptions=True)
    gate.set()

    assert await patient == {"a": None}


async def test_who_keeps_asking_for_a_refresh_asks_a_provider_once_a_second() -> None:
    house = House(a=Site(b"m"), b=Site(status=503))
    first = await house.discovery.refresh()
    assert first["a"] is None
    assert first["b"]
    for _ in range(10):
        house.clock.advance(0.09)
        assert await house.discovery.refresh() == first
    assert [site.asked for site in house.upstream.sites.values()] == [1, 1]
    house.clock.advance(0.1)
    await house.discovery.refresh()
    assert [site.asked for site in house.upstream.sites.values()] == [2, 2]


async def test_who_does_not_answer_in_time_is_left_out_and_goes_on() -> None:
    gate = asyncio.Event()
    house = House(a=Site(b"m"), b=Site(b"m", gate=gate))
    assert await house.discovery.refresh(patience_seconds=0.05) == {"a": None}
    gate.set()
    assert await house.discovery.refresh({"b"}) == {"b": None}
    assert house.upstream.sites["b"].asked == 1


async def test_only_those_named_are_refreshed_and_only_those_that_can_list() -> None:
    definitions = [
        provider("a"),
        provider("b"),
        provider("fixed", lists_models=False),
        provider("sandbox", is_sandbox=True),
        provider("foreign", protocol=WireProtocol.COHERE),
    ]
    house = House(a=Site(b"m"), b=Site(b"m"), definitions=definitions)

    assert house.discovery.whom_to_ask() == ["a", "b"]
    assert await house.discovery.refresh({"b", "fixed", "nobody"}) == {"b": None}
    house.clock.advance(1)
    assert await house.discovery.refresh() == {"a": None, "b": None}
    assert [site.asked for site in house.upstream.sites.values()] == [1, 2]


async def test_in_the_background_everybody_is_listed_at_once_and_again_every_half_hour() -> None:
    house = House(a=Site(b"m1"), b=Site(b"m2"))
    async with house.running():
        await house.upstream.asked(a=1, b=1)
        await listed_at(house.live, "a", "b")
        await house.idle()

        house.clock.advance(1799)
        await house.idle()
        assert [site.asked for site in house.upstream.sites.values()] == [1, 1]

        house.upstream.sites["a"].body = b"m1 m9"
        house.clock.advance(1)
        await house.upstream.asked(a=2, b=2)
        await house.idle()
        assert house.models_of("a") == ["m1", "m9"]
        assert house.live.current.listed_at("a") == NOW + timedelta(seconds=1800)


async def test_a_provider_that_failed_is_asked_again_sooner_then_ever_later_and_never_later_than_usual() -> None:
    house = House(a=Site(status=500), b=Site(b"m"))
    async with house.running():
        asked = 1
        for wait in (15, 30, 60, 120, 240, 480, 960, 1800, 1800):
            await house.upstream.asked(a=asked)
            await house.idle()
            house.clock.advance(wait - 0.5)
            await house.idle()
            assert house.upstream.sites["a"].asked == asked
            house.clock.advance(0.5)
            asked += 1
            await house.upstream.asked(a=asked)

        house.upstream.sites["a"].status, house.upstream.sites["a"].body = 200, b"m"
        await house.idle()
        house.clock.advance(1800)
        await listed_at(house.live, "a")


async def test_a_slow_provider_does_not_keep_the_background_from_the_others() -> None:
    gate = asyncio.Event()
    house = House(slow=Site(b"late", gate=gate), a=Site(status=500))
    async with house.running():
        await house.upstream.asked(slow=1, a=1)
        await house.idle()
        house.clock.advance(15)
        await house.upstream.asked(a=2)
        assert house.upstream.sites["slow"].asked == 1
        gate.set()
        await listed_at(house.live, "slow")


async def test_a_complaint_about_a_model_brings_a_fresh_listing_at_most_once_a_minute() -> None:
    house = House(a=Site(b"m1"))
    async with house.running():
        await listed_at(house.live, "a")
        await house.idle()
        house.clock.advance(20)

        for _ in range(100):
            house.discovery.request_soon("a")
        await house.idle()
        assert house.upstream.sites["a"].asked == 1

        house.clock.advance(40)
        await house.upstream.asked(a=2)
        await house.idle()
        house.clock.advance(300)
        house.discovery.request_soon("a")
        await house.upstream.asked(a=3)
        house.discovery.request_soon("nobody")
        await house.idle()
        assert house.upstream.sites["a"].asked == 3


async def test_a_complaint_during_a_listing_asks_again_a_minute_later() -> None:
    gate = asyncio.Event()
    house = House(a=Site(b"m1", gate=gate))
    async with house.running():
        await house.upstream.asked(a=1)
        house.discovery.request_soon("a")
        gate.set()
        await listed_at(house.live, "a")
        await house.idle()
        assert house.upstream.sites["a"].asked == 1
        house.clock.advance(60)
        await house.upstream.asked(a=2)


async def test_after_a_reload_the_new_the_moved_and_the_failed_are_asked_at_once_and_the_others_are_left() -> None:
    house = House(
        a=Site(b"m1"), moved=Site(b"m2"), away=Site(b"m2"), broken=Site(status=500), new=Site(b"m3"),
        definitions=[provider("a"), provider("moved"), provider("broken")],
    )  # fmt: skip
    async with house.running():
        await listed_at(house.live, "a", "moved")
        await house.upstream.asked(broken=1)
        await house.idle()

        house.definitions = [provider("a"), provider("moved", base_url="https://away"), provider("broken"), provider("new")]
        house.live.set_configuration(configuration(*house.definitions))
        house.discovery.targets_changed()

        await house.upstream.asked(away=1, broken=2, new=1)
        await listed_at(house.live, "new")
        await house.idle()
        assert house.upstream.sites["a"].asked == 1
        assert house.upstream.sites["moved"].asked == 1


async def test_stopping_ends_the_listings_under_way() -> None:
    house = House(a=Site(gate=asyncio.Event()))
    async with house.running():
        await house.upstream.asked(a=1)

    assert house.upstream.sites["a"].at_once == 0


async def test_after_a_restart_the_listings_of_the_last_run_serve_before_anybody_answers(tmp_path: Path) -> None:
    database = await open_database(f"sqlite:///{tmp_path}/engine.db")
    await migrate(database)
    first = House(a=Site(b"m1 m2"))
    discovery = Discovery(
        first.upstream, {WireProtocol.OPENAI: LINES}, first.targets, first.live, SqlListingRepository(database), first.clock
    )
    await discovery.refresh()
    await database.close()

    database = await open_database(f"sqlite:///{tmp_path}/engine.db")
    await migrate(database)
    live = LiveCatalogue(HandClock())
    again = Discovery(SiteUpstream(), {}, list, live, SqlListingRepository(database), HandClock())
    await again.restore()
    live.set_configuration(configuration(provider("a")))

    assert [entry.route.model for entry in live.current.find("m2").matched[0][:1]] == ["m2"]
    assert live.current.listed_at("a") == NOW
    await live.close()
    await database.close()
