"""`/v1/completions`: as it is to those that take it, over a chat to all others."""

import json
from typing import Any

import orjson
import pytest

from ai_engine.client_api.completions import completions_request
from ai_engine.client_api.steering import Arrival
from ai_engine.errors import InvalidRequest, UnsupportedByProvider
from ai_engine.relay.request import ClientRequest
from ai_engine.wire.json_types import Json
from ai_engine.wire.sse import encode_events
from tests.builders import chat_of
from tests.client_api.refusals import refusal
from tests.fakes.gateway import Gateway, Provider, gateway_in_front_of
from tests.fakes.scripted_upstream import Answer, ScriptedUpstream, Stream, chunk, chunks, completion, usage

pytestmark = pytest.mark.anyio

PATH = "/completions"
TEXT = {
    "id": "cmpl-1",
    "object": "text_completion",
    "created": 1,
    "model": "tiny",
    "choices": [{"text": " there", "index": 0, "logprobs": None, "finish_reason": "stop"}],
    "usage": usage(),
}
WRONG_PROMPTS: list[Any] = [None, [], {}, 1, True]
LOGPROBS = {
    "content": [
        {
            "token": "hel",
            "logprob": -0.5,
            "bytes": [104],
            "top_logprobs": [{"token": "hel", "logprob": -0.5}, {"token": "h", "logprob": -2}],
        },
        {"token": "lo", "logprob": -0.25, "top_logprobs": []},
    ]
}


def parsed(**fields: Any) -> ClientRequest:
    body = {"model": "tiny", "prompt": "Say hi", **fields}
    return completions_request(orjson.dumps(body), Arrival("r"))


def as_chat(**fields: Any) -> Any:
    translation = parsed(**fields).translation
    assert translation is not None
    return chat_of(translation)


def answered(chat: Any, **fields: Any) -> Any:
    translation = parsed(**fields).translation
    assert translation is not None
    return translation.answer(chat)


def streamed(events: list[Any], **fields: Any) -> list[Any]:
    translation = parsed(**fields).translation
    assert translation is not None
    stream = translation.stream()
    said = [event for each in events for event in stream.translate(each)]
    written = encode_events([*said, *stream.ending()])
    *blocks, rest = written.decode().split("\n\n")
    assert (blocks[-1], rest) == ("data: [DONE]", "")
    return [json.loads(block.removeprefix("data: ")) for block in blocks[:-1]]


# To a chat


@pytest.mark.parametrize("prompt", ["Say hi", ["Say hi"]])
def test_the_prompt_is_the_users_message(prompt: Any) -> None:
    assert as_chat(prompt=prompt) == {"messages": [{"role": "user", "content": "Say hi"}]}


def test_what_a_chat_has_as_well_is_said_there() -> None:
    same = {
        "temperature": 0.5,
        "top_p": 0.9,
        "n": 2,
        "stop": ["a"],
        "seed": 7,
        "frequency_penalty": 1,
        "presence_penalty": -1,
        "logit_bias": {"50256": -100},
        "user": "u",
        "stream": True,
        "stream_options": {"include_usage": True},
    }
    chat = as_chat(**same, max_tokens=5, logprobs=3, best_of=2, echo=False, suffix="")
    assert chat.pop("messages")
    assert chat == {**same, "max_completion_tokens": 5, "logprobs": True, "top_logprobs": 3}


def test_what_is_null_was_not_given() -> None:
    names = ["suffix", "echo", "best_of", "logprobs", "max_tokens", "temperature", "stop", "n", "stream", "unheard_of"]
    assert as_chat(**dict.fromkeys(names)).keys() == {"messages"}


@pytest.mark.parametrize(
    ("field", "fields"),
    [
        ("prompt", {"prompt": ["one", "two"]}),
        ("prompt", {"prompt": [1, 2, 3]}),
        ("prompt", {"prompt": [[1, 2], [3]]}),
        ("prompt", {"prompt": ["one", 2]}),
        ("suffix", {"suffix": "the end"}),
        ("best_of", {"best_of": 3}),
        ("best_of", {"best_of": 3, "n": 2}),
        ("logprobs", {"logprobs": 0, "echo": True}),
        ("min_p", {"min_p": 0.1}),
    ],
)
def test_a_field_without_a_counterpart_in_chats_is_named(field: str, fields: Json) -> None:
    with pytest.raises(UnsupportedByProvider) as caught:
        as_chat(**fields)
    assert caught.value.param == field


