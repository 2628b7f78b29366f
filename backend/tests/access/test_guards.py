from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Any

import httpx
import pytest
from fastapi import APIRouter, FastAPI
from fastapi.routing import iter_route_contexts
from pydantic import SecretStr

from ai_engine.access.guards import Guard, declared_roles, install_guard, requires
from ai_engine.access.keys import hash_of, new_access_key
from ai_engine.access.repository import AccessKey
from ai_engine.access.roles import Caller
from ai_engine.clock import SystemClock
from ai_engine.errors import ConfigurationError, NotAuthenticated, NotPermitted
from ai_engine.names import Role
from ai_engine.settings import Settings
from ai_engine.web.client_address import ClientAddresses
from ai_engine.web.errors import install_error_handlers
from ai_engine.web.middleware import RequestContext

ADMIN, VIEWER = "admin-0123456789abcdef", "viewer-0123456789abcdef"
KEYED = Settings(host="0.0.0.0", admin_key=SecretStr(ADMIN), viewer_key=SecretStr(VIEWER))
LOCAL = (b"host", b"localhost:8000")
ROLES = (Role.VIEWER, Role.CLIENT, Role.ADMIN)

Header = tuple[bytes, bytes]


def request(*headers: Header, client: str | None = "127.0.0.1") -> dict[str, Any]:
    return {"headers": list(headers), "state": {"client_address": client}}


def bearer(key: str) -> Header:
    return b"authorization", f"Bearer {key}".encode()


def issued(key: str, role: Role) -> AccessKey:
    return AccessKey("id-1", "laptop", role, hash_of(key), datetime(2026, 1, 1, tzinfo=UTC))


def is_admitted(guard: Guard, scope: dict[str, Any], role: Role = Role.CLIENT) -> bool:
    try:
        guard.admit(scope, role)
    except NotPermitted:
        return False
    return True


@pytest.mark.parametrize("role", ROLES)
def test_in_open_mode_callers_on_this_machine_are_admin(role: Role) -> None:
    assert Guard(Settings()).admit(request(LOCAL), role).role is Role.ADMIN


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "::1", "localhost"])
def test_loopback_without_an_admin_key_is_open(host: str) -> None:
    assert Guard(Settings(host=host)).is_open


@pytest.mark.parametrize(
    "settings",
    [
        Settings(host="0.0.0.0"),
        Settings(host="::"),
        Settings(host="gateway.internal"),
        Settings(host="127.0.0.1:80"),
        Settings(admin_key=SecretStr(ADMIN)),
    ],
)
def test_any_other_place_or_an_admin_key_is_not(settings: Settings) -> None:
    assert not Guard(settings).is_open


def test_an_issued_admin_key_closes_open_mode_and_another_key_does_not() -> None:
    assert not Guard(Settings(), [issued("k", Role.ADMIN)]).is_open
    assert Guard(Settings(), [issued("k", Role.CLIENT)]).is_open
    assert Guard(Settings(viewer_key=SecretStr(VIEWER))).is_open


def test_open_mode_ignores_unknown_bearers() -> None:
    assert is_admitted(Guard(Settings()), request(LOCAL, bearer("sk-anything")))


@pytest.mark.parametrize("client", ["192.168.1.5", "10.0.0.1", None, "::ffff:192.168.1.5"])
def test_open_mode_refuses_other_machines_and_unknown_clients(client: str | None) -> None:
    assert not is_admitted(Guard(Settings()), request(LOCAL, client=client))


@pytest.mark.parametrize("host", [b"localhost", b"LOCALHOST:1", b"127.0.0.1:8000", b"[::1]:8000", b"[::1]"])
def test_open_mode_takes_allowed_hosts_at_any_port(host: bytes) -> None:
    assert is_admitted(Guard(Settings()), request((b"host", host)))


@pytest.mark.parametrize(
    "host",
    [b"evil.example", b"localhost.evil.example", b"evil@localhost", b"", b"localhost.", b"\xff", b"127.0.0.1:80@evil.example"],
)
def test_open_mode_refuses_other_hosts(host: bytes) -> None:
    assert not is_admitted(Guard(Settings()), request((b"host", host)))


def test_open_mode_refuses_a_missing_and_a_repeated_host() -> None:
    guard = Guard(Settings())
    assert not is_admitted(guard, request())
    assert not is_admitted(guard, request(LOCAL, LOCAL))


def test_an_operator_may_allow_further_hosts() -> None:
    guard = Guard(Settings(allowed_hosts=("Gateway.Local", "[::1]")))
    assert is_admitted(guard, request((b"host", b"gateway.local:80")))
    assert is_admitted(guard, request((b"host", b"[::1]:80")))
    assert not is_admitted(guard, request(LOCAL))


