"""When a stream is complete, and what its client gets of its end."""

import asyncio
import json
from typing import Any

import pytest

from ai_engine.errors import AttemptsFailed
from ai_engine.events import Ending
from ai_engine.providers.registry.definition import Timeouts
from ai_engine.upstream.port import ConnectionCut
from ai_engine.wire.json_types import JsonMapping
from tests.builders import provider
from tests.fakes.scripted_upstream import chunk, completion, usage
from tests.fakes.upstream import Part, Reply, Streamed
from tests.patience import PATIENCE_SECONDS, within
from tests.relay.relay_bench import CLIENT, RelayBench

pytestmark = pytest.mark.anyio

DONE = b"data: [DONE]\n\n"
USAGE = {**chunk({}), "choices": [], "usage": usage()}


def sse(*events: Any) -> list[bytes]:
    return [b"data: " + (event if isinstance(event, bytes) else json.dumps(event).encode()) + b"\n\n" for event in events]


def said(text: str, finish: str | None = None, **fields: Any) -> dict[str, Any]:
    return {**chunk({"content": text}, finish_reason=finish), **fields}


def call(arguments: str, index: int = 0, **fields: Any) -> JsonMapping:
    return chunk({"tool_calls": [{"index": index, "function": {"arguments": arguments}, **fields}]})


def finish(reason: str, **fields: Any) -> dict[str, Any]:
    return {**chunk({}, finish_reason=reason), **fields}


def bench_with(*parts: Part, **timeouts: float) -> RelayBench:
    bench = RelayBench(provider("alpha", models=("tiny",), timeouts=Timeouts(**timeouts)))
    bench.upstream.on("alpha", Streamed(parts))
    return bench


async def events_of(bench: RelayBench, **fields: Any) -> list[Any]:
    """What a client gets of a sound stream, without `[DONE]`."""
    written: list[bytes] = []
    assert await bench.stream(written=written, wants_usage=True, **fields) is None
    *blocks, done, rest = b"".join(written).split(b"\n\n")
    assert (done + b"\n\n", rest) == (DONE, b"")
    bench.check_nothing_leaked()
    return [json.loads(block.removeprefix(b"data: ")) for block in blocks]


def text_of(events: list[Any]) -> str:
    return "".join(choice["delta"].get("content") or "" for event in events for choice in event["choices"])


def reasons_of(events: list[Any]) -> list[str]:
    return [choice["finish_reason"] for event in events for choice in event["choices"] if choice["finish_reason"]]


CALL = call("{}", id="a", type="function")


@pytest.mark.parametrize(
    ("parts", "reason"),
    [
        (sse(said("Hi"), b"[DONE]"), "stop"),
        (sse(said("Hi"), USAGE), "stop"),
        (sse(said("Hi"), USAGE, b"[DONE]"), "stop"),
        ([*sse(said("Hi"), USAGE), ConnectionCut("cut")], "stop"),
        (sse(said("Hi"), CALL, b"[DONE]"), "tool_calls"),
        (sse(CALL, call("", 1, id="b"), USAGE), "tool_calls"),
        (sse(call('{"a"', id="a"), call(": 1}"), call("{}", id="b"), b"[DONE]"), "tool_calls"),
        (sse(said("Hi", "stop"), said(" you"), b"[DONE]"), "stop"),
    ],
    ids=["DONE", "usage", "usage and DONE", "usage and cut", "call", "calls", "two calls under one index", "reopened"],
)
async def test_an_explicit_end_without_a_reason_gets_one(parts: list[Part], reason: str) -> None:
    bench = bench_with(*parts)
    events = await events_of(bench)
    assert reasons_of(events) == [reason]
    assert [event for event in events if event["choices"]][-1]["choices"][0]["finish_reason"] == reason, (
        "nothing but usage follows"
    )
    assert events[0]["id"] == events[-1]["id"]
    assert bench.attempts[0].detail == f"No finish reason came; {reason} was inferred."
    assert bench.requests[0].ending is Ending.COMPLETED


