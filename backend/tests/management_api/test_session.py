from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.client_api.refusals import refusal
from tests.fakes.gateway import Gateway, running_gateway

pytestmark = pytest.mark.anyio

ADMIN, VIEWER = "admin-0123456789abcdef", "viewer-0123456789abcdef"
KEYS = {"AI_ENGINE_ADMIN_KEY": ADMIN, "AI_ENGINE_VIEWER_KEY": VIEWER}
ASK = {"model": "anything", "messages": [{"role": "user", "content": "hi"}]}


@pytest.fixture
async def keyed(anyio_backend: str) -> AsyncIterator[Gateway]:
    async with running_gateway(KEYS) as gateway:
        yield gateway


async def sign_in(gateway: Gateway, key: str, **headers: str) -> Any:
    return await gateway.http.post("/api/session", json={"key": key}, headers=headers)


async def test_who_signs_in_goes_on_without_the_key_until_he_signs_out(keyed: Gateway) -> None:
    assert (await keyed.http.get("/api/session")).status_code == 401
    answer = await sign_in(keyed, ADMIN)
    shown = answer.json()
    assert shown.pop("expires_at")
    assert shown == {"role": "admin", "name": "admin key", "access": "keys"}
    assert (await keyed.http.get("/api/session")).json()["role"] == "admin"
    assert (await keyed.http.get("/api/status")).status_code == 200
    assert (await keyed.http.post("/api/providers/openai/toggle")).status_code == 200
    assert (await keyed.http.post("/v1/chat/completions", json=ASK)).status_code in (200, 503)
    cookie = keyed.http.cookies["ai_engine_session"]
    assert (await keyed.http.delete("/api/session")).status_code == 200
    assert "ai_engine_session" not in keyed.http.cookies
    keyed.http.cookies.set("ai_engine_session", cookie)
    assert (await keyed.http.get("/api/status")).status_code == 401
    assert (await keyed.http.delete("/api/session")).status_code == 200


async def test_the_cookie_is_for_this_origin_alone_and_no_script_reads_it(keyed: Gateway) -> None:
    cookie = (await sign_in(keyed, ADMIN)).headers["set-cookie"]
    assert {"HttpOnly", "SameSite=strict", "Path=/"} <= set(cookie.split("; "))
    assert "Secure" not in cookie
    assert ADMIN not in cookie
    host = keyed.http.base_url.netloc.decode()
    assert "Secure" in (await sign_in(keyed, ADMIN, origin=f"https://{host}")).headers["set-cookie"]


async def test_a_viewer_looks_and_neither_changes_nor_spends(keyed: Gateway) -> None:
    assert (await sign_in(keyed, VIEWER)).json()["role"] == "viewer"
    assert (await keyed.http.get("/api/requests")).status_code == 200
    assert (await keyed.http.post("/api/providers/openai/toggle")).status_code == 403
    assert (await keyed.http.post("/v1/chat/completions", json=ASK)).status_code == 403


async def test_a_wrong_key_opens_nothing(keyed: Gateway) -> None:
    answer = await sign_in(keyed, "guessed-0123456789abc")
    assert "set-cookie" not in answer.headers
    assert (answer.status_code, answer.json()["error"]["param"]) == (401, "key")
    assert "guessed" not in answer.text


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({}, "key"),
        ({"key": ""}, "key"),
        ({"key": 1}, "key"),
        ({"key": "x" * 600}, "key"),
        ({"key": "a", "more": 1}, "more"),
        ([], None),
        (None, None),
    ],
)
async def test_what_is_no_sign_in_is_refused_without_repeating_it(keyed: Gateway, body: Any, param: str | None) -> None:
    answer = await keyed.http.post("/api/session", json=body)
    refusal(answer, 400, param=param)
    assert "x" * 20 not in answer.text


