"""`/api/session`: sign in to the pages with a key, who am I, sign out."""

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
    """A key that may read `/api`: an admin's or a viewer's."""

    model_config = ConfigDict(extra="forbid")

    key: SecretStr = Field(min_length=1, max_length=512, examples=["aie_…"])


class SignedOut(BaseModel):
    """The session is over."""

    signed_out: Literal[True] = True


class SessionView(BaseModel):
    """Who the pages act for."""

    role: Literal["viewer", "admin"]
    name: str = Field(description="The key's name; `local` where none is needed.", examples=["admin key"])
    access: Literal["open", "keys"] = Field(description="`open`: this gateway asks nobody on its own machine for a key.")
    expires_at: datetime | None = Field(description="When to sign in again; `null` for whoever did not come with a session.")


@router.post("", summary="Sign in with a key", dependencies=[requires(Role.PUBLIC)])
async def sign_in(request: Request, response: Response, body: SignIn, guard: TheGuard, sessions: TheSessions) -> SessionView:
    """Answers with a cookie that no script can read and no other site can use. Where no key is needed, it answers without one."""
    guard.refuse_other_pages(request.scope)
    if guard.is_open:
        return _view(guard.admit(request.scope, Role.VIEWER), guard, None)
    # JSON may hold half of a surrogate pair, which is no UTF-8; no key holds one either.
    key = body.key.get_secret_value().strip().encode(errors="surrogatepass")
    caller, key_hash = guard.recognise(request.scope, key)
    token, session = await sessions.open(key_hash)
    _log.info("%s signed in to the pages from %s", caller.name, client_address_of(request.scope))
    response.set_cookie(
        COOKIE,
        token,
        max_age=int(LIFETIME.total_seconds()),
        httponly=True,
        samesite="strict",
        # TLS may end at a proxy in front; the page's own address says how the browser came.
        secure=request.headers.get("origin", "").startswith("https://"),
    )
    return _view(caller, guard, session.expires_at)


@router.get("", summary="Who am I")
async def show_session(request: Request, caller: Annotated[Caller, requires(Role.VIEWER)], guard: TheGuard) -> SessionView:
    """401 where a key is needed and none came, so that the pages ask for one only there."""
    session = guard.session_of(request.scope)
    return _view(caller, guard, session.expires_at if session is not None else None)


@router.delete("", summary="Sign out", dependencies=[requires(Role.PUBLIC)])
async def sign_out(request: Request, response: Response, guard: TheGuard, sessions: TheSessions) -> SignedOut:
    """Ends the session here, and takes the cookie back. To sign out twice is no fault."""
    guard.refuse_other_pages(request.scope)
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
