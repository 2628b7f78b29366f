"""Hints that a provider lacks: left out, reported, and refused where the client demands every parameter."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from ai_engine.wire.json_types import Json
from tests.client_api.refusals import refusal
from tests.fakes.gateway import Gateway, Provider, gateway_in_front_of
from tests.fakes.scripted_upstream import Answer, ScriptedUpstream, Stream, chunks, completion, error
from tests.patience import eventually

pytestmark = pytest.mark.anyio

CHAT = "/v1/chat/completions"
MESSAGE: Json = {
    "id": "msg_1",
    "type": "message",
    "role": "assistant",
    "model": "claude",
    "content": [{"type": "text", "text": "hello"}],
    "stop_reason": "end_turn",
    "stop_sequence": None,
    "usage": {"input_tokens": 5, "output_tokens": 2},
}


@pytest.fixture(scope="module")
async def upstream(anyio_backend: str) -> AsyncIterator[ScriptedUpstream]:
    async with ScriptedUpstream() as upstream:
        yield upstream


@pytest.fixture(scope="module")
async def gateway(upstream: ScriptedUpstream) -> AsyncIterator[Gateway]:
    """Two providers have `tiny`: one with OpenAI's protocol, and one with Anthropic's behind it."""
    claude = Provider("claude", upstream.base_url, models=("tiny", "claude-3-5-haiku-latest"), fields={"protocol": "anthropic"})
    async with gateway_in_front_of(Provider("alpha", upstream.base_url), claude) as gateway:
        yield gateway


@pytest.fixture(autouse=True)
async def answering(upstream: ScriptedUpstream) -> None:
    upstream.on("/chat/completions", Answer(completion()))
    upstream.on("/messages", Answer(MESSAGE))


def chat(model: str = "claude/tiny", /, **fields: Any) -> Json:
    return {"model": model, "messages": [{"role": "user", "content": "hi"}], **fields}


async def test_a_failover_goes_without_the_hints_that_the_next_protocol_lacks(
    gateway: Gateway, upstream: ScriptedUpstream
) -> None:
    upstream.on("/chat/completions", Answer(error("Down."), 500))
    hints = {"seed": 7, "store": True, "presence_penalty": 0.5, "verbosity": "low", "something_new": 1, "user": "ada"}
    answer = await gateway.http.post(CHAT, json=chat("tiny", **hints), headers={"x-request-id": "dropped-hints"})
    assert answer.status_code == 200, answer.text
    assert answer.headers["x-ai-engine-provider"] == "claude"
    assert answer.headers["x-ai-engine-dropped"] == "seed,store,presence_penalty,verbosity,something_new"
    sent = upstream.requests[-1].body
    assert sent.keys() == {"model", "max_tokens", "messages", "metadata"}
    assert sent["metadata"] == {"user_id": "ada"}

    async def recorded() -> Any:
        listed = (await gateway.get("/api/requests"))["items"]
        ids = [request["id"] for request in listed if request["request_id"] == "dropped-hints"]
        return await gateway.get(f"/api/requests/{ids[0]}") if ids else None

    last = (await eventually(recorded, until=bool))["attempts"][-1]
    assert last["detail"] == ("Dropped, since the provider lacks it: seed, store, presence_penalty, verbosity, something_new.")


async def test_the_first_provider_gets_everything_as_it_is(gateway: Gateway, upstream: ScriptedUpstream) -> None:
    asked = chat("alpha/tiny", seed=7, something_new={"a": 1}, metadata={"a": "b"})
    answer = await gateway.http.post(CHAT, json=asked)
    assert "x-ai-engine-dropped" not in answer.headers
    assert upstream.requests[-1].body == {**asked, "model": "tiny"}


async def test_a_request_may_demand_every_parameter(gateway: Gateway, upstream: ScriptedUpstream) -> None:
    asked = len(upstream.requests)
    demanding = {"provider": {"require_parameters": True}}
    answer = await gateway.http.post(CHAT, json=chat(seed=7, **demanding))
    refusal(answer, 400, param="seed", code="unsupported_by_provider")
    both = await gateway.http.post(CHAT, json=chat("tiny", seed=7, **demanding))
    assert both.headers["x-ai-engine-provider"] == "alpha"
    assert len(upstream.requests) == asked + 1
    odd = await gateway.http.post(CHAT, json=chat(provider={"require_parameters": 1}))
    refusal(odd, 400, param="provider.require_parameters")


async def test_an_operator_may_demand_every_parameter(upstream: ScriptedUpstream) -> None:
    claude = Provider("claude", upstream.base_url, fields={"protocol": "anthropic"})
    async with gateway_in_front_of(claude, environment={"AI_ENGINE_STRICT_PARAMETERS": "true"}) as gateway:
        refusal(await gateway.http.post(CHAT, json=chat(seed=7)), 400, param="seed", code="unsupported_by_provider")
        lenient = await gateway.http.post(CHAT, json=chat(seed=7, provider={"require_parameters": False}))
        assert lenient.headers["x-ai-engine-dropped"] == "seed"


@pytest.mark.parametrize(
    "said",
    [
        error("Unsupported parameter.", param="store"),
        error("property 'store' is unsupported"),
        {"message": {"detail": [{"loc": ["body", "store"], "msg": "Extra inputs are not permitted"}]}},
    ],
    ids=["by its parameter", "in its sentence", "by its place"],
)
async def test_a_hint_that_a_provider_refuses_is_left_out_there(upstream: ScriptedUpstream, said: Json) -> None:
    async with gateway_in_front_of(Provider("alpha", upstream.base_url)) as gateway:
        upstream.on("/chat/completions", Answer(said, 422), Answer(completion()))
        answer = await gateway.http.post(CHAT, json=chat("tiny", store=True, seed=7))
        assert answer.status_code == 200, answer.text
        assert (answer.headers["x-ai-engine-attempts"], answer.headers["x-ai-engine-dropped"]) == ("2", "store")
        again = await gateway.http.post(CHAT, json=chat("tiny", store=True, seed=7))
        assert (again.headers["x-ai-engine-attempts"], again.headers["x-ai-engine-dropped"]) == ("1", "store")
        assert upstream.requests[-1].body["seed"] == 7
        assert "store" not in upstream.requests[-1].body


async def test_what_another_provider_wrote_into_a_call_is_dropped_where_it_is_refused(upstream: ScriptedUpstream) -> None:
    path = "messages[1].tool_calls[0].extra_content"
    unknown = error(f"Unknown parameter: '{path}'.", code="unknown_parameter", param=path)
    call = {"id": "c1", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    signed = {**call, "extra_content": {"google": {"thought_signature": "c2ln"}}}
    history = [
        {"role": "user", "content": "a"},
        {"role": "assistant", "content": None, "tool_calls": [signed]},
        {"role": "tool", "tool_call_id": "c1", "content": "b"},
    ]
    async with gateway_in_front_of(Provider("alpha", upstream.base_url)) as gateway:
        upstream.on("/chat/completions", Answer(unknown, 400), Answer(completion()))
        answer = await gateway.http.post(CHAT, json=chat("tiny", messages=history))
    assert answer.status_code == 200, answer.text
    assert answer.headers["x-ai-engine-dropped"] == "messages[].tool_calls[].extra_content"
    assert upstream.requests[-1].body["messages"][1]["tool_calls"] == [call]


async def test_a_refusal_that_is_about_another_field_drops_no_hint(gateway: Gateway, upstream: ScriptedUpstream) -> None:
    upstream.on("/chat/completions", Answer(error("Invalid role 'user'.", param="messages[0].role"), 400))
    answer = await gateway.http.post(CHAT, json=chat("alpha/tiny", user="ada"))
    refusal(answer, 400, param="messages[0].role")


@pytest.mark.parametrize(("field", "value"), [("seed", "seven"), ("something_new", 1), ("n", 2)])
async def test_what_is_wrong_unknown_or_a_promise_is_the_providers_to_refuse(
    gateway: Gateway, upstream: ScriptedUpstream, field: str, value: object
) -> None:
    upstream.on("/chat/completions", Answer(error("No such thing.", param=field), 400))
    answer = await gateway.http.post(CHAT, json=chat("alpha/tiny", **{field: value}))
    error_of = refusal(answer, 400, param=field)
    assert error_of["message"] == "No such thing."


@pytest.mark.parametrize(("field", "value"), [("seed", "seven"), ("store", 1), ("metadata", []), ("user", {})])
async def test_a_hint_of_the_wrong_type_is_the_clients_mistake(gateway: Gateway, field: str, value: object) -> None:
    answer = await gateway.http.post(CHAT, json=chat(**{field: value}))
    refusal(answer, 400, param=field)


async def test_a_stream_reports_them_too(gateway: Gateway, upstream: ScriptedUpstream) -> None:
    upstream.on("/chat/completions", Stream(chunks("hello")))
    asked = {"model": "alpha/tiny", "max_tokens": 9, "stream": True, "speed": "fast", "metadata": {"user_id": "u" * 65}}
    answer = await gateway.http.post("/v1/messages", json={**asked, "messages": [{"role": "user", "content": "hi"}]})
    assert answer.headers["x-ai-engine-dropped"] == "speed,metadata.user_id"


async def test_a_flood_of_unknown_fields_is_left_out_at_once(gateway: Gateway) -> None:
    answer = await gateway.http.post(CHAT, json=chat(**{f"field_{number}": number for number in range(5_000)}))
    assert answer.status_code == 200, answer.text
    assert len(answer.headers["x-ai-engine-dropped"]) == 1024


async def test_what_sdks_and_agents_write_into_a_conversation_is_never_refused(
    gateway: Gateway, upstream: ScriptedUpstream
) -> None:
    calls = [{"id": "c1", "type": "custom", "custom": {"name": "patch", "input": "*** Begin"}, "index": 0}]
    conversation = [
        {"role": "system", "content": "s", "cache_control": {"type": "ephemeral"}},
        {"role": "user", "name": "ada", "content": "a"},
        {"role": "assistant", "content": "b", "parsed": {"a": 1}, "annotations": [], "refusal": None, "audio": None},
        {"role": "user", "content": [{"type": "text", "text": "c", "novelty": 1}]},
        {"role": "assistant", "content": [{"type": "thinking", "thinking": "Hm."}, {"type": "text", "text": "d"}]},
        {"role": "user", "content": "e"},
        {"role": "assistant", "content": None, "function_call": None, "tool_calls": calls},
        {"role": "tool", "tool_call_id": "c1", "content": "f"},
    ]
    tools = [{"type": "function", "function": {"name": "patch", "parameters": {"type": "object"}, "cache_control": {}}}]
    answer = await gateway.http.post(CHAT, json=chat(messages=conversation, tools=tools))
    assert answer.status_code == 200, answer.text
    sent = upstream.requests[-1].body
    assert sent["system"] == [{"type": "text", "text": "s", "cache_control": {"type": "ephemeral"}}]
    assert sent["messages"][-2]["content"] == [{"type": "tool_use", "id": "c1", "name": "patch", "input": {"input": "*** Begin"}}]
    assert sent["messages"][3]["content"] == [{"type": "text", "text": "d"}]
