"""What the one `RequestFinished` of a request says, for every way in which a request can end."""

import asyncio
from decimal import Decimal
from typing import Any, NamedTuple

import pytest

from ai_engine.access.roles import Caller
from ai_engine.errors import AIEngineError
from ai_engine.events import CANCELLED, CLIENT_CLOSED_REQUEST, Ending
from ai_engine.names import UNKNOWN_TOKENS, Role, Route, TokenCounts
from ai_engine.upstream.port import ConnectFailed, ConnectionCut
from tests.builders import provider
from tests.fakes.clock import quiet
from tests.fakes.scripted_upstream import chunk, chunks, completion
from tests.fakes.upstream import Reply, Step, Streamed
from tests.relay.relay_bench import CLIENT, SOUND, RelayBench, refused
from tests.relay.test_streaming import DONE, HELLO, sse

pytestmark = pytest.mark.anyio

FILE = {"prices": {"alpha/tiny": {"input": "2", "output": "10"}, "beta/tiny": {"input": "1", "output": "1"}}}
NOTHING = TokenCounts(0, 0, 0, 0, 0)
FREE = Decimal(0)


def bench(*steps: Step, beta: Step | None = None, **fields: Any) -> RelayBench:
    providers = [provider("alpha", models=("tiny",), priority=1, **fields)]
    if beta is not None:
        providers.append(provider("beta", models=("tiny",), priority=100))
    made = RelayBench(*providers, file=FILE, listings={one.name: ["tiny"] for one in providers})
    made.upstream.on("alpha", *steps)
    if beta is not None:
        made.upstream.on("beta", beta)
    return made


async def test_an_answer_is_settled_with_what_the_provider_counted_and_its_exact_price() -> None:
    engine = bench(SOUND)
    await engine.ask(caller=Caller(Role.CLIENT, "shop", "key_1"))
    (request,) = engine.requests
    assert (request.ending, request.status, request.error_class) == (Ending.COMPLETED, 200, None)
    assert (request.client, request.client_name, request.requested_model) == ("key_1", "shop", "tiny")
    assert (request.route, request.tokens, request.tokens_are_estimated) == (
        Route("alpha", "tiny"),
        TokenCounts(7, output=5),
        False,
    )
    assert (request.cost_usd, request.absorbed_usd, request.price_version) == (Decimal("0.000064"), FREE, "configuration")
    (attempt,) = request.attempts
    assert (attempt.number, attempt.reason, attempt.cost_usd) == (1, "first_candidate", request.cost_usd)
    assert len(request.id) == 32
    assert request.id != request.request_id


async def test_cached_and_reasoning_tokens_come_apart() -> None:
    usage = {
        "prompt_tokens": 100,
        "completion_tokens": 30,
        "total_tokens": 130,
        "prompt_tokens_details": {"cached_tokens": 90},
        "completion_tokens_details": {"reasoning_tokens": 20},
    }
    engine = bench(Reply({**completion("hi"), "usage": usage}))
    await engine.ask()
    assert engine.requests[0].tokens == TokenCounts(10, 90, None, 10, 20)
    assert engine.requests[0].cost_usd == Decimal("0.0005")


async def test_an_answer_without_usage_is_estimated_from_its_length_and_says_so() -> None:
    engine = bench(Reply({**completion("twelve chars"), "usage": None}))
    await engine.ask()
    request = engine.requests[0]
    assert (request.tokens, request.tokens_are_estimated) == (TokenCounts(1, output=3), True)
    assert request.cost_usd == Decimal("0.000032")


async def test_a_failover_is_paid_once_and_every_attempt_is_there() -> None:
    engine = bench(refused(500), beta=SOUND)
    await engine.ask()
    request = engine.requests[0]
    assert (request.ending, request.route, request.cost_usd) == (Ending.COMPLETED, Route("beta", "tiny"), Decimal("0.000012"))
    assert [(one.number, one.route.provider, one.status, one.reason) for one in request.attempts] == [
        (1, "alpha", 500, "first_candidate"),
        (2, "beta", 200, "next_candidate"),
    ]
    assert (request.attempts[0].tokens, request.attempts[0].cost_usd, request.absorbed_usd) == (NOTHING, FREE, FREE)


