"""The product's description shows these commands to its users; each works as it is written, by curl and jq themselves."""

import asyncio
import json
import os
import shutil
from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.fakes.gateway import Gateway, running_gateway
from tests.fakes.needed import go_without
from tests.fakes.scripted_upstream import Answer, ScriptedUpstream, Stream, chunks, completion
from tests.patience import eventually

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

curl http://localhost:8000/api/providers

curl -X GET "http://localhost:8000/api/statistics" | jq '.provider_stats'

curl -X GET "http://localhost:8000/api/status" | jq '.performance'

curl -X GET "http://localhost:8000/api/providers" | jq '.[] | select(.enabled == true)'

curl -X GET "http://localhost:8000/health"

curl -f http://localhost:8000/health
"""

WRITTEN = COMMANDS.strip().split("\n\n")
AT_A_FIRST_START = [one for one in WRITTEN if "roll-key" not in one and "groq" not in one]
"""Those that need no key of a provider."""


@pytest.fixture(scope="module", autouse=True)
def programs() -> None:
    for program in ("curl", "jq"):
        if shutil.which(program) is None:
            go_without(f"{program} is missing, so the description's commands are not tried out.")


@pytest.fixture
async def gateway(anyio_backend: str) -> AsyncIterator[Gateway]:
    """With the keys of the description's own `.env` whose providers speak OpenAI's protocol, and all of them answering."""
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


async def carried_out(gateway: Gateway, command: str) -> Any:
    """What the command prints: JSON, of which `jq` may print several in a row. Only the port is another one."""
    process = await asyncio.create_subprocess_exec(
        *("bash", "-o", "pipefail", "-c", command.replace("localhost:8000", f"localhost:{gateway.port}")),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={"PATH": os.environ["PATH"]},
    )
    printed, complaints = await process.communicate()
    assert process.returncode == 0, complaints.decode()
    decoder, text, values = json.JSONDecoder(), printed.decode().strip(), []
    while text:
        value, end = decoder.raw_decode(text)
        values.append(value)
        text = text[end:].lstrip()
    assert not any(isinstance(value, dict) and value.keys() == {"error"} for value in values), values
    return values if "jq" in command else values[0]


@pytest.mark.parametrize("command", WRITTEN)
async def test_a_command_of_the_description_works_as_it_is_written(gateway: Gateway, command: str) -> None:
    said = await carried_out(gateway, command)
    if "/test" in command:
        assert said["success"] is True, said
    elif "/v1/chat/completions" in command:
        assert said["choices"][0]["message"]["content"] == "Here is an answer."


@pytest.fixture(scope="module")
async def first_start(anyio_backend: str) -> AsyncIterator[Gateway]:
    async with running_gateway({}) as gateway:
        yield gateway


@pytest.mark.parametrize("command", AT_A_FIRST_START)
async def test_most_work_at_a_first_start_too(first_start: Gateway, command: str) -> None:
    await carried_out(first_start, command)


async def test_the_filter_for_enabled_providers_finds_the_enabled_ones(gateway: Gateway) -> None:
    (command,) = [one for one in WRITTEN if "select(.enabled == true)" in one]
    assert {"openai", "groq"} <= {provider["name"] for provider in await carried_out(gateway, command)}
    await gateway.post("/api/providers/openai/toggle")
    enabled = {provider["name"] for provider in await carried_out(gateway, command)}
    assert "openai" not in enabled
    assert "groq" in enabled


async def test_the_filters_for_metrics_show_what_happened(gateway: Gateway) -> None:
    (of_status,) = [one for one in WRITTEN if "jq '.performance'" in one]
    (of_statistics,) = [one for one in WRITTEN if "jq '.provider_stats'" in one]
    assert [one["requests"] for one in await carried_out(gateway, of_status)] == [0]
    await carried_out(gateway, WRITTEN[0])
    assert [one["requests"] for one in await carried_out(gateway, of_status)] == [1]
    (stats,) = await eventually(lambda: carried_out(gateway, of_statistics), until=lambda seen: bool(seen[0]))
    assert stats["openai"]["successes"] == 1
