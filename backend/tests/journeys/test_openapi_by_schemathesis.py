"""Every operation of `/openapi.json` is asked what its schema allows and what it does not: no 5xx, no answer outside of it."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.fakes.gateway import Provider, gateway_in_front_of
from tests.fakes.scripted_upstream import ScriptedUpstream, Stream, chunks
from tests.journeys.schemathesis import run_schemathesis
from tests.ledger.builders import random_records
from tests.management_api.stored_requests import store

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
CONFIGURATION = """
[[operations]]
include-path-regex = "^/v1/"
# Providers are switched off meanwhile, and who asks for their models is told that they are out.
checks.not_a_server_error.expected-statuses = ["2xx", "3xx", "4xx", 503]
"""


async def test_no_operation_answers_with_a_5xx_or_outside_its_schema(anyio_backend: str, tmp_path: Path) -> None:
    """The document's own examples name `openai`, so that one has keys here; the sandbox answers for every other model."""
    async with ScriptedUpstream() as upstream:
        upstream.on("/chat/completions", Stream(chunks("Here is an answer.")))
        openai = Provider("openai", upstream.base_url, key_count=2, models=("only-here",), fields={"default_model": "only-here"})
        async with gateway_in_front_of(openai, environment={"AI_ENGINE_SANDBOX": "true"}) as gateway:
            await store(gateway, random_records(3, 200, over=timedelta(hours=20), until=datetime.now(UTC)))
            document = await gateway.get("/openapi.json")
            status, said = await run_schemathesis(
                f"{gateway.base_url}/openapi.json", gateway.base_url, CHECKS, CONFIGURATION, tmp_path
            )
    operations = sum(len(methods) for methods in document["paths"].values())
    assert status == 0, said
    assert f"Tested: {operations}" in said, said
