"""What only the httpx engine does. What every engine does is in `tests/contracts/test_upstream_engines.py`."""

import asyncio

import pytest

from ai_engine.upstream.httpx_engine import HttpxEngine, proxy_from_environment
from ai_engine.upstream.port import ConnectFailed, ConnectionReset, UpstreamRequest, UpstreamTimeout
from tests.fakes.raw_server import RawConnection, RawRequest, RawServer
from tests.patience import within

pytestmark = pytest.mark.anyio

OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"


def request_to(url: str, *, silence_seconds: float = 5, connect_seconds: float = 5) -> UpstreamRequest:
    headers = ((b"authorization", b"Bearer sk-for-the-provider"),)
    return UpstreamRequest("POST", url, headers, b"{}", connect_seconds, silence_seconds)


async def ask(engine: HttpxEngine, url: str) -> bytes:
    answer = await engine.send(request_to(url))
    try:
        return await answer.read(1000)
    finally:
        await answer.close()


async def answer_always(connection: RawConnection) -> None:
    while await connection.read_request() is not None:
        connection.write(OK)


# Proxies


@pytest.fixture
def no_proxies(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    return monkeypatch


def test_the_environment_names_a_proxy_for_each_scheme(no_proxies: pytest.MonkeyPatch) -> None:
    assert proxy_from_environment("https", "api.example.com") is None
    no_proxies.setenv("ALL_PROXY", "http://all.test:1")
    no_proxies.setenv("HTTPS_PROXY", "secure.test:2")
    no_proxies.setenv("NO_PROXY", "internal.example.com")
    assert proxy_from_environment("http", "api.example.com") == "http://all.test:1"
    assert proxy_from_environment("https", "api.example.com") == "http://secure.test:2"
    assert proxy_from_environment("https", "internal.example.com") is None


async def test_another_machine_is_reached_through_the_proxy() -> None:
    received: list[RawRequest | None] = []

    async def proxy(connection: RawConnection) -> None:
        received.append(await connection.read_request())
        connection.write(OK)
        await connection.gone.wait()

    async with RawServer(proxy) as server:
        engine = HttpxEngine(find_proxy=lambda scheme, host: f"http://name:word@127.0.0.1:{server.port}")
        assert await ask(engine, "http://provider.invalid/v1") == b"ok"
        await engine.close()
    [request] = received
    assert request is not None
    assert (request.target, request.header("host")) == ("http://provider.invalid/v1", "provider.invalid")
    assert request.header("proxy-authorization") is not None
    assert request.header("authorization") == "Bearer sk-for-the-provider"


@pytest.mark.parametrize("refusal", [b"HTTP/1.1 407 No\r\ncontent-length: 0\r\n\r\n", b"nonsense\r\n\r\n", b""])
async def test_a_proxy_that_makes_no_tunnel_is_no_connection_and_gets_no_key(refusal: bytes) -> None:
    received: list[RawRequest | None] = []

    async def proxy(connection: RawConnection) -> None:
        received.append(await connection.read_request())
        connection.write(refusal)

    async with RawServer(proxy) as server:
        engine = HttpxEngine(find_proxy=lambda scheme, host: f"http://127.0.0.1:{server.port}")
        with pytest.raises(ConnectFailed):
            await engine.send(request_to("https://provider.invalid/v1"))
        await engine.close()
    [request] = received
    assert request is not None
    assert (request.method, request.target) == ("CONNECT", "provider.invalid:443")
    assert request.header("authorization") is None


async def test_a_proxy_that_is_silent_is_no_connection() -> None:
    async def proxy(connection: RawConnection) -> None:
        await connection.gone.wait()

    async with RawServer(proxy) as server:
        engine = HttpxEngine(find_proxy=lambda scheme, host: f"http://127.0.0.1:{server.port}")
        with pytest.raises(ConnectFailed):
            await engine.send(request_to("https://provider.invalid/v1", connect_seconds=0.15))
        await engine.close()


@pytest.mark.parametrize("proxy", ["socks5://127.0.0.1:9", "gopher://127.0.0.1:9", "http://127.0.0.1:port"])
async def test_a_proxy_that_cannot_be_used_is_no_connection(proxy: str) -> None:
    engine = HttpxEngine(find_proxy=lambda scheme, host: proxy)
    with pytest.raises(ConnectFailed, match="proxy"):
        await engine.send(request_to("http://provider.invalid/v1"))
    await engine.close()


# Idle connections


async def test_an_idle_connection_is_closed_after_its_time_without_another_request() -> None:
    async with RawServer(answer_always) as server:
        engine = HttpxEngine(keepalive_seconds=0.05)
        await ask(engine, f"http://127.0.0.1:{server.port}")
        [connection] = server.open
        async with within(1):
            await connection.gone.wait()
        assert await ask(engine, f"http://127.0.0.1:{server.port}") == b"ok"
        await engine.close()


async def test_no_more_idle_connections_are_kept_than_allowed() -> None:
    all_of_them = asyncio.Barrier(5)

    async def wait_for_everybody(connection: RawConnection) -> None:
        await connection.read_request()
        await all_of_them.wait()
        connection.write(OK)
        await connection.gone.wait()

    async with RawServer(wait_for_everybody) as server:
        engine = HttpxEngine(max_idle_per_origin=2)
        await asyncio.gather(*(ask(engine, f"http://127.0.0.1:{server.port}") for _ in range(5)))
        async with within(1):
            while len(server.open) > 2:
                await asyncio.wait([asyncio.ensure_future(c.gone.wait()) for c in server.open], return_when="FIRST_COMPLETED")
        assert len(server.open) == 2
        await engine.close()


# Which failure it was


@pytest.mark.parametrize(("is_silent", "kind"), [(False, ConnectionReset), (True, UpstreamTimeout)])
async def test_a_failure_on_a_kept_connection_is_not_taken_for_a_failure_to_connect(
    is_silent: bool, kind: type[Exception]
) -> None:
    async def once(connection: RawConnection) -> None:
        await connection.read_request()
        connection.write(OK)
        await connection.read_request()
        if is_silent:
            await connection.gone.wait()
        connection.reset()

    async with RawServer(once) as server:
        engine = HttpxEngine()
        await ask(engine, f"http://127.0.0.1:{server.port}")
        with pytest.raises(kind):
            await engine.send(request_to(f"http://127.0.0.1:{server.port}", silence_seconds=0.1))
        await engine.close()
