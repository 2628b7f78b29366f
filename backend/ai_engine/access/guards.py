"""The guard of every route: hot endpoints call `Guard.admit`, all others declare `requires(Role.…)`."""

import hashlib
from collections.abc import Callable, Coroutine, Iterable, Iterator, MutableMapping, Sequence
from functools import lru_cache
from typing import Any

from fastapi import FastAPI, params
from fastapi.routing import APIRoute
from starlette.requests import HTTPConnection, Request
from starlette.responses import Response

from ai_engine.access.audit import Actor
from ai_engine.access.keys import KeyRing
from ai_engine.access.repository import AccessKey
from ai_engine.access.roles import Caller, covers
from ai_engine.access.sessions import COOKIE, Session, Sessions
from ai_engine.errors import ConfigurationError, NotAuthenticated, NotPermitted
from ai_engine.names import Role
from ai_engine.settings import Settings
from ai_engine.web.client_address import LOOPBACK, Networks
from ai_engine.web.middleware import client_address_of, request_id_of

_ANONYMOUS = Caller(Role.PUBLIC, "anonymous", None)
_LOCAL = Caller(Role.ADMIN, "local", None)

_COOKIE = COOKIE.encode()
_UNKNOWN_KEY = "Invalid key: it is not a key of this gateway."

_CACHED_HOSTS = 256
"""Most requests have one of a few names."""


