"""`/ws`: status, providers and finished requests as they change. `docs/live.md` has the protocol."""

import asyncio
from collections.abc import Coroutine
from typing import Annotated, Any, NamedTuple

from fastapi import APIRouter, Depends
from starlette.exceptions import HTTPException
from starlette.websockets import WebSocket, WebSocketDisconnect

from ai_engine.access.guards import Guard, GuardedRoute, requires
from ai_engine.clock import Clock, SystemClock
from ai_engine.errors import AIEngineError
from ai_engine.management_api.live.feed import Follower, LiveFeed
from ai_engine.names import Role
from ai_engine.web.provide import provided

router = APIRouter(route_class=GuardedRoute)

POLICY_VIOLATION = 1008
MOST_MESSAGES_A_MINUTE = 60
"""From a client. They are read and thrown away; some clients say now and then that they are alive."""

_LONGEST_REASON_BYTES = 123  # what fits into a close frame
_FAREWELL_SECONDS = 1


class Farewell(NamedTuple):
    """Why we end a connection."""

    code: int
    reason: str


@router.websocket("/ws", name="follow_live", dependencies=[requires(Role.VIEWER)])
async def follow_live(
    websocket: WebSocket,
    feed: Annotated[LiveFeed, Depends(provided(LiveFeed))],
    guard: Annotated[Guard, Depends(provided(Guard))],
) -> None:
    """Tells what happens until either side has enough. A handshake is refused as a request would be: 401, 403, 503."""
    with feed.follow(websocket.query_params.get("cursor")) as follower:
        await websocket.accept()
        farewell = await _first_of(
            _tell(websocket, follower, guard, feed.pace.send_seconds),
            _listen(websocket, SystemClock()),
            _watch(websocket, guard, feed.pace.admission_seconds),
        )
    if farewell is not None:
        await _close(websocket, farewell)


@router.get("/ws", include_in_schema=False, dependencies=[requires(Role.VIEWER)])
async def ask_for_upgrade() -> None:
    """A plain request came: by hand, or through a proxy that drops `Upgrade`."""
    raise HTTPException(426, "This is a WebSocket; a proxy in between must pass `Upgrade` on.", {"upgrade": "websocket"})


async def _tell(websocket: WebSocket, follower: Follower, guard: Guard, send_seconds: float) -> Farewell | None:
    """Sends every message, until the client does not take the next one in time, or may not have it any more."""
    while True:
        message = await follower.next_message()
        farewell = _farewell_now(websocket, guard)
        if farewell is not None:
            return farewell
        try:
            async with asyncio.timeout(send_seconds):
                await websocket.send_text(message)
        except (TimeoutError, WebSocketDisconnect):
            return None


async def _watch(websocket: WebSocket, guard: Guard, every_seconds: float) -> Farewell:
    """Waits until the client may not follow any more; without news too, so that a sign-out in another window is noticed."""
    while True:
        await asyncio.sleep(every_seconds)
        farewell = _farewell_now(websocket, guard)
        if farewell is not None:
            return farewell


def _farewell_now(websocket: WebSocket, guard: Guard) -> Farewell | None:
    """Why the client may not have the next message; `None` if it may."""
    try:
        guard.admit(websocket.scope, Role.VIEWER)
    except AIEngineError as error:
        return Farewell(POLICY_VIOLATION, error.message)
    return None


async def _listen(websocket: WebSocket, clock: Clock) -> Farewell | None:
    """Reads what a client that has nothing to say says, until it leaves or says too much."""
    heard, minute_ends_at = 0, clock.monotonic() + 60
    while (await websocket.receive())["type"] != "websocket.disconnect":
        if clock.monotonic() >= minute_ends_at:
            heard, minute_ends_at = 0, clock.monotonic() + 60
        heard += 1
        if heard > MOST_MESSAGES_A_MINUTE:
            return Farewell(POLICY_VIOLATION, "Nothing is to be said here; listen.")
    return None


async def _first_of(*works: Coroutine[Any, Any, Farewell | None]) -> Farewell | None:
    """What the first to end gives; the others are cancelled."""
    tasks = [asyncio.create_task(work) for work in works]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    return done.pop().result()


async def _close(websocket: WebSocket, farewell: Farewell) -> None:
    reason = farewell.reason.encode()[:_LONGEST_REASON_BYTES].decode(errors="ignore")
    try:
        async with asyncio.timeout(_FAREWELL_SECONDS):
            await websocket.close(farewell.code, reason)
    except (TimeoutError, WebSocketDisconnect):
        pass  # it does not listen any more; the server ends the connection