@pytest.mark.parametrize(
    ("field", "value"),
    [("prompt", value) for value in WRONG_PROMPTS]
    + [("stream", "true"), ("stream_options", True), ("echo", "yes"), ("n", "2"), ("best_of", -1), ("logprobs", True)],
)
def test_a_field_of_the_wrong_kind_is_named(field: str, value: Any) -> None:
    with pytest.raises(InvalidRequest) as caught:
        parsed(**{field: value})
    assert caught.value.param == field


# From a chat


def test_a_chats_answer_is_a_text_completion() -> None:
    chat = {**completion("hello"), "system_fingerprint": "fp"}
    assert answered(chat) == {
        "id": "chatcmpl-1",
        "object": "text_completion",
        "created": 1,
        "model": "tiny",
        "system_fingerprint": "fp",
        "choices": [{"text": "hello", "index": 0, "logprobs": None, "finish_reason": "stop"}],
        "usage": usage(),
    }


def test_the_prompt_is_echoed_before_the_text() -> None:
    assert answered(completion(" there"), prompt="hi", echo=True)["choices"][0]["text"] == "hi there"


@pytest.mark.parametrize(
    ("message", "text"),
    [
        ({"content": None}, ""),
        ({"content": None, "refusal": "I will not."}, "I will not."),
        ({"content": "a", "reasoning_content": "thinking"}, "a"),
        ({"content": [{"type": "thinking", "thinking": []}, {"type": "text", "text": "a"}, {"type": "text", "text": "b"}]}, "ab"),
        ({"content": 7}, ""),
        (None, ""),
    ],
)
def test_the_text_of_a_message(message: Any, text: str) -> None:
    chat = {**completion(), "choices": [{"message": message, "finish_reason": "stop"}]}
    assert answered(chat)["choices"] == [{"text": text, "index": 0, "logprobs": None, "finish_reason": "stop"}]


def test_logprobs_have_their_older_form() -> None:
    chat = {
        **completion(),
        "choices": [{"index": 0, "message": {"content": "hello"}, "logprobs": LOGPROBS, "finish_reason": "stop"}],
    }
    assert answered(chat, logprobs=2)["choices"][0]["logprobs"] == {
        "tokens": ["hel", "lo"],
        "token_logprobs": [-0.5, -0.25],
        "top_logprobs": [{"hel": -0.5, "h": -2}, {}],
        "text_offset": [0, 3],
    }


@pytest.mark.parametrize(
    "logprobs", [None, {}, {"content": None}, {"content": []}, {"content": [7]}, {"content": [{"token": 7}]}, 7]
)
def test_logprobs_that_are_none_are_null(logprobs: Any) -> None:
    chat = {**completion(), "choices": [{"message": {"content": "a"}, "logprobs": logprobs, "finish_reason": "stop"}]}
    assert answered(chat)["choices"][0]["logprobs"] is None


# A stream of it


def test_a_streamed_chat_is_streamed_text() -> None:
    events = streamed(chunks("hello there"))
    assert [event["object"] for event in events] == ["text_completion"] * 4
    assert [choice["text"] for event in events for choice in event["choices"]] == ["hello", " there", ""]
    assert [choice["finish_reason"] for event in events for choice in event["choices"]] == [None, None, "stop"]
    assert (events[-1]["choices"], events[-1]["usage"]) == ([], usage(output_tokens=2))
    assert "usage" not in events[0]


def test_each_choice_echoes_the_prompt_once() -> None:
    def of(index: int, text: str) -> Any:
        return {**chunk({}), "choices": [{"index": index, "delta": {"content": text}, "finish_reason": None}]}

    events = streamed([of(0, "a"), of(1, "b"), of(0, "c"), of(1, "d")], prompt="p:", echo=True, n=2)
    assert [(choice["index"], choice["text"]) for event in events for choice in event["choices"]] == [
        (0, "p:a"),
        (1, "p:b"),
        (0, "c"),
        (1, "d"),
    ]


def test_an_answer_without_a_word_still_echoes_and_ends() -> None:
    (event,) = streamed([chunk({"role": "assistant"}), chunk({}, finish_reason="length")], prompt="p", echo=True)
    assert event["choices"] == [{"text": "p", "index": 0, "logprobs": None, "finish_reason": "length"}]


