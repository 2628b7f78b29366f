"""The HTTP status is held until it means something, and the line is kept alive meanwhile."""

import asyncio

import pytest

from ai_engine.wiring.tuning import Tuning
from tests.fakes.gateway import CHAT as CHAT_URL
from tests.fakes.gateway import Provider, Reply, chat_body, gateway_in_front_of
from tests.fakes.scripted_upstream import Answer, CutAfter, ScriptedUpstream, Stream, chunk, chunks, error
from tests.journeys.steps import CHAT, refused, sound
from tests.patience import within

pytestmark = pytest.mark.anyio

SOON = Tuning(stream_silence_seconds=0.1)
KEEP_ALIVE = b": keep-alive\n\n"


async def test_a_silent_provider_costs_a_200_without_provider_headers_and_a_comment_then_its_answer(
    alpha: ScriptedUpstream,
) -> None:
    speaks = asyncio.Event()
    alpha.on(CHAT, Stream(chunks("hello there"), gates={1: speaks}))
    async with (
        gateway_in_front_of(Provider("alpha", alpha.base_url), tuning=SOON) as gateway,
        gateway.raw(chat_body(stream=True)) as (reader, _),
        within(5),
    ):
        begin = await reader.readuntil(KEEP_ALIVE)
        assert begin.startswith(b"HTTP/1.1 200 OK\r\n")
        assert b"content-type: text/event-stream" in begin
        assert b"x-request-id" in begin
        assert b"x-ai-engine-provider" not in begin
        assert b"data:" not in begin
        await reader.readuntil(KEEP_ALIVE)
        speaks.set()
        rest = await reader.readuntil(b"data: [DONE]\n\n")
        assert b'"content": "hello"' in rest


async def test_the_line_is_kept_alive_while_the_provider_says_what_is_not_for_this_client(alpha: ScriptedUpstream) -> None:
    thoughts = [chunk({"reasoning_content": "hm"}) for _ in range(20)]
    alpha.on(CHAT, Stream([*thoughts, *chunks("hello")], pause_seconds=0.03))
    asked = {"model": "tiny", "max_tokens": 100, "stream": True, "messages": [{"role": "user", "content": "hi"}]}
    async with gateway_in_front_of(Provider("alpha", alpha.base_url), tuning=SOON) as gateway:
        body = (await gateway.http.post("/v1/messages", json=asked)).content
    assert body.count(KEEP_ALIVE) >= 3
    assert b"hm" not in body
    assert body.endswith(b'event: message_stop\ndata: {"type":"message_stop"}\n\n')


async def test_a_failure_after_the_first_comment_is_told_inside_the_stream(alpha: ScriptedUpstream) -> None:
    fails = asyncio.Event()
    alpha.on(CHAT, Answer(error("the provider's words"), 400, gate=fails))
    async with (
        gateway_in_front_of(Provider("alpha", alpha.base_url), tuning=SOON) as gateway,
        gateway.http.stream("POST", CHAT_URL, json=chat_body(stream=True)) as answer,
    ):
        pieces = answer.aiter_raw()
        first = await anext(pieces)
        fails.set()
        reply = Reply(answer.status_code, answer.headers, first + b"".join([piece async for piece in pieces]))
    assert (reply.status, reply.is_stream, reply.is_ended) == (200, True, True)
    assert reply.body.startswith(KEEP_ALIVE)
    assert reply.error["message"] == "the provider's words"
    assert reply.finish_reasons == []


async def test_a_failure_before_the_first_comment_is_a_real_status(alpha: ScriptedUpstream, beta: ScriptedUpstream) -> None:
    alpha.on(CHAT, refused(500))
    async with gateway_in_front_of(Provider("alpha", alpha.base_url)) as gateway:
        reply = await gateway.chat(stream=True)
    assert (reply.status, reply.is_stream) == (502, False)


async def test_failing_over_under_a_committed_status_gives_a_whole_answer(
    alpha: ScriptedUpstream, beta: ScriptedUpstream
) -> None:
    breaks = asyncio.Event()
    alpha.on(CHAT, CutAfter(1, Stream(chunks("never seen")), gate=breaks))
    beta.on(CHAT, sound(stream=True))
    providers = Provider("alpha", alpha.base_url), Provider("beta", beta.base_url)
    async with (
        gateway_in_front_of(*providers, tuning=SOON) as gateway,
        gateway.raw(chat_body(stream=True)) as (reader, _),
        within(5),
    ):
        await reader.readuntil(KEEP_ALIVE)
        breaks.set()
        rest = await reader.readuntil(b"data: [DONE]\n\n")
    assert b"never" not in rest
    assert b'"content": "hello"' in rest


async def test_a_pause_inside_a_stream_is_bridged_by_comments(alpha: ScriptedUpstream) -> None:
    goes_on = asyncio.Event()
    alpha.on(CHAT, Stream(chunks("one two"), gates={2: goes_on}))
    async with (
        gateway_in_front_of(Provider("alpha", alpha.base_url), tuning=SOON) as gateway,
        gateway.raw(chat_body(stream=True)) as (reader, _),
        within(5),
    ):
        begin = await reader.readuntil(b'"content": "one"')
        assert KEEP_ALIVE not in begin
        assert b"x-ai-engine-provider: alpha" in begin
        await reader.readuntil(KEEP_ALIVE)
        goes_on.set()
        assert b"error" not in await reader.readuntil(b"data: [DONE]\n\n")
