"""An operator's test of one route, in rotation or not."""

import pytest

from ai_engine.errors import AttemptsFailed, NoRouteAvailable
from ai_engine.names import Route
from ai_engine.providers.failures import FailureClass
from tests.relay.relay_bench import CLIENT, SOUND, RelayBench, refused
from tests.relay.test_attempts import ALPHA, BETA

pytestmark = pytest.mark.anyio


async def test_a_test_asks_its_one_route_whether_it_is_in_rotation_or_not() -> None:
    bench = RelayBench(ALPHA, BETA)
    bench.break_route("alpha", "tiny")
    bench.upstream.on("alpha", SOUND)
    candidate = bench.finder.at_provider(ALPHA, "tiny")
    answer = await bench.relay.answer(bench.request(), CLIENT, only=candidate)
    assert answer.route.provider == "alpha"
    assert bench.breaker.allows(Route("alpha", "tiny"))


async def test_a_test_goes_nowhere_else() -> None:
    bench = RelayBench(ALPHA, BETA)
    bench.upstream.on("alpha", refused(500))
    with pytest.raises(AttemptsFailed):
        await bench.relay.answer(bench.request(), CLIENT, only=bench.finder.at_provider(ALPHA, "tiny"))
    assert bench.asked == ["alpha/tiny 1"]


async def test_a_test_asks_with_a_resting_key_where_there_is_no_other_and_a_client_never_does() -> None:
    bench = RelayBench(ALPHA)
    bench.upstream.on("alpha", SOUND)
    bench.cool("alpha", "tiny", FailureClass.QUOTA)
    assert isinstance(await bench.ask(), NoRouteAvailable)
    assert bench.asked == []
    answer = await bench.relay.answer(bench.request(), CLIENT, only=bench.finder.at_provider(ALPHA, "tiny"))
    assert answer.route.provider == "alpha"
