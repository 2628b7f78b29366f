import asyncio
import contextlib
import json
import signal
import socket
import tracemalloc
from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from ai_engine.management_api.live.feed import LiveFeed, LiveLimits
from ai_engine.management_api.live.routes import MAX_MESSAGES_PER_MINUTE
from ai_engine.web.websocket_bounds import LARGEST_MESSAGE_BYTES
from ai_engine.wiring.tuning import Tuning
from tests.fakes.gateway import Client, Gateway, Provider, gateway_in_front_of, gateway_process, running_gateway
from tests.fakes.scripted_upstream import Answer, ScriptedUpstream, error
from tests.ledger.builders import a_request
from tests.management_api.live.live_page import Page
from tests.patience import PATIENCE_SECONDS, eventually, within

pytestmark = pytest.mark.anyio

ADMIN, VIEWER = "admin-key-of-thirty-two-letters-x", "viewer-key-of-thirty-two-letters"
QUICK = LiveLimits(tick_seconds=0.02, status_every_seconds=0.05, buffered_requests=20, snapshot_requests=20, send_seconds=60)


@contextlib.asynccontextmanager
async def watching(client: Client, cursor: str | None = None, **options: Any) -> AsyncIterator[ClientConnection]:
    """A connection to `/ws`."""
    query = "" if cursor is None else f"?cursor={quote(cursor)}"
    async with connect(f"ws://127.0.0.1:{client.port}/ws{query}", proxy=None, max_size=None, **options) as connection:
        yield connection


def with_key(key: str) -> dict[str, str]:
    return {"authorization": f"Bearer {key}"}


async def until(page: Page, connection: ClientConnection, is_so: Callable[[Page], Any]) -> None:
    """Reads on until the page shows it; at once where it does."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not is_so(page):
            page.take(await connection.recv())


def has_heard_of(requests: int) -> Callable[[Page], bool]:
    return lambda page: page.known == requests


async def closed(connection: ClientConnection) -> tuple[int, str]:
    """Reads on to the end, and gives how the gateway ended it."""
    with contextlib.suppress(ConnectionClosed):
        async with asyncio.timeout(PATIENCE_SECONDS):
            async for _ in connection:
                pass
    assert connection.close_code is not None
    assert connection.close_reason is not None
    return connection.close_code, connection.close_reason


async def refusal(gateway: Gateway, *, origin: Any = None, headers: Mapping[str, str] | None = None) -> tuple[int, str]:
    """The status of a refused handshake, and the error's code."""
    with pytest.raises(InvalidStatus) as refused:
        async with watching(gateway, origin=origin, additional_headers=headers):
            pass
    answer = refused.value.response
    assert answer.body is not None
    assert answer.headers["x-request-id"]
    code: str = json.loads(bytes(answer.body))["error"]["code"]
    return answer.status_code, code


async def test_the_picture_is_what_the_routes_say(gateway: Gateway) -> None:
    assert (await gateway.chat(stream=True)).status == 200
    page = Page()
    async with watching(gateway) as connection:
        page.take(await connection.recv())
    assert page.kinds == ["snapshot"]
    assert list(page.providers.values()) == await gateway.get("/api/providers")
    assert page.status.keys() == (await gateway.get("/api/status")).keys()
    assert [(each["requested_model"], each["provider"], each["ending"]) for each in page.latest] == [
        ("tiny", "alpha", "completed")
    ]


async def test_a_toggle_and_a_finished_request_are_sent(gateway: Gateway) -> None:
    page = Page()
    async with watching(gateway) as connection:
        page.take(await connection.recv())
        await gateway.post("/api/providers/beta/toggle")
        await until(page, connection, lambda page: page.providers["beta"]["status"] == "disabled")
        assert (await gateway.chat(stream=True)).status == 200
        await until(page, connection, lambda page: page.requests)
        assert page.kinds[-1] == "changes"
        assert page.latest[0]["requested_model"] == "tiny"