async def test_a_field_with_an_endless_name_is_not_repeated_whole(keyed: Gateway) -> None:
    answer = await keyed.http.post("/api/session", json={"key": ADMIN, "x" * 5000: 1})
    refusal(answer, 400, param="x" * 200 + "…")
    assert len(answer.content) < 1000


async def test_pages_of_other_origins_use_nobodys_session(keyed: Gateway) -> None:
    await sign_in(keyed, ADMIN)
    host = keyed.http.base_url.netloc.decode()
    assert (await keyed.http.post("/api/providers/openai/toggle", headers={"origin": f"http://{host}"})).status_code == 200
    for headers in ({"origin": "https://evil.example"}, {"origin": "null"}, {"sec-fetch-site": "same-site"}):
        for method, path in (("POST", "/api/providers/openai/toggle"), ("POST", "/v1/chat/completions"), ("GET", "/api/status")):
            assert (await keyed.http.request(method, path, headers=headers)).status_code == 403
        assert (await sign_in(keyed, ADMIN, **headers)).status_code == 403
        assert (await keyed.http.delete("/api/session", headers=headers)).status_code == 403
    assert (await keyed.http.get("/api/session")).status_code == 200


async def test_a_key_that_comes_with_the_request_counts_before_the_cookie(keyed: Gateway) -> None:
    await sign_in(keyed, ADMIN)
    headers = {"authorization": f"Bearer {VIEWER}"}
    assert (await keyed.http.get("/api/session", headers=headers)).json()["name"] == "viewer key"
    assert (await keyed.http.get("/api/session", headers={"authorization": "Bearer wrong"})).status_code == 401


async def test_half_a_surrogate_pair_is_a_wrong_key_like_any_other(keyed: Gateway) -> None:
    answer = await keyed.http.post("/api/session", content=b'{"key": "\\ud800"}')
    refusal(answer, 401, param="key", code="invalid_api_key")


@pytest.mark.parametrize("cookies", ["{name}=another's; {name}={token}", "{name}={token}; {name}=another's"])
async def test_a_cookie_of_the_same_name_from_another_program_of_this_host_hides_no_session(keyed: Gateway, cookies: str) -> None:
    await sign_in(keyed, ADMIN)
    token = keyed.http.cookies["ai_engine_session"]
    keyed.http.cookies.clear()
    both = {"cookie": cookies.format(name="ai_engine_session", token=token)}

    assert (await keyed.http.get("/api/session", headers=both)).json()["expires_at"] is not None
    assert (await keyed.http.delete("/api/session", headers=both)).status_code == 200
    assert (await keyed.http.get("/api/session", headers={"cookie": f"ai_engine_session={token}"})).status_code == 401


async def test_a_key_that_is_taken_away_takes_its_sessions_with_it(anyio_backend: str) -> None:
    environment = dict(KEYS)
    async with running_gateway(environment) as gateway:
        await sign_in(gateway, VIEWER)
        assert (await gateway.http.get("/api/status")).status_code == 200
        del environment["AI_ENGINE_VIEWER_KEY"]
        await gateway.http.post("/api/config/reload", headers={"authorization": f"Bearer {ADMIN}"})
        assert (await gateway.http.get("/api/status")).status_code == 401


async def test_an_admin_does_not_sign_in_from_where_he_may_not_come(anyio_backend: str) -> None:
    async with running_gateway({**KEYS, "AI_ENGINE_ADMIN_ALLOWED_IPS": '["10.0.0.0/8"]'}) as gateway:
        refusal(await sign_in(gateway, ADMIN), 403, code="not_permitted")
        assert (await sign_in(gateway, VIEWER)).json()["role"] == "viewer"


async def test_in_open_mode_every_local_caller_is_signed_in(anyio_backend: str) -> None:
    async with running_gateway({}) as gateway:
        expected = {"role": "admin", "name": "local", "access": "open", "expires_at": None}
        assert (await gateway.http.get("/api/session")).json() == expected
        answer = await sign_in(gateway, "anything")
        assert (answer.json(), "set-cookie" in answer.headers) == (expected, False)
