import asyncio
import io
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from starlette.requests import Request

from ai_engine.clock import SystemClock
from ai_engine.settings import Settings
from ai_engine.telemetry.logs import Logs, configure
from ai_engine.web.client_address import ClientAddresses
from ai_engine.web.disconnect import ClientDisconnected, Message, Receive
from ai_engine.web.errors import install_error_handlers
from ai_engine.web.middleware import (
    ASGIApp,
    BodyLimit,
    CrossOrigin,
    RequestContext,
    Scope,
    SecurityHeaders,
    Send,
    client_address_of,
    request_id_of,
)
from tests.web.uvicorn_server import exchange, http_scope, serving

pytestmark = pytest.mark.anyio


class LoggedApp:
    """A `RequestContext` around an app, and what it wrote to the log."""

    def __init__(self) -> None:
        self.stream = io.StringIO()
        self.logs: Logs = configure(Settings(), lambda text: text, self.stream)

    def around(self, app: ASGIApp) -> RequestContext:
        clock = SystemClock()
        return RequestContext(app, ClientAddresses(["127.0.0.0/8"]), self.logs.access_log(clock), clock)

    def written(self) -> str:
        self.logs.close()
        return self.stream.getvalue()


@pytest.fixture
def logged() -> Iterator[LoggedApp]:
    logged = LoggedApp()
    yield logged
    logged.logs.close()


async def say_who(scope: Scope, receive: Receive, send: Send) -> None:
    body = f"{request_id_of(scope)} {client_address_of(scope)}".encode()
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/plain")]})
    await send({"type": "http.response.body", "body": body})


async def ask(app: ASGIApp, path: str = "/", method: str = "GET", **arguments: Any) -> httpx.Response:
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        return await client.request(method, path, **arguments)


async def test_every_answer_carries_the_id_that_the_app_saw(logged: LoggedApp) -> None:
    app = logged.around(say_who)
    first, second = await ask(app), await ask(app)
    assert first.headers["x-request-id"] == first.text.split()[0]
    assert first.headers["x-request-id"] != second.headers["x-request-id"]
    assert first.headers["content-type"] == "text/plain"


@pytest.mark.parametrize("sane", ["a", "req_1.B-2", "x" * 128])
async def test_a_sane_inbound_id_is_kept(logged: LoggedApp, sane: str) -> None:
    assert (await ask(logged.around(say_who), headers={"x-request-id": sane})).headers["x-request-id"] == sane


@pytest.mark.parametrize("odd", ["", "x" * 129, "a b", 'a"b', "a/b"])
async def test_an_odd_inbound_id_is_replaced(logged: LoggedApp, odd: str) -> None:
    assert (await ask(logged.around(say_who), headers={"x-request-id": odd})).headers["x-request-id"].startswith("req-")


async def test_an_error_that_names_its_id_names_it_once(logged: LoggedApp) -> None:
    async def refuse(scope: Scope, receive: Receive, send: Send) -> None:
        headers = [(b"x-request-id", request_id_of(scope).encode())]
        await send({"type": "http.response.start", "status": 404, "headers": headers})
        await send({"type": "http.response.body", "body": b""})

    assert len((await ask(logged.around(refuse))).headers.get_list("x-request-id")) == 1


async def test_the_access_line_tells_the_effective_client_and_no_query(logged: LoggedApp) -> None:
    app = logged.around(say_who)
    await ask(app, "/api/status?token=hidden", headers={"x-forwarded-for": "203.0.113.7"})
    assert logged.written() == '203.0.113.7 - "GET /api/status HTTP/1.1" 200\n'


async def test_an_uncaught_error_is_a_500_without_detail_and_a_traceback_in_the_log(logged: LoggedApp) -> None:
    async def fail(scope: Scope, receive: Receive, send: Send) -> None:
        raise RuntimeError("the inside")

    answer = await ask(logged.around(fail))
    written = logged.written()
    assert answer.status_code == 500
    assert answer.json()["error"]["code"] == "internal_error"
    assert "inside" not in answer.text
    assert f"Internal error in request {answer.headers['x-request-id']}." in written
    assert "RuntimeError: the inside" in written
    assert '"GET / HTTP/1.1" 500' in written


async def test_an_error_after_fastapis_own_500_is_logged_once_and_goes_no_further(logged: LoggedApp) -> None:
    app = FastAPI()
    install_error_handlers(app)

    @app.get("/")
    async def fail() -> None:
        raise RuntimeError("the inside")

    async with serving(logged.around(app)) as port:
        answer = await exchange(port, b"GET / HTTP/1.1\r\nhost: localhost\r\n\r\n", until=b"}}")
    assert answer.startswith(b"HTTP/1.1 500")
    assert answer.count(b"x-request-id: ") == 1
    assert logged.written().count("RuntimeError: the inside") == 1


async def test_an_error_within_an_answer_cuts_the_connection(logged: LoggedApp) -> None:
    async def fail_late(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"half", "more_body": True})
        raise RuntimeError("the inside")

    async with serving(logged.around(fail_late)) as port:
        with pytest.raises(asyncio.IncompleteReadError) as cut:
            await exchange(port, b"GET / HTTP/1.1\r\nhost: localhost\r\n\r\n", until=b"0\r\n\r\n")
    assert b"half" in cut.value.partial
    assert "after its response had started" in logged.written()


async def test_a_client_that_is_gone_is_no_error(logged: LoggedApp) -> None:
    async def gone(scope: Scope, receive: Receive, send: Send) -> None:
        raise ClientDisconnected

    async def no_message() -> Message:
        raise AssertionError

    async def no_answer(message: Message) -> None:
        raise AssertionError

    await logged.around(gone)(http_scope(), no_message, no_answer)
    assert logged.written() == '127.0.0.1 - "GET / HTTP/1.1" 499\n'