async def test_a_flag_and_its_end_are_sent_without_any_request(beta: ScriptedUpstream) -> None:
    beta.on("/chat/completions", Answer(error("Spent.", code="insufficient_quota"), 429, {"retry-after": "2"}))
    behind = gateway_in_front_of(Provider("beta", beta.base_url), tuning=Tuning(live=QUICK))
    async with behind as gateway, watching(gateway) as connection:
        page = Page()
        page.take(await connection.recv())
        assert (await gateway.chat()).status == 503
        await until(page, connection, lambda page: page.providers["beta"]["status"] == "flagged")
        assert page.providers["beta"]["flag"]["reason"] == "quota"
        await until(page, connection, lambda page: page.status["status"] == "down")
        await until(page, connection, lambda page: page.providers["beta"]["status"] == "available")
        await until(page, connection, lambda page: page.status["status"] == "ok")


async def test_a_reload_is_sent(alpha: ScriptedUpstream) -> None:
    async with gateway_in_front_of(Provider("alpha", alpha.base_url)) as gateway, watching(gateway) as connection:
        page = Page()
        page.take(await connection.recv())
        await asyncio.to_thread(gateway.yaml_file.write_text, "{}")
        await gateway.post("/api/config/reload")
        await until(page, connection, lambda page: "alpha" not in page.providers)
        await until(page, connection, lambda page: page.status["generation"] >= 2)


async def test_after_a_cut_the_page_goes_on_where_it_was(gateway: Gateway) -> None:
    page = Page()
    async with watching(gateway) as connection:
        page.take(await connection.recv())
        for _ in range(3):
            await gateway.chat(stream=True)
        await until(page, connection, lambda page: page.requests)
        connection.transport.abort()
    for _ in range(3):
        await gateway.chat(stream=True)
    await gateway.post("/api/providers/beta/toggle")
    async with watching(gateway, page.cursor) as connection:
        await until(page, connection, lambda page: len(page.requests) == 6 and page.providers["beta"]["status"] == "disabled")
    assert set(page.kinds[1:]) == {"changes"}
    listed = await eventually(lambda: gateway.get("/api/requests"), until=lambda listed: len(listed["items"]) == 6)
    assert page.requests[::-1] == [each["id"] for each in listed["items"]]


@pytest.mark.parametrize("query", ["cursor=from-another-run", "cursor=" + "x" * 5_000, "cursor=1&cursor=%00%ff", "colour=blue"])
async def test_odd_addresses_get_the_picture(gateway: Gateway, query: str) -> None:
    async with connect(f"ws://127.0.0.1:{gateway.port}/ws?{query}", proxy=None) as connection:
        message = Page().take(await connection.recv())
    assert (message["type"], message["missed"]) == ("snapshot", None if "cursor" in query else 0)


async def test_an_address_that_is_too_long_is_refused_at_once(gateway: Gateway) -> None:
    with pytest.raises(InvalidStatus, match="431"):
        async with watching(gateway, "x" * 20_000):
            pass


async def test_a_restart_makes_every_cursor_one_of_another_run(alpha: ScriptedUpstream) -> None:
    page = Page()
    for _ in range(2):
        async with gateway_in_front_of(Provider("alpha", alpha.base_url)) as gateway:
            await gateway.chat(stream=True)
            async with watching(gateway, page.cursor) as connection:
                page.take(await connection.recv())
    assert page.kinds == ["snapshot", "snapshot"]


async def unread(gateway: Gateway) -> socket.socket:
    """A socket with a small receive buffer."""
    connected = socket.socket()
    connected.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    connected.setblocking(False)
    await asyncio.get_running_loop().sock_connect(connected, ("127.0.0.1", gateway.port))
    return connected


async def busy(gateway: Gateway, page: Page, connection: ClientConnection, ticks: int) -> int:
    """So many times a ring full of long requests finishes, and the reader hears of each; how many that were."""
    feed: LiveFeed = gateway.engine.state.services[LiveFeed]
    for _ in range(ticks):
        for _ in range(QUICK.buffered_requests):
            feed(a_request(requested_model="m" * 2000))
        await until(page, connection, has_heard_of(page.known + QUICK.buffered_requests))
    return ticks * QUICK.buffered_requests


