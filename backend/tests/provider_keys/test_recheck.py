import asyncio
from collections.abc import Mapping

import pytest

from ai_engine.provider_keys.key_record import KeyState, KeyView
from ai_engine.provider_keys.pool import KeyPool
from ai_engine.provider_keys.recheck import KeyRecheck
from ai_engine.providers.failures import FailureClass
from ai_engine.providers.openai.adapter import OpenAICompatible
from ai_engine.providers.registry.definition import ProviderDefinition, WireProtocol
from ai_engine.upstream.port import ConnectFailed
from tests.builders import failure, provider
from tests.fakes.clock import HandTurnedClock, quiet
from tests.fakes.upstream import PortUpstream, Reply, Step

pytestmark = pytest.mark.anyio


class Bench:
    """One provider with one key that has just become invalid."""

    def __init__(self, *listing: Step) -> None:
        self.clock = HandTurnedClock()
        self.upstream = PortUpstream()
        self.upstream.on("alpha", *listing)
        self.providers: Mapping[str, ProviderDefinition] = {"alpha": provider("alpha")}
        self.pool = KeyPool(self.clock)
        self.pool.set_providers(self.providers)
        pooled = self.pool.acquire("alpha", "tiny")
        assert pooled is not None
        self.pool.record_failure(pooled, "tiny", failure(FailureClass.INVALID_KEY))
        self.pool.release(pooled)
        self.recheck = KeyRecheck(
            self.pool, self.upstream, {WireProtocol.OPENAI: OpenAICompatible()}, lambda: self.providers, self.clock
        )

    @property
    def key(self) -> KeyView:
        (view,) = self.pool.keys_of("alpha")
        return view

    def is_usable(self) -> bool:
        return self.key.state is KeyState.USABLE

    async def after(self, seconds: float) -> bool:
        """Whether the key is usable again."""
        self.clock.advance(seconds)
        await self.recheck.recheck_due()
        await self.upstream.close()
        return self.is_usable()


async def test_a_key_is_not_checked_before_its_time() -> None:
    bench = Bench(Reply({"data": []}))
    assert not await bench.after(59)
    assert bench.upstream.asked == []


async def test_a_key_comes_back_when_the_listing_accepts_it() -> None:
    bench = Bench(Reply({"data": []}))
    assert await bench.after(60)
    assert bench.upstream.asked == [("alpha", None, "alpha-key-1")]
    assert bench.pool.cooldown_of("alpha", "tiny") is None


@pytest.mark.parametrize("status", [404, 405])
async def test_a_key_comes_back_where_the_provider_cannot_list(status: int) -> None:
    assert await Bench(Reply(status=status)).after(60)


@pytest.mark.parametrize("answer", [Reply(status=401), Reply(status=503), ConnectFailed("refused")])
async def test_a_key_that_is_not_accepted_waits_twice_as_long_up_to_an_hour(answer: Step) -> None:
    bench = Bench(answer)
    waits = [60.0]
    for _ in range(8):
        assert not await bench.after(waits[-1])
        assert bench.key.cooldown_seconds is not None
        waits.append(bench.key.cooldown_seconds)
    assert waits == [60, 120, 240, 480, 960, 1920, 3600, 3600, 3600]


async def test_a_key_that_was_taken_out_of_the_configuration_meanwhile_stops_nothing() -> None:
    gate = asyncio.Event()
    bench = Bench(gate, Reply({"data": []}))
    bench.clock.advance(60)
    asking = asyncio.create_task(bench.recheck.recheck_due())
    await quiet()
    bench.providers = {}
    bench.pool.set_providers({})
    gate.set()
    await asking
    assert bench.pool.keys_of("alpha") == ()


async def test_the_keys_are_checked_until_the_task_is_cancelled() -> None:
    bench = Bench(Reply(status=401), Reply({"data": []}))
    looking = asyncio.create_task(bench.recheck.run())
    await bench.clock.turn(179)
    assert not bench.is_usable()
    await bench.clock.turn(3)
    assert bench.is_usable()
    looking.cancel()
    await asyncio.wait([looking])