@pytest.mark.parametrize("origin", [b"http://localhost:8000", b"https://localhost:8000", b"HTTP://LOCALHOST:8000"])
def test_open_mode_takes_its_own_pages(origin: bytes) -> None:
    assert is_admitted(Guard(Settings()), request(LOCAL, (b"origin", origin), (b"sec-fetch-site", b"same-origin")))


@pytest.mark.parametrize(
    "origin", [b"http://evil.example", b"null", b"", b"http://localhost:3000", b"http://localhost", b"ftp://localhost:8000", b"*"]
)
def test_open_mode_refuses_pages_of_other_origins(origin: bytes) -> None:
    assert not is_admitted(Guard(Settings()), request(LOCAL, (b"origin", origin)))


def test_open_mode_refuses_a_repeated_origin() -> None:
    own = (b"origin", b"http://localhost:8000")
    assert not is_admitted(
        Guard(Settings(cors_origins=("http://localhost:8000",))), request(LOCAL, own, (b"origin", b"http://evil"))
    )
    assert not is_admitted(Guard(Settings()), request(LOCAL, own, own))


def test_open_mode_refuses_what_another_site_embeds() -> None:
    assert not is_admitted(Guard(Settings()), request(LOCAL, (b"sec-fetch-site", b"cross-site")))
    assert is_admitted(Guard(Settings()), request(LOCAL, (b"sec-fetch-site", b"none")))


def test_a_listed_origin_is_another_site_and_may() -> None:
    guard = Guard(Settings(cors_origins=("https://app.example",)))
    assert is_admitted(guard, request(LOCAL, (b"origin", b"https://app.example"), (b"sec-fetch-site", b"cross-site")))
    assert not is_admitted(guard, request(LOCAL, (b"origin", b"https://app.example.evil"), (b"sec-fetch-site", b"cross-site")))


def test_a_star_among_the_origins_is_refused_in_open_mode_alone() -> None:
    with pytest.raises(ConfigurationError, match="AI_ENGINE_CORS_ORIGINS"):
        Guard(Settings(cors_origins=("*",)))
    assert not Guard(Settings(cors_origins=("*",), admin_key=SecretStr(ADMIN))).is_open


@pytest.mark.parametrize("guard", [Guard(Settings()), Guard(KEYED)])
def test_public_routes_are_never_blocked(guard: Guard) -> None:
    assert guard.admit(request(client=None), Role.PUBLIC).role is Role.PUBLIC


@pytest.mark.parametrize(
    ("key", "roles"),
    [(ADMIN, ROLES), (VIEWER, (Role.VIEWER,)), ("client-key", (Role.CLIENT,))],
)
def test_each_key_opens_its_own_routes_and_an_admins_all(key: str, roles: Sequence[Role]) -> None:
    guard = Guard(KEYED, [issued("client-key", Role.CLIENT)])
    assert [role for role in ROLES if is_admitted(guard, request(bearer(key)), role)] == list(roles)


@pytest.mark.parametrize(
    "header",
    [
        bearer(ADMIN),
        (b"authorization", b"bearer  " + ADMIN.encode()),
        (b"x-api-key", ADMIN.encode()),
    ],
)
def test_a_key_may_come_in_either_header(header: Header) -> None:
    assert Guard(KEYED).admit(request(header), Role.ADMIN).name == "admin key"


def test_of_two_keys_the_one_that_is_known_counts() -> None:
    assert is_admitted(Guard(KEYED), request(bearer("sk-unknown"), (b"x-api-key", ADMIN.encode())))


@pytest.mark.parametrize("header", [bearer("wrong"), bearer(""), (b"x-api-key", b"\xff")])
def test_an_unknown_key_is_refused(header: Header) -> None:
    with pytest.raises(NotAuthenticated, match="Invalid key"):
        Guard(KEYED).admit(request(header), Role.CLIENT)


@pytest.mark.parametrize("headers", [[], [(b"authorization", b"Basic YTpi")]])
def test_a_missing_key_is_asked_for(headers: list[Header]) -> None:
    with pytest.raises(NotAuthenticated) as refused:
        Guard(KEYED).admit(request(*headers), Role.CLIENT)
    assert refused.value.code == "missing_api_key"


def test_off_loopback_without_any_key_every_request_is_refused() -> None:
    with pytest.raises(NotAuthenticated):
        Guard(Settings(host="0.0.0.0")).admit(request(LOCAL, bearer("")), Role.CLIENT)


def test_a_caller_is_known_by_the_keys_name_and_id() -> None:
    guard = Guard(KEYED, [issued("client-key", Role.CLIENT)])
    assert guard.admit(request(bearer("client-key")), Role.CLIENT) == Caller(Role.CLIENT, "laptop", "id-1")


