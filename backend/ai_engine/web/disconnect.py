"""Clients that leave before their answer is complete."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, MutableMapping
from types import CoroutineType, TracebackType
from typing import Any, Self

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]


class ClientGone(Exception):
    """The client closed the connection while we were still reading from it: nobody is left to answer."""


class DisconnectWatch:
    """Cancels the task that entered it when the client leaves, and swallows that cancellation again.

        with DisconnectWatch(receive) as watch:
            answer = await ask_the_provider()
        if watch.client_left:
            return

    The request's body has been read before: from then on `receive()` says nothing until `http.disconnect`. Servers say that too
    when the answer is complete, so the last part of an answer is the last thing sent inside the `with`.

    `receive()` runs without a task of its own: its coroutine is driven by hand up to the future that it waits for, whose callback
    drives it on. That costs 3-5 µs a request, a task 9. Where a server's `receive` waits for anything but an asyncio future, a
    task takes over.
    """

    __slots__ = ("_cancelling", "_coroutine", "_follower", "_future", "_leaving", "_receive", "_task", "client_left")

    def __init__(self, receive: Receive) -> None:
        self.client_left = False
        self._receive = receive
        self._coroutine: Coroutine[Any, Any, Message] | None = None
        self._future: asyncio.Future[Any] | None = None
        self._follower: asyncio.Task[Message] | None = None
        self._leaving: asyncio.Handle | None = None

    def __enter__(self) -> Self:
        task = asyncio.current_task()
        assert task is not None
        self._task = task
        self._cancelling = task.cancelling()
        self._listen()
        return self

    def _listen(self) -> None:
        receiving = self._receive()
        if isinstance(receiving, CoroutineType):
            self._coroutine = receiving
            self._drive(None)
        else:
            self._follow(_as_coroutine(receiving))

    def _drive(self, ready: "asyncio.Future[Any] | None") -> None:
        """One step of `receive()`, as asyncio's own `Task` takes it: to the next future, or to its end."""
        coroutine = self._coroutine
        assert coroutine is not None
        self._future = None
        try:
            awaited = coroutine.send(None)
        except StopIteration as end:
            self._coroutine = None
            self._hear(end.value, at_once=ready is None)
        except (Exception, asyncio.CancelledError):  # noqa: BLE001 - whatever a server's `receive` raises, as a task would
            # The server itself cannot tell any more. It says so where the answer is sent, which is a better place than here.
            self._coroutine = None
        else:
            if getattr(awaited, "_asyncio_future_blocking", None):
                # The mark of a future that was awaited, not merely yielded; who drives a coroutine takes it off, as `Task` does.
                awaited._asyncio_future_blocking = False  # noqa: SLF001 - asyncio's protocol between futures and tasks
                awaited.add_done_callback(self._drive)
                self._future = awaited
            else:
                self._coroutine = None
                self._follow(coroutine)

    def _follow(self, coroutine: Coroutine[Any, Any, Message]) -> None:
        self._follower = asyncio.create_task(coroutine)
        self._follower.add_done_callback(self._hear_follower)

    def _hear_follower(self, follower: "asyncio.Task[Message]") -> None:
        if not follower.cancelled() and follower.exception() is None:
            self._hear(follower.result(), at_once=False)

    def _hear(self, message: Message, *, at_once: bool) -> None:
        if message["type"] == "http.disconnect":
            # Never from inside the watched task: a cancellation that finds no `await` before the `with` ends would outlive it.
            self._leaving = asyncio.get_running_loop().call_soon(self._leave)
        elif not at_once:
            self._listen()
        # A server that hands out request messages without waiting, after the body's end, would keep us here for ever.

    def _leave(self) -> None:
        self.client_left = True
        self._task.cancel()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> bool:
        if self._leaving is not None:
            self._leaving.cancel()
        if self._future is not None:
            self._future.remove_done_callback(self._drive)
        if self._follower is not None:
            self._follower.remove_done_callback(self._hear_follower)
            self._follower.cancel()
        if self._coroutine is not None:
            self._coroutine.close()
        if not self.client_left:
            return False
        # Only our own cancellation is swallowed: another one that came as well goes on.
        return self._task.uncancel() <= self._cancelling and kind is asyncio.CancelledError


async def _as_coroutine(receiving: Awaitable[Message]) -> Message:
    return await receiving
