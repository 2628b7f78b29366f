import base64
import struct

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ai_engine.names import Operation
from ai_engine.providers.adapter import EventKind, PlainAnswer
from ai_engine.providers.openai.adapter import OpenAICompatible
from ai_engine.providers.registry.built_in import SANDBOX
from ai_engine.providers.sandbox.upstream import SandboxUpstream
from ai_engine.upstream.port import AnswerTooLarge, Upstream, UpstreamAnswer, UpstreamRequest, header
from ai_engine.wire.json_types import Json
from tests.fakes.clock import HandTurnedClock

pytestmark = pytest.mark.anyio

ASKED: Json = {
    "model": "gpt-4o",
    "messages": [{"role": "system", "content": "be brief"}, {"role": "user", "content": "hello there"}],
}
WEATHER: Json = {
    "type": "function",
    "function": {
        "name": "weather",
        "parameters": {
            "type": "object",
            "properties": {"city": {"type": "string"}, "days": {"type": "integer"}},
            "required": ["city", "days"],
        },
    },
}


async def send(body: object, path: str = "/chat/completions", method: str = "POST") -> UpstreamAnswer:
    upstream: Upstream = SandboxUpstream(HandTurnedClock())
    encoded = body if isinstance(body, bytes) else orjson.dumps(body)
    return await upstream.send(UpstreamRequest(method, f"sandbox://local{path}", (), encoded, 5, 60))


async def ask(body: object, path: str = "/chat/completions") -> Json:
    answer = await send(body, path)
    assert answer.status == 200
    content: Json = orjson.loads(await answer.read(10**8))
    return content


async def streamed(body: Json) -> list[Json]:
    answer = await send(body | {"stream": True})
    assert header(answer.headers, b"content-type") == "text/event-stream; charset=utf-8"
    pieces = [piece async for piece in answer.chunks()]
    assert pieces[-1] == b"data: [DONE]\n\n"
    return [orjson.loads(piece.removeprefix(b"data: ")) for piece in pieces[:-1]]


async def test_an_answer_is_labelled_and_repeats_the_message_and_the_model() -> None:
    answer = await ask(ASKED)
    content = answer["choices"][0]["message"]["content"]
    assert content.startswith("[sandbox] ")
    assert "No provider key is configured" in content
    assert content.endswith("Your message: hello there")
    assert answer["model"] == "gpt-4o"
    assert answer["created"] == 1795435200
    assert answer["usage"]["prompt_tokens"] == 4
    assert answer["usage"]["completion_tokens"] == len(content.split())


async def test_the_same_request_gets_the_same_answer() -> None:
    assert await ask(ASKED) == await ask(ASKED)
    assert (await ask(ASKED))["id"] != (await ask(ASKED | {"seed": 1}))["id"]


async def test_a_stream_comes_word_by_word_and_adds_up_to_the_plain_answer() -> None:
    chunks = await streamed(ASKED)
    plain = await ask(ASKED)
    words = [chunk["choices"][0]["delta"].get("content") or "" for chunk in chunks]
    assert "".join(words) == plain["choices"][0]["message"]["content"]
    assert len(words) > 10
    assert chunks[0]["choices"][0]["delta"] == {"role": "assistant", "content": ""}
    assert chunks[-1]["choices"][0]["finish_reason"] == "stop"
    assert len({chunk["id"] for chunk in chunks}) == 1


async def test_usage_ends_a_stream_when_it_is_asked_for() -> None:
    chunks = await streamed(ASKED | {"stream_options": {"include_usage": True}})
    assert chunks[-1]["choices"] == []
    assert chunks[-1]["usage"]["total_tokens"] > 0
    assert all("usage" not in chunk for chunk in chunks[:-1])


async def test_closing_ends_a_stream() -> None:
    answer = await send(ASKED | {"stream": True})
    pieces = []
    async for piece in answer.chunks():
        pieces.append(piece)
        await answer.close()
    assert len(pieces) == 1


