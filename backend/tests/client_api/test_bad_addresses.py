import asyncio
import re

import httpx
import pytest

from tests.client_api.refusals import refusal
from tests.fakes.gateway import Gateway, chat_body
from tests.patience import PATIENCE_SECONDS

pytestmark = pytest.mark.anyio

HOT = ("/v1/chat/completions", "/v1/embeddings")
READ = (
    "/v1/models",
    "/v1/models/tiny",
    "/api/status",
    "/api/providers",
    "/api/providers/alpha/models",
    "/health",
    "/openapi.json",
)
CHANGE = ("/api/providers/alpha/test", "/api/providers/alpha/toggle", "/api/providers/alpha/roll-key", "/api/config/reload")


async def exchange(gateway: Gateway, request: bytes) -> tuple[int, dict[str, str], bytes]:
    """Status, headers and body of the answer to bytes that no client library would send."""
    reader, writer = await asyncio.open_connection("127.0.0.1", gateway.port)
    try:
        writer.write(request)
        head = (await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), PATIENCE_SECONDS)).decode("latin-1")
        first, *lines = head.rstrip().split("\r\n")
        headers = dict(re.split(r": ?", line, maxsplit=1) for line in lines)
        body = await asyncio.wait_for(reader.readexactly(int(headers.get("content-length", "0"))), PATIENCE_SECONDS)
        return int(first.split()[1]), headers, body
    finally:
        writer.close()
        await writer.wait_closed()


async def ask_for(gateway: Gateway, target: bytes, method: bytes = b"GET") -> httpx.Response:
    status, headers, body = await exchange(
        gateway, b"%s %s HTTP/1.1\r\nhost: localhost:%d\r\ncontent-length: 0\r\n\r\n" % (method, target, gateway.port)
    )
    return httpx.Response(status, headers=headers, content=body)


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"])
@pytest.mark.parametrize("path", HOT + CHANGE)
async def test_another_method_than_post_is_a_405_that_says_so(gateway: Gateway, path: str, method: str) -> None:
    answer = await gateway.http.request(method, path)
    refusal(answer, 405, code="method_not_allowed")
    assert answer.headers["allow"] == "POST"


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
@pytest.mark.parametrize("path", READ)
async def test_another_method_than_get_is_a_405_that_says_so(gateway: Gateway, path: str, method: str) -> None:
    answer = await gateway.http.request(method, path)
    refusal(answer, 405, code="method_not_allowed")
    assert answer.headers["allow"] == "GET"


@pytest.mark.parametrize("path", HOT + READ)
async def test_head_is_a_405_without_a_body(gateway: Gateway, path: str) -> None:
    answer = await gateway.http.head(path)
    assert (answer.status_code, answer.content) == (405, b"")
    assert answer.headers["allow"] in {"GET", "POST"}
    assert answer.headers["x-request-id"]


async def test_every_method_of_a_url_with_several_routes_is_named(gateway: Gateway) -> None:
    answer = await gateway.http.delete("/api/autodecide/test")
    refusal(answer, 405)
    assert answer.headers["allow"] == "GET, POST"


@pytest.mark.parametrize(
    "target",
    [
        b"/",
        b"/nowhere",
        b"/v1",
        b"/v1/",
        b"/api",
        b"/v1/chat",
        b"/v1/chat/completions/",
        b"/v1/embeddings/",
        b"/v1/models/",
        b"//v1/chat/completions",
        b"/v1//chat/completions",
        b"/v1/chat/completions/../completions",
        b"/V1/chat/completions",
        b"/v1/chat/completions%00",
        b"/v1/chat/completions%0d%0ax-evil:%201",
        b"/v1/chat/completions;a=b",
        b"/%ff%fe",
        b"/%ed%a0%80",
        b"/%zz",
        b"/%",
        b"/api/providers/",
        b"/api/providers/..%2f..",
        b"/api/providers/alpha%2Fx",
        b"/api/providers/%00",
        b"/docs/",
        b"/docs/assets/..%2f__init__.py",
        b"/docs/assets/%2e%2e/%2e%2e/etc/passwd",
        b"/" + b"x" * 30_000,
    ],
)
async def test_an_address_where_nothing_is_is_a_404(gateway: Gateway, target: bytes) -> None:
    answer = await ask_for(gateway, target)
    error = refusal(answer, 404, param=answer.json()["error"]["param"])
    assert "x-evil" not in answer.headers
    assert len(error["message"]) < 1000