def test_an_admin_key_is_good_from_allowed_addresses_only() -> None:
    settings = KEYED.model_copy(update={"admin_allowed_ips": ("10.0.0.0/8",)})
    guard = Guard(settings)
    assert is_admitted(guard, request(bearer(ADMIN), client="10.1.2.3"), Role.ADMIN)
    assert not is_admitted(guard, request(bearer(ADMIN), client="203.0.113.7"), Role.ADMIN)
    assert not is_admitted(guard, request(bearer(ADMIN), client=None), Role.ADMIN)
    assert is_admitted(guard, request(bearer(VIEWER), client="203.0.113.7"), Role.VIEWER)


def test_keys_issued_and_revoked_later_take_effect() -> None:
    guard = Guard(KEYED)
    guard.replace_issued([issued("client-key", Role.CLIENT)])
    assert is_admitted(guard, request(bearer("client-key")))
    guard.replace_issued([])
    with pytest.raises(NotAuthenticated):
        guard.admit(request(bearer("client-key")), Role.CLIENT)


def test_a_refused_change_changes_nothing() -> None:
    settings = Settings(cors_origins=("*",))
    key = issued("k", Role.ADMIN)
    guard = Guard(settings, [key])
    with pytest.raises(ConfigurationError):
        guard.replace_issued([])
    assert guard.admit(request(bearer("k")), Role.ADMIN).name == "laptop"
    assert not guard.is_open


def test_a_reload_changes_the_keys_but_not_the_host() -> None:
    guard = Guard(KEYED)
    guard.apply(Settings(host="127.0.0.1", admin_key=SecretStr("another-0123456789")))
    with pytest.raises(NotAuthenticated):
        guard.admit(request(bearer(ADMIN)), Role.ADMIN)
    guard.apply(Settings(host="127.0.0.1"))
    assert not guard.is_open


def test_new_keys_are_long_and_differ() -> None:
    first, second = new_access_key(), new_access_key()
    assert first != second
    assert len(first) == len("aie_") + 32


def application(settings: Settings) -> tuple[FastAPI, RequestContext]:
    app = FastAPI()
    install_error_handlers(app)
    install_guard(app, Guard(settings))
    api = APIRouter(prefix="/api", dependencies=[requires(Role.VIEWER)])

    @api.get("/status")
    async def status() -> str:
        return "ok"

    @api.post("/toggle", dependencies=[requires(Role.ADMIN)])
    async def toggle() -> str:
        return "toggled"

    @app.get("/who")
    async def who(caller: Annotated[Caller, requires(Role.CLIENT)]) -> str:
        return caller.name

    @app.get("/health", dependencies=[requires(Role.PUBLIC)])
    async def health() -> str:
        return "healthy"

    app.include_router(api)
    return app, RequestContext(app, ClientAddresses(settings.trusted_proxies), None, SystemClock())


@pytest.mark.anyio
async def test_routes_declare_their_role_and_it_is_enforced() -> None:
    _, app = application(KEYED)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://gateway.example") as client:

        async def status(method: str, path: str, key: str) -> int:
            return (await client.request(method, path, headers={"authorization": f"Bearer {key}"})).status_code

        assert await status("GET", "/api/status", VIEWER) == 200
        assert await status("POST", "/api/toggle", VIEWER) == 403
        assert await status("GET", "/who", VIEWER) == 403
        assert await status("POST", "/api/toggle", "wrong") == 401
        assert (await client.get("/health")).status_code == 200
        answer = await client.get("/who", headers={"x-api-key": ADMIN})
        assert answer.json() == "admin key"
        refused = await client.get("/api/status")
        assert refused.headers["www-authenticate"] == "Bearer"
        assert refused.json()["error"]["code"] == "missing_api_key"


@pytest.mark.anyio
async def test_a_forwarded_stranger_does_not_pass_for_local() -> None:
    _, app = application(Settings())
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost:8000") as client:
        assert (await client.get("/api/status")).status_code == 200
        for forwarded in ("203.0.113.7", "127.0.0.1, 203.0.113.7", "rubbish"):
            assert (await client.get("/api/status", headers={"x-forwarded-for": forwarded})).status_code == 403
            assert (await client.get("/health", headers={"x-forwarded-for": forwarded})).status_code == 200


def test_every_routes_role_can_be_read() -> None:
    app, _ = application(KEYED)
    declared = {route.path: declared_roles(route) for route in iter_route_contexts(app.routes) if route.path}
    assert declared["/api/status"] == [Role.VIEWER]
    assert declared["/api/toggle"] == [Role.VIEWER, Role.ADMIN]
    assert declared["/health"] == [Role.PUBLIC]
    assert declared["/who"] == [Role.CLIENT]