class Guard:
    """Authorizes every request (`docs/security.md`).

    *Open mode*, on loopback with no admin key configured or issued: programs on this machine are admin, web pages of other
    origins are refused. *Keyed mode*, otherwise: a key is required; pages of other sites have none, so their origin is not
    checked. The gateway's own pages send a session cookie instead, which browsers attach to any request, so there the origin is
    checked.
    """

    def __init__(self, settings: Settings, issued: Iterable[AccessKey] = (), sessions: Sessions | None = None) -> None:
        """Raises `ConfigurationError` if open mode would be open to every web page."""
        self._sessions = sessions
        self._is_on_loopback = settings.is_on_loopback
        self._issued = tuple(issued)
        self.apply(settings)

    def apply(self, settings: Settings) -> None:
        """Applies reloaded settings except the host, which needs a restart. Raises as the constructor, without any change."""
        keys = KeyRing(settings.admin_key, settings.viewer_key, self._issued)
        is_open = self._is_on_loopback and not keys.has_admin
        if is_open and "*" in settings.cors_origins:
            raise ConfigurationError(
                'AI_ENGINE_CORS_ORIGINS is invalid: without an admin key, "*" would give every web page full access; '
                "list the origins, or set AI_ENGINE_ADMIN_KEY."
            )
        self._settings = settings
        self._keys = keys
        self.is_open = is_open
        self._allowed_hosts = frozenset(host.lower().strip("[]") for host in settings.allowed_hosts)
        self._origins = frozenset(origin.encode() for origin in settings.cors_origins)
        self._admin_networks = Networks(settings.admin_allowed_ips) if settings.admin_allowed_ips else None

    def check(self, settings: Settings) -> None:
        """Raises what `apply` would raise, without any change."""
        Guard(settings, self._issued)

    def replace_issued(self, issued: Iterable[AccessKey]) -> None:
        """Replaces the issued keys."""
        self._issued, before = tuple(issued), self._issued
        try:
            self.apply(self._settings)
        except ConfigurationError:
            self._issued = before
            raise

    def admit(self, scope: MutableMapping[str, Any], role: Role) -> Caller:
        """The caller, if it is authorized.

        Raises:
            NotAuthenticated: a key is needed, and none or an unknown one was sent.
            NotPermitted: the key has another role, or the request's address or origin is not allowed.
        """
        if role is Role.PUBLIC:
            return _ANONYMOUS
        if self.is_open:
            self._check_origin(scope)
            caller = _LOCAL
        else:
            caller = self._identify(scope)
            if not covers(caller.role, role):
                raise NotPermitted(
                    f"This route needs the role {role.name.lower()}; the key has the role {caller.role.name.lower()}."
                )
        self._check_network(scope, caller)
        return caller

    def authenticate(self, scope: MutableMapping[str, Any], key: bytes) -> tuple[Caller, str]:
        """The caller of a key that was sent to sign in, and the key's hash. Raises as `admit`."""
        key_hash = hashlib.sha256(key).hexdigest()
        caller = self._keys.caller_of_hash(key_hash)
        if caller is None:
            raise NotAuthenticated(_UNKNOWN_KEY, param="key")
        if not covers(caller.role, Role.VIEWER):
            raise NotPermitted("The pages need a key with the role viewer or admin; this one has the role client.")
        self._check_network(scope, caller)
        return caller, key_hash

    def _check_network(self, scope: MutableMapping[str, Any], caller: Caller) -> None:
        if self._admin_networks is not None and caller.role is Role.ADMIN:
            address = client_address_of(scope)
            if address is None or not self._admin_networks.contains(address):
                raise NotPermitted("Admin keys are not allowed from this address (AI_ENGINE_ADMIN_ALLOWED_IPS).")

    def _identify(self, scope: MutableMapping[str, Any]) -> Caller:
        has_key = False
        for name, value in scope["headers"]:
            if name == b"authorization":
                scheme, _, key = value.partition(b" ")
                if scheme.lower() != b"bearer":
                    continue
            elif name == b"x-api-key":
                key = value
            else:
                continue
            has_key = True
            caller = self._keys.caller_of(key.strip())
            if caller is not None:
                return caller
        if has_key:
            raise NotAuthenticated(_UNKNOWN_KEY)
        session = self.session_of(scope)
        caller = self._keys.caller_of_hash(session.key_hash) if session is not None else None
        if caller is not None:
            self.require_own_origin(scope)
            return caller
        raise NotAuthenticated("Missing key: send it as `Authorization: Bearer …` or `x-api-key`.", code="missing_api_key")

    def session_of(self, scope: MutableMapping[str, Any]) -> Session | None:
        """The request's session, if it has one that has not ended."""
        if self._sessions is None:
            return None
        found = (self._sessions.find(token) for token in session_tokens(scope))
        return next((session for session in found if session is not None), None)

    def require_own_origin(self, scope: MutableMapping[str, Any]) -> None:
        """Raises `NotPermitted` for requests from pages of other origins.

        Browsers send `Origin` with unsafe methods and WebSocket handshakes; for others, such as images, `Sec-Fetch-Site` tells.
        """
        origins = [value for name, value in scope["headers"] if name == b"origin"]
        hosts = [value for name, value in scope["headers"] if name == b"host"]
        sites = {value.strip().lower() for name, value in scope["headers"] if name == b"sec-fetch-site"}
        if (origins and not (len(hosts) == 1 and _is_own(origins, hosts[0]))) or sites & {b"cross-site", b"same-site"}:
            raise NotPermitted("Sessions are accepted from this gateway's own pages only.", code="origin_not_allowed")

    def _check_origin(self, scope: MutableMapping[str, Any]) -> None:
        """Open mode: only requests from this machine, with an allowed `Host`, and not from pages of other origins unless listed.

        `Host` stops DNS rebinding, `Origin` stops pages that post here, and `Sec-Fetch-Site` pages that embed us, for which
        browsers send no `Origin`. Listed origins are cross-site by nature and allowed.
        """
        address = client_address_of(scope)
        if address is None or not LOOPBACK.contains(address):
            raise NotPermitted("Without an admin key, only requests from this machine are allowed; set AI_ENGINE_ADMIN_KEY.")
        hosts: list[bytes] = []
        origins: list[bytes] = []
        is_cross_site = False
        for name, value in scope["headers"]:
            if name == b"host":
                hosts.append(value)
            elif name == b"origin":
                origins.append(value)
            elif name == b"sec-fetch-site" and value.strip().lower() == b"cross-site":
                is_cross_site = True
        if len(hosts) != 1 or _host_name(hosts[0]) not in self._allowed_hosts:
            raise NotPermitted("The Host header is not in AI_ENGINE_ALLOWED_HOSTS.", code="host_not_allowed")
        if len(origins) == 1 and origins[0] in self._origins:
            return
        if origins and not _is_own(origins, hosts[0]):
            raise NotPermitted("The origin of this page is not in AI_ENGINE_CORS_ORIGINS.", code="origin_not_allowed")
        if is_cross_site:
            raise NotPermitted("Cross-site requests are not allowed.", code="origin_not_allowed")


