import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from ai_engine.client_api.messages.errors import THREAD_UNSUPPORTED, error_answer, error_events, is_asked_for
from ai_engine.errors import (
    AIEngineError,
    AttemptsFailed,
    BodyTooLarge,
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
    UnsupportedByProvider,
    UnsupportedMediaType,
)
from ai_engine.web.errors import error_answer as in_openai_shape
from ai_engine.web.errors import install_error_handlers
from ai_engine.wire.sse import encode_events
from tests.client_api.messages.message_reader import events_in

pytestmark = pytest.mark.anyio


def refused(status: int, kind: str | None = None, code: str | None = None, message: str = "m") -> RefusedByProvider:
    return RefusedByProvider(message, status=status, kind=kind, param=None, code=code)


@pytest.mark.parametrize(
    ("error", "status", "kind"),
    [
        (InvalidRequest("m"), 400, "invalid_request_error"),
        (UnsupportedByProvider("m"), 400, "invalid_request_error"),
        (NotAuthenticated("m"), 401, "authentication_error"),
        (NotPermitted("m"), 403, "permission_error"),
        (NotFound("m"), 404, "not_found_error"),
        (ModelNotFound("m"), 404, "not_found_error"),
        (MethodNotAllowed("m", allowed=["POST"]), 405, "invalid_request_error"),
        (Conflict("m"), 409, "conflict_error"),
        (BodyTooLarge("m"), 413, "request_too_large"),
        (UnsupportedMediaType("m"), 415, "invalid_request_error"),
        (RateLimited("m"), 429, "rate_limit_error"),
        (AIEngineError("m"), 500, "api_error"),
        (AttemptsFailed("m"), 502, "api_error"),
        (NoRouteAvailable("m"), 503, "overloaded_error"),
        (NoProviderConfigured("m"), 503, "api_error"),
        (DeadlineExceeded("m"), 504, "timeout_error"),
        (RequestLoop("m"), 508, "api_error"),
        (refused(422), 422, "invalid_request_error"),
        (refused(402), 402, "billing_error"),
        (refused(400, "billing_error"), 400, "billing_error"),
        (refused(400, "BadRequestError"), 400, "invalid_request_error"),
    ],
)
def test_every_error_has_its_type(error: AIEngineError, status: int, kind: str) -> None:
    given, headers, body = error_answer(error, "req-1")
    assert given == status
    assert json.loads(body) == {"type": "error", "error": {"type": kind, "message": "m"}, "request_id": "req-1"}
    assert {(b"x-request-id", b"req-1"), (b"request-id", b"req-1"), (b"content-length", b"%d" % len(body))} <= set(headers)
    _, others, _ = in_openai_shape(error, "req-1")
    assert {header for header in headers if header[0] in (b"retry-after", b"x-should-retry", b"allow", b"www-authenticate")} == {
        header for header in others if header[0] in (b"retry-after", b"x-should-retry", b"allow", b"www-authenticate")
    }


def message_of(error: AIEngineError) -> Any:
    return json.loads(error_answer(error, None)[2])["error"]["message"]


def test_the_field_that_is_wrong_stands_in_the_message() -> None:
    assert message_of(InvalidRequest("It must be a number.", param="top_p")) == "top_p: It must be a number."
    assert message_of(InvalidRequest("top_p must be a number.", param="top_p")) == "top_p must be a number."


def test_claude_code_sees_that_its_prompt_is_too_long() -> None:
    too_long = refused(400, "invalid_request_error", "context_length_exceeded", "This model has 128000 tokens at most.")
    assert message_of(too_long) == "prompt is too long: This model has 128000 tokens at most."


def test_a_thread_is_refused_with_the_code_at_which_sdks_continue_without_one() -> None:
    error = InvalidRequest("thread is no field of ours.", param="thread", code=THREAD_UNSUPPORTED)
    details = json.loads(error_answer(error, None)[2])["error"]["details"]
    assert details == {"error_code": "thread_unsupported_request", "unsupported": ["thread"]}


def test_no_message_has_a_secret() -> None:
    assert "sk-proj-" + "a" * 40 not in message_of(InvalidRequest("Key sk-proj-" + "a" * 40 + " is wrong."))


def test_an_error_inside_a_stream_is_an_event() -> None:
    (event,) = events_in(encode_events(error_events(AttemptsFailed("It broke."))))
    assert event == {"type": "error", "error": {"type": "api_error", "message": "It broke."}}


@pytest.mark.parametrize(
    ("path", "headers", "is_theirs"),
    [
        ("/v1/messages", [], True),
        ("/v1/messages/count_tokens", [], True),
        ("/v1/messages/batches", [], True),
        ("/v1/messagesx", [], False),
        ("/v1/models", [], False),
        ("/v1/models/a/b", [(b"anthropic-version", b"2023-06-01")], True),
        ("/v1/chat/completions", [(b"anthropic-version", b"2023-06-01")], False),
    ],
)
def test_who_reads_this_shape(path: str, headers: Any, is_theirs: bool) -> None:
    assert is_asked_for({"path": path, "headers": headers}) is is_theirs


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    app = FastAPI(openapi_url=None)
    install_error_handlers(app, others=[(is_asked_for, error_answer)])

    @app.post("/v1/messages")
    async def create(number: int) -> int:
        raise NoRouteAvailable("m", retry_after_seconds=number)

    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://testserver") as client:
        yield client


@pytest.mark.parametrize(
    ("method", "path", "status", "kind"),
    [
        ("GET", "/v1/messages", 405, "invalid_request_error"),
        ("POST", "/v1/messages/batches", 404, "not_found_error"),
        ("POST", "/v1/messages?number=x", 400, "invalid_request_error"),
        ("POST", "/v1/messages?number=2", 503, "overloaded_error"),
    ],
)
async def test_the_router_answers_in_it_too(client: httpx.AsyncClient, method: str, path: str, status: int, kind: str) -> None:
    answer = await client.request(method, path)
    assert answer.status_code == status
    assert answer.json()["type"] == "error"
    assert answer.json()["error"]["type"] == kind


async def test_elsewhere_the_shape_is_openais(client: httpx.AsyncClient) -> None:
    assert (await client.get("/v1/nothing")).json()["error"]["code"] == "not_found"