def test_offsets_of_logprobs_go_on_through_the_stream() -> None:
    event = {**chunk({}), "choices": [{"index": 0, "delta": {"content": "hello"}, "logprobs": LOGPROBS, "finish_reason": None}]}
    events = streamed([event, event], logprobs=1)
    assert [one["choices"][0]["logprobs"]["text_offset"] for one in events] == [[0, 3], [5, 8]]


def test_reasoning_is_no_text() -> None:
    assert streamed([chunk({"reasoning_content": "hm"}), chunk({"content": "a"}), chunk({}, finish_reason="stop")])[0][
        "choices"
    ] == [{"text": "a", "index": 0, "logprobs": None, "finish_reason": None}]


# Through the gateway


async def complete(gateway: Gateway, **fields: Any) -> Any:
    return await gateway.http.post("/v1/completions", json={"model": "tiny", "prompt": "Say hi", **fields})


async def test_a_provider_that_takes_it_gets_it_whole() -> None:
    async with ScriptedUpstream() as alpha:
        alpha.on(PATH, Answer(TEXT))
        provider = Provider("alpha", alpha.base_url, fields={"formats": ["completions"]})
        async with gateway_in_front_of(provider) as gateway:
            fields = {"prompt": ["a", [1, 2]], "suffix": "s", "best_of": 3, "min_p": 0.1}
            reply = await complete(gateway, **fields, autodecide=True)
    assert reply.json() == TEXT
    assert alpha.requests[0].body == {"model": "tiny", **fields}


async def test_a_native_stream_is_relayed_event_by_event() -> None:
    events = [
        {**TEXT, "choices": [{"text": text, "index": 0, "finish_reason": reason}], "usage": None}
        for text, reason in ((" a", None), ("", "stop"))
    ]
    async with ScriptedUpstream() as alpha:
        alpha.on(PATH, Stream([*events, {**TEXT, "choices": []}]))
        provider = Provider("alpha", alpha.base_url, fields={"formats": ["completions"]})
        async with gateway_in_front_of(provider) as gateway:
            silent = await complete(gateway, stream=True)
            asking = await complete(gateway, stream=True, stream_options={"include_usage": True})
    assert [json.loads(line[6:]) for line in silent.text.split("\n\n")[:-2]] == events
    assert json.loads(asking.text.split("\n\n")[-3][6:])["usage"] == usage()
    assert alpha.requests[0].body["stream_options"] == {"include_usage": True}


@pytest.mark.parametrize("stream", [False, True])
async def test_other_providers_get_a_chat(gateway: Gateway, upstream: ScriptedUpstream, *, stream: bool) -> None:
    if stream:
        upstream.on("/chat/completions", Stream(chunks("hello")))
    reply = await complete(gateway, stream=stream, max_tokens=5)
    upstream.on("/chat/completions", Answer(completion()))
    assert "text_completion" in reply.text
    assert reply.text.endswith("data: [DONE]\n\n") == stream
    assert reply.headers["x-ai-engine-provider"] == "alpha"
    asked = upstream.requests[-1].body
    assert (asked["messages"], asked["max_tokens"]) == ([{"role": "user", "content": "Say hi"}], 5)


async def test_the_sandbox_completes_as_well(sandbox: Gateway) -> None:
    reply = await complete(sandbox)
    assert reply.json()["choices"][0]["text"].startswith("[sandbox]")


async def test_an_unused_provider_has_its_reason(gateway: Gateway) -> None:
    refusal(await complete(gateway, suffix="the end"), 400, param="suffix", code="unsupported_by_provider")
    refusal(await complete(gateway, prompt=["a", "b"]), 400, param="prompt", code="unsupported_by_provider")


async def test_openais_own_base_models_take_it_and_its_chat_models_do_not() -> None:
    async with ScriptedUpstream() as upstream:
        upstream.on(PATH, Answer(TEXT))
        upstream.on("/chat/completions", Answer(completion()))
        openai = Provider("openai", upstream.base_url, ["davinci-002", "gpt-4o"])
        async with gateway_in_front_of(openai) as gateway:
            await complete(gateway, model="davinci-002", suffix="s")
            await complete(gateway, model="gpt-4o")
    assert [request.path for request in upstream.requests] == ["/v1/completions", "/v1/chat/completions"]
