import json
import re
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from fastapi.routing import RouteContext, iter_route_contexts
from pydantic import TypeAdapter

from ai_engine.access.guards import declared_roles
from ai_engine.app import ANSWER_EXAMPLES
from ai_engine.client_api.messages.errors import is_asked_for
from ai_engine.names import Role
from tests.fakes.gateway import Gateway, running_gateway

pytestmark = pytest.mark.anyio

ROLES = {
    "POST /v1/chat/completions": Role.CLIENT,
    "POST /v1/completions": Role.CLIENT,
    "POST /v1/embeddings": Role.CLIENT,
    "POST /v1/images/generations": Role.CLIENT,
    "POST /v1/images/edits": Role.CLIENT,
    "POST /v1/images/variations": Role.CLIENT,
    "POST /v1/audio/speech": Role.CLIENT,
    "POST /v1/audio/transcriptions": Role.CLIENT,
    "POST /v1/audio/translations": Role.CLIENT,
    "POST /v1/moderations": Role.CLIENT,
    "POST /v1/rerank": Role.CLIENT,
    "POST /v1/messages": Role.CLIENT,
    "POST /v1/messages/count_tokens": Role.CLIENT,
    "POST /v1/responses": Role.CLIENT,
    "GET /v1/responses": Role.CLIENT,
    "GET /v1/responses/{response_id}": Role.CLIENT,
    "DELETE /v1/responses/{response_id}": Role.CLIENT,
    "GET /v1/responses/{response_id}/input_items": Role.CLIENT,
    "POST /v1/responses/{response_id}/cancel": Role.CLIENT,
    "GET /v1/models": Role.CLIENT,
    "GET /v1/models/{model_id}": Role.CLIENT,
    "GET /health": Role.PUBLIC,
    "GET /health/live": Role.PUBLIC,
    "GET /health/ready": Role.PUBLIC,
    "GET /api/status": Role.VIEWER,
    "GET /api/providers": Role.VIEWER,
    "GET /api/providers/{provider}": Role.VIEWER,
    "POST /api/providers/{provider}/test": Role.ADMIN,
    "POST /api/providers/{provider}/toggle": Role.ADMIN,
    "POST /api/providers/{provider}/roll-key": Role.ADMIN,
    "GET /api/autodecide/{model}": Role.VIEWER,
    "POST /api/autodecide/test": Role.ADMIN,
    "PATCH /api/providers/{provider}": Role.ADMIN,
    "POST /api/providers/{provider}/unflag": Role.ADMIN,
    "POST /api/providers/{provider}/drain": Role.ADMIN,
    "POST /api/providers/{provider}/restore": Role.ADMIN,
    "POST /api/providers/{provider}/keys/{fingerprint}/restore": Role.ADMIN,
    "GET /api/providers/{provider}/models": Role.VIEWER,
    "GET /api/models": Role.VIEWER,
    "POST /api/models/refresh": Role.ADMIN,
    "GET /api/audit": Role.VIEWER,
    "GET /api/config": Role.VIEWER,
    "GET /api/statistics": Role.VIEWER,
    "GET /api/statistics/providers": Role.VIEWER,
    "GET /api/statistics/export": Role.VIEWER,
    "GET /api/requests": Role.VIEWER,
    "GET /api/requests/{id}": Role.VIEWER,
    "POST /api/config/reload": Role.ADMIN,
    "POST /api/session": Role.PUBLIC,
    "GET /api/session": Role.VIEWER,
    "DELETE /api/session": Role.PUBLIC,
    "WEBSOCKET /ws": Role.VIEWER,
    "GET /ws": Role.VIEWER,
    "GET /metrics": Role.VIEWER,
    "GET /openapi.json": Role.VIEWER,
    "GET /docs": Role.VIEWER,
    "GET /docs/assets/{name}": Role.VIEWER,
    "GET /redoc": Role.VIEWER,
}
"""Who may call what (the contract's section 7): a viewer reads `/api` and the documentation and never calls `/v1`."""

OTHER_THAN_JSON = {"GET /metrics": "text/plain", "POST /v1/audio/speech": "audio/mpeg"}
"""What these answer with."""


@pytest.fixture(scope="module")
async def gateway(anyio_backend: str) -> AsyncIterator[Gateway]:
    async with running_gateway({}) as gateway:
        yield gateway


@pytest.fixture(scope="module")
async def document(gateway: Gateway) -> Any:
    return await gateway.get("/openapi.json")