@pytest.mark.parametrize(
    "parts",
    [
        sse(said("Hi")),
        sse(said("Hi", usage=usage())),
        sse(USAGE, said("Hi")),
        sse(call('{"a', id="a"), b"[DONE]"),
        sse(call('{"a', id="a"), USAGE),
        sse(said("Hi", "stop"), said(" you")),
        [*sse(said("Hi", "stop"), said(" you")), ConnectionCut("cut")],
        sse(said("Hi"), {"choices": [{"index": 1, "delta": {"content": "Hi"}, "finish_reason": "stop"}]}, b"[DONE]"),
    ],
    ids=[
        "nothing",
        "usage on content",
        "usage first",
        "half a call",
        "half a call, usage",
        "reopened",
        "cut",
        "one choice of two",
    ],
)
async def test_everything_else_is_broken(parts: list[Part]) -> None:
    bench = bench_with(*parts)
    assert isinstance(await bench.stream(), AttemptsFailed)
    assert bench.requests[0].ending is Ending.UPSTREAM_CUT
    bench.check_nothing_leaked()


async def test_a_last_event_with_content_is_relayed_unchanged() -> None:
    odd = b'{ "choices": [{"index": 0, "delta": {"content": "Hi"}, "finish_reason": "stop"}], "usage": {"prompt_tokens": 7} }'
    for parts in (sse(odd, b"[DONE]"), sse(odd)):
        written: list[bytes] = []
        assert await bench_with(*parts).stream(written=written) is None
        assert b"".join(written) == sse(odd)[0] + DONE


async def test_content_beside_a_reason_does_not_wait_for_what_follows() -> None:
    more = asyncio.Event()
    bench = bench_with(*sse(said("Once ", "stop")), more, *sse(said("upon", "stop"), b"[DONE]"))
    answer = await bench.relay.answer(bench.request(is_stream=True), CLIENT)
    written: list[bytes] = []

    async def write(events: bytes) -> None:
        written.append(events)
        more.set()

    assert answer.stream is not None
    async with within(PATIENCE_SECONDS):
        assert await answer.stream.relay_to(write) is None
    written.append(answer.stream.ending())
    await answer.stream.close()
    events = [json.loads(line[6:]) for line in b"".join(written).split(b"\n\n")[:-2]]
    assert (text_of(events), reasons_of(events)) == ("Once upon", ["stop"])
    bench.check_nothing_leaked()


async def test_a_client_that_leaves_while_content_waits_ends_the_stream() -> None:
    bench = bench_with(*sse(said("Once ", "stop")), asyncio.Event())
    streaming = asyncio.create_task(bench.stream())
    while not bench.upstream.answers:
        await asyncio.sleep(0)
    streaming.cancel()
    await asyncio.wait([streaming])
    bench.check_nothing_leaked()


async def test_a_stream_that_was_reopened_may_be_as_silent_as_any_other() -> None:
    bench = bench_with(*sse(said("Once ", "stop"), said("upon", "stop")), asyncio.Event(), idle=0.05)
    events = await events_of(bench)
    assert (text_of(events), reasons_of(events)) == ("Once upon", ["stop"])


@pytest.mark.parametrize(
    ("reasons", "expected"),
    [
        (("tool_calls", "stop"), "tool_calls"),
        (("stop", "tool_calls"), "tool_calls"),
        (("length", "stop", "stop"), "length"),
        (("stop", "stop"), "stop"),
        (("content_filter", "length"), "length"),
    ],
)
async def test_of_several_reasons_the_one_that_says_most_counts(reasons: tuple[str, ...], expected: str) -> None:
    events = await events_of(bench_with(*sse(said("Hi"), *map(finish, reasons), USAGE, b"[DONE]")))
    assert (text_of(events), reasons_of(events), events[-1]["usage"]) == ("Hi", [expected], usage())


async def test_each_of_several_choices_has_one_end() -> None:
    def both(text: str) -> dict[str, Any]:
        choices = [{"index": index, "delta": {"content": text}, "finish_reason": "stop"} for index in (0, 1)]
        return {**chunk({}), "choices": choices}

    def one(index: int, text: str) -> dict[str, Any]:
        return {**chunk({}), "choices": [{"index": index, "delta": {"content": text}, "finish_reason": "stop"}]}

    for pieces in ([both("a"), both("b")], [one(0, "a"), one(1, "a"), one(0, "b"), one(1, "b")]):
        bench = bench_with(*sse(*pieces, USAGE, b"[DONE]"))
        choices = [choice for event in await events_of(bench) for choice in event["choices"]]
        for index in (0, 1):
            own = [choice for choice in choices if choice["index"] == index]
            assert "".join(choice["delta"].get("content", "") for choice in own) == "ab"
            assert [choice["finish_reason"] for choice in own if choice["finish_reason"]] == ["stop"]


