"""`/api/session`: sign in to the pages with a key, show the session, sign out."""

import logging
from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel, ConfigDict, Field, SecretStr

from ai_engine.access.guards import Guard, GuardedRoute, requires, session_tokens
from ai_engine.access.roles import Caller
from ai_engine.access.sessions import COOKIE, LIFETIME, Sessions
from ai_engine.names import Role
from ai_engine.web.middleware import client_address_of
from ai_engine.web.provide import provided

router = APIRouter(prefix="/api/session", tags=["Session"], route_class=GuardedRoute)

_log = logging.getLogger("ai_engine")

TheGuard = Annotated[Guard, Depends(provided(Guard))]
TheSessions = Annotated[Sessions, Depends(provided(Sessions))]


class SignIn(BaseModel):
    """A key with the role admin or viewer."""

    model_config = ConfigDict(extra="forbid")

    key: SecretStr = Field(min_length=1, max_length=512, examples=["aie_…"])


class SignedOut(BaseModel):
    """The session has ended."""

    signed_out: Literal[True] = True


class SessionView(BaseModel):
    """The current session."""

    role: Literal["viewer", "admin"]
    name: str = Field(description="The key's name; `local` if no key is needed.", examples=["admin key"])
    access: Literal["open", "keys"] = Field(description="`open`: no key is required on this machine.")
    expires_at: datetime | None = Field(description="When the session expires; `null` without a session.")


@router.post("", summary="Sign in with a key", dependencies=[requires(Role.PUBLIC)])
async def sign_in(request: Request, response: Response, body: SignIn, guard: TheGuard, sessions: TheSessions) -> SessionView:
    """Sets an HttpOnly, SameSite=Strict session cookie. If no key is needed, no cookie is set."""
    guard.require_own_origin(request.scope)
    if guard.is_open:
        return _view(guard.admit(request.scope, Role.VIEWER), guard, None)
    # JSON may contain a lone surrogate, which UTF-8 cannot encode; no key contains one.
    key = body.key.get_secret_value().strip().encode(errors="surrogatepass")
    caller, key_hash = guard.authenticate(request.scope, key)
    token, session = await sessions.open(key_hash)
    _log.info("%s signed in to the pages from %s", caller.name, client_address_of(request.scope))
    response.set_cookie(
        COOKIE,
        token,
        max_age=int(LIFETIME.total_seconds()),
        httponly=True,
        samesite="strict",
        # TLS may end at a reverse proxy; the page's origin tells the scheme that the browser used.
        secure=request.headers.get("origin", "").startswith("https://"),
    )
    return _view(caller, guard, session.expires_at)


@router.get("", summary="Show the session")
async def show_session(request: Request, caller: Annotated[Caller, requires(Role.VIEWER)], guard: TheGuard) -> SessionView:
    """401 if a key is needed and none was sent."""
    session = guard.session_of(request.scope)
    return _view(caller, guard, session.expires_at if session is not None else None)


@router.delete("", summary="Sign out", dependencies=[requires(Role.PUBLIC)])
async def sign_out(request: Request, response: Response, guard: TheGuard, sessions: TheSessions) -> SignedOut:
    """Ends the session and deletes the cookie. Idempotent."""
    guard.require_own_origin(request.scope)
    await sessions.close(session_tokens(request.scope))
    response.delete_cookie(COOKIE, httponly=True, samesite="strict")
    return SignedOut()


def _view(caller: Caller, guard: Guard, expires_at: datetime | None) -> SessionView:
    return SessionView(
        role="admin" if caller.role is Role.ADMIN else "viewer",
        name=caller.name,
        access="open" if guard.is_open else "keys",
        expires_at=expires_at,
    )
