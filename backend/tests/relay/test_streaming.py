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
from tests.relay.relay_bench import Carrying, refused

pytestmark = pytest.mark.anyio

TINY = Route("alpha", "tiny")
DONE = b"data: [DONE]\n\n"


def sse(*values: Any) -> list[bytes]:
    return [b"data: " + json.dumps(value).encode() + b"\n\n" for value in values]


HELLO = sse(*chunks("hello there"))


def carrying_one(*steps: Step, **timeouts: float) -> Carrying:
    carrying = Carrying(provider("alpha", models=("tiny",), timeouts=Timeouts(**timeouts)))
    carrying.upstream.on("alpha", *steps)
    return carrying


async def test_every_event_arrives_unchanged_and_in_order_and_usage_only_where_it_was_asked_for() -> None:
    for wants_usage, expected in ((False, HELLO[:-1]), (True, HELLO)):
        carrying = carrying_one(Streamed([*HELLO, DONE]))
        written: list[bytes] = []
        assert await carrying.stream(written=written, wants_usage=wants_usage) is None
        assert b"".join(written) == b"".join(expected)
        request = carrying.requests[0]
        assert (request.ending, request.tokens, request.tokens_are_estimated) == (
            Ending.COMPLETED,
            TokenCounts(7, output=2),
            False,
        )
        carrying.check_nothing_leaked()


async def test_comments_after_the_finish_do_not_stretch_the_wait_for_usage() -> None:
    carrying = carrying_one(Streamed(itertools.chain(HELLO[:-1], itertools.repeat(b": still here\n\n"))))
    async with asyncio.timeout(10):  # two seconds for the usage and one for the body's end
        assert await carrying.stream() is None
    assert carrying.requests[0].ending is Ending.COMPLETED
    carrying.check_nothing_leaked()


async def test_usage_that_came_along_the_way_is_not_taken_for_that_of_the_whole() -> None:
    opening, first, second, finish, last = chunks("hello there")
    counting = sse({**opening, "usage": usage(output_tokens=0)}, {**first, "usage": usage(output_tokens=1)}, second, finish, last)
    carrying = carrying_one(Streamed([*counting, DONE]))
    written: list[bytes] = []
    assert await carrying.stream(written=written, wants_usage=True) is None
    assert b"".join(written) == b"".join(counting)
    assert (carrying.requests[0].tokens, carrying.requests[0].tokens_are_estimated) == (TokenCounts(7, output=2), False)


async def test_a_stream_that_opens_and_ends_without_content_begins_again() -> None:
    carrying = carrying_one(Streamed([HELLO[0], DONE]), Streamed([HELLO[0], ConnectionCut("cut")]), Streamed([*HELLO, DONE]))
    assert isinstance(await carrying.stream(), AttemptsFailed)
    assert await carrying.stream() is None
    assert [attempt.failure for attempt in carrying.attempts] == [FailureClass.CUT, FailureClass.CUT, None]


@pytest.mark.parametrize(
    ("end", "kind"),
    [
        ([], FailureClass.CUT),
        ([DONE], FailureClass.CUT),
        ([ConnectionCut("cut")], FailureClass.CUT),
        (sse(error("boom", kind="server_error")), FailureClass.SERVER_ERROR),
    ],
)
async def test_a_stream_without_a_finish_is_broken_and_never_a_clean_end(end: list[Any], kind: FailureClass) -> None:
    carrying = carrying_one(Streamed([*HELLO[:3], *end]))
    assert isinstance(await carrying.stream(), AttemptsFailed)
    assert carrying.attempts[0].failure == kind
    assert carrying.requests[0].ending is Ending.UPSTREAM_CUT
    assert carrying.track_record.of(TINY).success_rate < 1
    carrying.check_nothing_leaked()


async def test_a_stream_cut_after_its_finish_is_complete() -> None:
    carrying = carrying_one(Streamed([*HELLO[:-1], ConnectionCut("cut")]))
    assert await carrying.stream() is None
    assert carrying.attempts[0].succeeded


async def test_a_rate_limit_inside_a_stream_cools_the_key_and_leaves_the_route_alone() -> None:
    carrying = carrying_one(Streamed([*HELLO[:2], *sse(error("slow down", kind="rate_limit_error", code="rate_limit_exceeded"))]))
    assert isinstance(await carrying.stream(), AttemptsFailed)
    assert carrying.attempts[0].failure == FailureClass.RATE_LIMIT
    assert carrying.keys.soonest_return(*TINY) is not None
    assert carrying.track_record.of(TINY).attempts == 0


async def test_a_stream_that_stalls_counts_against_its_route() -> None:
    carrying = carrying_one(Streamed([*HELLO[:2], asyncio.Event()]), idle=0.02)
    assert isinstance(await carrying.stream(), AttemptsFailed)
    assert (carrying.attempts[0].failure, carrying.attempts[0].blame) == (FailureClass.SILENT, "route")
    carrying.check_nothing_leaked()


async def test_a_deadline_that_passes_inside_a_stream_is_not_the_providers_fault() -> None:
    carrying = Carrying(provider("alpha", models=("tiny",)))
    carrying.upstream.on("alpha", Streamed([*HELLO[:2], asyncio.Event()]))
    streaming = asyncio.create_task(carrying.stream(timeout_seconds=0.02))
    await quiet()
    carrying.clock.advance(0.02)
    assert isinstance(await streaming, AttemptsFailed)
    assert carrying.attempts[0].blame == "request"
    assert carrying.track_record.of(TINY).attempts == 0
    carrying.check_nothing_leaked()


async def test_a_client_that_leaves_a_begun_stream_is_nobodys_failure() -> None:
    carrying = carrying_one(Streamed([*HELLO[:2], asyncio.Event()]))
    streaming = asyncio.create_task(carrying.stream())
    await quiet()
    streaming.cancel()
    await asyncio.wait([streaming])
    assert carrying.attempts[0].succeeded
    assert carrying.requests[0].ending is Ending.CLIENT_CANCELLED
    assert carrying.track_record.of(TINY).success_rate == 1
    carrying.check_nothing_leaked()


async def test_a_provider_that_refuses_stream_options_is_asked_again_without_and_remembered() -> None:
    refusal = Reply(error("unknown field: stream_options", param="stream_options"), 400)
    carrying = carrying_one(refusal, Streamed([*HELLO, DONE]))
    assert await carrying.stream() is None
    assert await carrying.stream() is None
    assert ["stream_options" in body for body in carrying.upstream.bodies] == [True, False, False]
    assert [attempt.why for attempt in carrying.attempts] == ["first choice", "without stream_options", "first choice"]


async def test_another_refusal_is_the_clients_own() -> None:
    carrying = carrying_one(refused(400, param="temperature"))
    assert isinstance(await carrying.stream(), RefusedByProvider)
    assert len(carrying.asked) == 1


async def test_what_came_before_the_content_is_relayed_with_it() -> None:
    opening = sse(chunk({"role": "assistant"}))
    carrying = carrying_one(Streamed([*opening, *opening, *HELLO[1:], DONE]))
    written: list[bytes] = []
    assert await carrying.stream(written=written) is None
    assert b"".join(written).startswith(b"".join(opening * 2) + HELLO[1])
