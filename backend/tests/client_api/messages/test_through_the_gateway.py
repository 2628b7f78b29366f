"""The Messages API over real sockets, in front of one provider that speaks chat."""

import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from ai_engine.wire.json_types import Json
from tests.client_api.messages.message_reader import essence, events_in, message_in
from tests.client_api.messages.message_requests import TOOL, assistant, body, text, tool_result, user
from tests.fakes.gateway import Gateway
from tests.fakes.scripted_upstream import (
    Answer,
    CutAfter,
    ScriptedUpstream,
    Stream,
    chunk,
    chunks,
    completion,
    error,
    usage,
)

pytestmark = pytest.mark.anyio

MESSAGES, COUNT_TOKENS = "/v1/messages", "/v1/messages/count_tokens"


@pytest.fixture(autouse=True)
async def provider(upstream: ScriptedUpstream) -> AsyncIterator[ScriptedUpstream]:
    """The module's provider, answering as ever again after each test."""
    yield upstream
    upstream.on("/chat/completions", Answer(completion()))


async def ask(gateway: Gateway, path: str = MESSAGES, headers: dict[str, str] | None = None, **fields: Any) -> httpx.Response:
    return await gateway.http.post(path, json=body(**fields), headers=headers)


def refusal(answer: httpx.Response, status: int, kind: str) -> str:
    """The message of an error, whose envelope is checked."""
    assert answer.status_code == status, answer.text
    envelope = answer.json()
    assert envelope.keys() == {"type", "error", "request_id"}
    assert (envelope["type"], envelope["error"]["type"]) == ("error", kind)
    assert envelope["request_id"] == answer.headers["request-id"] == answer.headers["x-request-id"]
    message: str = envelope["error"]["message"]
    return message


async def test_an_answer_has_its_route_and_timing(gateway: Gateway) -> None:
    answer = await ask(gateway)
    assert answer.status_code == 200
    message = essence(answer.json())
    assert (message["type"], message["content"]) == ("message", [{"type": "text", "text": "hello"}])
    assert (message["usage"]["input_tokens"], message["usage"]["output_tokens"]) == (7, 5)
    assert answer.headers["x-ai-engine-provider"] == "alpha"


async def test_a_stream_is_one_that_sdks_read(gateway: Gateway, provider: ScriptedUpstream) -> None:
    provider.on("/chat/completions", Stream(chunks("hello there")))
    answer = await ask(gateway, stream=True)
    assert answer.headers["content-type"].startswith("text/event-stream")
    message = essence(message_in(answer.content))
    assert message["content"] == [{"type": "text", "text": "hello there"}]
    assert message["stop_reason"] == "end_turn"
    assert message["usage"]["input_tokens"] == 7


async def test_a_tool_loop_streamed(gateway: Gateway, provider: ScriptedUpstream) -> None:
    deltas: list[Json] = [
        {"role": "assistant", "content": None},
        {"tool_calls": [{"index": 0, "id": "c0", "type": "function", "function": {"name": "weather", "arguments": ""}}]},
        {"tool_calls": [{"index": 1, "id": "c1", "type": "function", "function": {"name": "weather", "arguments": '{"city"'}}]},
        {"tool_calls": [{"index": 0, "function": {"arguments": '{"city":"Rome"}'}}]},
        {"tool_calls": [{"index": 1, "function": {"arguments": ':"Ostia"}'}}]},
    ]
    last = {**chunk({}, finish_reason="tool_calls"), "usage": usage()}
    provider.on("/chat/completions", Stream([*(chunk(delta) for delta in deltas), last]))
    message = message_in((await ask(gateway, stream=True, tools=[TOOL])).content)
    assert [(block["id"], block["input"]) for block in message["content"]] == [
        ("c0", {"city": "Rome"}),
        ("c1", {"city": "Ostia"}),
    ]
    assert message["stop_reason"] == "tool_use"

    provider.on("/chat/completions", Answer(completion("Sunny.")))
    turns = [user(text("hi")), assistant(*message["content"]), user(tool_result("c0"), tool_result("c1", is_error=True))]
    answer = await ask(gateway, messages=turns, tools=[TOOL])
    assert essence(answer.json())["content"] == [{"type": "text", "text": "Sunny."}]
    sent = provider.requests[-1].body["messages"]
    assert [message["role"] for message in sent] == ["user", "assistant", "tool", "tool"]


