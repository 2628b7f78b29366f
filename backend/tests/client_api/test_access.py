"""Who gets in, asked over the wire: the hot endpoints, which guard themselves, and FastAPI's routes behave alike."""

from collections.abc import AsyncIterator, Mapping

import httpx
import pytest

from tests.client_api.refusals import refusal
from tests.fakes.gateway import Gateway, chat_body, running_gateway

pytestmark = pytest.mark.anyio

ADMIN, VIEWER = "admin-0123456789abcdef", "viewer-0123456789abcdef"
PAGE = "https://page.example"

HOT, MODELS, READ, CHANGE = "/v1/chat/completions", "/v1/models", "/api/status", "/api/config/reload"
GUARDED = [HOT, "/v1/embeddings", MODELS, READ, CHANGE, "/api/autodecide/test", "/docs", "/openapi.json"]
PUBLIC = ["/health", "/health/live", "/health/ready"]


@pytest.fixture(scope="module")
async def opened(anyio_backend: str) -> AsyncIterator[Gateway]:
    async with running_gateway({"AI_ENGINE_CORS_ORIGINS": f'["{PAGE}"]'}) as gateway:
        yield gateway


@pytest.fixture(scope="module")
async def keyed(anyio_backend: str) -> AsyncIterator[Gateway]:
    variables = {"AI_ENGINE_ADMIN_KEY": ADMIN, "AI_ENGINE_VIEWER_KEY": VIEWER, "AI_ENGINE_CORS_ORIGINS": f'["{PAGE}"]'}
    async with running_gateway(variables) as gateway:
        yield gateway


async def ask(gateway: Gateway, path: str, **headers: str) -> httpx.Response:
    """The path with its own method and a sound body; `_` in a header's name stands for `-`."""
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    if path in {HOT, "/v1/embeddings", "/api/autodecide/test"}:
        return await gateway.http.post(path, json=BODIES[path], headers=given)
    return await gateway.http.request("POST" if path == CHANGE else "GET", path, headers=given)


BODIES: Mapping[str, object] = {
    HOT: chat_body(),
    "/v1/embeddings": {"model": "m", "input": "hi"},
    "/api/autodecide/test": {"model": "m"},
}


@pytest.mark.parametrize("path", GUARDED)
async def test_open_mode_serves_its_own_machine_whatever_bearer_it_sends(opened: Gateway, path: str) -> None:
    assert (await ask(opened, path)).status_code == 200
    assert (await ask(opened, path, authorization="Bearer sk-anything")).status_code == 200
    assert (await ask(opened, path, host="localhost")).status_code == 200
    own = {"origin": opened.base_url, "sec_fetch_site": "same-origin"}
    assert (await ask(opened, path, **own)).status_code == 200


FOREIGN: list[dict[str, str]] = [
    {"host": "evil.example"},
    {"host": "localhost.evil.example"},
    {"origin": "https://evil.example"},
    {"origin": "null"},
    {"sec_fetch_site": "cross-site"},
    {"x_forwarded_for": "203.0.113.7"},
    {"x_forwarded_for": "203.0.113.7, 127.0.0.1"},
    {"x_forwarded_for": "unknown"},
]


@pytest.mark.parametrize("path", GUARDED)
@pytest.mark.parametrize("headers", FOREIGN, ids=lambda headers: "=".join(*headers.items()))
async def test_open_mode_refuses_pages_and_machines_that_are_not_its_own(
    opened: Gateway, path: str, headers: dict[str, str]
) -> None:
    error = refusal(await ask(opened, path, **headers), 403)
    assert error["type"] == "permission_error"


async def test_open_mode_believes_a_proxy_on_its_own_machine(opened: Gateway) -> None:
    assert (await ask(opened, HOT, x_forwarded_for="127.0.0.1")).status_code == 200


@pytest.mark.parametrize("path", GUARDED)
async def test_without_a_key_it_is_a_401_that_names_the_header(keyed: Gateway, path: str) -> None:
    answer = await ask(keyed, path)
    error = refusal(answer, 401, code="missing_api_key")
    assert "Authorization: Bearer" in error["message"]
    assert answer.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize("path", GUARDED)