def session_tokens(scope: MutableMapping[str, Any]) -> Iterator[bytes]:
    """The session tokens in a request's cookies: several if another program on this host uses the same cookie name."""
    for name, value in scope["headers"]:
        if name == b"cookie":
            for cookie in value.split(b";"):
                cookie_name, _, token = cookie.strip().partition(b"=")
                if cookie_name == _COOKIE:
                    yield token


@lru_cache(_CACHED_HOSTS)
def _host_name(host: bytes) -> str:
    """`Host` without its port, in lower case; empty if invalid."""
    text = host.decode("latin-1").strip().lower()
    name, _, port = text[1:].partition("]") if text.startswith("[") else text.partition(":")
    port = port.removeprefix(":")
    return name if not port or (port.isascii() and port.isdigit()) else ""


def _is_own(origins: Sequence[bytes], host: bytes) -> bool:
    """Whether the origin has our host and port. TLS may end at a reverse proxy, so the scheme may differ."""
    scheme, separator, origin_host = origins[0].lower().partition(b"://")
    return len(origins) == 1 and bool(separator) and scheme in (b"http", b"https") and origin_host == host.strip().lower()


class RoleRequired:
    """The dependency behind `requires`; `declared_roles` reads a route's roles from it."""

    def __init__(self, role: Role) -> None:
        self.role = role

    async def __call__(self, connection: HTTPConnection) -> Caller:
        guard: Guard = connection.app.state.guard
        return guard.admit(connection.scope, self.role)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, RoleRequired) and other.role is self.role

    def __hash__(self) -> int:
        return hash(self.role)


def requires(role: Role) -> params.Depends:
    """A dependency for a router, a route or a parameter, such as `APIRouter(dependencies=[requires(Role.VIEWER)])`.

    It resolves to the `Caller`.
    """
    return params.Depends(RoleRequired(role))


class GuardedRoute(APIRoute):
    """A route that authorizes the caller before the body is read. Every router uses it: `route_class=GuardedRoute`.

    FastAPI parses the body before it resolves dependencies, so that an unauthorized request with invalid JSON would get 400
    instead of 401, after its body was read. The dependency behind `requires` repeats the check, for a microsecond, to provide the
    `Caller`.
    """

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle, roles = super().get_route_handler(), declared_roles(self)

        async def admit_and_handle(request: Request) -> Response:
            guard: Guard = request.app.state.guard
            for role in roles:
                request.state.caller = guard.admit(request.scope, role)
            return await handle(request)

        return admit_and_handle


def actor_of(request: Request) -> Actor:
    """The caller of an authorized request, for the audit."""
    caller: Caller = request.state.caller
    return Actor(
        caller.name, caller.key_id, caller.role.name.lower(), client_address_of(request.scope), request_id_of(request.scope)
    )


def install_guard(app: FastAPI, guard: Guard) -> None:
    """Sets the guard that `requires` uses."""
    app.state.guard = guard


def declared_roles(route: Any) -> list[Role]:
    """The roles that a route declares, its routers' first; `route` is one of `fastapi.routing.iter_route_contexts(app.routes)`.

    All of them must be satisfied. An empty list is a bug: the route declares no role.
    """
    dependant = getattr(route, "dependant", None)
    return [] if dependant is None else _roles_below(dependant)


def _roles_below(dependant: Any) -> list[Role]:
    own = [dependant.call.role] if isinstance(dependant.call, RoleRequired) else []
    return own + [role for each in dependant.dependencies for role in _roles_below(each)]