@pytest.mark.parametrize("path", [b"/v1/chat/completions/", b"//v1/chat/completions"])
async def test_a_post_beside_a_hot_path_is_a_404_too(gateway: Gateway, path: bytes) -> None:
    refusal(await ask_for(gateway, path, b"POST"), 404, code="not_found")


async def test_a_hot_path_is_found_however_it_is_encoded_and_whatever_its_query(gateway: Gateway) -> None:
    for path in ("/v1/chat%2Fcompletions", "/v1/%63hat/completions?api-version=1", "/v1/chat/completions?"):
        assert (await gateway.http.post(path, json=chat_body())).status_code == 200


async def test_an_absolute_target_is_understood(gateway: Gateway) -> None:
    assert (await ask_for(gateway, b"http://localhost/v1/models")).status_code == 200


@pytest.mark.parametrize(
    "request_line",
    [b"GET /\xff HTTP/1.1", b"CONNECT localhost:1 HTTP/1.1", b"GET /v1/models HTTP/9.9", b"nonsense", b"GET  HTTP/1.1"],
)
async def test_what_is_no_http_ends_with_a_400_and_the_next_client_is_served(gateway: Gateway, request_line: bytes) -> None:
    status, _, _ = await exchange(gateway, request_line + b"\r\nhost: localhost\r\n\r\n")
    assert status in {400, 404, 405}
    assert (await gateway.http.get("/health")).status_code == 200


@pytest.mark.parametrize("sane", ["a", "req_1.B-2", "x" * 128])
@pytest.mark.parametrize("path", ["/v1/chat/completions", "/api/status", "/nowhere"])
async def test_a_sane_request_id_is_kept(gateway: Gateway, path: str, sane: str) -> None:
    answer = await gateway.http.post(path, json=chat_body(), headers={"x-request-id": sane})
    assert answer.headers.get_list("x-request-id") == [sane]


@pytest.mark.parametrize("odd", [b"", b"x" * 129, b"a b", b'"a"', b"a/b", b"\xff", b"a\tb"])
@pytest.mark.parametrize("path", ["/v1/chat/completions", "/v1/embeddings", "/nowhere"])
async def test_an_odd_request_id_is_replaced(gateway: Gateway, path: str, odd: bytes) -> None:
    answer = await gateway.http.post(path, content=b"", headers=[(b"x-request-id", odd)])
    assert re.fullmatch(r"req-[0-9a-f]+-[0-9a-f]+", answer.headers["x-request-id"])


async def test_of_two_content_types_each_must_be_json(gateway: Gateway) -> None:
    headers = [("content-type", "application/json"), ("content-type", "text/plain")]
    refusal(await gateway.http.post("/v1/chat/completions", content=b"{}", headers=headers), 415)


async def test_two_lengths_are_refused(gateway: Gateway) -> None:
    head = b"POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\n{}"
    assert (await exchange(gateway, head))[0] == 400


async def test_two_hosts_are_refused(gateway: Gateway) -> None:
    head = b"GET /v1/models HTTP/1.1\r\nhost: localhost\r\nhost: localhost\r\n\r\n"
    assert (await exchange(gateway, head))[0] in {400, 403}


@pytest.mark.parametrize("path", HOT)
async def test_a_line_end_behind_a_hot_path_names_nothing(gateway: Gateway, path: str) -> None:
    body = {"input": "hi", **chat_body()}
    refusal(await gateway.http.post(path + "%0A", json=body), 404)
