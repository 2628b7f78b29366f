"""Every client has every conversation of the script with every provider, plain and streamed, through the whole gateway."""

import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from typing import Any

import httpx
import pytest

from ai_engine.wire.json_types import Json, JsonMapping
from tests.contracts.conversation_clients.chat import Chat
from tests.contracts.conversation_clients.messages import Messages
from tests.contracts.conversation_clients.port import Client
from tests.contracts.conversation_clients.responses import Responses
from tests.contracts.conversation_providers.anthropic import Anthropic
from tests.contracts.conversation_providers.bedrock import Bedrock
from tests.contracts.conversation_providers.cohere import Cohere
from tests.contracts.conversation_providers.gemini import Gemini
from tests.contracts.conversation_providers.openai import OpenAI
from tests.contracts.conversation_providers.port import SIGNATURE, Provider
from tests.contracts.conversation_providers.vertex import VertexClaude, VertexGemini
from tests.contracts.conversation_script import SCRIPT, Asked, Call, Conversation, Result, Said, Turn
from tests.fakes import gateway as gateways
from tests.fakes.gateway import Gateway, gateway_in_front_of, running_gateway
from tests.fakes.scripted_upstream import ScriptedUpstream
from tests.patience import eventually

pytestmark = pytest.mark.anyio
CLIENTS: tuple[Client, ...] = (Chat(), Messages(), Responses())
PROVIDERS: tuple[Provider, ...] = (OpenAI(), Anthropic(), Gemini(), Cohere(), Bedrock(), VertexGemini(), VertexClaude())
PLAIN = SCRIPT[0]


@pytest.fixture(params=CLIENTS, ids=lambda client: client.name)
def client(request: pytest.FixtureRequest) -> Client:
    chosen: Client = request.param
    return chosen


@pytest.fixture(scope="module", params=PROVIDERS, ids=lambda provider: provider.name)
def provider(request: pytest.FixtureRequest) -> Provider:
    chosen: Provider = request.param
    return chosen


@pytest.fixture(params=[False, True], ids=["plain", "streamed"])
def stream(request: pytest.FixtureRequest) -> bool:
    chosen: bool = request.param
    return chosen


@pytest.fixture(scope="module")
async def upstream(anyio_backend: str) -> AsyncIterator[ScriptedUpstream]:
    async with ScriptedUpstream() as upstream:
        yield upstream


@pytest.fixture(scope="module")
async def gateway(provider: Provider, upstream: ScriptedUpstream) -> AsyncIterator[Gateway]:
    section: Json = {"protocol": provider.protocol}
    alpha = gateways.Provider("alpha", upstream.base_url, models=(provider.model,), fields=section)
    asked = [{"name": "tiny", "candidates": [f"alpha/{provider.model}"]}]
    async with gateway_in_front_of(alpha, models=asked) as gateway:
        yield gateway


async def ask(gateway: Gateway, client: Client, body: Json) -> httpx.Response:
    return await gateway.http.post(client.path, json=body)


def without_ids(call: Call) -> Call:
    return replace(call, id="")


def asked_of(asked: Asked, provider: Provider) -> Asked:
    """The same, without ids of calls where the protocol has none."""
    if provider.gives_call_ids:
        return asked
    turns = [
        replace(
            turn,
            calls=tuple(map(without_ids, turn.calls)),
            results=tuple(replace(result, call=without_ids(result.call)) for result in turn.results),
        )
        for turn in asked.turns
    ]
    return replace(asked, turns=tuple(turns))


def heard_from(said: Said, provider: Provider) -> Said:
    """The same, without the ids that the gateway makes up where the protocol has none."""
    return said if provider.gives_call_ids else replace(said, calls=tuple(map(without_ids, said.calls)))


def expected(said: Said, provider: Provider) -> Said:
    """What is to be heard: the same, its pieces put together; no cached tokens from who does not tell them."""
    return replace(
        heard_from(said, provider),
        pieces=(said.text,) if said.pieces else (),
        reasoning=("".join(said.reasoning),) if said.reasoning else (),
        cached_tokens=said.cached_tokens if provider.tells_cached else 0,
    )


