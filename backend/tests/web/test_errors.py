import json
import logging
from collections.abc import AsyncIterator
from typing import Annotated, Any

import httpx
import pytest
from fastapi import FastAPI, Query
from pydantic import BaseModel, field_validator
from starlette.exceptions import HTTPException

from ai_engine.errors import (
    AIEngineError,
    AttemptsFailed,
    BodyTooLarge,
    CallerError,
    ConfigurationError,
    Conflict,
    DeadlineExceeded,
    InvalidRequest,
    MethodNotAllowed,
    ModelNotFound,
    NoProviderConfigured,
    NoRouteAvailable,
    NotAuthenticated,
    NotFound,
    NotPermitted,
    RateLimited,
    RefusedByProvider,
    RequestLoop,
    UnsupportedMediaType,
)
from ai_engine.web.errors import error_answer, error_body, error_events, install_error_handlers
from ai_engine.wire.sse import encode_events

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (InvalidRequest("m"), 400, None),
        (ConfigurationError("m"), 400, "configuration_error"),
        (NotAuthenticated("m"), 401, "invalid_api_key"),
        (NotPermitted("m"), 403, "not_permitted"),
        (NotFound("m"), 404, "not_found"),
        (ModelNotFound("m"), 404, "model_not_found"),
        (MethodNotAllowed("m", allowed=["GET"]), 405, "method_not_allowed"),
        (Conflict("m"), 409, "conflict"),
        (BodyTooLarge("m"), 413, "request_too_large"),
        (UnsupportedMediaType("m"), 415, "unsupported_media_type"),
        (RateLimited("m"), 429, "rate_limit_exceeded"),
        (AIEngineError("m"), 500, "internal_error"),
        (AttemptsFailed("m"), 502, "attempts_failed"),
        (NoRouteAvailable("m"), 503, "no_route_available"),
        (NoProviderConfigured("m"), 503, "no_provider_configured"),
        (DeadlineExceeded("m"), 504, "deadline_exceeded"),
        (RequestLoop("m"), 508, "loop_detected"),
    ],
)
def test_every_error_has_its_status_and_code(error: AIEngineError, status: int, code: str | None) -> None:
    answered, headers, body = error_answer(error, "req-1")
    assert answered == status
    assert json.loads(body)["error"]["code"] == code
    assert set(json.loads(body)["error"]) == {"message", "type", "param", "code"}
    assert dict(headers)[b"content-length"] == b"%d" % len(body)
    assert dict(headers)[b"x-request-id"] == b"req-1"


def test_an_unlisted_error_looks_like_its_nearest_ancestor() -> None:
    class Novel(Conflict):
        pass

    assert error_answer(Novel("m"), None)[0] == 409


def test_an_errors_own_code_and_param_win() -> None:
    said = json.loads(error_body(InvalidRequest("m", param="messages", code="empty_array")))["error"]
    assert (said["param"], said["code"]) == ("messages", "empty_array")


def test_the_providers_refusal_is_returned_as_the_provider_worded_it() -> None:
    refusal = RefusedByProvider("No.", status=422, kind="policy_error", param="messages", code="content_policy_violation")
    status, headers, body = error_answer(refusal, None)
    assert status == 422
    assert json.loads(body)["error"] == {
        "message": "No.",
        "type": "policy_error",
        "param": "messages",
        "code": "content_policy_violation",
    }
    assert dict(headers)[b"x-should-retry"] == b"false"


def test_a_refusal_with_an_impossible_status_is_a_400() -> None:
    assert error_answer(RefusedByProvider("No.", status=200, kind=None, param=None, code=None), None)[0] == 400


@pytest.mark.parametrize(
    ("seconds", "whole", "milliseconds"), [(0, b"1", b"1"), (0.25, b"1", b"250"), (2.0, b"2", b"2000"), (61.2, b"62", b"61200")]
)
def test_a_known_return_time_is_said_in_seconds_and_milliseconds(seconds: float, whole: bytes, milliseconds: bytes) -> None:
    headers = dict(error_answer(RateLimited("m", retry_after_seconds=seconds), None)[1])
    assert headers[b"retry-after"] == whole
    assert headers[b"retry-after-ms"] == milliseconds
    assert b"x-should-retry" not in headers


@pytest.mark.parametrize("error", [CallerError("m"), NoRouteAvailable("m"), AttemptsFailed("m"), ConfigurationError("m")])
def test_errors_that_a_retry_does_not_help_say_so_to_sdks(error: AIEngineError) -> None:
    assert dict(error_answer(error, None)[1])[b"x-should-retry"] == b"false"


def test_an_internal_error_leaves_the_retry_to_the_sdk() -> None:
    assert b"x-should-retry" not in dict(error_answer(AIEngineError("m"), None)[1])


def test_401_names_the_scheme_and_405_the_methods() -> None:
    assert dict(error_answer(NotAuthenticated("m"), None)[1])[b"www-authenticate"] == b"Bearer"
    assert dict(error_answer(MethodNotAllowed("m", allowed=["GET", "PUT"]), None)[1])[b"allow"] == b"GET, PUT"