async def test_nobody_bills_for_what_it_refused_or_never_got() -> None:
    for step, word in ((refused(400), "bad_request"), (ConnectFailed("no route"), "connection_failed")):
        engine = bench(step)
        assert isinstance(await engine.ask(), AIEngineError)
        request = engine.requests[0]
        assert (request.ending, request.error_class, request.tokens) == (Ending.ERROR, word, NOTHING)
        assert (request.cost_usd, request.absorbed_usd, request.route) == (FREE, FREE, Route("alpha", "tiny"))


async def test_what_a_provider_may_bill_that_broke_off_is_unknown_and_not_zero() -> None:
    engine = bench(ConnectionCut("cut"))
    await engine.ask()
    request = engine.requests[0]
    assert (request.error_class, request.tokens, request.cost_usd, request.absorbed_usd) == (
        "incomplete_stream",
        UNKNOWN_TOKENS,
        FREE,
        None,
    )


async def test_a_model_that_nobody_has_is_settled_without_an_attempt() -> None:
    engine = bench()
    await engine.ask("unheard-of")
    request = engine.requests[0]
    assert (request.status, request.error_class, request.route, request.attempts) == (404, "model_not_found", None, ())
    assert (request.tokens, request.cost_usd) == (NOTHING, FREE)


async def test_a_cut_stream_is_settled_for_what_came() -> None:
    engine = bench(Streamed([*sse(*chunks("hello there", with_usage=False))[:3], ConnectionCut("cut")]))
    await engine.stream()
    request = engine.requests[0]
    assert (request.ending, request.status, request.error_class) == (Ending.UPSTREAM_CUT, 200, "incomplete_stream")
    assert (request.tokens, request.tokens_are_estimated) == (TokenCounts(1, output=3), True)  # "hello there" / 4, rounded up
    assert (request.cost_usd, request.attempts[0].cost_usd) == (Decimal("0.000032"), Decimal("0.000032"))


async def test_text_after_the_last_report_of_a_cut_stream_is_added_to_it() -> None:
    reported = {**chunk({"content": "hello"}), "usage": {"prompt_tokens": 7, "completion_tokens": 2}}
    engine = bench(Streamed([*sse(reported, chunk({"content": " there"})), ConnectionCut("cut")]))
    await engine.stream()
    assert (engine.requests[0].tokens, engine.requests[0].tokens_are_estimated) == (TokenCounts(7, output=2 + 2), True)


async def test_a_stream_whose_client_leaves_is_settled_for_what_came_once() -> None:
    engine = bench(Streamed([*HELLO[:2], asyncio.Event()]))
    streaming = asyncio.create_task(engine.stream())
    await quiet()
    streaming.cancel()
    await asyncio.wait([streaming])
    request = engine.requests[0]
    assert (request.ending, request.status, request.error_class) == (Ending.CLIENT_CANCELLED, 200, None)
    assert (request.tokens, request.tokens_are_estimated) == (TokenCounts(1, output=2), True)  # "hello"
    assert [attempt.succeeded for attempt in request.attempts] == [True]
    engine.check_nothing_leaked()


async def test_a_client_that_leaves_before_an_answer_pays_nothing_and_what_we_pay_is_unknown() -> None:
    engine = bench(asyncio.Event())
    asking = asyncio.create_task(engine.ask())
    await quiet()
    asking.cancel()
    await asyncio.wait([asking])
    request = engine.requests[0]
    assert (request.ending, request.status, request.error_class) == (Ending.CLIENT_CANCELLED, CLIENT_CLOSED_REQUEST, None)
    assert (request.tokens, request.cost_usd, request.absorbed_usd) == (UNKNOWN_TOKENS, FREE, None)
    assert [attempt.failure for attempt in request.attempts] == [CANCELLED]