@pytest.mark.parametrize("conversation", SCRIPT, ids=str)
async def test_the_script_is_understood_both_ways(
    conversation: Conversation,
    client: Client,
    provider: Provider,
    stream: bool,
    gateway: Gateway,
    upstream: ScriptedUpstream,
) -> None:
    if conversation.asked.stop and client.name == "responses":
        conversation = replace(conversation, asked=replace(conversation.asked, stop=()))  # the API has no stop sequences
    provider.answers(upstream, conversation.said, stream=stream)
    answer = await ask(gateway, client, client.asks(conversation.asked, stream=stream))
    assert answer.status_code == httpx.codes.OK, answer.text
    assert answer.headers["x-ai-engine-provider"] == "alpha"
    assert asked_of(provider.understands(upstream.requests[-1]), provider) == asked_of(conversation.asked, provider)
    client.checks(answer.content, stream=stream)
    assert heard_from(client.hears(answer.content, stream=stream), provider) == expected(conversation.said, provider)


ONE_CALL: Mapping[str, JsonMapping] = {
    "chat": {"parallel_tool_calls": False},
    "responses": {"parallel_tool_calls": False},
    "messages": {"tool_choice": {"type": "auto", "disable_parallel_tool_use": True}},
}


async def test_one_call_at_a_time_is_said_to_the_provider_or_kept_for_it(
    client: Client, provider: Provider, stream: bool, gateway: Gateway, upstream: ScriptedUpstream
) -> None:
    parallel = next(conversation for conversation in SCRIPT if len(conversation.said.calls) > 1)
    provider.answers(upstream, parallel.said, stream=stream)
    answer = await ask(gateway, client, {**client.asks(parallel.asked, stream=stream), **ONE_CALL[client.name]})
    assert answer.status_code == httpx.codes.OK, answer.text
    client.checks(answer.content, stream=stream)
    heard = heard_from(client.hears(answer.content, stream=stream), provider)
    said = heard_from(parallel.said, provider)
    is_told = b"parallel" in upstream.requests[-1].raw_body
    assert heard.calls == (said.calls if is_told else said.calls[:1])
    assert is_told is provider.is_told_one_call
    assert (heard.ending, heard.output_tokens) == ("calls", parallel.said.output_tokens)


async def test_the_ledger_counts_the_same_whatever_was_translated(
    client: Client, provider: Provider, stream: bool, gateway: Gateway, upstream: ScriptedUpstream
) -> None:
    provider.answers(upstream, PLAIN.said, stream=stream)
    answer = await ask(gateway, client, client.asks(PLAIN.asked, stream=stream))

    async def rows() -> list[Any]:
        items = (await gateway.get("/api/requests"))["items"]
        return [item for item in items if item["request_id"] == answer.headers["x-request-id"]]

    (row,) = await eventually(rows)
    cached = PLAIN.said.cached_tokens if provider.tells_cached else 0
    tokens = row["tokens"]
    assert (tokens["input"], tokens["cached_input"] or 0, tokens["output"]) == (20 - cached, cached, 9)
    assert row["ending"] == "completed"


async def test_a_refusal_reaches_the_client_in_its_own_envelope(
    client: Client, provider: Provider, stream: bool, gateway: Gateway, upstream: ScriptedUpstream
) -> None:
    provider.answers(upstream, provider.refuses(), stream=stream)
    before = len(upstream.requests)
    answer = await ask(gateway, client, client.asks(PLAIN.asked, stream=stream))
    assert answer.status_code == httpx.codes.BAD_REQUEST
    assert "too hot" in client.error_in(answer.content)["message"]
    assert answer.headers["x-should-retry"] == "false"
    assert len(upstream.requests) == before + 1


