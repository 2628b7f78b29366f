"""`/v1/responses` through the whole gateway, in front of a provider that speaks it and one that speaks chat alone."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from ai_engine.wire.json_types import Json
from tests.client_api.responses.response_builders import WEATHER, Reader, kinds, read_events, texts
from tests.fakes.gateway import Gateway, Provider, gateway_in_front_of
from tests.fakes.scripted_upstream import Answer, CutAfter, ScriptedUpstream, Stream, chunks, completion, error
from tests.patience import eventually

pytestmark = pytest.mark.anyio

RECORDED = Path(__file__).parents[2] / "recorded" / "openai"
NATIVE_STREAM = (RECORDED / "responses-stream.sse").read_bytes()
NATIVE_EVENTS = [event + b"\n\n" for event in NATIVE_STREAM.split(b"\n\n")[:-1]]
NATIVE_ANSWER: Json = orjson.loads((RECORDED / "responses.json").read_bytes())["body"]


class Providers:
    """`native` speaks the Responses API and has `large` and `both`; `chatty` speaks chat and has `tiny` and `both`."""

    def __init__(self, native: ScriptedUpstream, chatty: ScriptedUpstream, gateway: Gateway) -> None:
        self.native = native
        self.chatty = chatty
        self.gateway = gateway

    async def ask(self, model: str, given: Any = "Hello!", **fields: Any) -> httpx.Response:
        return await self.gateway.http.post("/v1/responses", json={"model": model, "input": given, **fields})

    async def answer(self, model: str, given: Any = "Hello!", **fields: Any) -> Json:
        response = await self.ask(model, given, **fields)
        assert response.status_code == 200, response.text
        answer: Json = response.json()
        return answer


@pytest.fixture
async def providers() -> AsyncIterator[Providers]:
    async with ScriptedUpstream() as native, ScriptedUpstream() as chatty:
        native.on("/responses", Answer(NATIVE_ANSWER))
        chatty.on("/chat/completions", Answer(completion("hello")))
        async with gateway_in_front_of(
            Provider("native", native.base_url, models=("large", "both"), fields={"formats": ["responses"]}),
            Provider("chatty", chatty.base_url, models=("tiny", "both")),
        ) as gateway:
            yield Providers(native, chatty, gateway)


async def test_a_provider_of_the_api_gets_the_request_unchanged(providers: Providers) -> None:
    fields = {"tools": [{"type": "web_search"}], "unheard_of": {"x": 1}, "include": ["web_search_call.results"]}
    response = await providers.ask("large", **fields)
    assert response.json() == NATIVE_ANSWER
    assert response.headers["x-ai-engine-provider"] == "native"
    (request,) = providers.native.requests
    assert request.body == {"model": "large", "input": "Hello!", **fields}


async def test_reasoning_that_its_key_cannot_read_is_left_out_with_what_leads_to_it(providers: Providers) -> None:
    refused = Answer(error("The encrypted content gAAA could not be verified.", code="invalid_encrypted_content"), 400)
    providers.native.on("/responses", refused, Answer(NATIVE_ANSWER))
    asked, said = {"role": "user", "content": "Weather?"}, {"type": "message", "role": "assistant", "content": "I look."}
    call = {"type": "function_call", "call_id": "call_1", "name": "weather", "arguments": "{}"}
    result = {"type": "function_call_output", "call_id": "call_1", "output": "Sun."}
    given = [
        asked,
        {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "gAAA"},
        {"type": "web_search_call", "id": "ws_1", "status": "completed"},
        {**said, "id": "msg_1"},
        {**call, "id": "fc_1"},
        result,
    ]
    response = await providers.ask("large", given, store=False)
    assert response.json() == NATIVE_ANSWER
    assert response.headers["x-ai-engine-attempts"] == "2"
    whole, readable = (request.body for request in providers.native.requests)
    assert whole == {"model": "large", "input": given, "store": False}
    assert readable == {"model": "large", "input": [asked, said, call, result], "store": False}


async def test_the_first_events_are_there_where_the_provider_begins_with_usage(providers: Providers) -> None:
    usage = {**chunks("hello")[-1], "choices": [], "usage": {"prompt_tokens": 3}}
    providers.chatty.on("/chat/completions", Stream([usage, *chunks("hello")]))
    response = await providers.ask("tiny", stream=True)
    assert kinds(read_events(response.content))[:2] == ["created", "in_progress"]


@pytest.mark.parametrize("given", ["Hello!", [{"role": "user", "content": "Hello!"}]])
async def test_a_request_without_reasoning_is_not_asked_again(providers: Providers, given: Any) -> None:
    refused = Answer(error("The encrypted content gAAA could not be verified.", code="invalid_encrypted_content"), 400)
    providers.native.on("/responses", refused)
    response = await providers.ask("large", given)
    assert response.status_code == httpx.codes.BAD_REQUEST
    assert len(providers.native.requests) == 1


async def test_its_stream_is_relayed_byte_for_byte(providers: Providers) -> None:
    providers.native.on("/responses", Stream(NATIVE_EVENTS, done=False))
    response = await providers.ask("large", stream=True)
    assert response.headers["content-type"].startswith("text/event-stream")
    assert response.content == NATIVE_STREAM


async def test_a_cut_stream_ends_in_an_error(providers: Providers) -> None:
    providers.native.on("/responses", CutAfter(8, Stream(NATIVE_EVENTS, done=False)))
    events = read_events((await providers.ask("large", stream=True)).content)
    assert kinds(events)[-2:] == ["error", "failed"]
    assert events[-2]["error"]["code"] == "upstream_cut"


async def test_a_provider_with_chats_only_answers_too(providers: Providers) -> None:
    answer = await providers.answer("tiny", instructions="Be brief.")
    assert list(texts(answer["output"])) == ["hello"]
    assert answer["usage"]["total_tokens"] == 12
    (request,) = providers.chatty.requests
    assert request.body == {
        "model": "tiny",
        "messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hello!"}],
    }


async def test_its_stream_comes_as_events_that_add_up(providers: Providers) -> None:
    providers.chatty.on("/chat/completions", Stream(chunks("hello there")))
    response = await providers.ask("tiny", stream=True)
    final = Reader().read(read_events(response.content))
    assert list(texts(final["output"])) == ["hello there"]
    assert final["usage"]["output_tokens"] == 2
    assert await providers.gateway.get(f"/v1/responses/{final['id']}") == final


async def test_its_cut_stream_ends_in_an_error_too(providers: Providers) -> None:
    providers.chatty.on("/chat/completions", CutAfter(2, Stream(chunks("hello there"))))
    events = read_events((await providers.ask("tiny", stream=True)).content)
    assert kinds(events)[:2] == ["created", "in_progress"]
    assert kinds(events)[-2:] == ["error", "failed"]


async def test_the_conversation_goes_on_wherever_it_can(providers: Providers) -> None:
    first = await providers.answer("both")
    assert first["id"] == NATIVE_ANSWER["id"]
    providers.native.on("/responses", Answer(error("down", kind="server_error"), 503))
    second = await providers.answer("both", "And now?", previous_response_id=first["id"])
    assert list(texts(second["output"])) == ["hello"]
    assert second["previous_response_id"] == first["id"]
    assert [message["role"] for message in providers.chatty.requests[0].body["messages"]] == ["user", "assistant", "user"]
    providers.native.on("/responses", Answer({**NATIVE_ANSWER, "id": "resp_third"}))
    await providers.answer("large", "Again?", previous_response_id=second["id"])
    body = providers.native.requests[-1].body
    assert "previous_response_id" not in body
    assert [item["role"] for item in body["input"]] == ["user", "assistant", "user", "assistant", "user"]
    assert not any("id" in item for item in body["input"])


async def test_a_kept_turn_has_the_items_of_a_stream_whose_last_event_has_none(providers: Providers) -> None:
    message = {"type": "message", "id": "msg_1", "role": "assistant", "content": [{"type": "output_text", "text": "Paris"}]}
    call = {"type": "function_call", "id": "fc_1", "call_id": "c1", "name": "f", "arguments": ""}
    events: list[Json] = [
        {"type": "response.created", "response": {"id": "resp_1", "model": "large"}},
        {"type": "response.output_item.done", "output_index": 0, "item": message},
        {"type": "response.function_call_arguments.done", "item_id": "fc_1", "output_index": 1, "arguments": "{}"},
        {"type": "response.output_item.done", "output_index": 1, "item": call},
        {"type": "response.completed", "response": {"id": "resp_1", "model": "large", "status": "completed", "output": []}},
    ]
    framed = [b"event: %b\ndata: %b\n\n" % (event["type"].encode(), orjson.dumps(event)) for event in events]
    providers.native.on("/responses", Stream(framed, done=False), Answer(NATIVE_ANSWER))
    first = read_events((await providers.ask("large", stream=True)).content)[-1]["response"]
    output = {"type": "function_call_output", "call_id": "c1", "output": "21"}
    await providers.answer("large", [output], previous_response_id=first["id"])
    sent = providers.native.requests[-1].body["input"]
    assert [item.get("role", item["type"]) for item in sent] == ["user", "assistant", "function_call", "function_call_output"]
    assert sent[2]["arguments"] == "{}"


async def test_a_tool_loop_runs_over_chat(providers: Providers) -> None:
    call = {"id": "call_1", "type": "function", "function": {"name": "get_weather", "arguments": '{"city":"Oslo"}'}}
    providers.chatty.on("/chat/completions", Answer(completion(None, tool_calls=[call])), Answer(completion("warm")))
    first = await providers.answer("tiny", tools=[WEATHER])
    (item,) = first["output"]
    assert (item["type"], item["call_id"], item["name"]) == ("function_call", "call_1", "get_weather")
    output = {"type": "function_call_output", "call_id": "call_1", "output": "21"}
    second = await providers.answer("tiny", [output], tools=[WEATHER], previous_response_id=first["id"])
    assert list(texts(second["output"])) == ["warm"]


async def test_what_no_candidate_can_say_is_refused_by_its_name(providers: Providers) -> None:
    response = await providers.ask("tiny", tools=[{"type": "file_search", "vector_store_ids": ["vs_1"]}])
    assert response.status_code == 400
    assert response.json()["error"]["param"] == "tools[0].type"
    assert not providers.chatty.requests


async def test_an_unknown_response_is_refused_before_a_provider_is_called(providers: Providers) -> None:
    response = await providers.ask("both", previous_response_id="resp_nobody")
    assert (response.status_code, response.json()["error"]["code"]) == (400, "previous_response_not_found")
    assert not providers.native.requests


async def test_a_response_is_shown_listed_and_deleted(providers: Providers) -> None:
    answer = await providers.answer("tiny")
    path = f"/v1/responses/{answer['id']}"
    assert await providers.gateway.get(path) == answer
    assert (await providers.gateway.get(f"{path}/input_items"))["data"][0]["content"][0]["text"] == "Hello!"
    assert (await providers.gateway.http.post(f"{path}/cancel")).status_code == 400
    assert (await providers.gateway.http.delete(path)).json()["deleted"] is True
    assert (await providers.gateway.http.get(path)).status_code == 404


async def test_a_failed_response_in_a_200_is_a_failure_of_its_provider(providers: Providers) -> None:
    failed = {**NATIVE_ANSWER, "status": "failed", "output": [], "error": {"code": "server_error", "message": "Oh."}}
    providers.native.on("/responses", Answer(failed))
    response = await providers.ask("both")
    assert response.headers["x-ai-engine-provider"] == "chatty"
    assert response.status_code == 200


async def test_a_response_in_the_background_is_watched_until_it_is_there(providers: Providers) -> None:
    gate = asyncio.Event()
    providers.chatty.on("/chat/completions", Answer(completion("hello"), gate=gate))
    queued = await providers.answer("tiny", background=True)
    assert queued["status"] == "queued"
    await providers.chatty.received(1)
    path = f"/v1/responses/{queued['id']}"
    assert (await providers.gateway.get(path))["status"] == "in_progress"
    gate.set()
    state = await eventually(lambda: providers.gateway.get(path), until=lambda state: state["status"] != "in_progress")
    assert list(texts(state["output"])) == ["hello"]


async def test_cancelling_it_ends_the_request_to_the_provider(providers: Providers) -> None:
    providers.chatty.on("/chat/completions", Answer(completion("hello"), gate=asyncio.Event()))
    queued = await providers.answer("tiny", background=True)
    (request,) = await providers.chatty.received(1)
    cancelled = await providers.gateway.post(f"/v1/responses/{queued['id']}/cancel")
    assert cancelled["status"] == "cancelled"
    await request.closed(within_seconds=1)


async def test_a_websocket_is_refused_with_the_status_at_which_codex_sends_posts(providers: Providers) -> None:
    gateway = providers.gateway
    with pytest.raises(InvalidStatus) as refused:
        await connect(f"ws://127.0.0.1:{gateway.port}/v1/responses", proxy=None).__aenter__()
    answer = refused.value.response
    assert (answer.status_code, answer.headers["upgrade"], answer.headers["connection"]) == (426, "HTTP/1.1", "upgrade")
    assert "POST" in orjson.loads(answer.body or b"")["error"]["message"]
    plain = await gateway.http.get("/v1/responses")
    assert (plain.status_code, plain.headers["allow"]) == (405, "POST")