def test_no_secret_leaves_in_any_part_of_an_error() -> None:
    secret = "sk-proj-abcdefghijklmnop1234567890"
    error = RefusedByProvider(f"Incorrect key\n{secret}", status=400, kind=secret, param=secret, code=secret)
    assert secret not in error_body(error).decode()


def test_a_broken_stream_ends_with_the_error_and_done() -> None:
    event, done, rest = encode_events(error_events(AttemptsFailed("cut"))).split(b"\n\n")
    assert json.loads(event.removeprefix(b"data: "))["error"]["message"] == "cut"
    assert (done, rest) == (b"data: [DONE]", b"")


class Settings(BaseModel):
    priority: int
    name: str = ""

    @field_validator("name")
    @classmethod
    def not_root(cls, value: str) -> str:
        if value == "root":
            raise ValueError("Must not be root")
        return value


def application() -> FastAPI:
    app = FastAPI()
    install_error_handlers(app)

    @app.put("/settings")
    async def put(settings: Settings, dry: Annotated[bool, Query()] = False) -> None:
        raise Conflict(f"Not now, {settings.priority}, {dry}.")

    @app.get("/broken")
    async def broken() -> None:
        raise RuntimeError("the secret inside")

    @app.get("/unmapped")
    async def unmapped() -> None:
        raise AIEngineError("An exchange failed.")

    @app.get("/teapot")
    async def teapot() -> None:
        raise HTTPException(418, "Short and stout.", {"x-tea": "yes"})

    return app


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(application(), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        yield client


def said(answer: httpx.Response) -> dict[str, Any]:
    error: dict[str, Any] = answer.json()["error"]
    assert set(answer.json()) == {"error"}
    assert set(error) == {"message", "type", "param", "code"}
    return error


async def test_a_routes_own_error_goes_through_the_table(client: httpx.AsyncClient) -> None:
    answer = await client.put("/settings", json={"priority": 1})
    assert answer.status_code == 409
    assert said(answer)["message"] == "Not now, 1, False."


async def test_an_unknown_url_is_a_404_in_our_shape(client: httpx.AsyncClient) -> None:
    answer = await client.get("/nowhere")
    assert answer.status_code == 404
    assert said(answer)["code"] == "not_found"
    assert answer.headers["x-should-retry"] == "false"


async def test_an_unknown_method_is_a_405_that_says_which_there_are(client: httpx.AsyncClient) -> None:
    answer = await client.get("/settings")
    assert answer.status_code == 405
    assert answer.headers["allow"] == "PUT"
    assert said(answer)["message"] == "/settings does not support GET; it supports PUT."


async def test_a_wrong_field_is_a_400_that_names_it(client: httpx.AsyncClient) -> None:
    answer = await client.put("/settings", json={"priority": "soon"})
    assert answer.status_code == 400
    error = said(answer)
    assert error["param"] == "priority"
    assert error["message"].startswith("priority is invalid: input should be a valid integer")
    assert "soon" not in error["message"]


async def test_a_validators_own_words_are_kept(client: httpx.AsyncClient) -> None:
    answer = await client.put("/settings", json={"priority": 1, "name": "root"})
    assert said(answer)["message"] == "name is invalid: must not be root."


async def test_a_wrong_query_parameter_is_named_as_well(client: httpx.AsyncClient) -> None:
    assert said(await client.put("/settings?dry=perhaps", json={"priority": 1}))["param"] == "dry"


async def test_a_body_that_is_not_json_is_a_400(client: httpx.AsyncClient) -> None:
    answer = await client.put("/settings", content=b'{"priority": ', headers={"content-type": "application/json"})
    assert answer.status_code == 400
    assert said(answer) == {
        "message": "The body is not valid JSON.",
        "type": "invalid_request_error",
        "param": None,
        "code": "invalid_json",
    }


async def test_a_missing_body_is_a_400(client: httpx.AsyncClient) -> None:
    answer = await client.put("/settings")
    assert answer.status_code == 400
    assert said(answer)["message"] == "The body is invalid: field required."


async def test_an_uncaught_exception_is_a_500_without_detail(client: httpx.AsyncClient) -> None:
    answer = await client.get("/broken")
    assert answer.status_code == 500
    assert "secret" not in answer.text
    assert said(answer)["code"] == "internal_error"


async def test_an_error_without_a_status_of_its_own_is_logged(
    client: httpx.AsyncClient, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR, "ai_engine"):
        assert (await client.get("/unmapped")).status_code == 500
    assert caplog.records[0].exc_info is not None


async def test_a_librarys_http_exception_keeps_status_and_headers(client: httpx.AsyncClient) -> None:
    answer = await client.get("/teapot")
    assert answer.status_code == 418
    assert answer.headers["x-tea"] == "yes"
    assert said(answer)["message"] == "Short and stout."
