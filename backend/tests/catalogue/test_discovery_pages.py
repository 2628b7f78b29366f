from collections.abc import Mapping

import pytest

from ai_engine.catalogue.discovery import Discovery
from ai_engine.catalogue.live import LiveCatalogue
from ai_engine.catalogue.snapshot import Listing
from ai_engine.providers.registry.definition import WireProtocol
from tests.catalogue.fakes import LINES, Site, SiteUpstream, configuration, provider
from tests.fakes.clock import HandTurnedClock

pytestmark = pytest.mark.anyio


class NoRepository:
    """A `ListingRepository` that keeps nothing."""

    async def load(self) -> Mapping[str, Listing]:
        return {}

    async def save(self, provider: str, listing: Listing) -> None:
        pass


async def models_of(site: Site) -> tuple[str | None, list[str]]:
    """What went wrong, and the models of a provider that lists like this."""
    definition, clock = provider("a"), HandTurnedClock()
    live = LiveCatalogue(clock)
    live.set_configuration(configuration(definition))
    upstream, adapters = SiteUpstream(a=site), {WireProtocol.OPENAI: LINES}
    errors = await Discovery(upstream, adapters, lambda: [(definition, None)], live, NoRepository(), clock).refresh()
    await live.close()
    return errors["a"], [entry.route.model for entry in live.current.entries_of("a")]


async def test_a_listing_of_several_pages_is_read_to_its_end() -> None:
    site = Site(b"m1 m2 >second", pages={"second": b"m2 m3"})
    assert await models_of(site) == (None, ["m1", "m2", "m3"])
    assert site.asked == site.closed == 2


async def test_a_listing_without_an_end_is_read_for_twenty_pages() -> None:
    site = Site(b"m1 >again", pages={"again": b"m2 >again"})
    assert await models_of(site) == (None, ["m1", "m2"])
    assert site.asked == site.closed == 20


async def test_a_page_that_cannot_be_read_makes_the_whole_listing_none() -> None:
    assert await models_of(Site(b"m1 >second", pages={"second": b"!"})) == ("Invalid model list.", [])
