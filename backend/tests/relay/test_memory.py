"""Nothing outlives its request: what one held is freed when it ends, without the garbage collector."""

import asyncio
import gc
import weakref
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from ai_engine.errors import AIEngineError
from ai_engine.names import Operation
from ai_engine.relay.request import ClientRequest
from ai_engine.upstream.port import ConnectionCut, ConnectionReset
from tests.builders import provider
from tests.fakes.clock import quiet
from tests.fakes.upstream import Step, Streamed
from tests.relay.relay_bench import CLIENT, SOUND, RelayBench, refused
from tests.relay.test_streaming import DONE, HELLO
from tests.relay.test_translation import Saying

pytestmark = pytest.mark.anyio

ENDINGS: dict[str, tuple[Callable[[], Step], dict[str, Any]]] = {
    "a sound answer": (lambda: SOUND, {}),
    "a refusal": (lambda: refused(400), {}),
    "a failover that fails": (lambda: refused(500), {}),
    "a rate limit": (lambda: refused(429, retry_after=60), {}),
    "a reset": (lambda: ConnectionReset("reset"), {}),
    "an unknown model": (lambda: SOUND, {"model": "unheard-of"}),
    "a stream": (lambda: Streamed([*HELLO, DONE]), {"is_stream": True}),
    "a cut stream": (lambda: Streamed([*HELLO[:2], ConnectionCut("cut")]), {"is_stream": True}),
    "a stream without content": (lambda: Streamed([DONE]), {"is_stream": True}),
    "a request that no protocol has a form for": (lambda: SOUND, {"operation": Operation.MESSAGES}),
    "a translation": (lambda: SOUND, {"operation": Operation.MESSAGES, "translation": Saying({"model": "tiny", "say": "hi"})}),
    "a translation that fails": (lambda: SOUND, {"operation": Operation.MESSAGES, "translation": Saying({"suffix": 1})}),
}


class Body(dict[str, Any]):
    """A plain dictionary cannot be watched."""


@pytest.fixture
def without_collector() -> Iterator[None]:
    gc.collect()
    gc.disable()
    yield
    gc.enable()


async def relayed(bench: RelayBench, body: Body, fields: dict[str, Any]) -> None:
    asked = ClientRequest("request-1", Operation.CHAT, "tiny", body)._replace(**fields)
    try:
        answer = await bench.relay.answer(asked, CLIENT)
    except AIEngineError:
        return
    if answer.stream is not None:
        await answer.stream.relay_to(_discard)
        await answer.stream.close()


async def _discard(events: bytes) -> None:
    await asyncio.sleep(0)


@pytest.mark.parametrize("ending", ENDINGS)
async def test_a_requests_body_is_freed_when_it_ends(ending: str, without_collector: None) -> None:
    step, fields = ENDINGS[ending]
    bench = RelayBench(provider("alpha", models=("tiny",)))
    bench.upstream.on("alpha", step())
    body = Body(model="tiny", messages=[{"role": "user", "content": "hi"}], stream=bool(fields.get("is_stream")))
    watched = weakref.ref(body)
    await relayed(bench, body, fields)
    bench.upstream.bodies.clear()
    bench.upstream.answers.clear()
    del body
    assert watched() is None


async def test_the_body_of_a_request_whose_client_left_is_freed(without_collector: None) -> None:
    bench = RelayBench(provider("alpha", models=("tiny",)))
    bench.upstream.on("alpha", asyncio.Event())
    body = Body(model="tiny", messages=[])
    watched = weakref.ref(body)
    task = asyncio.create_task(relayed(bench, body, {}))
    del body
    await quiet()
    task.cancel()
    await asyncio.wait([task])
    del task
    assert watched() is None
