"""Detecting clients that disconnect before their response is complete."""

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from types import TracebackType
from typing import Any, Protocol, Self, cast

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]

CHECK_EVERY_SECONDS = 0.025


class ClientDisconnected(Exception):
    """The client closed the connection while its request was being read; no response can be sent."""


class _RequestCycle(Protocol):
    """uvicorn's request cycle; the ASGI `receive` is its bound method."""

    disconnected: bool


class DisconnectMonitor:
    """Checks the clients of all requests in flight every 25 ms, so that no request needs a task of its own for it.

    ASGI reports a disconnect through `receive()`, and awaiting that costs each request a task (9 µs) or a coroutine driven by
    hand (the same, including its end). uvicorn's `receive` is a method of an object with a `disconnected` attribute, which is
    cheap to read. Behind other servers a task awaits `receive()`.
    """

    def __init__(self, check_every_seconds: float = CHECK_EVERY_SECONDS) -> None:
        self._check_every_seconds = check_every_seconds
        self._watches: set[DisconnectWatch] = set()
        self._timer: asyncio.TimerHandle | None = None

    def watch(self, receive: Receive) -> "DisconnectWatch":
        """A context manager that watches one request. The request's body must have been read."""
        return DisconnectWatch(self, receive)

    def add(self, watch: "DisconnectWatch") -> None:
        """Starts checking it."""
        self._watches.add(watch)
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(self._check_every_seconds, self._check)

    def remove(self, watch: "DisconnectWatch") -> None:
        """Stops checking it."""
        self._watches.discard(watch)

    def _check(self) -> None:
        for watch in [watch for watch in self._watches if watch.cycle.disconnected]:
            watch.cancel()
        self._timer = None
        if self._watches:
            self._timer = asyncio.get_running_loop().call_later(self._check_every_seconds, self._check)


class DisconnectWatch:
    """Cancels the task that entered it when the client disconnects, and suppresses that cancellation at exit.

    with monitor.watch(receive) as watch:
        answer = await ask_the_provider()
    if watch.client_left:
        return
    """

    __slots__ = ("_cancelling", "_follower", "_monitor", "_receive", "_task", "client_left", "cycle")

    def __init__(self, monitor: DisconnectMonitor, receive: Receive) -> None:
        self.client_left = False
        self.cycle = cast("_RequestCycle", getattr(receive, "__self__", None))
        self._monitor = monitor
        self._receive = receive
        self._follower: asyncio.Task[None] | None = None

    def __enter__(self) -> Self:
        task = asyncio.current_task()
        assert task is not None
        self._task = task
        self._cancelling = task.cancelling()
        if hasattr(self.cycle, "disconnected"):
            self._monitor.add(self)
        else:
            self._follower = asyncio.create_task(self._follow())
        return self

    async def _follow(self) -> None:
        try:
            message = await self._receive()
            while message["type"] != "http.disconnect":
                message = await self._receive_later()
        except Exception:  # noqa: BLE001 - the server cannot report a disconnect; sending will fail instead
            return
        self.cancel()

    async def _receive_later(self) -> Message:
        """Yields to other tasks first: a server may return request messages without ever suspending."""
        await asyncio.sleep(0)
        return await self._receive()

    def cancel(self) -> None:
        """Cancels the watched task. Never called by that task: a cancellation that meets no `await` would outlive the watch."""
        self._monitor.remove(self)
        self.client_left = True
        self._task.cancel()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> bool:
        if self._follower is None:
            self._monitor.remove(self)
        else:
            self._follower.cancel()
        if not self.client_left:
            return False
        # Only this watch's own cancellation is suppressed; one from elsewhere propagates.
        return self._task.uncancel() <= self._cancelling and kind is asyncio.CancelledError
