"""Every operation of `/openapi.json` is asked what its schema allows and what it does not: no 5xx, no answer outside of it."""

import asyncio
import os
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.fakes.gateway import Gateway, Provider, gateway_in_front_of
from tests.fakes.scripted_upstream import ScriptedUpstream, Stream, chunks
from tests.ledger.builders import random_records
from tests.management_api.stored import store

pytestmark = pytest.mark.anyio

CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    # What the schema forbids is refused. That all it allows is accepted cannot be asked for: no schema says which names exist.
    "negative_data_rejection",
    "unsupported_method",
)
EXAMPLES = 8
"""For each operation and way of making them up; beside them stand those at every boundary of the schema."""
LONGEST_SECONDS = 120
CONFIGURATION = """
[[operations]]
include-path-regex = "^/v1/"
# Providers are switched off meanwhile, and who asks for their models is told that they are out.
checks.not_a_server_error.expected-statuses = ["2xx", "3xx", "4xx", 503]
"""


async def run_schemathesis(gateway: Gateway, folder: Path) -> tuple[int, str]:
    """What it came to, and what it said. The same each time: nothing in it is left to chance."""
    (folder / "schemathesis.toml").write_text(CONFIGURATION)
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "schemathesis.cli", "--no-color", "run", f"{gateway.base_url}/openapi.json"),
        *("--checks", ",".join(CHECKS), "--generation-deterministic", "--max-examples", str(EXAMPLES)),
        *("--suppress-health-check", "all", "--request-timeout", "10"),
        cwd=folder,
        env={name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        said, _ = await asyncio.wait_for(process.communicate(), LONGEST_SECONDS)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert process.returncode is not None
    return process.returncode, said.decode(errors="replace")


async def test_no_operation_answers_with_a_5xx_or_outside_its_schema(anyio_backend: str, tmp_path: Path) -> None:
    """The document's own examples name `openai`, so that one has keys here; the sandbox answers for every other model."""
    async with ScriptedUpstream() as upstream:
        upstream.on("/chat/completions", Stream(chunks("Here is an answer.")))
        openai = Provider("openai", upstream.base_url, key_count=2, models=("only-here",), fields={"default_model": "only-here"})
        async with gateway_in_front_of(openai, environment={"AI_ENGINE_SANDBOX": "true"}) as gateway:
            await store(gateway, random_records(3, 200, over=timedelta(hours=20), until=datetime.now(UTC)))
            document = await gateway.get("/openapi.json")
            status, said = await run_schemathesis(gateway, tmp_path)
    operations = sum(len(methods) for methods in document["paths"].values())
    assert status == 0, said
    assert f"Tested: {operations}" in said, said