async def test_a_slow_reader_gets_what_it_missed_and_costs_no_memory_and_no_other_reader() -> None:
    quick_page, slow_page = Page(), Page()
    async with (
        running_gateway({}, tuning=Tuning(live=QUICK)) as gateway,
        watching(gateway) as quick,
        watching(gateway, sock=await unread(gateway), max_queue=1) as slow,
    ):
        quick_page.take(await quick.recv())
        slow_page.take(await slow.recv())
        finished = await busy(gateway, quick_page, quick, ticks=20)
        tracemalloc.start()
        try:
            before, _ = tracemalloc.get_traced_memory()
            finished += await busy(gateway, quick_page, quick, ticks=60)
            grown = tracemalloc.get_traced_memory()[0] - before
        finally:
            tracemalloc.stop()
        assert grown < 1024 * 1024, "what the slow one has not taken (3 MB) is kept nowhere"
        assert quick_page.missed == 0
        await until(slow_page, slow, has_heard_of(finished))
        assert slow_page.missed > finished / 2
        assert slow_page.kinds.count("snapshot") == 2
        assert await busy(gateway, slow_page, slow, ticks=1)
        assert slow_page.kinds[-1] == "changes"


async def test_whoever_takes_nothing_for_too_long_is_cut(anyio_backend: str) -> None:
    limits = LiveLimits(tick_seconds=0.02, buffered_requests=20, snapshot_requests=20, max_connections=2, send_seconds=0.2)
    async with running_gateway({}, tuning=Tuning(live=limits)) as gateway, watching(gateway) as quick:
        page = Page()
        page.take(await quick.recv())
        async with watching(gateway, sock=await unread(gateway), max_queue=1, close_timeout=0.1):
            assert await refusal(gateway) == (503, "too_many_connections")
            await busy(gateway, page, quick, ticks=20)

            async def is_there_room() -> bool:
                with contextlib.suppress(InvalidStatus):
                    async with watching(gateway):
                        return True
                return False

            await eventually(is_there_room)


async def test_a_gateway_that_stops_closes_connections_at_once(anyio_backend: str) -> None:
    async with contextlib.AsyncExitStack() as clients, contextlib.AsyncExitStack() as serving:
        gateway = await serving.enter_async_context(running_gateway({}, tuning=Tuning(live=QUICK)))
        page, quick = Page(), await clients.enter_async_context(watching(gateway))
        stuck = watching(gateway, sock=await unread(gateway), max_queue=1, close_timeout=0.1)
        await clients.enter_async_context(stuck)
        page.take(await quick.recv())
        await busy(gateway, page, quick, ticks=20)
        async with within(5):
            await serving.aclose()
        assert (await closed(quick))[0] == 1001


async def test_a_stopping_process_closes_with_going_away(tmp_path: Path) -> None:
    async with gateway_process(tmp_path, {}) as gateway, watching(gateway) as connection:
        assert Page().take(await connection.recv())["type"] == "snapshot"
        gateway.send_signal(signal.SIGTERM)
        assert (await closed(connection))[0] == 1001
    assert "?cursor" not in (tmp_path / "log.txt").read_text()


async def test_pages_of_other_sites_are_refused(anyio_backend: str) -> None:
    async with running_gateway({"AI_ENGINE_CORS_ORIGINS": '["https://listed.example"]'}) as gateway:
        assert await refusal(gateway, origin="https://evil.example") == (403, "origin_not_allowed")
        assert await refusal(gateway, origin="null") == (403, "origin_not_allowed")
        assert await refusal(gateway, headers={"sec-fetch-site": "cross-site"}) == (403, "origin_not_allowed")
        for origin in (f"http://127.0.0.1:{gateway.port}", "https://listed.example"):
            async with watching(gateway, origin=origin) as connection:
                assert Page().take(await connection.recv())["type"] == "snapshot"