async def test_betas_and_their_query_are_accepted(gateway: Gateway, provider: ScriptedUpstream) -> None:
    headers = {"anthropic-version": "2023-06-01", "anthropic-beta": "a-2025-01-01,b", "x-api-key": "anything"}
    answer = await ask(gateway, f"{MESSAGES}?beta=true", headers)
    assert answer.status_code == 200
    assert not {"anthropic-beta", "anthropic-version"} & provider.requests[-1].headers.keys()


@pytest.mark.parametrize("path", [MESSAGES, COUNT_TOKENS])
async def test_an_invalid_version_is_refused(gateway: Gateway, path: str) -> None:
    answer = await ask(gateway, path, {"anthropic-version": "latest"})
    assert "anthropic-version" in refusal(answer, 400, "invalid_request_error")


@pytest.mark.parametrize("stream", [False, True])
async def test_an_unsupported_field_is_named(gateway: Gateway, stream: bool) -> None:
    tools = [{"type": "web_search_20250305", "name": "web_search"}]
    answer = await ask(gateway, stream=stream, tools=tools)
    assert "tools[0].type" in refusal(answer, 400, "invalid_request_error")
    assert answer.headers["x-should-retry"] == "false"


async def test_an_unknown_model_is_a_404(gateway: Gateway) -> None:
    assert "nobody-has-it" in refusal(await ask(gateway, model="nobody-has-it"), 404, "not_found_error")


async def test_a_prompt_that_is_too_long_is_called_so(gateway: Gateway, provider: ScriptedUpstream) -> None:
    provider.on("/chat/completions", Answer(error("8000 tokens at most.", code="context_length_exceeded"), status=400))
    assert refusal(await ask(gateway), 400, "invalid_request_error").startswith("prompt is too long: ")


async def test_a_stream_that_breaks_ends_with_an_error_event(gateway: Gateway, provider: ScriptedUpstream) -> None:
    provider.on("/chat/completions", CutAfter(2, Stream(chunks("hello there"))))
    events = events_in((await ask(gateway, stream=True)).content)
    assert events[0]["type"] == "message_start"
    assert events[-1]["type"] == "error"
    assert events[-1]["error"]["type"] in ("api_error", "overloaded_error")


@pytest.mark.parametrize("raw", [b"", b"{", b"[]", b"\xff"])
async def test_a_body_that_is_no_object_is_refused(gateway: Gateway, raw: bytes) -> None:
    answer = await gateway.http.post(MESSAGES, content=raw, headers={"content-type": "application/json"})
    refusal(answer, 400, "invalid_request_error")


async def test_tokens_are_estimated_without_a_provider_that_counts(gateway: Gateway, provider: ScriptedUpstream) -> None:
    asked = len(provider.requests)
    answer = await ask(gateway, COUNT_TOKENS, max_tokens=..., messages=[user(text("x" * 400))])
    assert json.loads(answer.content) == {"input_tokens": 104}
    assert len(provider.requests) == asked


ODD: Any = {"tool_calls": 5, "annotations": 7, "reasoning_details": {"a": 1}, "images": 3, "role": "assistant", "content": "hi"}


@pytest.mark.parametrize("path", [MESSAGES, "/v1/responses", "/v1/completions"])
@pytest.mark.parametrize("is_stream", [False, True], ids=["plain", "stream"])
async def test_a_provider_that_sends_numbers_for_lists_is_understood_all_the_same(
    gateway: Gateway, upstream: ScriptedUpstream, path: str, *, is_stream: bool
) -> None:
    whole = completion()
    choice = {"index": [0], "finish_reason": ["stop"], "native_finish_reason": 5, "logprobs": {"content": 3}}
    odd = {**whole, "choices": [{**choice, "message": ODD}]}
    events = [{"usage": usage()}, {**chunk(ODD), "choices": [{**choice, "delta": ODD}]}]
    upstream.on("/chat/completions", Stream(events) if is_stream else Answer(odd))
    asked = {"model": "tiny", "max_tokens": 9, "stream": is_stream}
    ways: dict[str, Json] = {
        MESSAGES: {"messages": [user(text("hi"))]},
        "/v1/responses": {"input": "hi"},
        "/v1/completions": {"prompt": "hi"},
    }
    said = ways[path]
    fields = {
        "max_output_tokens" if path == "/v1/responses" and name == "max_tokens" else name: value for name, value in asked.items()
    }
    answer = await gateway.http.post(path, json={**fields, **said})
    assert answer.status_code == 200, answer.text
    assert '"hi"' in answer.text
    assert "error" not in answer.text.replace('"error":null', "")
