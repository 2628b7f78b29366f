import asyncio
import itertools
import json
from typing import Any

import pytest

from ai_engine.errors import AttemptsFailed, RefusedByProvider
from ai_engine.events import Ending
from ai_engine.names import Route, TokenCounts
from ai_engine.providers.failures import FailureClass
from ai_engine.providers.registry.definition import Timeouts
from ai_engine.upstream.port import ConnectionCut
from tests.builders import provider
from tests.fakes.clock import quiet
from tests.fakes.scripted_upstream import chunk, chunks, error, usage
from tests.fakes.upstream import Reply, Step, Streamed
from tests.patience import within
from tests.relay.relay_bench import RelayBench, refused

pytestmark = pytest.mark.anyio

TINY = Route("alpha", "tiny")
DONE = b"data: [DONE]\n\n"


def sse(*values: Any) -> list[bytes]:
    return [b"data: " + json.dumps(value).encode() + b"\n\n" for value in values]


HELLO = sse(*chunks("hello there"))


def carrying_one(*steps: Step, **timeouts: float) -> RelayBench:
    bench = RelayBench(provider("alpha", models=("tiny",), timeouts=Timeouts(**timeouts)))
    bench.upstream.on("alpha", *steps)
    return bench


async def test_every_event_arrives_unchanged_and_in_order_and_usage_only_where_it_was_asked_for() -> None:
    for wants_usage, expected in ((False, HELLO[:-1]), (True, HELLO)):
        bench = carrying_one(Streamed([*HELLO, DONE]))
        written: list[bytes] = []
        assert await bench.stream(written=written, wants_usage=wants_usage) is None
        assert b"".join(written) == b"".join([*expected, DONE])
        request = bench.requests[0]
        assert (request.ending, request.tokens, request.tokens_are_estimated) == (
            Ending.COMPLETED,
            TokenCounts(7, output=2),
            False,
        )
        bench.check_nothing_leaked()


async def test_comments_after_the_finish_do_not_stretch_the_wait_for_usage() -> None:
    bench = carrying_one(Streamed(itertools.chain(HELLO[:-1], itertools.repeat(b": still here\n\n"))))
    async with within(10):  # two seconds for the usage and one for the body's end
        assert await bench.stream() is None
    assert bench.requests[0].ending is Ending.COMPLETED
    bench.check_nothing_leaked()


async def test_usage_that_came_along_the_way_is_not_taken_for_that_of_the_whole() -> None:
    opening, first, second, finish, last = chunks("hello there")
    counting = sse({**opening, "usage": usage(output_tokens=0)}, {**first, "usage": usage(output_tokens=1)}, second, finish, last)
    bench = carrying_one(Streamed([*counting, DONE]))
    written: list[bytes] = []
    assert await bench.stream(written=written, wants_usage=True) is None
    assert b"".join(written) == b"".join([*counting, DONE])
    assert (bench.requests[0].tokens, bench.requests[0].tokens_are_estimated) == (TokenCounts(7, output=2), False)


async def test_a_stream_that_opens_and_ends_without_content_begins_again() -> None:
    bench = carrying_one(Streamed([HELLO[0], DONE]), Streamed([HELLO[0], ConnectionCut("cut")]), Streamed([*HELLO, DONE]))
    assert isinstance(await bench.stream(), AttemptsFailed)
    assert await bench.stream() is None
    assert [attempt.failure for attempt in bench.attempts] == [
        FailureClass.INCOMPLETE_STREAM,
        FailureClass.INCOMPLETE_STREAM,
        None,
    ]


@pytest.mark.parametrize(
    ("end", "kind"),
    [
        ([], FailureClass.INCOMPLETE_STREAM),
        ([ConnectionCut("cut")], FailureClass.INCOMPLETE_STREAM),
        (sse(error("boom", kind="server_error")), FailureClass.SERVER_ERROR),
    ],
)
async def test_a_stream_without_a_finish_is_broken_and_never_a_clean_end(end: list[Any], kind: FailureClass) -> None:
    bench = carrying_one(Streamed([*HELLO[:3], *end]))
    assert isinstance(await bench.stream(), AttemptsFailed)
    assert bench.attempts[0].failure == kind
    assert bench.requests[0].ending is Ending.UPSTREAM_CUT
    assert bench.track_record.of(TINY).success_rate < 1
    bench.check_nothing_leaked()


