"""Clients that leave before their answer is complete."""

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from types import TracebackType
from typing import Any, Protocol, Self, cast

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]

LOOK_EVERY_SECONDS = 0.025


class ClientGone(Exception):
    """The client closed the connection while we were still reading from it: nobody is left to answer."""


class _KnowsItsClient(Protocol):
    """uvicorn's request cycle, whose bound method `receive` is."""

    disconnected: bool


class DisconnectMonitor:
    """Looks after the clients of all requests under way, every 25 ms, so that no request pays for a watcher of its own.

    ASGI tells of a client that left through `receive()`, and waiting for that costs every request a task (9 µs) or a coroutine
    driven by hand (the same, once its end is counted too). uvicorn's `receive` is a method of an object that knows: one look at
    an attribute. Behind other servers a task waits.
    """

    def __init__(self, look_every_seconds: float = LOOK_EVERY_SECONDS) -> None:
        self._look_every_seconds = look_every_seconds
        self._watches: set[DisconnectWatch] = set()
        self._timer: asyncio.TimerHandle | None = None

    def watch(self, receive: Receive) -> "DisconnectWatch":
        """A watch over one request, for a `with`. The request's body must have been read."""
        return DisconnectWatch(self, receive)

    def begin(self, watch: "DisconnectWatch") -> None:
        """Looks after it from now on."""
        self._watches.add(watch)
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(self._look_every_seconds, self._look)

    def end(self, watch: "DisconnectWatch") -> None:
        """Looks after it no more."""
        self._watches.discard(watch)

    def _look(self) -> None:
        for watch in [watch for watch in self._watches if watch.cycle.disconnected]:
            watch.leave()
        self._timer = None
        if self._watches:
            self._timer = asyncio.get_running_loop().call_later(self._look_every_seconds, self._look)


class DisconnectWatch:
    """Cancels the task that entered it when the client leaves, and swallows that cancellation again.

    with monitor.watch(receive) as watch:
        answer = await ask_the_provider()
    if watch.client_left:
        return
    """

    __slots__ = ("_cancelling", "_follower", "_monitor", "_receive", "_task", "client_left", "cycle")

    def __init__(self, monitor: DisconnectMonitor, receive: Receive) -> None:
        self.client_left = False
        self.cycle = cast("_KnowsItsClient", getattr(receive, "__self__", None))
        self._monitor = monitor
        self._receive = receive
        self._follower: asyncio.Task[None] | None = None

    def __enter__(self) -> Self:
        task = asyncio.current_task()
        assert task is not None
        self._task = task
        self._cancelling = task.cancelling()
        if hasattr(self.cycle, "disconnected"):
            self._monitor.begin(self)
        else:
            self._follower = asyncio.create_task(self._follow())
        return self

    async def _follow(self) -> None:
        try:
            message = await self._receive()
            while message["type"] != "http.disconnect":
                message = await self._receive_later()
        except Exception:  # noqa: BLE001 - such a server cannot tell any more; the sending will
            return
        self.leave()

    async def _receive_later(self) -> Message:
        """Lets others run first: a server that hands out request messages without waiting must not keep us for ever."""
        await asyncio.sleep(0)
        return await self._receive()

    def leave(self) -> None:
        """The client has left. Never called by the watched task: a cancellation that finds no `await` would outlive the watch."""
        self._monitor.end(self)
        self.client_left = True
        self._task.cancel()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> bool:
        if self._follower is None:
            self._monitor.end(self)
        else:
            self._follower.cancel()
        if not self.client_left:
            return False
        # Only our own cancellation is swallowed: another one that came as well goes on.
        return self._task.uncancel() <= self._cancelling and kind is asyncio.CancelledError
