"""A stream reaches the client event by event, as the provider wrote it."""

import asyncio
import json

import pytest

from tests.fakes.gateway import Gateway, Provider, chat_body, gateway_in_front_of
from tests.fakes.raw_server import RawConnection
from tests.fakes.scripted_upstream import Answer, ScriptedUpstream, Stream, chunk, chunks, error, usage
from tests.journeys.steps import CHAT, refused, sound
from tests.patience import PATIENCE_SECONDS, within

pytestmark = pytest.mark.anyio


async def test_the_first_content_reaches_the_client_while_the_provider_still_holds_the_second(alpha: ScriptedUpstream) -> None:
    second = asyncio.Event()
    alpha.on(CHAT, Stream(chunks("one two"), gates={2: second}))
    async with (
        gateway_in_front_of(Provider("alpha", alpha.base_url)) as gateway,
        gateway.raw(chat_body(stream=True)) as (reader, _),
        asyncio.timeout(PATIENCE_SECONDS),
    ):
        begin = await reader.readuntil(b'"content": "one"')
        assert b" two" not in begin
        assert b"x-ai-engine-provider: alpha" in begin
        second.set()
        rest = await reader.readuntil(b"data: [DONE]\n\n")
        assert b'"content": " two"' in rest


async def test_every_event_keeps_its_bytes_and_its_place(alpha: ScriptedUpstream) -> None:
    events = [
        '{"id":"x",  "choices":[{"index":0,"delta":{"role":"assistant","content":""}}] , "extra":{"deep":[1,2.50]}}',
        '{"choices":[{"index":0,"delta":{"content":"gr\\u00fc\\u00df"}}],"created":1.5}',
        '{"choices":[{"index":0,"delta":{"content":"ße 🌍"}}]}',
        '{"choices":[{"delta":{"tool_calls":[{"index":0,"id":"c","type":"function","function":{"name":"f","arguments":""}}]}}]}',
        '{"choices":[{"index":0,"delta":{},"finish_reason":"tool_calls"}],"usage":{"prompt_tokens":1,"completion_tokens":2}}',
    ]
    alpha.on(CHAT, Stream([f"data: {event}\n\n" for event in events]))
    async with gateway_in_front_of(Provider("alpha", alpha.base_url)) as gateway:
        reply = await gateway.chat(stream=True)
    assert reply.lines == [*events, "[DONE]"]
    assert reply.headers["content-type"] == "text/event-stream; charset=utf-8"
    assert reply.headers["cache-control"] == "no-cache"
    assert reply.headers["x-accel-buffering"] == "no"


async def test_usage_is_always_asked_for_and_hidden_from_a_client_that_did_not_ask(alpha: ScriptedUpstream) -> None:
    alpha.on(CHAT, Stream(chunks("hello")))
    async with gateway_in_front_of(Provider("alpha", alpha.base_url)) as gateway:
        silent = await gateway.chat(stream=True)
        asking = await gateway.chat(stream=True, stream_options={"include_usage": True, "vendor": 1})
    assert alpha.requests[0].body["stream_options"] == {"include_usage": True}
    assert alpha.requests[1].body["stream_options"] == {"include_usage": True, "vendor": 1}
    assert silent.usage is None
    assert len(silent.events) == len(asking.events) - 1
    assert (asking.events[-1]["choices"], asking.usage) == ([], usage(output_tokens=1))


async def test_usage_on_an_event_with_content_stays(alpha: ScriptedUpstream) -> None:
    last = {**chunk({"content": "hello"}, finish_reason="stop"), "usage": usage()}
    alpha.on(CHAT, Stream([last]))
    async with gateway_in_front_of(Provider("alpha", alpha.base_url)) as gateway:
        assert (await gateway.chat(stream=True)).events == [last]


@pytest.mark.parametrize("status", [400, 422])
async def test_a_provider_that_refuses_stream_options_is_learnt(alpha: ScriptedUpstream, status: int) -> None:
    words = error("Unknown field: stream_options", param="stream_options")
    alpha.on(CHAT, Answer(words, status), Stream(chunks("hello there", with_usage=False)))
    async with gateway_in_front_of(Provider("alpha", alpha.base_url)) as gateway:
        for _ in range(2):
            reply = await gateway.chat(stream=True)
            assert (reply.status, reply.text) == (200, "hello there")
        assert (await gateway.provider("alpha"))["status"] == "available"
    assert ["stream_options" in request.body for request in alpha.requests] == [True, False, False]


async def test_a_client_that_itself_sends_stream_options_hears_that_they_are_refused(alpha: ScriptedUpstream) -> None:
    alpha.on(CHAT, Answer(error("Unknown field: stream_options"), 400), sound(stream=True))
    async with gateway_in_front_of(Provider("alpha", alpha.base_url)) as gateway:
        reply = await gateway.chat(stream=True, stream_options={"include_usage": True})
    assert (reply.status, reply.error["message"]) == (400, "Unknown field: stream_options")
    assert len(alpha.requests) == 1


