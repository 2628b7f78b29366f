from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest

from ai_engine.upstream.by_scheme import UpstreamByScheme
from ai_engine.upstream.port import ConnectFailed, Headers, UpstreamAnswer, UpstreamRequest

pytestmark = pytest.mark.anyio


@dataclass(frozen=True)
class NamedAnswer:
    """An answer whose body is the name of the engine that gave it."""

    name: bytes
    status: int = 200
    headers: Headers = ()

    async def chunks(self) -> AsyncIterator[bytes]:
        yield self.name

    async def read(self, limit_bytes: int) -> bytes:
        return self.name

    async def close(self) -> None:
        pass


class NamedEngine:
    def __init__(self, name: bytes) -> None:
        self._name = name
        self.closed_times = 0

    async def send(self, request: UpstreamRequest) -> UpstreamAnswer:
        return NamedAnswer(self._name)

    async def close(self) -> None:
        self.closed_times += 1


def request_to(url: str) -> UpstreamRequest:
    return UpstreamRequest("GET", url, (), b"", 1, 1)


async def test_each_request_goes_to_the_engine_of_its_scheme() -> None:
    network, sandbox = NamedEngine(b"network"), NamedEngine(b"sandbox")
    upstream = UpstreamByScheme({"http": network, "https": network, "sandbox": sandbox})
    urls = ["https://api.example.com/v1", "http://127.0.0.1/", "sandbox://local/v1/chat/completions"]
    answers = [await (await upstream.send(request_to(url))).read(10) for url in urls]
    assert answers == [b"network", b"network", b"sandbox"]


@pytest.mark.parametrize("url", ["ftp://example.com", "nothing", ""])
async def test_an_unknown_scheme_is_a_failed_connection(url: str) -> None:
    with pytest.raises(ConnectFailed):
        await UpstreamByScheme({"http": NamedEngine(b"network")}).send(request_to(url))


async def test_an_engine_of_two_schemes_is_closed_once() -> None:
    network, sandbox = NamedEngine(b"network"), NamedEngine(b"sandbox")
    await UpstreamByScheme({"http": network, "https": network, "sandbox": sandbox}).close()
    assert (network.closed_times, sandbox.closed_times) == (1, 1)