@pytest.mark.parametrize("headers", [{"authorization": "Bearer wrong"}, {"x_api_key": "wrong"}])
async def test_a_wrong_key_is_a_401_that_does_not_repeat_it(keyed: Gateway, path: str, headers: dict[str, str]) -> None:
    error = refusal(await ask(keyed, path, **headers), 401, code="invalid_api_key")
    assert "wrong" not in error["message"]


@pytest.mark.parametrize("path", GUARDED)
async def test_an_admin_may_do_everything_with_either_header(keyed: Gateway, path: str) -> None:
    assert (await ask(keyed, path, authorization=f"Bearer {ADMIN}")).status_code == 200
    assert (await ask(keyed, path, x_api_key=ADMIN)).status_code == 200
    assert (await ask(keyed, path, authorization=f"bearer {ADMIN}", origin="https://evil.example")).status_code == 200


@pytest.mark.parametrize("path", GUARDED)
async def test_a_viewer_reads_and_neither_changes_nor_spends(keyed: Gateway, path: str) -> None:
    answer = await ask(keyed, path, authorization=f"Bearer {VIEWER}")
    if path in {READ, "/docs", "/openapi.json"}:
        assert answer.status_code == 200
    else:
        refusal(answer, 403, code="not_permitted")


@pytest.mark.parametrize("path", PUBLIC)
async def test_health_needs_no_key(opened: Gateway, keyed: Gateway, path: str) -> None:
    for gateway in (opened, keyed):
        for headers in ({}, *FOREIGN, {"authorization": "Bearer wrong"}):
            assert (await ask(gateway, path, **headers)).status_code == 200


@pytest.mark.parametrize("path", [HOT, READ, "/nowhere"])
async def test_a_listed_page_may_ask_first(keyed: Gateway, path: str) -> None:
    headers = {
        "origin": PAGE,
        "access-control-request-method": "POST",
        "access-control-request-headers": "authorization,content-type,x-ai-engine-timeout",
    }
    answer = await keyed.http.options(path, headers=headers)
    assert answer.status_code == 200
    assert answer.headers["access-control-allow-origin"] == PAGE
    assert "POST" in answer.headers["access-control-allow-methods"]
    assert "x-ai-engine-timeout" in answer.headers["access-control-allow-headers"]
    assert "access-control-allow-credentials" not in answer.headers


@pytest.mark.parametrize("path", [HOT, READ])
async def test_a_listed_page_may_read_the_answer_and_what_the_headers_say(keyed: Gateway, path: str) -> None:
    answer = await ask(keyed, path, authorization=f"Bearer {ADMIN}", origin=PAGE)
    assert answer.headers["access-control-allow-origin"] == PAGE
    exposed = answer.headers["access-control-expose-headers"]
    for name in ("x-request-id", "x-ai-engine-provider", "x-should-retry", "retry-after", "server-timing"):
        assert name in exposed


async def test_a_listed_page_may_read_refusals_too(keyed: Gateway) -> None:
    answer = await ask(keyed, HOT, origin=PAGE)
    refusal(answer, 401)
    assert answer.headers["access-control-allow-origin"] == PAGE


@pytest.mark.parametrize("path", [HOT, READ])
async def test_a_listed_page_drives_an_open_gateway(opened: Gateway, path: str) -> None:
    answer = await ask(opened, path, origin=PAGE, sec_fetch_site="cross-site")
    assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (200, PAGE)


@pytest.mark.parametrize("path", [HOT, READ])
async def test_another_page_may_not_ask(keyed: Gateway, path: str) -> None:
    headers = {"origin": "https://evil.example", "access-control-request-method": "POST"}
    answer = await keyed.http.options(path, headers=headers)
    assert answer.status_code == 400
    assert "access-control-allow-origin" not in answer.headers
    assert answer.headers["x-request-id"]