async def test_structured_answers_fit_their_schema() -> None:
    schema = WEATHER["function"]["parameters"]
    wanted = {"type": "json_schema", "json_schema": {"name": "weather", "schema": schema}}
    content = orjson.loads((await ask(ASKED | {"response_format": wanted}))["choices"][0]["message"]["content"])
    assert content == {"city": "[sandbox] hello there", "days": 0}
    loose = await ask(ASKED | {"response_format": {"type": "json_object"}})
    assert "sandbox" in orjson.loads(loose["choices"][0]["message"]["content"])


@pytest.mark.parametrize("tool_choice", ["required", {"type": "function", "function": {"name": "weather"}}])
async def test_a_tool_that_is_insisted_on_is_called(tool_choice: object) -> None:
    request = ASKED | {"tools": [WEATHER], "tool_choice": tool_choice}
    choice = (await ask(request))["choices"][0]
    call = choice["message"]["tool_calls"][0]
    assert choice["finish_reason"] == "tool_calls"
    assert (call["function"]["name"], orjson.loads(call["function"]["arguments"])) == ("weather", {"city": "sandbox", "days": 0})
    deltas = [chunk["choices"][0]["delta"].get("tool_calls") for chunk in await streamed(request)]
    first, second = (delta[0] for delta in deltas if delta)
    assert (first["index"], first["id"], first["type"], first["function"]["name"]) == (0, call["id"], "function", "weather")
    assert second == {"index": 0, "function": {"arguments": call["function"]["arguments"]}}


async def test_an_offered_tool_need_not_be_called() -> None:
    assert "tool_calls" not in (await ask(ASKED | {"tools": [WEATHER], "tool_choice": "auto"}))["choices"][0]["message"]


async def test_several_choices_are_given() -> None:
    assert [choice["index"] for choice in (await ask(ASKED | {"n": 3}))["choices"]] == [0, 1, 2]
    assert {chunk["choices"][0]["index"] for chunk in await streamed(ASKED | {"n": 2})} == {0, 1}


@pytest.mark.parametrize("field", ["max_tokens", "max_completion_tokens"])
async def test_a_cut_answer_has_the_finish_reason_length(field: str) -> None:
    choice = (await ask(ASKED | {field: 2}))["choices"][0]
    assert choice["finish_reason"] == "length"
    assert len(choice["message"]["content"].split()) == 2


async def test_a_stop_word_ends_the_answer() -> None:
    choice = (await ask(ASKED | {"stop": ["you said", "nothing"]}))["choices"][0]
    assert choice["finish_reason"] == "stop"
    assert "you said" not in choice["message"]["content"]


async def test_parts_of_a_message_are_read_and_images_named() -> None:
    parts = [{"type": "text", "text": "look"}, {"type": "image_url", "image_url": {"url": "https://example.com/a.png"}}]
    answer = await ask(ASKED | {"messages": [{"role": "user", "content": parts}]})
    assert answer["choices"][0]["message"]["content"].endswith("look [image_url]")


async def test_embeddings_depend_only_on_the_input() -> None:
    answer = await ask({"model": "e", "input": ["one", "two", "one"], "dimensions": 8}, "/embeddings")
    first, second, third = (entry["embedding"] for entry in answer["data"])
    assert first == third != second
    assert len(first) == 8
    assert sum(number * number for number in first) == pytest.approx(1)


async def test_embeddings_come_in_base64_too() -> None:
    plain = await ask({"model": "e", "input": [1, 2, 3]}, "/embeddings")
    packed = await ask({"model": "e", "input": [1, 2, 3], "encoding_format": "base64"}, "/embeddings")
    numbers = struct.unpack("<1536f", base64.b64decode(packed["data"][0]["embedding"]))
    assert numbers == pytest.approx(plain["data"][0]["embedding"], abs=1e-6)
    assert plain["usage"]["prompt_tokens"] == 3


async def test_the_listing_goes_through_the_adapter() -> None:
    adapter = OpenAICompatible()
    answer = await SandboxUpstream(HandTurnedClock()).send(adapter.encode_listing(SANDBOX, None))
    assert [model.name for model in adapter.decode_listing(await answer.read(10_000))] == ["sandbox"]


