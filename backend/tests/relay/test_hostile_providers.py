"""A provider that repeats our key, says more of us than clients should read, or sends without end."""

import json

import pytest

from ai_engine.errors import AIEngineError, AttemptsFailed
from ai_engine.web.errors import error_body
from tests.builders import provider
from tests.fakes.scripted_upstream import chunk, error
from tests.fakes.upstream import Reply, Streamed
from tests.relay.relay_bench import CLIENT, RelayBench, refused

pytestmark = pytest.mark.anyio

ALPHA = provider("alpha", models=("tiny",))


@pytest.mark.parametrize("is_stream", [False, True], ids=["plain", "stream"])
@pytest.mark.parametrize("status", [400, 500])
async def test_a_key_that_the_provider_repeats_is_told_to_nobody(status: int, *, is_stream: bool) -> None:
    bench = RelayBench(ALPHA)
    reply = Reply(error("no access for alpha-key-1", kind="alpha-key-1", code="alpha-key-1", param="alpha-key-1"), status)
    bench.upstream.on("alpha", reply)
    for _ in range(4):
        refusal = await bench.ask(is_stream=is_stream)
        assert isinstance(refusal, AIEngineError)
        assert "alpha-key-1" not in error_body(refusal).decode()


async def test_a_key_that_the_provider_repeats_inside_a_stream_is_told_to_nobody() -> None:
    bench = RelayBench(ALPHA)
    events = [chunk({"content": "one"}), error("no access for alpha-key-1")]
    bench.upstream.on("alpha", Streamed([b"data: " + json.dumps(event).encode() + b"\n\n" for event in events]))
    broken = await bench.stream()
    assert broken is not None
    assert "no access for [redacted]" in broken.message


async def test_a_stream_that_never_gets_to_its_content_is_not_held_back_without_end() -> None:
    bench = RelayBench(ALPHA)
    opening = b"data: " + json.dumps(chunk({"role": "assistant"})).encode() + b"\n\n"
    bench.upstream.on("alpha", Streamed([opening * 10_000] * 100))
    broken = await bench.ask(is_stream=True)
    assert isinstance(broken, AttemptsFailed)
    assert "no content in its first" in broken.message
    bench.check_nothing_leaked()


async def test_only_an_operators_test_is_told_what_the_provider_said_of_us() -> None:
    bench = RelayBench(ALPHA)
    bench.upstream.on("alpha", refused(500))
    with pytest.raises(AttemptsFailed, match="alpha: refused with 500"):
        await bench.relay.answer(bench.request(), CLIENT, only=bench.finder.at_provider(ALPHA, "tiny"))