async def test_an_end_without_done_gets_one_at_once(alpha: ScriptedUpstream) -> None:
    alpha.on(CHAT, Stream(chunks("hello there"), done=False))
    async with gateway_in_front_of(Provider("alpha", alpha.base_url)) as gateway, within(1):
        reply = await gateway.chat(stream=True, stream_options={"include_usage": True})
    assert (reply.text, reply.is_ended, reply.usage) == ("hello there", True, usage(output_tokens=2))


async def test_after_every_finish_the_usage_is_waited_for_and_nothing_else(alpha: ScriptedUpstream) -> None:
    never = asyncio.Event()
    events = chunks("hello there")
    alpha.on(CHAT, Stream(events, gates={len(events): never}))
    async with gateway_in_front_of(Provider("alpha", alpha.base_url)) as gateway, within(1):
        reply = await gateway.chat(stream=True, stream_options={"include_usage": True})
    assert (reply.text, reply.is_ended, reply.usage) == ("hello there", True, usage(output_tokens=2))


async def test_comments_ids_and_retries_of_the_provider_are_dropped(alpha: ScriptedUpstream) -> None:
    noise = ": OPENROUTER PROCESSING\n\n", "id: 7\nretry: 10\nevent: chunk\n", ": again\n\n"
    first, second, *rest = chunks("hello", with_usage=False)
    alpha.on(CHAT, Stream([noise[0], first, noise[1] + f"data: {json.dumps(second)}\n\n", noise[2], *rest]))
    async with gateway_in_front_of(Provider("alpha", alpha.base_url)) as gateway:
        reply = await gateway.chat(stream=True)
    assert reply.events == [first, second, *rest]
    assert b": " not in reply.body.replace(b'": ', b"").replace(b"data: ", b"")


async def test_an_invalid_event_is_skipped(alpha: ScriptedUpstream) -> None:
    first, second, third, *rest = chunks("hello there", with_usage=False)
    alpha.on(CHAT, Stream([first, second, 'data: {"choices": [{"delta": {"con\n\n', third, *rest]))
    async with gateway_in_front_of(Provider("alpha", alpha.base_url)) as gateway:
        reply = await gateway.chat(stream=True)
    assert (reply.text, reply.finish_reasons, reply.is_ended) == ("hello there", ["stop"], True)


class BytePerByte:
    """The whole stream, in pieces of one byte, each an HTTP chunk and, as far as the network allows, a packet of its own."""

    def __init__(self, stream: bytes) -> None:
        self._stream = stream

    async def play(self, connection: RawConnection) -> bool:
        head = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
        connection.write(head)
        for byte in self._stream:
            connection.write(b"1\r\n%c\r\n" % byte)
            await asyncio.sleep(0)
        connection.write(b"0\r\n\r\n")
        return True


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"], ids=["LF", "CRLF", "CR"])
@pytest.mark.parametrize("prefix", ["data: ", "data:"], ids=["space", "no space"])
async def test_line_ends_and_pieces_of_any_kind_are_understood(alpha: ScriptedUpstream, line_end: str, prefix: str) -> None:
    events = [json.dumps(event, ensure_ascii=False) for event in chunks("grüße 🌍", with_usage=False)]
    stream = "".join(prefix + payload + line_end * 2 for payload in (*events, "[DONE]"))
    alpha.on(CHAT, BytePerByte(stream.encode()))
    async with gateway_in_front_of(Provider("alpha", alpha.base_url)) as gateway:
        reply = await gateway.chat(stream=True)
    assert reply.lines == [*events, "[DONE]"]


async def test_many_streams_at_once_are_kept_apart(alpha: ScriptedUpstream) -> None:
    async def ask(gateway: Gateway, number: int) -> bool:
        reply = await gateway.chat(f"m{number}", stream=True)
        return (reply.text, reply.is_ended) == (f"this is {number}", True)

    names = [f"m{number}" for number in range(40)]
    for number, name in enumerate(names):
        alpha.on(CHAT, Stream(chunks(f"this is {number}", name), pause_seconds=0.01), model=name)
    async with gateway_in_front_of(Provider("alpha", alpha.base_url, names)) as gateway:
        assert all(await asyncio.gather(*(ask(gateway, number) for number in range(40))))


async def test_a_plain_error_before_the_stream_is_a_plain_error_for_the_client(alpha: ScriptedUpstream) -> None:
    alpha.on(CHAT, refused(400, kind="invalid_request_error"))
    async with gateway_in_front_of(Provider("alpha", alpha.base_url)) as gateway:
        reply = await gateway.chat(stream=True)
    assert (reply.status, reply.headers["content-type"]) == (400, "application/json")
