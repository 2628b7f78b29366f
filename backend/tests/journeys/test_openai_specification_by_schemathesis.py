"""OpenAI's own specification, trimmed to our routes, asked of the gateway: no 5xx, no answer but what OpenAI describes."""

import json
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from tests.contracts.published_specifications import specification
from tests.fakes.gateway import running_gateway
from tests.journeys.schemathesis import run_schemathesis

pytestmark = pytest.mark.anyio

CHECKS = ("not_a_server_error", "content_type_conformance", "response_schema_conformance")
ROUTES = {
    "/chat/completions": ("post",),
    "/completions": ("post",),
    "/embeddings": ("post",),
    "/models": ("get",),
    "/models/{model}": ("get",),
    "/responses": ("post",),
    "/responses/{response_id}": ("get", "delete"),
    "/responses/{response_id}/cancel": ("post",),
    "/responses/{response_id}/input_items": ("get",),
    "/moderations": ("post",),
    "/images/generations": ("post",),
    "/audio/speech": ("post",),
}
CONFIGURATION = """
[[operations]]
include-path-regex = ".*"
# The sandbox, which is all that answers here, says of what it does not have that it is not there.
checks.not_a_server_error.expected-statuses = ["2xx", "3xx", "4xx", 503]
"""


def trimmed() -> dict[str, Any]:
    """The document with our routes, and with all that they name and nothing else."""
    whole = deepcopy(specification("openai"))
    paths = {path: {method: _sound(whole["paths"][path][method]) for method in methods} for path, methods in ROUTES.items()}
    schemas: dict[str, Any] = {}
    rest: list[Any] = [paths]
    while rest:
        value = rest.pop()
        if isinstance(value, list):
            rest.extend(value)
        elif isinstance(value, dict):
            name = str(value.get("$ref", "")).removeprefix("#/components/schemas/")
            if name and name not in schemas:
                schemas[name] = whole["components"]["schemas"][name]
                rest.append(schemas[name])
            rest.extend(value.values())
    # What `encoding_format: base64` gives is described in words alone.
    vector = schemas["Embedding"]["properties"]["embedding"]
    schemas["Embedding"]["properties"] |= {"embedding": {"anyOf": [vector, {"type": "string"}]}}
    return {
        "openapi": "3.1.0",
        "info": {"title": "OpenAI, as far as it is ours", "version": "1"},
        "paths": paths,
        "components": {"schemas": schemas},
    }


def _sound(operation: dict[str, Any]) -> dict[str, Any]:
    """Without its errors: the document forgets their envelope, which every SDK reads and our own document has."""
    answers = {status: answer for status, answer in operation["responses"].items() if status.startswith("2")}
    return {**operation, "responses": answers}


async def test_whatever_openai_describes_is_answered_as_openai_describes_it(anyio_backend: str, tmp_path: Path) -> None:
    document = tmp_path / "openai.json"
    document.write_text(json.dumps(trimmed()))
    async with running_gateway({"AI_ENGINE_SANDBOX": "true"}) as gateway:
        status, said = await run_schemathesis(str(document), f"{gateway.base_url}/v1", CHECKS, CONFIGURATION, tmp_path)
    assert status == 0, said
    assert f"Tested: {sum(map(len, ROUTES.values()))}" in said, said