async def test_without_an_access_log_nothing_is_written(logged: LoggedApp) -> None:
    quiet = RequestContext(say_who, ClientAddresses([]), None, SystemClock())
    assert (await ask(quiet)).status_code == 200
    assert logged.written() == ""


async def test_a_websocket_gets_its_id_and_client_too(logged: LoggedApp) -> None:
    seen: list[tuple[str, str | None]] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        seen.append((request_id_of(scope), client_address_of(scope)))

    async def receive() -> Message:
        return {"type": "websocket.connect"}

    async def send(message: Message) -> None: ...

    await logged.around(app)(http_scope() | {"type": "websocket"}, receive, send)
    assert seen[0][0].startswith("req-")
    assert seen[0][1] == "127.0.0.1"


@pytest.mark.parametrize(
    ("first_answer", "status"),
    [
        ({"type": "websocket.accept"}, 101),
        ({"type": "websocket.http.response.start", "status": 401}, 401),
        ({"type": "websocket.close"}, 403),
    ],
)
async def test_a_handshake_has_its_line_and_its_answer_the_id(
    logged: LoggedApp, first_answer: dict[str, Any], status: int
) -> None:
    sent: list[Message] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send(first_answer)
        await send({"type": "websocket.send", "text": "a message over the open connection is not logged"})

    async def receive() -> Message:
        return {"type": "websocket.connect"}

    async def send(message: Message) -> None:
        sent.append(message)

    await logged.around(app)(http_scope() | {"type": "websocket"}, receive, send)
    assert logged.written() == f'127.0.0.1 - "GET / HTTP/1.1" {status}\n'
    names = [name for name, _ in sent[0].get("headers", ())]
    assert names == ([] if first_answer["type"] == "websocket.close" else [b"x-request-id"])
    assert "headers" not in sent[1]


async def test_only_answers_outside_v1_carry_security_headers() -> None:
    app = SecurityHeaders(say_who)
    api = (await ask(app, "/api/status")).headers
    assert (api["x-content-type-options"], api["referrer-policy"], api["x-frame-options"]) == ("nosniff", "no-referrer", "DENY")
    assert "content-security-policy" not in api
    assert "x-frame-options" not in (await ask(app, "/v1/models")).headers
    for page in ("/docs", "/redoc"):
        policy = (await ask(app, page)).headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "http" not in policy


LISTED = {"origin": "https://app.example"}


async def test_a_listed_origin_may_read_our_headers_and_others_may_not() -> None:
    app = CrossOrigin(say_who, ("https://app.example",))
    headers = (await ask(app, headers=LISTED)).headers
    assert headers["access-control-allow-origin"] == "https://app.example"
    assert "x-ratelimit-remaining-tokens" in headers["access-control-expose-headers"]
    assert "access-control-allow-origin" not in (await ask(app, headers={"origin": "https://evil.example"})).headers
    assert "access-control-expose-headers" not in (await ask(app)).headers


async def test_a_preflight_is_answered_for_a_listed_origin() -> None:
    app = CrossOrigin(say_who, ("https://app.example",))
    asked = {"access-control-request-method": "DELETE", "access-control-request-headers": "authorization"}
    answer = await ask(app, method="OPTIONS", headers=LISTED | asked)
    assert answer.status_code == 200
    assert "authorization" in answer.headers["access-control-allow-headers"]
    assert (await ask(app, method="OPTIONS", headers=asked | {"origin": "https://evil.example"})).status_code == 400


async def test_without_origins_there_is_no_cors() -> None:
    answer = await ask(CrossOrigin(say_who, ()), headers=LISTED)
    assert "access-control-allow-origin" not in answer.headers


def limited() -> BodyLimit:
    app = FastAPI()
    install_error_handlers(app)

    @app.post("/")
    async def count(body: dict[str, str]) -> int:
        return len(body)

    @app.post("/raw")
    async def raw(request: Request) -> int:
        return len(await request.body())

    return BodyLimit(app, 100)


async def test_a_body_over_the_limit_is_a_413_in_our_shape_with_and_without_a_length() -> None:
    async def endless() -> Any:
        for _ in range(50):
            yield b"x" * 10

    for path in ("/", "/raw"):
        for content in (b"x" * 101, endless()):
            answer = await ask(limited(), path, "POST", content=content, headers={"content-type": "application/json"})
            assert answer.status_code == 413
            assert answer.json()["error"]["code"] == "request_too_large"
            assert "AI_ENGINE_MAX_REQUEST_SIZE" in answer.json()["error"]["message"]
            assert answer.headers["x-should-retry"] == "false"


@pytest.mark.parametrize(("path", "limit"), [("/api/session", 8192), ("/api/models/refresh", 1024 * 1024)])
@pytest.mark.parametrize("has_length", [True, False])
async def test_what_operators_send_is_small_and_what_strangers_send_smaller(path: str, limit: int, has_length: bool) -> None:
    async def in_pieces() -> Any:
        for _ in range(limit // 1024 + 1):
            yield b"x" * 1024

    reading = FastAPI()
    install_error_handlers(reading)

    @reading.post(path)
    async def read(request: Request) -> int:
        return len(await request.body())

    bounded = BodyLimit(reading, 10 * 1024 * 1024)
    answer = await ask(bounded, path, "POST", content=b"x" * (limit + 1) if has_length else in_pieces())
    assert answer.status_code == 413
    assert answer.json()["error"]["message"] == f"The request body is larger than {limit} bytes, the limit of this route."
    assert (await ask(bounded, path, "POST", content=b"x" * limit)).json() == limit


async def test_a_body_within_the_limit_passes() -> None:
    assert (await ask(limited(), "/", "POST", json={"a": "b"})).json() == 1