async def test_attempts_lie_within_their_request() -> None:
    engine = bench(refused(500), Streamed([*HELLO, DONE]))
    await engine.stream()
    request = engine.requests[0]
    assert [attempt.reason for attempt in request.attempts] == ["first_candidate", "retry"]
    assert request.attempts[0].started_ms == 0
    assert request.attempts[1].started_ms >= 250 * 0.75
    assert request.duration_ms >= request.upstream_ms >= request.attempts[1].started_ms
    assert request.overhead_ms == pytest.approx(request.duration_ms - request.upstream_ms)


class CommittedClient(NamedTuple):
    """A stream's client that has had its 200 after a long silence."""

    committed_status: int | None = 200

    def status_for(self, error: AIEngineError) -> int:
        return 503


async def test_the_ledger_has_the_status_that_the_client_received() -> None:
    for client, status in ((CLIENT, 502), (CommittedClient(), 200)):
        engine = bench(refused(500))
        with pytest.raises(AIEngineError):
            await engine.relay.answer(engine.request(is_stream=True), client)
        assert (engine.requests[0].status, engine.requests[0].ending) == (status, Ending.ERROR)


async def test_a_client_that_reads_slowly_is_charged_to_nobody() -> None:
    engine = bench(Streamed([*HELLO, DONE]))
    answer = await engine.relay.answer(engine.request(is_stream=True), CLIENT)
    assert answer.stream is not None

    async def read_slowly(events: bytes) -> None:
        engine.clock.advance(5)

    assert await answer.stream.relay_to(read_slowly) is None
    await answer.stream.close()
    request = engine.requests[0]
    assert request.duration_ms == request.client_wait_ms >= 10_000
    assert (request.upstream_ms, request.overhead_ms, request.attempts[0].duration_ms) == (0, 0, 0)


async def test_a_client_that_leaves_while_it_does_not_read_is_charged_to_nobody() -> None:
    engine = bench(Streamed([*HELLO, DONE]))
    answer = await engine.relay.answer(engine.request(is_stream=True), CLIENT)
    assert answer.stream is not None
    reads = asyncio.Event()

    async def read(events: bytes) -> None:
        await reads.wait()

    relaying = asyncio.create_task(answer.stream.relay_to(read))
    await quiet()
    engine.clock.advance(60)
    relaying.cancel()
    await asyncio.wait([relaying])
    await answer.stream.close()
    request = engine.requests[0]
    assert (request.client_wait_ms, request.upstream_ms, request.attempts[0].duration_ms) == (60_000, 0, 0)


async def test_the_last_words_of_a_stream_are_the_slow_clients_time_too() -> None:
    engine = bench(Streamed([*HELLO[:3], HELLO[3].rstrip()]))
    answer = await engine.relay.answer(engine.request(is_stream=True), CLIENT)
    assert answer.stream is not None

    async def read_slowly(events: bytes) -> None:
        engine.clock.advance(5)

    assert await answer.stream.relay_to(read_slowly) is None
    await answer.stream.close()
    request = engine.requests[0]
    assert request.duration_ms == request.client_wait_ms >= 10_000
    assert request.upstream_ms == 0


async def test_a_failure_says_which_field_it_is_about_and_nothing_of_the_request() -> None:
    engine = bench(refused(400, "invalid_value", param="messages[3].name"))
    await engine.ask()
    request = engine.requests[0]
    assert request.error_detail == "messages[3].name: The provider answered with status 400. (invalid_value)"
    assert request.attempts[0].detail == request.error_detail


async def test_a_request_that_is_never_sent_says_why() -> None:
    engine = bench()
    await engine.ask("unheard-of")
    assert "unheard-of" in str(engine.requests[0].error_detail)
    assert (engine.requests[0].error_class, engine.requests[0].attempts) == ("model_not_found", ())