async def test_signed_reasoning_comes_back_to_the_provider_with_the_next_turn(
    client: Client, provider: Provider, gateway: Gateway, upstream: ScriptedUpstream
) -> None:
    tool = next(conversation for conversation in SCRIPT if conversation.name == "tool-call")
    asked = replace(tool.asked, forced_tool=False, wants_reasoning=True, max_tokens=2000)
    provider.answers(upstream, replace(tool.said, reasoning=("I need", " the tool.")), PLAIN.said, stream=False)
    first = await ask(gateway, client, client.asks(asked, stream=False))
    heard = client.hears(first.content, stream=False)
    assert heard.reasoning == ("I need the tool.",)
    again = await ask(gateway, client, client.goes_on(asked, first.content, [Result(heard.calls[0], "sunny")]))
    assert again.status_code == httpx.codes.OK, again.text
    (result,) = provider.understands(upstream.requests[-1]).turns[-1].results
    assert (result.call.name, result.call.arguments, result.text) == ("weather", tool.said.calls[0].arguments, "sunny")
    assert list(provider.signatures_in(upstream.requests[-1])) == ([SIGNATURE] if provider.signs else [])


REPEATED = "call_0"
"""An id that a model gives to every call."""
UNTRANSLATED = {("chat", "openai"), ("messages", "anthropic"), ("messages", "vertex-claude")}
WEI = 123_456_789_012_345_678_901_234_567_890


def calls_of(*cities: str) -> tuple[Call, ...]:
    return tuple(Call(REPEATED, "weather", {"city": city, "days": WEI}) for city in cities)


def turns_with(*cities: str) -> tuple[Turn, ...]:
    """A round of calls, and results that name their cities."""
    calls = calls_of(*cities)
    results = tuple(Result(call, f"sunny in {city}") for call, city in zip(calls, cities, strict=True))
    return Turn("user", "Weather?"), Turn("assistant", "I look.", calls=calls), Turn("user", results=results)


async def test_repeated_ids_of_calls_become_different_ones_and_integers_keep_their_digits(
    client: Client, provider: Provider, stream: bool, gateway: Gateway, upstream: ScriptedUpstream
) -> None:
    is_translated = (client.name, provider.name) not in UNTRANSLATED
    asked = Asked((*turns_with("Lisbon"), Turn("assistant", "Sun."), *turns_with("Oslo", "Bergen")), tools=("weather",))
    provider.answers(upstream, Said(calls=calls_of("Rome", "Bari"), ending="calls"), stream=stream)
    answer = await ask(gateway, client, client.asks(asked, stream=stream))
    assert answer.status_code == httpx.codes.OK, answer.text
    heard = client.hears(answer.content, stream=stream)
    assert [call.arguments for call in heard.calls] == [call.arguments for call in calls_of("Rome", "Bari")]
    understood = [turn for turn in provider.understands(upstream.requests[-1]).turns if turn.calls or turn.results]
    assert [call.arguments for turn in understood for call in turn.calls] == [
        call.arguments for call in calls_of("Lisbon", "Oslo", "Bergen")
    ]
    if is_translated:
        assert len({REPEATED, *(call.id for call in heard.calls)}) == 3
        results = [result for turn in understood for result in turn.results]
        assert [result.text for result in results] == [f"sunny in {city}" for city in ("Lisbon", "Oslo", "Bergen")]
        if provider.gives_call_ids:
            assert [result.text for result in results] == [f"sunny in {result.call.arguments['city']}" for result in results]


@pytest.fixture(scope="module")
async def sandbox(anyio_backend: str) -> AsyncIterator[Gateway]:
    async with running_gateway({"AI_ENGINE_SANDBOX": "true"}) as gateway:
        yield gateway


@pytest.mark.parametrize("conversation", SCRIPT, ids=str)
async def test_the_sandbox_has_every_conversation_too(
    conversation: Conversation, client: Client, stream: bool, sandbox: Gateway
) -> None:
    asked = conversation.asked if client.name != "responses" else replace(conversation.asked, stop=())
    answer = await ask(sandbox, client, client.asks(asked, stream=stream))
    assert answer.status_code == httpx.codes.OK, answer.text
    client.checks(answer.content, stream=stream)
    said = client.hears(answer.content, stream=stream)
    if asked.forced_tool:
        assert [call.name for call in said.calls] == list(asked.tools)
    elif asked.is_structured:
        assert json.loads(said.text).keys() == {"answer"}
    else:
        assert said.text.startswith("[sandbox]")