def routes(gateway: Gateway) -> Iterator[tuple[str, RouteContext]]:
    for route in iter_route_contexts(gateway.engine.routes):
        for method in route.methods or {"WEBSOCKET"}:
            yield f"{method} {route.path_format}", route


def operations(document: Any) -> dict[str, Any]:
    return {f"{method.upper()} {path}": it for path, methods in document["paths"].items() for method, it in methods.items()}


def schemas_of(content: Any) -> set[str]:
    """The names of the schemas of which this content, or each of its items, has one."""
    schema = content["schema"].get("items", content["schema"])
    return {one["$ref"].rpartition("/")[2] for one in schema.get("anyOf", [schema])}


def envelopes(name: str) -> set[str]:
    """The schemas of the errors that a caller may get there, with an SDK of OpenAI's or of Anthropic's."""
    path = name.partition(" ")[2]
    scopes = ({"path": path, "headers": headers} for headers in ([], [(b"anthropic-version", b"2023-06-01")]))
    return {"AnthropicError" if is_asked_for(scope) else "ErrorResponse" for scope in scopes}


async def test_every_route_declares_exactly_its_role(gateway: Gateway) -> None:
    declared = {name: declared_roles(route) for name, route in routes(gateway)}
    assert declared == {name: [role] for name, role in ROLES.items()}


async def test_no_route_is_declared_twice(gateway: Gateway) -> None:
    names = [name for name, _ in routes(gateway)]
    assert len(names) == len(set(names))


async def test_a_hot_endpoint_admits_the_role_that_its_route_declares(gateway: Gateway) -> None:
    """`RelayedEndpoint` asks for a client's key (`tests/client_api/test_access.py` tries it)."""
    assert {ROLES[f"{method} {path}"] for method, path in gateway.engine.hot} == {Role.CLIENT}


async def test_the_document_has_every_route_but_its_own_and_the_live_feed(gateway: Gateway, document: Any) -> None:
    """OpenAPI has no word for a WebSocket; `docs/live.md` describes it."""
    of_websockets = {"WEBSOCKET /ws", "GET /ws", "GET /v1/responses"}
    left_out = {"GET /openapi.json", "GET /docs", "GET /docs/assets/{name}", "GET /redoc"} | of_websockets
    assert operations(document).keys() == ROLES.keys() - left_out
    assert {f"{method} {path}" for method, path in gateway.engine.hot} <= operations(document).keys()


async def test_no_hot_route_is_reached_through_fastapi(gateway: Gateway) -> None:
    """What is declared for the document alone would fail if it were called."""
    in_front = {
        name for name, route in routes(gateway) if route.endpoint and "served_in_front" in route.endpoint.__code__.co_names
    }
    assert in_front == {f"{method} {path}" for method, path in gateway.engine.hot}


async def test_an_operation_is_named_as_its_function(gateway: Gateway, document: Any) -> None:
    functions = {name: route.name for name, route in routes(gateway)}
    ids = {name: operation["operationId"] for name, operation in operations(document).items()}
    assert ids == {name: functions[name] for name in ids}
    assert len(set(ids.values())) == len(ids), "generated clients need each name once"


async def test_every_operation_says_what_it_does(document: Any) -> None:
    rooms = {tag["name"]: tag["description"] for tag in document["tags"]}
    for name, operation in operations(document).items():
        assert operation["summary"], name
        assert not operation["summary"].endswith("."), name
        assert operation["description"].endswith("."), name
        assert len(operation["tags"]) == 1, name
    assert {operation["tags"][0] for operation in operations(document).values()} == rooms.keys()


async def test_every_operation_declares_its_answer_and_our_errors_and_no_422(document: Any) -> None:
    for name, operation in operations(document).items():
        answers = operation["responses"]
        assert answers.keys() == {"200", "4XX", "5XX"}, name
        for media_type, content in answers["200"]["content"].items():
            assert content["itemSchema" if media_type == "text/event-stream" else "schema"], name
        assert OTHER_THAN_JSON.get(name, "application/json") in answers["200"]["content"], name
        for kind in ("4XX", "5XX"):
            assert schemas_of(answers[kind]["content"]["application/json"]) == envelopes(name), name
    assert "HTTPValidationError" not in document["components"]["schemas"]