async def test_a_stream_cut_after_its_finish_is_complete() -> None:
    bench = carrying_one(Streamed([*HELLO[:-1], ConnectionCut("cut")]))
    assert await bench.stream() is None
    assert bench.attempts[0].succeeded


async def test_a_rate_limit_inside_a_stream_cools_the_key_and_leaves_the_route_alone() -> None:
    bench = carrying_one(Streamed([*HELLO[:2], *sse(error("slow down", kind="rate_limit_error", code="rate_limit_exceeded"))]))
    assert isinstance(await bench.stream(), AttemptsFailed)
    assert bench.attempts[0].failure == FailureClass.RATE_LIMIT
    assert bench.keys.cooldown_of(*TINY) is not None
    assert bench.track_record.of(TINY).attempts == 0


async def test_a_stream_that_stalls_counts_against_its_route() -> None:
    bench = carrying_one(Streamed([*HELLO[:2], asyncio.Event()]), idle=0.02)
    assert isinstance(await bench.stream(), AttemptsFailed)
    assert (bench.attempts[0].failure, bench.attempts[0].blame) == (FailureClass.TIMEOUT, "route")
    bench.check_nothing_leaked()


async def test_a_deadline_that_passes_inside_a_stream_is_not_the_providers_fault() -> None:
    bench = RelayBench(provider("alpha", models=("tiny",)))
    bench.upstream.on("alpha", Streamed([*HELLO[:2], asyncio.Event()]))
    assert isinstance(await bench.stream(timeout_seconds=0.02), AttemptsFailed)
    assert bench.attempts[0].blame == "request"
    assert bench.track_record.of(TINY).attempts == 0
    bench.check_nothing_leaked()


async def test_a_client_that_leaves_a_begun_stream_is_nobodys_failure() -> None:
    bench = carrying_one(Streamed([*HELLO[:2], asyncio.Event()]))
    streaming = asyncio.create_task(bench.stream())
    await quiet()
    streaming.cancel()
    await asyncio.wait([streaming])
    assert bench.attempts[0].succeeded
    assert bench.requests[0].ending is Ending.CLIENT_CANCELLED
    assert bench.track_record.of(TINY).success_rate == 1
    bench.check_nothing_leaked()


async def test_a_provider_that_refuses_stream_options_is_asked_again_without_and_remembered() -> None:
    refusal = Reply(error("unknown field: stream_options", param="stream_options"), 400)
    bench = carrying_one(refusal, Streamed([*HELLO, DONE]))
    assert await bench.stream() is None
    assert await bench.stream() is None
    assert ["stream_options" in body for body in bench.upstream.bodies] == [True, False, False]
    assert [attempt.reason for attempt in bench.attempts] == ["first_candidate", "without_stream_options", "first_candidate"]


async def test_another_refusal_is_the_clients_own() -> None:
    bench = carrying_one(refused(400, param="temperature"))
    assert isinstance(await bench.stream(), RefusedByProvider)
    assert len(bench.asked) == 1


async def test_what_came_before_the_content_is_relayed_with_it() -> None:
    opening = sse(chunk({"role": "assistant"}))
    bench = carrying_one(Streamed([*opening, *opening, *HELLO[1:], DONE]))
    written: list[bytes] = []
    assert await bench.stream(written=written) is None
    assert b"".join(written).startswith(b"".join(opening * 2) + HELLO[1])


@pytest.mark.parametrize("first_events", [2, 5], ids=["after its opening", "in its opening"])
async def test_an_error_before_the_finish_breaks_a_stream_also_where_both_come_at_once(first_events: int) -> None:
    broken = [*HELLO[:2], *sse(error("boom", kind="server_error")), *HELLO[2:]]
    parts = [b"".join(broken[:1]), broken[1], b"".join(broken[2:])] if first_events == 2 else [b"".join(broken)]
    bench = carrying_one(Streamed(parts))
    assert isinstance(await bench.stream(), AttemptsFailed)
    assert {attempt.failure for attempt in bench.attempts} == {FailureClass.SERVER_ERROR}
    bench.check_nothing_leaked()


async def test_an_error_behind_the_finish_breaks_no_stream_also_where_all_comes_at_once() -> None:
    bench = carrying_one(Streamed([b"".join([*HELLO[:-1], *sse(error("boom", kind="server_error"))])]))
    assert await bench.stream() is None
    assert [attempt.succeeded for attempt in bench.attempts] == [True]
    bench.check_nothing_leaked()
