"""The client may leave at any moment: nothing leaks, and everything that was begun is told of once."""

import asyncio
import json

import pytest

from ai_engine.events import Ending
from ai_engine.names import Route
from ai_engine.upstream.port import ConnectionCut
from tests.builders import provider
from tests.fakes.clock import quiet
from tests.fakes.scripted_upstream import chunks
from tests.fakes.upstream import Step, Streamed
from tests.relay.relay_bench import SOUND, RelayBench, refused

pytestmark = pytest.mark.anyio

TINY = Route("alpha", "tiny")
MOST_STEPS = 400


EVENTS = [b"data: " + json.dumps(event).encode() + b"\n\n" for event in chunks("hello there")]
WHOLE = Streamed([*EVENTS, b"data: [DONE]\n\n"])

CASES = [
    pytest.param([SOUND], [SOUND], False, id="a plain answer"),
    pytest.param([refused(429, retry_after=1)], [refused(500), SOUND], False, id="limits, a retry, a plain answer"),
    pytest.param([refused(500)], [refused(503)], False, id="nobody answers"),
    pytest.param([WHOLE], [WHOLE], True, id="a stream"),
    pytest.param([refused(401)], [Streamed([b": nothing yet\n\n", *WHOLE.parts])], True, id="a refusal and a stream"),
    pytest.param([Streamed([*EVENTS[:2], ConnectionCut("cut")])], [SOUND], True, id="a stream that is cut"),
]


@pytest.mark.parametrize(("alpha", "beta", "is_stream"), CASES)
async def test_leaving_between_any_two_steps_leaks_nothing(alpha: list[Step], beta: list[Step], *, is_stream: bool) -> None:
    endings: set[Ending] = set()
    for steps in range(MOST_STEPS):
        bench = RelayBench(provider("alpha", models=("tiny",), priority=1), provider("beta", models=("tiny",)))
        bench.break_route("alpha", "tiny")
        bench.clock.advance(2)
        bench.upstream.on("alpha", *alpha)
        bench.upstream.on("beta", *beta)
        task = asyncio.create_task(bench.stream() if is_stream else bench.ask())
        for _ in range(steps):
            await asyncio.sleep(0)
        is_over = task.done()
        task.cancel()
        await asyncio.wait([task])
        if steps == 0:
            continue  # the task never began
        bench.check_nothing_leaked()
        outage = bench.breaker.outage_of(TINY)
        bench.clock.advance(20)
        assert bench.breaker.allows(TINY), f"the probe is still held after {steps} steps: {outage}"
        await bench.cooldown_queue.wait(TINY, lambda: None, 0)
        endings.add(bench.requests[0].ending)
        if is_over:
            break
    else:
        pytest.fail(f"the request was not over after {MOST_STEPS} steps")
    assert Ending.CLIENT_CANCELLED in endings


async def test_a_client_that_leaves_a_silent_provider_is_nobodys_failure() -> None:
    bench = RelayBench(provider("alpha", models=("tiny",)))
    gate = asyncio.Event()
    bench.upstream.on("alpha", gate, SOUND)
    task = asyncio.create_task(bench.ask())
    await quiet()
    task.cancel()
    await asyncio.wait([task])
    (attempt,) = bench.attempts
    assert (attempt.succeeded, attempt.failure, attempt.blame, attempt.status) == (False, "cancelled", "request", None)
    assert (bench.requests[0].ending, bench.requests[0].status) == (Ending.CLIENT_CANCELLED, 499)
    assert bench.track_record.of(TINY).attempts == 0
    bench.check_nothing_leaked()
