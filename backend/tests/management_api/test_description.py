"""The product's description shows these commands to its users; each works as it is written."""

import json
import shlex
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest

from tests.fakes.gateway import Gateway, running_gateway
from tests.fakes.scripted_upstream import Answer, ScriptedUpstream, Stream, chunks, completion

pytestmark = pytest.mark.anyio

COMMANDS = r"""
curl -X POST "http://localhost:8000/v1/chat/completions" \
     -H "Content-Type: application/json" \
     -d '{
       "model": "gpt-4",
       "messages": [
         {"role": "user", "content": "Explain quantum computing"}
       ]
     }'

curl -X POST "http://localhost:8000/v1/chat/completions" \
     -H "Content-Type: application/json" \
     -d '{
       "model": "gpt-4",
       "messages": [
         {"role": "user", "content": "Hello world"}
       ],
       "autodecide": true
     }'

curl -X GET "http://localhost:8000/v1/models"

curl -X GET "http://localhost:8000/api/autodecide/gpt-4"

curl -X POST "http://localhost:8000/api/autodecide/test" \
     -H "Content-Type: application/json" \
     -d '{
       "model": "claude",
       "message": "Test message"
     }'

curl -X GET "http://localhost:8000/api/providers"

curl -X POST "http://localhost:8000/api/providers/groq/test" \
     -H "Content-Type: application/json" \
     -d '{"message": "Test message"}'

curl -X POST "http://localhost:8000/api/providers/openai/toggle"

curl -X POST "http://localhost:8000/api/providers/openai/roll-key"

curl -X GET "http://localhost:8000/api/status"

curl -X GET "http://localhost:8000/api/statistics"

curl http://localhost:8000/api/statistics

curl -X GET "http://localhost:8000/health"

curl -f http://localhost:8000/health
"""


@dataclass(frozen=True)
class Command:
    """What curl would send."""

    method: str
    path: str
    headers: tuple[tuple[str, str], ...]
    data: str | None

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


def understood(command: str) -> Command:
    words = iter(shlex.split(command.replace("\\\n", " "))[1:])
    method, path, headers, data = "GET", "", [], None
    for word in words:
        match word:
            case "-X":
                method = next(words)
            case "-H":
                name, _, value = next(words).partition(": ")
                headers.append((name, value))
            case "-d":
                data = next(words)
            case "-f":
                pass
            case _:
                path = word.removeprefix("http://localhost:8000")
    return Command(method, path, tuple(headers), data)


WRITTEN = [understood(command) for command in COMMANDS.strip().split("\n\n")]


@pytest.fixture
async def gateway(anyio_backend: str) -> AsyncIterator[Gateway]:
    """With the keys of the description's own `.env`, as far as their providers are served, and all of them answering."""
    async with ScriptedUpstream() as upstream:
        upstream.on("/chat/completions", Stream(chunks("Here is an answer.")))
        upstream.on("/chat/completions", Answer(completion("Here is an answer.", "gpt-4")), model="gpt-4")
        environment = {
            "OPENAI_API_KEY": "your_openai_key",
            "OPENAI_API_KEY_2": "backup_openai_key",
            "GROQ_API_KEY": "your_groq_key",
            "GROQ_API_KEY_2": "backup_groq_key",
            "OPENAI_BASE_URL": upstream.base_url,
            "GROQ_BASE_URL": upstream.base_url,
        }
        yaml = "providers:\n- {name: openai, models: [gpt-4, gpt-4o-mini]}\n- {name: groq, models: [claude-sonnet-4-5]}\n"
        async with running_gateway(environment, yaml=yaml) as gateway:
            yield gateway


async def carried_out(gateway: Gateway, command: Command) -> Any:
    answer = await gateway.http.request(command.method, command.path, headers=list(command.headers), content=command.data)
    assert answer.status_code == 200, answer.text
    return answer.json()


@pytest.mark.parametrize("command", WRITTEN)
async def test_a_command_of_the_description_works_as_it_is_written(gateway: Gateway, command: Command) -> None:
    said = await carried_out(gateway, command)
    if command.path.endswith("/test"):
        assert said["success"] is True, said
    elif command.path == "/v1/chat/completions":
        assert said["choices"][0]["message"]["content"] == "Here is an answer."


@pytest.mark.parametrize("command", [one for one in WRITTEN if "roll-key" not in one.path and "groq" not in one.path])
async def test_most_work_at_a_first_start_too(anyio_backend: str, command: Command) -> None:
    async with running_gateway({}) as gateway:
        await carried_out(gateway, command)


async def test_the_filter_for_enabled_providers_finds_the_enabled_ones(gateway: Gateway) -> None:
    """`jq '.[] | select(.enabled == true)'`, and `jq '.performance'` of the status."""
    providers = await gateway.get("/api/providers")
    enabled = {provider["name"] for provider in providers if provider["enabled"] is True}
    assert {"openai", "groq"} <= enabled
    await gateway.post("/api/providers/openai/toggle")
    assert "openai" not in {one["name"] for one in await gateway.get("/api/providers") if one["enabled"] is True}
    assert (await gateway.get("/api/status"))["performance"]["requests"] == 0


async def test_the_statistics_by_provider_are_found(gateway: Gateway) -> None:
    """`jq '.provider_stats'`."""
    assert (await gateway.get("/api/statistics"))["provider_stats"] == {}
    assert (await gateway.chat("openai/gpt-4")).status == 200
    while not (stats := (await gateway.get("/api/statistics"))["provider_stats"]):
        pass
    assert stats["openai"]["successes"] == 1


def test_the_bodies_are_json() -> None:
    assert all(isinstance(json.loads(command.data), dict) for command in WRITTEN if command.data)
