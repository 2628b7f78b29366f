"""What requests held is free when they have ended, also while the garbage collector does not run."""

import gc
import tracemalloc
from collections.abc import Iterator

import pytest

from tests.fakes.gateway import Provider, chat_body, gateway_in_front_of
from tests.fakes.scripted_upstream import Answer, ScriptedUpstream, Step, completion
from tests.journeys.steps import CHAT, refused, sound

pytestmark = pytest.mark.anyio

REQUESTS = 30
TEXT = "x" * 1_000_000
KINDS: dict[str, tuple[Step, int]] = {
    "answered": (Answer(completion("hello there")), 200),
    "refused": (refused(400), 400),
    "failed": (refused(500), 502),
    "malformed": (Answer(b"no JSON"), 502),
}


@pytest.fixture
def without_collector() -> Iterator[None]:
    gc.collect()
    gc.disable()
    tracemalloc.start()
    yield
    tracemalloc.stop()
    gc.enable()


@pytest.mark.parametrize("is_stream", [False, True], ids=["plain", "streamed"])
@pytest.mark.parametrize("kind", KINDS)
async def test_bodies_of_ended_requests_do_not_add_up(
    alpha: ScriptedUpstream, without_collector: None, kind: str, *, is_stream: bool
) -> None:
    step, status = KINDS[kind]
    alpha.on(CHAT, sound(stream=is_stream) if kind == "answered" else step)
    provider = Provider("alpha", alpha.base_url)
    async with gateway_in_front_of(provider) as gateway:
        sizes = []
        for _ in range(REQUESTS):
            # Not by httpx, whose requests live until the collector runs.
            body = chat_body("tiny", stream=is_stream, messages=[{"role": "user", "content": TEXT}])
            async with gateway.raw(body) as (reader, _):
                head = await reader.readuntil(b"\r\n")
            assert int(head.split()[1]) in (status, 503)  # 503 once the circuit has opened
            alpha.requests.clear()
            sizes.append(tracemalloc.get_traced_memory()[0])
    assert sizes[-1] - sizes[4] < 5 * len(TEXT), "five bodies more than after the fifth request, of twenty-five"
