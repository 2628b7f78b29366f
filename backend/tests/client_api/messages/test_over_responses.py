"""Claude Code with a model of OpenAI's that takes tools at `/responses` alone: the whole loop over real sockets."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from ai_engine.wire.json_types import Json
from tests.client_api.messages.message_reader import essence, message_in
from tests.client_api.messages.message_requests import PIXEL, TOOL, assistant, body, text, tool_result, user
from tests.contracts.published_specifications import check
from tests.fakes.gateway import Gateway, Provider, gateway_in_front_of
from tests.fakes.scripted_upstream import Answer, CutAfter, ScriptedUpstream, Stream, chunks, completion, error

pytestmark = pytest.mark.anyio


MODEL = "gpt-5.6-luna"
REASONING = {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "gAAAA"}
SAYING = {"type": "output_text", "text": "I look.", "annotations": [], "logprobs": []}
MESSAGE = {"type": "message", "id": "msg_1", "role": "assistant", "status": "completed", "content": [SAYING]}
CALL = {"type": "function_call", "id": "fc_1", "call_id": "call_1", "name": "weather", "arguments": '{"city":"Oslo"}'}
OTHER = {**CALL, "id": "fc_2", "call_id": "call_2", "arguments": "{}"}
USAGE = {
    "input_tokens": 20,
    "input_tokens_details": {"cached_tokens": 8},
    "output_tokens": 9,
    "output_tokens_details": {"reasoning_tokens": 3},
    "total_tokens": 29,
}


def response(*output: Json, **fields: Any) -> Json:
    head = {"id": "resp_1", "object": "response", "model": MODEL, "status": "completed", "output": list(output), "usage": USAGE}
    return {**head, **fields}


def events(*output: Json, **fields: Any) -> list[Json]:
    """As OpenAI streams it."""
    sent: list[Json] = [{"type": "response.created", "response": response(status="in_progress", usage=None)}]
    for place, item in enumerate(output):
        at = {"output_index": place, "item_id": item["id"]}
        sent.append(
            {"type": "response.output_item.added", "output_index": place, "item": {**item, "arguments": "", "content": []}}
        )
        if item["type"] == "message":
            sent += ({"type": "response.output_text.delta", "content_index": 0, "delta": word, **at} for word in ("I ", "look."))
        elif item is CALL:  # the other one is told at once, at its end
            sent += ({"type": "response.function_call_arguments.delta", "delta": each, **at} for each in ('{"city":', '"Oslo"}'))
        sent.append({"type": "response.output_item.done", "output_index": place, "item": item})
    whole = response(*output, **fields)
    return [*sent, {"type": f"response.{whole['status']}", "response": whole}]


@pytest.fixture(scope="module")
async def upstream(anyio_backend: str) -> AsyncIterator[ScriptedUpstream]:
    async with ScriptedUpstream() as upstream:
        upstream.on("/chat/completions", Answer(completion("hello")))
        yield upstream


@pytest.fixture(scope="module")
async def gateway(upstream: ScriptedUpstream) -> AsyncIterator[Gateway]:
    provider = Provider("alpha", upstream.base_url, models=(MODEL, "gpt-4o"), fields={"formats": ["responses"]})
    async with gateway_in_front_of(provider) as gateway:
        yield gateway


async def ask(gateway: Gateway, **fields: Any) -> httpx.Response:
    answer = await gateway.http.post("/v1/messages", json=body(model=MODEL, **{"tools": [TOOL], **fields}))
    assert answer.status_code == httpx.codes.OK, answer.text
    return answer


def answers(upstream: ScriptedUpstream, *output: Json, stream: bool, **fields: Any) -> None:
    step = Stream(events(*output, **fields), done=False) if stream else Answer(response(*output, **fields))
    upstream.on("/responses", step)


def message(answer: httpx.Response, *, stream: bool) -> Any:
    return essence(message_in(answer.content) if stream else answer.json())


@pytest.mark.parametrize("stream", [False, True], ids=["plain", "streamed"])
async def test_a_tool_loop_with_its_reasoning(gateway: Gateway, upstream: ScriptedUpstream, stream: bool) -> None:
    answers(upstream, REASONING, MESSAGE, CALL, OTHER, stream=stream)
    thinking = {"thinking": {"type": "adaptive"}, "output_config": {"effort": "high"}, "stream": stream}
    said = message(await ask(gateway, **thinking, tool_choice={"type": "tool", "name": "weather"}), stream=stream)
    assert [block["type"] for block in said["content"]] == ["redacted_thinking", "text", "tool_use", "tool_use"]
    assert [block["input"] for block in said["content"][2:]] == [{"city": "Oslo"}, {}]
    assert said["stop_reason"] == "tool_use"
    assert (said["usage"]["input_tokens"], said["usage"]["cache_read_input_tokens"]) == (12, 8)
    assert said["usage"]["output_tokens"] == 9

    sent = upstream.requests[-1].body
    check("openai", "CreateResponse", sent)
    assert (sent["model"], sent["store"], sent["max_output_tokens"], sent.get("stream", False)) == (MODEL, False, 100, stream)
    assert (sent["reasoning"], sent["tool_choice"]) == ({"effort": "high"}, {"type": "function", "name": "weather"})
    assert [(tool["name"], tool["strict"]) for tool in sent["tools"]] == [("weather", False)]

    answers(upstream, MESSAGE, stream=stream)
    results = user(tool_result("call_1", [text("Sun."), PIXEL]), tool_result("call_2", "none", is_error=True), text("And?"))
    turns = [user(text("Weather?")), assistant(*said["content"]), results]
    last = message(await ask(gateway, **thinking, system="Be brief.", messages=turns), stream=stream)
    assert (last["content"], last["stop_reason"]) == ([{"type": "text", "text": "I look."}], "end_turn")
    sent = upstream.requests[-1].body
    check("openai", "CreateResponse", sent)
    assert sent["input"] == [
        {"type": "message", "role": "system", "content": "Be brief."},
        {"type": "message", "role": "user", "content": "Weather?"},
        REASONING,
        {"type": "message", "role": "assistant", "content": "I look."},
        {"type": "function_call", "call_id": "call_1", "name": "weather", "arguments": '{"city":"Oslo"}'},
        {"type": "function_call", "call_id": "call_2", "name": "weather", "arguments": "{}"},
        {
            "type": "function_call_output",
            "call_id": "call_1",
            "output": [
                {"type": "input_text", "text": "Sun."},
                {"type": "input_image", "image_url": "data:image/png;base64,aGk=", "detail": "auto"},
            ],
        },
        {"type": "function_call_output", "call_id": "call_2", "output": "The tool failed: none"},
        {"type": "message", "role": "user", "content": "And?"},
    ]


@pytest.mark.parametrize("stream", [False, True], ids=["plain", "streamed"])
@pytest.mark.parametrize(
    ("reason", "stop_reason"), [("max_output_tokens", "max_tokens"), ("content_filter", "refusal"), ("else", "max_tokens")]
)
async def test_why_it_is_incomplete(
    gateway: Gateway, upstream: ScriptedUpstream, stream: bool, reason: str, stop_reason: str
) -> None:
    answers(upstream, MESSAGE, stream=stream, status="incomplete", incomplete_details={"reason": reason})
    assert message(await ask(gateway, stream=stream), stream=stream)["stop_reason"] == stop_reason


async def test_the_form_of_the_answer_is_asked_for(gateway: Gateway, upstream: ScriptedUpstream) -> None:
    answers(upstream, MESSAGE, stream=False)
    schema = {"type": "object", "properties": {}, "additionalProperties": False}
    await ask(gateway, output_config={"format": {"type": "json_schema", "schema": schema}}, temperature=1)
    sent = upstream.requests[-1].body
    check("openai", "CreateResponse", sent)
    assert sent["text"]["format"] == {"type": "json_schema", "name": "answer", "schema": schema, "strict": False}
    assert sent["temperature"] == 1


async def test_a_refusal_with_a_text_is_a_refusal(gateway: Gateway, upstream: ScriptedUpstream) -> None:
    refused = {**MESSAGE, "content": [{"type": "refusal", "refusal": "No."}]}
    answers(upstream, refused, stream=False)
    assert message(await ask(gateway), stream=False)["stop_reason"] == "refusal"
    sent = events(refused)
    sent[2:4] = [{"type": "response.refusal.delta", "output_index": 0, "delta": "No."}]
    upstream.on("/responses", Stream(sent, done=False))
    assert message(await ask(gateway, stream=True), stream=True)["stop_reason"] == "refusal"


async def test_a_break_and_a_refusal_of_the_provider_are_told_as_ever(gateway: Gateway, upstream: ScriptedUpstream) -> None:
    upstream.on("/responses", CutAfter(4, Stream(events(MESSAGE), done=False)))
    answer = await ask(gateway, stream=True)
    assert b"event: error" in answer.content
    assert b"message_stop" not in answer.content
    upstream.on("/responses", Answer(error("too hot"), 400))
    refused = await gateway.http.post("/v1/messages", json=body(model=MODEL, tools=[TOOL]))
    assert (refused.status_code, refused.json()["error"]["message"]) == (400, "too hot")


@pytest.mark.parametrize(
    "fields", [{"model": "gpt-4o"}, {"tools": ...}, {"stop_sequences": ["END"]}], ids=["older", "no-tools", "stop-sequences"]
)
async def test_whatever_a_chat_can_say_is_said_in_one(gateway: Gateway, upstream: ScriptedUpstream, fields: Json) -> None:
    answer = await gateway.http.post("/v1/messages", json=body(**{"model": MODEL, "tools": [TOOL], **fields}))
    assert answer.status_code == httpx.codes.OK, answer.text
    assert upstream.requests[-1].path == "/v1/chat/completions"


@pytest.mark.parametrize("stream", [False, True], ids=["plain", "streamed"])
async def test_a_server_without_responses_is_asked_for_a_chat_and_stays_in_rotation(stream: bool) -> None:
    async with ScriptedUpstream() as bare:
        bare.on("/responses", Answer(b"<html>Not Found</html>", 404, {"content-type": "text/html"}))
        bare.on("/chat/completions", Stream(chunks("hello")) if stream else Answer(completion("hello")))
        provider = Provider("alpha", bare.base_url, models=(MODEL,), fields={"formats": ["responses"]})
        async with gateway_in_front_of(provider) as gateway:
            answers = [await ask(gateway, stream=stream) for _ in range(2)]
            assert [message(answer, stream=stream)["content"][0]["text"] for answer in answers] == ["hello", "hello"]
            assert [answer.headers["x-ai-engine-attempts"] for answer in answers] == ["2", "1"]
            assert [request.path.removeprefix("/v1/") for request in bare.requests] == [
                *("responses", "chat/completions"),
                "chat/completions",
            ]


async def test_a_limit_below_the_least_that_is_taken_is_that(gateway: Gateway, upstream: ScriptedUpstream) -> None:
    answers(upstream, MESSAGE, stream=False)
    await ask(gateway, max_tokens=1)
    assert upstream.requests[-1].body["max_output_tokens"] == 16


@pytest.mark.parametrize("stream", [False, True], ids=["plain", "streamed"])
async def test_reasoning_that_this_key_cannot_read_is_left_out(
    gateway: Gateway, upstream: ScriptedUpstream, stream: bool
) -> None:
    thinking = {"thinking": {"type": "adaptive"}}
    answers(upstream, REASONING, CALL, stream=False)
    said = message(await ask(gateway, **thinking), stream=False)
    sound = Stream(events(MESSAGE), done=False) if stream else Answer(response(MESSAGE))
    refused = error("The encrypted content gAAA could not be verified.", code="invalid_encrypted_content")
    upstream.on("/responses", Answer(refused, 400), sound)
    turns = [user(text("Weather?")), assistant(*said["content"]), user(tool_result("call_1", "Sun."))]
    answer = await ask(gateway, **thinking, messages=turns, stream=stream)
    assert message(answer, stream=stream)["content"] == [{"type": "text", "text": "I look."}]
    assert answer.headers["x-ai-engine-attempts"] == "2"
    kinds = [[item["type"] for item in request.body["input"]] for request in upstream.requests[-2:]]
    assert kinds == [
        ["message", "reasoning", "function_call", "function_call_output"],
        ["message", "function_call", "function_call_output"],
    ]
    upstream.on("/responses", Answer(refused, 400))
    again = await gateway.http.post("/v1/messages", json=body(model=MODEL, tools=[TOOL], messages=turns, **thinking))
    assert (again.status_code, again.headers["x-ai-engine-attempts"]) == (400, "2")


async def test_reasoning_keeps_its_place_beside_that_of_another_maker(gateway: Gateway, upstream: ScriptedUpstream) -> None:
    answers(upstream, REASONING, MESSAGE, CALL, stream=False)
    said = message(await ask(gateway, thinking={"type": "adaptive"}), stream=False)
    foreign = {"type": "thinking", "thinking": "Hm.", "signature": "of Claude"}
    await ask(gateway, messages=[user(text("?")), assistant(foreign, *said["content"]), user(tool_result("call_1", "Sun."))])
    sent = [item["type"] for item in upstream.requests[-1].body["input"]]
    assert sent == ["message", "reasoning", "message", "function_call", "function_call_output"]


async def test_a_file_by_its_address_goes_there_though_no_chat_could_take_it(
    gateway: Gateway, upstream: ScriptedUpstream
) -> None:
    answers(upstream, MESSAGE, stream=False)
    paper = {"type": "document", "source": {"type": "url", "url": "https://example.org/a.pdf"}}
    await ask(gateway, messages=[user(text("Read."), paper)])
    (sent,) = upstream.requests[-1].body["input"]
    assert sent["content"][1] == {"type": "input_file", "file_url": "https://example.org/a.pdf"}
