import asyncio
from datetime import timedelta
from decimal import Decimal

import pytest

from ai_engine.catalogue.live import LiveCatalogue
from ai_engine.catalogue.prices import Price
from ai_engine.catalogue.snapshot import Catalogue
from ai_engine.names import Route
from ai_engine.providers.adapter import ListedModel
from tests.catalogue.fakes import NOW, configuration, listing, provider
from tests.fakes.clock import HandTurnedClock

pytestmark = pytest.mark.anyio


def routes(catalogue: Catalogue) -> list[str]:
    return [str(entry.route) for entry in catalogue.entries]


async def test_before_any_configuration_the_catalogue_is_empty() -> None:
    live = LiveCatalogue(HandTurnedClock())

    assert live.current.entries == ()
    assert live.current.find("gpt-4").matched == ()


async def test_a_configuration_is_in_force_at_once_and_its_published_prices_a_moment_later() -> None:
    live = LiveCatalogue(HandTurnedClock())
    route = Route("openai", "gpt-4o-mini")

    live.set_configuration(configuration(provider("openai", default_model="gpt-4o-mini")))
    at_once = live.current.entry(route)
    later = (await live.settled()).entry(route)

    assert at_once is not None
    assert at_once.price is None
    assert later is not None
    assert later.price is not None
    assert (later.price.input_usd_per_million, later.price.output_usd_per_million) == (Decimal("0.15"), Decimal("0.6"))


async def test_a_reload_keeps_the_prices_that_were_looked_up() -> None:
    live = LiveCatalogue(HandTurnedClock())
    live.set_configuration(configuration(provider("openai", default_model="gpt-4o-mini")))
    await live.settled()

    live.set_configuration(configuration(provider("openai", default_model="gpt-4o-mini"), provider("b", models=("m",))))

    entry = live.current.entry(Route("openai", "gpt-4o-mini"))
    assert entry is not None
    assert entry.price is not None
    await live.close()


async def test_a_providers_entries_vanish_with_it_and_come_back_with_it() -> None:
    live = LiveCatalogue(HandTurnedClock())
    live.set_configuration(configuration(provider("a"), provider("b", models=("m",))))
    live.record_listing("a", [ListedModel("m1")], NOW)
    assert routes(await live.settled()) == ["a/m1", "b/m"]

    live.set_configuration(configuration(provider("b", models=("m",))))
    assert routes(live.current) == ["b/m"]
    live.record_listing("a", [ListedModel("m2")], NOW)
    assert routes(await live.settled()) == ["b/m"]

    live.set_configuration(configuration(provider("a")))
    assert routes(live.current) == ["a/m2"]
    await live.close()


async def test_a_configuration_that_comes_while_the_last_one_is_being_priced_wins() -> None:
    live = LiveCatalogue(HandTurnedClock())
    live.set_configuration(configuration(provider("a", models=("old",))))
    await asyncio.sleep(0)  # the thread is building

    live.set_configuration(configuration(provider("a", models=("new",))))

    assert routes(live.current) == ["a/new"]
    assert routes(await live.settled()) == ["a/new"]


async def test_many_listings_in_a_row_cost_few_rebuilds_and_all_arrive() -> None:
    live = LiveCatalogue(HandTurnedClock())
    live.set_configuration(configuration(*(provider(f"p{number}") for number in range(50))))
    await live.settled()
    heard: list[Catalogue] = []
    live.on_change(heard.append)

    for number in range(50):
        live.record_listing(f"p{number}", [ListedModel("m")], NOW)
    settled = await live.settled()

    assert len(settled.entries) == 50
    assert settled is heard[-1]
    assert len(heard) == 1


async def test_restored_listings_serve_from_the_first_configuration_on() -> None:
    live = LiveCatalogue(HandTurnedClock())

    live.restore({"a": listing("m1", fetched_at=NOW - timedelta(hours=1))})
    live.set_configuration(configuration(provider("a", default_model="d"), provider("b")))

    assert routes(live.current) == ["a/m1"]
    assert live.current.listed_at("a") == NOW - timedelta(hours=1)
    assert not live.current.is_pending("a")
    assert live.current.is_pending("b")
    await live.close()


async def test_the_operators_prices_and_aliases_come_from_the_configuration() -> None:
    live = LiveCatalogue(HandTurnedClock())

    live.set_configuration(configuration(provider("a", models=("m",)), prices={"a/m": ("1", "2")}))

    entry = live.current.entry(Route("a", "m"))
    assert entry is not None
    assert entry.price == Price(Decimal(1), Decimal(2), "configuration")
    await live.close()


async def test_closing_ends_a_rebuild_under_way_and_may_be_done_twice() -> None:
    live = LiveCatalogue(HandTurnedClock())
    live.set_configuration(configuration(provider("a")))

    await live.close()
    await live.close()

    await live.settled()


async def test_a_rebuild_that_fails_is_logged_and_leaves_the_last_snapshot_in_force(caplog: pytest.LogCaptureFixture) -> None:
    live = LiveCatalogue(HandTurnedClock())
    live.set_configuration(configuration(provider("a", models=("m",))))
    before = await live.settled()
    not_a_listing: list[ListedModel] = ["m2"]  # type: ignore[list-item]  # what a faulty adapter may bring

    live.record_listing("a", not_a_listing, NOW)

    assert await live.settled() is before
    assert "The catalogue could not be rebuilt" in caplog.text


async def test_a_listing_recorded_before_any_configuration_waits_for_one() -> None:
    live = LiveCatalogue(HandTurnedClock())

    live.record_listing("a", [ListedModel("m1")], NOW)
    await live.settled()
    assert live.current.entries == ()

    live.set_configuration(configuration(provider("a")))
    assert routes(live.current) == ["a/m1"]
    await live.close()