async def test_chat_goes_through_the_adapter_plain_and_streamed() -> None:
    adapter, sandbox = OpenAICompatible(), SandboxUpstream(HandTurnedClock())
    answer = await sandbox.send(adapter.encode(Operation.CHAT, ASKED, SANDBOX, "any/model", None, ask_usage=True))
    decoded = adapter.decode_answer(Operation.CHAT, (), await answer.read(10**6), "any/model")
    assert isinstance(decoded, PlainAnswer)
    assert decoded.model == "any/model"
    answer = await sandbox.send(
        adapter.encode(Operation.CHAT, ASKED | {"stream": True}, SANDBOX, "any/model", None, ask_usage=True)
    )
    decoder = adapter.decode_stream(Operation.CHAT, "any/model")
    kinds = [event.kind async for piece in answer.chunks() for event in decoder.feed(piece)]
    assert (kinds[0], kinds[1], kinds[-3:]) == (
        EventKind.OPENING,
        EventKind.CONTENT,
        [EventKind.FINISH, EventKind.USAGE, EventKind.DONE],
    )
    assert decoder.usage == decoded.usage


@pytest.mark.parametrize(
    ("body", "param"),
    [
        (b"{broken", None),
        ([], None),
        ({}, "model"),
        ({"model": 7}, "model"),
        ({"model": "m"}, "messages"),
        ({"model": "m", "messages": []}, "messages"),
        ({"model": "m", "messages": ["hi"]}, "messages[0]"),
        ({"model": "m", "messages": [{"role": "user", "content": 7}]}, "messages[0].content"),
        (ASKED | {"n": 0}, "n"),
        (ASKED | {"n": "two"}, "n"),
        (ASKED | {"stream": "yes"}, "stream"),
        (ASKED | {"stop": 7}, "stop"),
        (ASKED | {"max_tokens": -1}, "max_tokens"),
        (ASKED | {"response_format": "json"}, "response_format"),
        (ASKED | {"tools": {}}, "tools"),
        (ASKED | {"tool_choice": "required"}, "tool_choice"),
        (ASKED | {"tools": [WEATHER], "tool_choice": {"type": "function", "function": {"name": "other"}}}, "tool_choice"),
    ],
)
async def test_an_invalid_request_is_refused_with_its_field(body: object, param: str | None) -> None:
    answer = await send(body)
    assert answer.status == 400
    error = orjson.loads(await answer.read(10_000))["error"]
    assert error["message"].startswith("[sandbox] ")
    assert error["param"] == param


@pytest.mark.parametrize("given", [None, "", [], [""], [[]], 7, ["a", 7], [True], {"a": 1}])
async def test_what_cannot_be_embedded_is_refused(given: object) -> None:
    assert (await send({"model": "e", "input": given}, "/embeddings")).status == 400


async def test_what_it_does_not_have_is_the_requests_fault() -> None:
    """With a 404 the model would be missing, and out of rotation for chats as well."""
    assert (await send(ASKED, "/images/generations")).status == 400
    assert (await send(b"", "/chat/completions", "GET")).status == 400


async def test_a_reader_with_a_bound_is_obeyed() -> None:
    with pytest.raises(AnswerTooLarge):
        await (await send(ASKED)).read(10)


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 5) | st.floats(-2, 2) | st.text(max_size=4),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["role", "content", "type", "text", "function", "name", "schema", "json_schema"]), inner, max_size=4
        )
    ),
    max_leaves=10,
)
FIELDS = st.sampled_from(
    ["messages", "n", "stream", "stop", "tools", "tool_choice", "response_format", "stream_options", "max_tokens", "input"]
)


@given(st.dictionaries(FIELDS | st.sampled_from(["dimensions", "encoding_format", "model"]), ANYTHING, max_size=5))
async def test_no_request_however_odd_breaks_it(fields: Json) -> None:
    for path, base in (("/chat/completions", ASKED), ("/embeddings", {"model": "e", "input": "x", "dimensions": 4})):
        assert (await send(base | fields, path)).status in (200, 400)
