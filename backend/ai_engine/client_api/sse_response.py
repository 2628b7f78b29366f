"""A streamed answer to the client: holds the status back until an answer begins, and keeps the connection alive."""

import asyncio
from collections.abc import Callable

from ai_engine.errors import AIEngineError
from ai_engine.web.errors import HeaderList
from ai_engine.web.middleware import Send

SILENCE_SECONDS = 15
"""After this without a byte the status is committed and a comment is sent."""

_KEEP_ALIVE = b": keep-alive\n\n"
_HEADERS: HeaderList = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-cache"),
    (b"x-accel-buffering", b"no"),
]


class SseResponse:
    """One SSE response; the relay's `Client`.

    `begin` sends the status and headers once an answer has begun. After `SILENCE_SECONDS` without one, the stream begins without
    headers about the answer; from then on errors are events. There is one timer for the whole stream: events only note the time.
    """

    def __init__(self, send: Send, status_for: Callable[[AIEngineError], int], silence_seconds: float = SILENCE_SECONDS) -> None:
        """`status_for` returns the status of an error before the first event."""
        self._send = send
        self.status_for = status_for
        self._silence_seconds = silence_seconds
        self._loop = asyncio.get_running_loop()
        self._written_at = self._loop.time()
        self._timer = self._loop.call_later(silence_seconds, self._ring)
        self._keeping_alive: asyncio.Task[None] | None = None
        self._has_started = False
        self.committed_status: int | None = None

    def _ring(self) -> None:
        silent_for = self._loop.time() - self._written_at
        if silent_for >= self._silence_seconds:
            silent_for = 0
            if self._keeping_alive is None or self._keeping_alive.done():
                self.committed_status = 200  # decided now: an error in this turn of the loop is an event already
                self._keeping_alive = self._loop.create_task(self._keep_alive())
        self._timer = self._loop.call_later(self._silence_seconds - silent_for, self._ring)

    async def _keep_alive(self) -> None:
        await self.begin([])
        await self.write(_KEEP_ALIVE)

    async def begin(self, about: HeaderList) -> None:
        """Commits status 200, with the headers `about` the answer; does nothing if the stream has begun."""
        if not self._has_started:
            self._has_started, self.committed_status = True, 200
            await self._send({"type": "http.response.start", "status": 200, "headers": [*_HEADERS, *about]})

    async def write(self, events: bytes) -> None:
        """Sends whole events, and waits while the client does not read. Empty input is ignored."""
        if not events:
            return
        self._written_at = self._loop.time()
        await self._send({"type": "http.response.body", "body": events, "more_body": True})

    async def end(self, events: bytes) -> None:
        """Sends the last events and completes the response."""
        await self.stop()
        await self._send({"type": "http.response.body", "body": events, "more_body": False})

    async def stop(self) -> None:
        """Stops the keep-alives, after a comment that is being sent."""
        self._timer.cancel()
        if self._keeping_alive is not None:
            await asyncio.wait([self._keeping_alive])
            if not self._keeping_alive.cancelled():
                self._keeping_alive.exception()  # the client is gone, which the next `send` says as well