async def test_a_name_that_was_bound_to_this_machine_is_refused(gateway: Gateway) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", gateway.port)
    writer.write(
        b"GET /ws HTTP/1.1\r\nhost: evil.example\r\norigin: http://evil.example\r\nupgrade: websocket\r\nconnection: Upgrade\r\n"
        b"sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    )
    answer = await asyncio.wait_for(reader.read(), PATIENCE_SECONDS)
    writer.close()
    assert answer.startswith(b"HTTP/1.1 403 ")
    assert b"host_not_allowed" in answer


async def test_a_key_is_asked_for_where_one_is_set(anyio_backend: str) -> None:
    keys = {"AI_ENGINE_ADMIN_KEY": ADMIN, "AI_ENGINE_VIEWER_KEY": VIEWER}
    async with running_gateway(keys) as gateway:
        assert await refusal(gateway) == (401, "missing_api_key")
        assert await refusal(gateway, headers=with_key("another")) == (401, "invalid_api_key")
        for headers in (with_key(ADMIN), with_key(VIEWER), {"x-api-key": VIEWER}):
            async with watching(gateway, additional_headers=headers) as connection:
                assert Page().take(await connection.recv())["type"] == "snapshot"


async def test_a_connection_ends_with_the_key_that_opened_it(anyio_backend: str) -> None:
    keys = {"AI_ENGINE_ADMIN_KEY": ADMIN, "AI_ENGINE_VIEWER_KEY": VIEWER}
    async with (
        running_gateway(keys) as gateway,
        watching(gateway, additional_headers=with_key(VIEWER)) as viewer,
        watching(gateway, additional_headers=with_key(ADMIN)) as admin,
    ):
        del keys["AI_ENGINE_VIEWER_KEY"]
        gateway.engine.configuration.reload()
        code, reason = await closed(viewer)
        assert (code, "Invalid key" in reason) == (1008, True)
        page = Page()
        page.take(await admin.recv())
        await until(page, admin, lambda page: page.status["generation"] == 2)


async def test_a_sign_out_in_another_window_ends_the_connection_though_nothing_happens(anyio_backend: str) -> None:
    still = LiveLimits(status_every_seconds=60, recheck_seconds=0.05)
    async with running_gateway({"AI_ENGINE_ADMIN_KEY": ADMIN}, tuning=Tuning(live=still)) as gateway:
        signed_in = await gateway.http.post("/api/session", json={"key": ADMIN})
        cookie = signed_in.headers["set-cookie"].partition(";")[0]
        async with watching(gateway, additional_headers={"cookie": cookie}) as connection:
            Page().take(await connection.recv())
            await gateway.http.delete("/api/session", headers={"cookie": cookie})
            async with within(2):
                assert (await closed(connection))[0] == 1008


async def test_a_client_that_never_stops_talking_is_shown_the_door(gateway: Gateway) -> None:
    async with watching(gateway) as connection:
        with contextlib.suppress(ConnectionClosed):
            for _ in range(MAX_MESSAGES_PER_MINUTE + 1):
                await connection.send("and another thing")
        assert (await closed(connection))[0] == 1008


async def test_what_a_client_says_now_and_then_is_ignored(gateway: Gateway) -> None:
    async with watching(gateway) as connection:
        page = Page()
        page.take(await connection.recv())
        await connection.send("I am alive")
        await connection.send(b"\x00\xff")
        await gateway.post("/api/providers/beta/toggle")
        await until(page, connection, lambda page: page.providers["beta"]["status"] == "disabled")


async def test_a_long_message_ends_the_connection(gateway: Gateway) -> None:
    async with watching(gateway) as connection:
        await connection.send("x" * (LARGEST_MESSAGE_BYTES + 1))
        assert (await closed(connection))[0] == 1009


async def test_a_plain_request_learns_what_it_lacks(gateway: Gateway) -> None:
    answer = await gateway.http.get("/ws")
    assert (answer.status_code, answer.headers["upgrade"]) == (426, "websocket")
    assert "Upgrade" in answer.json()["error"]["message"]


async def test_two_hundred_pages_hear_of_a_change(gateway: Gateway) -> None:
    async with contextlib.AsyncExitStack() as clients:
        connections = [await clients.enter_async_context(watching(gateway)) for _ in range(200)]
        pages = [Page() for _ in connections]
        for page, connection in zip(pages, connections, strict=True):
            assert page.take(await connection.recv())["type"] == "snapshot"
        await gateway.post("/api/providers/beta/toggle")
        async with asyncio.TaskGroup() as all_of_them:
            for page, connection in zip(pages, connections, strict=True):
                all_of_them.create_task(until(page, connection, lambda page: page.providers["beta"]["status"] == "disabled"))
        assert {page.providers["beta"]["status"] for page in pages} == {"disabled"}