async def test_what_follows_an_end_without_content_keeps_its_place_and_memory_its_bounds() -> None:
    filtered: Any = {"choices": [{"index": 0, "finish_reason": None, "content_filter_results": {}}]}
    body = sse(said("Hi"), finish("stop"), filtered, USAGE)
    written: list[bytes] = []
    assert await bench_with(*body, DONE).stream(written=written, wants_usage=True) is None
    assert b"".join(written) == b"".join([*body, DONE])
    bench = bench_with(b"".join(sse(said("Hi"), finish("stop"), *[filtered] * 1000)), DONE)
    assert reasons_of(await events_of(bench)) == ["stop"]


async def test_an_end_that_is_nested_too_deeply_to_be_divided_goes_whole() -> None:
    deep = json.loads("[" * 300 + "]" * 300)
    events = await events_of(bench_with(*sse(said("Hi"), said(" you", "stop", deep=deep), said("!"), finish("stop"))))
    assert text_of(events) == "Hi you!"


@pytest.mark.parametrize("reason", ["", "null", " ", 0, False, [], {}], ids=repr)
async def test_clients_never_see_an_empty_reason(reason: object) -> None:
    events = await events_of(
        bench_with(*sse({**said("Hi"), "choices": [{**said("Hi")["choices"][0], "finish_reason": reason}]}, finish("stop")))
    )
    assert [event["choices"][0]["finish_reason"] for event in events] == [None, "stop"]


HALVES = rb'{"choices":[{"index":0,"delta":{"content":"a\ud83d"}}]}', rb'{"choices":[{"index":0,"delta":{"content":"\ude00b"}}]}'


async def test_what_a_lenient_parser_reads_is_repaired_and_the_rest_is_skipped() -> None:
    odd = (
        rb'{"choices":[{"index":0,"delta":{"content":"c"},"finish_reason":null,"logprobs":{"content":[{"logprob":-Infinity}]}}]}'
    )
    bench = bench_with(*sse(said(""), *HALVES, odd, b'{"choices": [{', finish("stop"), b"[DONE]"))
    written: list[bytes] = []
    assert await bench.stream(written=written) is None
    events = [json.loads(line[6:], parse_constant=pytest.fail) for line in b"".join(written).split(b"\n\n")[:-2]]
    assert "".join(event["choices"][0]["delta"].get("content") or "" for event in events) == "a😀bc"
    assert events[3]["choices"][0]["logprobs"]["content"][0]["logprob"] < -1e300


@pytest.mark.parametrize("reason", ["", "null", 0, [], ["stop"]], ids=repr)
async def test_an_odd_reason_of_a_plain_answer_becomes_an_ordinary_one(reason: object) -> None:
    whole = completion("Hi")
    whole["choices"][0]["finish_reason"] = reason
    bench = RelayBench(provider("alpha", models=("tiny",)))
    bench.upstream.on("alpha", Reply(whole))
    answer = await bench.ask()
    assert not isinstance(answer, Exception)
    assert answer.plain is not None
    assert json.loads(answer.plain.body) == {**whole, "choices": [{**whole["choices"][0], "finish_reason": "stop"}]}


async def test_a_plain_answer_that_a_lenient_parser_reads_is_repaired() -> None:
    whole = (
        json.dumps(completion("HERE"))
        .encode()
        .replace(b"HERE", rb"a\ud83d\ude00 \ud83d")
        .replace(b'"logprobs": null', b'"logprobs": NaN')
    )
    bench = RelayBench(provider("alpha", models=("tiny",)))
    bench.upstream.on("alpha", Reply(whole + b" " if b"NaN" in whole else whole[:-1] + b', "x": NaN}'))
    answer = await bench.ask()
    assert not isinstance(answer, Exception)
    assert answer.plain is not None
    assert json.loads(answer.plain.body, parse_constant=pytest.fail)["choices"][0]["message"]["content"] == "a😀 \ufffd"
    assert bench.attempts[0].succeeded
