"""The guard at every route: hot endpoints call `Guard.admit` themselves, all others declare `requires(Role.…)`."""

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

_ANYONE = Caller(Role.PUBLIC, "anyone", None)
_LOCAL = Caller(Role.ADMIN, "local", None)

_COOKIE = COOKIE.encode()
_UNKNOWN_KEY = "The key that came with this request is not one of this gateway's."

_REMEMBERED_HOSTS = 256
"""The same few names come with every request."""


class Guard:
    """Decides about every request (`docs/security.md`).

    *Open mode*, listening on loopback with no admin key configured or issued: whoever is on this machine is admin, and no web
    page is. *Keyed mode*, otherwise: a key decides; pages of other sites have none, so that nothing else need be asked. Our own
    pages come with a session's cookie instead, which browsers send by themselves: there, who asks is looked at as well.
    """

    def __init__(self, settings: Settings, issued: Iterable[AccessKey] = (), sessions: Sessions | None = None) -> None:
        """Raises `ConfigurationError` where open mode would be open to the web."""
        self._sessions = sessions
        self._is_on_loopback = settings.is_on_loopback
        self._issued = tuple(issued)
        self.apply(settings)

    def apply(self, settings: Settings) -> None:
        """Takes over reloaded settings, but not the host, which needs a restart. Raises as the constructor, changing nothing."""
        ring = KeyRing(settings.admin_key, settings.viewer_key, self._issued)
        is_open = self._is_on_loopback and not ring.has_admin
        if is_open and "*" in settings.cors_origins:
            raise ConfigurationError(
                'AI_ENGINE_CORS_ORIGINS is not usable: without an admin key, "*" would let every web page drive this gateway; '
                "list the origins, or set AI_ENGINE_ADMIN_KEY."
            )
        self._settings = settings
        self._ring = ring
        self.is_open = is_open
        self._allowed_hosts = frozenset(host.lower().strip("[]") for host in settings.allowed_hosts)
        self._origins = frozenset(origin.encode() for origin in settings.cors_origins)
        self._admin_networks = Networks(settings.admin_allowed_ips) if settings.admin_allowed_ips else None

    def refuse_unsafe(self, settings: Settings) -> None:
        """Raises what `apply` would raise, and changes nothing."""
        Guard(settings, self._issued)

    def replace_issued(self, issued: Iterable[AccessKey]) -> None:
        """Knows these stored keys from now on, and no others."""
        self._issued, before = tuple(issued), self._issued
        try:
            self.apply(self._settings)
        except ConfigurationError:
            self._issued = before
            raise

    def admit(self, scope: MutableMapping[str, Any], role: Role) -> Caller:
        """Who is calling, if they may.

        Raises:
            NotAuthenticated: a key is needed, and none came or one that nobody knows.
            NotPermitted: the key is for other routes, or the request comes from where it may not.
        """
        if role is Role.PUBLIC:
            return _ANYONE
        if self.is_open:
            self._check_origin(scope)
            caller = _LOCAL
        else:
            caller = self._identify(scope)
            if not covers(caller.role, role):
                raise NotPermitted(f"This key is a {caller.role.name.lower()}'s; this needs {_article(role)} key.")
        self._check_network(scope, caller)
        return caller

    def recognise(self, scope: MutableMapping[str, Any], key: bytes) -> tuple[Caller, str]:
        """Whose key it is that somebody signs in with, and its hash. Raises as `admit`."""
        key_hash = hashlib.sha256(key).hexdigest()
        caller = self._ring.holder_of(key_hash)
        if caller is None:
            raise NotAuthenticated(_UNKNOWN_KEY, param="key")
        if not covers(caller.role, Role.VIEWER):
            raise NotPermitted("This key is a client's, for /v1; the pages need a viewer's or an admin's.")
        self._check_network(scope, caller)
        return caller, key_hash

    def _check_network(self, scope: MutableMapping[str, Any], caller: Caller) -> None:
        if self._admin_networks is not None and caller.role is Role.ADMIN:
            address = client_address_of(scope)
            if address is None or not self._admin_networks.hold(address):
                raise NotPermitted("An admin may not come from this address (AI_ENGINE_ADMIN_ALLOWED_IPS).")

    def _identify(self, scope: MutableMapping[str, Any]) -> Caller:
        came = False
        for name, value in scope["headers"]:
            if name == b"authorization":
                scheme, _, key = value.partition(b" ")
                if scheme.lower() != b"bearer":
                    continue
            elif name == b"x-api-key":
                key = value
            else:
                continue
            came = True
            caller = self._ring.recognise(key.strip())
            if caller is not None:
                return caller
        if came:
            raise NotAuthenticated(_UNKNOWN_KEY)
        session = self.session_of(scope)
        caller = self._ring.holder_of(session.key_hash) if session is not None else None
        if caller is not None:
            self.refuse_other_pages(scope)
            return caller
        raise NotAuthenticated("A key is needed: send it as `Authorization: Bearer …` or `x-api-key`.", code="missing_api_key")

    def session_of(self, scope: MutableMapping[str, Any]) -> Session | None:
        """The session that a request came with, if it came with one that is not over."""
        if self._sessions is None:
            return None
        found = (self._sessions.find(token) for token in session_tokens(scope))
        return next((session for session in found if session is not None), None)

    def refuse_other_pages(self, scope: MutableMapping[str, Any]) -> None:
        """Raises `NotPermitted` for what a page of another origin asks in its visitor's name.

        Browsers send `Origin` with everything that may change something and with a WebSocket's handshake; where they send none,
        as for a picture's address, `Sec-Fetch-Site` tells.
        """
        origins = [value for name, value in scope["headers"] if name == b"origin"]
        hosts = [value for name, value in scope["headers"] if name == b"host"]
        sites = {value.strip().lower() for name, value in scope["headers"] if name == b"sec-fetch-site"}
        if (origins and not (len(hosts) == 1 and _is_own(origins, hosts[0]))) or sites & {b"cross-site", b"same-site"}:
            raise NotPermitted("Only this gateway's own pages may use a session.", code="origin_not_allowed")

    def _check_origin(self, scope: MutableMapping[str, Any]) -> None:
        """Open mode: from this machine, under a name of this machine, and from no web page but our own and listed ones.

        A foreign page that rebinds its name to 127.0.0.1 is stopped by `Host`, one that posts here by `Origin`, one that embeds
        us, where browsers send no `Origin`, by `Sec-Fetch-Site`. A listed origin is another site by nature, and may be.
        """
        address = client_address_of(scope)
        if address is None or not LOOPBACK.hold(address):
            raise NotPermitted("Without an admin key this gateway answers its own machine only; set AI_ENGINE_ADMIN_KEY.")
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
            raise NotPermitted("The Host of this request is not in AI_ENGINE_ALLOWED_HOSTS.", code="host_not_allowed")
        if len(origins) == 1 and origins[0] in self._origins:
            return
        if origins and not _is_own(origins, hosts[0]):
            raise NotPermitted(
                "Pages of this origin may not call this gateway (AI_ENGINE_CORS_ORIGINS).", code="origin_not_allowed"
            )
        if is_cross_site:
            raise NotPermitted("Pages of other sites may not call this gateway.", code="origin_not_allowed")


