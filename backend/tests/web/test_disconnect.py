import asyncio
import gc
import logging
from collections.abc import Awaitable, Generator
from typing import Any

import httpx
import pytest

from ai_engine.web.disconnect import DisconnectMonitor, Message, Receive
from ai_engine.web.middleware import Scope, Send
from ai_engine.web.request_body import read_body
from tests.patience import PATIENCE_SECONDS, within
from tests.web.uvicorn_server import HTTPImplementation, exchange, serving

pytestmark = pytest.mark.anyio

REQUEST = b"POST / HTTP/1.1\r\nhost: localhost\r\ncontent-length: 2\r\n\r\n{}"


@pytest.fixture(params=["asyncio", "uvloop"])
def anyio_backend(request: pytest.FixtureRequest) -> tuple[str, dict[str, Any]]:
    return "asyncio", {"use_uvloop": request.param == "uvloop"}


@pytest.fixture(params=["httptools", "h11"])
def http(request: pytest.FixtureRequest) -> HTTPImplementation:
    chosen: HTTPImplementation = request.param
    return chosen


class Endpoint:
    """Reads the body, works for as long as `work` takes under a watch, answers."""

    def __init__(self, work: Awaitable[Any] | None = None) -> None:
        self.work = work
        self.working = asyncio.Event()
        self.ended = asyncio.Event()
        self.left: list[bool] = []
        self.tasks_made: list[int] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await read_body(scope["headers"], receive, 1000)
        tasks_before = len(asyncio.all_tasks())
        with DisconnectMonitor().watch(receive) as watch:
            self.working.set()
            self.tasks_made.append(len(asyncio.all_tasks()) - tasks_before)
            await (self.work or asyncio.sleep(0))
            await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
            await send({"type": "http.response.body", "body": b"ok"})
        self.left.append(watch.client_left)
        # What comes after the watch must be able to wait, whether or not the client is still there.
        await asyncio.sleep(0)
        self.ended.set()


async def test_a_client_that_hangs_up_cancels_within_100_ms(http: HTTPImplementation) -> None:
    endpoint = Endpoint(asyncio.Event().wait())
    async with serving(endpoint, http) as port:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(REQUEST)
        await asyncio.wait_for(endpoint.working.wait(), PATIENCE_SECONDS)
        writer.close()
        async with within(0.1):
            await endpoint.ended.wait()
    assert endpoint.left == [True]


async def test_an_ordinary_request_leaves_nothing_and_the_connection_serves_the_next(
    http: HTTPImplementation, caplog: pytest.LogCaptureFixture
) -> None:
    endpoint = Endpoint()
    async with serving(endpoint, http) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        tasks_before = len(asyncio.all_tasks())
        for _ in range(3):
            endpoint.ended.clear()
            writer.write(REQUEST)
            assert (await asyncio.wait_for(reader.readuntil(b"ok"), PATIENCE_SECONDS)).startswith(b"HTTP/1.1 200")
            await asyncio.wait_for(endpoint.ended.wait(), PATIENCE_SECONDS)
        await asyncio.sleep(0)
        assert len(asyncio.all_tasks()) == tasks_before
        writer.close()
        await writer.wait_closed()
    gc.collect()
    assert endpoint.left == [False, False, False]
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]


async def test_watching_makes_no_task(http: HTTPImplementation) -> None:
    endpoint = Endpoint()
    async with serving(endpoint, http) as port:
        await exchange(port, REQUEST, until=b"ok")
    assert endpoint.tasks_made == [0]


async def test_it_works_over_httpx_asgi_transport() -> None:
    endpoint = Endpoint()
    async with httpx.AsyncClient(transport=httpx.ASGITransport(endpoint), base_url="http://localhost") as client:
        assert (await client.post("/", content=b"{}")).text == "ok"
    assert endpoint.left == [False]


async def test_a_receive_that_waits_for_something_unknown_is_left_to_a_task() -> None:
    gone = asyncio.Event()

    async def receive() -> Message:
        await asyncio.sleep(0)  # a bare yield, not a future
        await gone.wait()
        return {"type": "http.disconnect"}

    with DisconnectMonitor().watch(receive) as watch:
        asyncio.get_running_loop().call_soon(gone.set)
        await asyncio.Event().wait()
    assert watch.client_left


async def test_a_receive_that_is_no_coroutine_function_is_left_to_a_task() -> None:
    class Disconnected:
        def __await__(self) -> Generator[Any, None, Message]:
            yield from asyncio.sleep(0).__await__()
            return {"type": "http.disconnect"}

    with DisconnectMonitor().watch(Disconnected) as watch:
        await asyncio.Event().wait()
    assert watch.client_left


async def test_a_client_that_left_before_the_watch_began_cancels_the_first_await_alone() -> None:
    async def receive() -> Message:
        return {"type": "http.disconnect"}

    with DisconnectMonitor().watch(receive) as watch:
        await asyncio.Event().wait()
    assert watch.client_left
    with DisconnectMonitor().watch(receive) as watch_without_await:
        pass
    assert not watch_without_await.client_left
    await asyncio.sleep(0)


async def test_a_server_that_repeats_request_messages_does_not_hang_the_watch() -> None:
    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    with DisconnectMonitor().watch(receive) as watch:
        await asyncio.sleep(0)
    assert not watch.client_left


async def test_a_late_request_message_keeps_the_watch_listening() -> None:
    messages: asyncio.Queue[Message] = asyncio.Queue()
    loop = asyncio.get_running_loop()
    loop.call_soon(messages.put_nowait, {"type": "http.request", "body": b"", "more_body": False})
    loop.call_later(0.01, messages.put_nowait, {"type": "http.disconnect"})
    with DisconnectMonitor().watch(messages.get) as watch:
        await asyncio.Event().wait()
    assert watch.client_left


async def test_a_receive_that_fails_ends_the_watch_and_not_the_request() -> None:
    broken = asyncio.get_running_loop().create_future()

    async def receive() -> Message:
        message: Message = await broken
        return message

    with DisconnectMonitor().watch(receive) as watch:
        broken.set_exception(ConnectionError())
        await asyncio.sleep(0)
        await asyncio.sleep(0)
    assert not watch.client_left


async def test_somebody_elses_cancellation_goes_through() -> None:
    endless = asyncio.Event()

    async def receive() -> Message:
        await endless.wait()
        return {"type": "http.disconnect"}

    async def watched() -> None:
        with DisconnectMonitor().watch(receive):
            await asyncio.Event().wait()

    task = asyncio.create_task(watched())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_an_error_on_the_way_out_is_not_swallowed() -> None:
    gone = asyncio.Event()

    async def receive() -> Message:
        await gone.wait()
        return {"type": "http.disconnect"}

    async def fail_when_cancelled() -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            raise ConnectionError from None

    gone.set()
    with pytest.raises(ConnectionError), DisconnectMonitor().watch(receive):
        await fail_when_cancelled()
    task = asyncio.current_task()
    assert task is not None
    assert task.cancelling() == 0
