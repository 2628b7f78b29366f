"""`/ws`: status, providers and finished requests as they change. The protocol is in `docs/live.md`."""

import asyncio
from collections.abc import Coroutine
from typing import Annotated, Any, NamedTuple

from fastapi import APIRouter, Depends
from starlette.exceptions import HTTPException
from starlette.websockets import WebSocket, WebSocketDisconnect

from ai_engine.access.guards import Guard, GuardedRoute, requires
from ai_engine.clock import Clock, SystemClock
from ai_engine.errors import AIEngineError
from ai_engine.management_api.live.feed import LiveFeed, Subscriber
from ai_engine.names import Role
from ai_engine.web.provide import provided
from ai_engine.web.request_head import WEBSOCKET_PATH

router = APIRouter(route_class=GuardedRoute)

POLICY_VIOLATION = 1008
MAX_MESSAGES_PER_MINUTE = 60
"""From a client. They are ignored; some clients send keep-alives."""

_LONGEST_REASON_BYTES = 123  # what fits into a close frame
_CLOSE_SECONDS = 1


class CloseReason(NamedTuple):
    """The close code and reason sent to the client."""

    code: int
    reason: str


@router.websocket(WEBSOCKET_PATH, name="live_updates", dependencies=[requires(Role.VIEWER)])
async def live_updates(
    websocket: WebSocket,
    feed: Annotated[LiveFeed, Depends(provided(LiveFeed))],
    guard: Annotated[Guard, Depends(provided(Guard))],
) -> None:
    """Sends updates until either side closes. A handshake is refused with a status as a request would be: 401, 403, 503."""
    with feed.subscribe(websocket.query_params.get("cursor")) as subscriber:
        await websocket.accept()
        close_reason = await _first_of(
            _send_updates(websocket, subscriber, guard, feed.limits.send_seconds),
            _discard_input(websocket, SystemClock()),
            _recheck_authorization(websocket, guard, feed.limits.recheck_seconds),
        )
    if close_reason is not None:
        await _close(websocket, close_reason)


@router.get(WEBSOCKET_PATH, include_in_schema=False, dependencies=[requires(Role.VIEWER)])
async def upgrade_required() -> None:
    """A plain HTTP request, or a handshake through a proxy that drops `Upgrade`."""
    raise HTTPException(426, "WebSocket handshake required; a proxy in between must forward `Upgrade`.", {"upgrade": "websocket"})


async def _send_updates(websocket: WebSocket, subscriber: Subscriber, guard: Guard, send_seconds: float) -> CloseReason | None:
    """Sends messages until the client does not read one in time or loses its authorization."""
    while True:
        message = await subscriber.next_message()
        close_reason = _authorization_error(websocket, guard)
        if close_reason is not None:
            return close_reason
        try:
            async with asyncio.timeout(send_seconds):
                await websocket.send_text(message)
        except (TimeoutError, WebSocketDisconnect):
            return None


async def _recheck_authorization(websocket: WebSocket, guard: Guard, every_seconds: float) -> CloseReason:
    """Returns when the client loses its authorization, such as by a sign-out in another window."""
    while True:
        await asyncio.sleep(every_seconds)
        close_reason = _authorization_error(websocket, guard)
        if close_reason is not None:
            return close_reason


def _authorization_error(websocket: WebSocket, guard: Guard) -> CloseReason | None:
    """Why the client is not authorized any more; `None` if it is."""
    try:
        guard.admit(websocket.scope, Role.VIEWER)
    except AIEngineError as error:
        return CloseReason(POLICY_VIOLATION, error.message)
    return None


async def _discard_input(websocket: WebSocket, clock: Clock) -> CloseReason | None:
    """Reads and discards the client's messages until it disconnects or sends too many."""
    received, minute_ends_at = 0, clock.monotonic() + 60
    while (await websocket.receive())["type"] != "websocket.disconnect":
        if clock.monotonic() >= minute_ends_at:
            received, minute_ends_at = 0, clock.monotonic() + 60
        received += 1
        if received > MAX_MESSAGES_PER_MINUTE:
            return CloseReason(POLICY_VIOLATION, "Too many messages: this WebSocket only sends.")
    return None


async def _first_of(*works: Coroutine[Any, Any, CloseReason | None]) -> CloseReason | None:
    """The result of the first to finish; the others are cancelled."""
    tasks = [asyncio.create_task(work) for work in works]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    return done.pop().result()


async def _close(websocket: WebSocket, close_reason: CloseReason) -> None:
    reason = close_reason.reason.encode()[:_LONGEST_REASON_BYTES].decode(errors="ignore")
    try:
        async with asyncio.timeout(_CLOSE_SECONDS):
            await websocket.close(close_reason.code, reason)
    except (TimeoutError, WebSocketDisconnect):
        pass  # the client does not respond; the server closes the connection