async def test_every_operation_says_which_key_it_wants_and_where(document: Any) -> None:
    schemes = document["components"]["securitySchemes"]
    assert (schemes["bearer"]["scheme"], schemes["x-api-key"]["name"]) == ("bearer", "x-api-key")
    for name, operation in operations(document).items():
        role = ROLES[name]
        wanted = [{scheme: [role.name.lower()]} for scheme in schemes]
        assert operation["security"] == ([] if role is Role.PUBLIC else wanted), name


async def test_every_reference_leads_somewhere(document: Any) -> None:
    schemas = document["components"]["schemas"]
    named = set(re.findall(r"#/components/schemas/([^\"']+)", str(document)))
    assert named == set(schemas)


async def test_whatever_a_caller_sends_has_an_example(document: Any) -> None:
    schemas = document["components"]["schemas"]
    for name, operation in operations(document).items():
        for parameter in operation.get("parameters", ()):
            assert parameter["description"], name
            assert parameter["schema"]["examples"], name
        if "requestBody" in operation:
            given = operation["requestBody"]["content"]["application/json"]["schema"]
            reference = given.get("$ref") or next(one["$ref"] for one in given["anyOf"] if "$ref" in one)
            body = schemas[reference.rpartition("/")[2]]
            for field in body.get("required") or body["properties"]:
                assert body["properties"][field].get("examples"), f"{reference} {field}"


async def test_every_json_answer_has_an_example_that_it_could_be(gateway: Gateway, document: Any) -> None:
    schemas, operation_of = document["components"]["schemas"], operations(document)
    shown = set()
    for name, route in routes(gateway):
        if name in operation_of and (answer := operation_of[name]["responses"]["200"]["content"].get("application/json")):
            for schema in schemas_of(answer):
                (example,) = schemas[schema]["examples"]
                whole = [example] if "items" in answer["schema"] else example
                understood = TypeAdapter(route.response_model).validate_python(whole)
                said = json.loads(TypeAdapter(route.response_model).dump_json(understood))
                assert said == whole, f"{schema} is not what {name} would say"
                shown.add(schema)
    assert shown == set(ANSWER_EXAMPLES)


async def test_the_document_is_sound(document: Any) -> None:
    assert document["openapi"].startswith("3.1")
    assert document["info"]["title"] == "AI Engine"
    assert document["info"]["summary"]
    for name, operation in operations(document).items():
        in_path = set(re.findall(r"{(\w+)}", name))
        assert in_path == {one["name"] for one in operation.get("parameters", ()) if one["in"] == "path"}, name


@pytest.mark.parametrize(
    ("path", "schema"),
    [
        ("/v1/chat/completions", "ChatCompletionRequest"),
        ("/v1/completions", "TextCompletionRequest"),
        ("/v1/embeddings", "EmbeddingsRequest"),
        ("/v1/messages", "MessagesRequest"),
        ("/v1/messages/count_tokens", "CountTokensRequest"),
        ("/v1/responses", "ResponseRequest"),
    ],
)
async def test_the_example_that_swagger_ui_sends_is_answered(gateway: Gateway, document: Any, path: str, schema: str) -> None:
    for example in document["components"]["schemas"][schema]["examples"]:
        assert (await gateway.http.post(path, json=example)).status_code == 200


@pytest.mark.parametrize("path", ["/docs", "/redoc"])
async def test_a_page_of_the_documentation_needs_no_other_server(gateway: Gateway, path: str) -> None:
    page = await gateway.http.get(path)
    assert page.status_code == 200
    assert page.headers["content-type"].startswith("text/html")
    assert not re.findall(r"(?:https?:)?//[a-z0-9.-]+\.[a-z]+", page.text)
    linked = re.findall(r"""(?:src|href|spec-url)=["']([^"']+)["']""", page.text)
    assert len(linked) >= 2
    for address in linked:
        assert (await gateway.http.get(address)).status_code == 200, address
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "http" not in policy


async def test_an_asset_may_be_kept_by_browsers(gateway: Gateway) -> None:
    asset = await gateway.http.get("/docs/assets/swagger-ui-bundle.js")
    assert "max-age" in asset.headers["cache-control"]
    assert "javascript" in asset.headers["content-type"]


@pytest.mark.parametrize("path", ["/docs", "/openapi.json", "/api/status", "/api/nowhere", "/health"])
async def test_responses_have_security_headers_for_browsers(gateway: Gateway, path: str) -> None:
    headers = (await gateway.http.get(path)).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["x-frame-options"] == "DENY"
    assert "server" not in headers