def _article(role: Role) -> str:
    return "an admin" if role is Role.ADMIN else f"a {role.name.lower()}"


def session_tokens(scope: MutableMapping[str, Any]) -> Iterator[bytes]:
    """What a request's cookies say is a session's token: several where another program of the same host took the name too."""
    for name, value in scope["headers"]:
        if name == b"cookie":
            for cookie in value.split(b";"):
                cookie_name, _, token = cookie.strip().partition(b"=")
                if cookie_name == _COOKIE:
                    yield token


@lru_cache(_REMEMBERED_HOSTS)
def _host_name(host: bytes) -> str:
    """`Host` without its port, in lower case; empty where it is none."""
    text = host.decode("latin-1").strip().lower()
    name, _, port = text[1:].partition("]") if text.startswith("[") else text.partition(":")
    port = port.removeprefix(":")
    return name if not port or (port.isascii() and port.isdigit()) else ""


def _is_own(origins: Sequence[bytes], host: bytes) -> bool:
    """Whether a page that we served asks: same host and port. TLS may end at a proxy in front, so the scheme may differ."""
    scheme, separator, origin_host = origins[0].lower().partition(b"://")
    return len(origins) == 1 and bool(separator) and scheme in (b"http", b"https") and origin_host == host.strip().lower()


class RoleRequired:
    """The dependency behind `requires`. A route's role can be read off it (`declared_role`)."""

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

    It gives the `Caller`.
    """
    return params.Depends(RoleRequired(role))


class GuardedRoute(APIRoute):
    """A route that admits the caller before anything of the body is read. Every router has it: `route_class=GuardedRoute`.

    FastAPI parses the body before it asks any dependency, so that a stranger's broken JSON would be a 400 instead of a 401, and
    his megabytes would be read. The dependency behind `requires` asks a second time, for a microsecond: it gives the `Caller`.
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
    """Who stands behind a request that a guarded route admitted, as the audit tells it."""
    caller: Caller = request.state.caller
    return Actor(
        caller.name, caller.key_id, caller.role.name.lower(), client_address_of(request.scope), request_id_of(request.scope)
    )


def install_guard(app: FastAPI, guard: Guard) -> None:
    """Where `requires` finds the guard."""
    app.state.guard = guard


def declared_roles(route: Any) -> list[Role]:
    """The roles that a route declares, its routers' first; `route` is one of `fastapi.routing.iter_route_contexts(app.routes)`.

    All of them must be satisfied. None means that the route declares nothing: a fault.
    """
    dependant = getattr(route, "dependant", None)
    return [] if dependant is None else _roles_below(dependant)


def _roles_below(dependant: Any) -> list[Role]:
    own = [dependant.call.role] if isinstance(dependant.call, RoleRequired) else []
    return own + [role for each in dependant.dependencies for role in _roles_below(each)]
