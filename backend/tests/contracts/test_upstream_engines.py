"""What `upstream.port` promises of requests and answers, for every engine, over real sockets."""

import asyncio
import gzip
import tracemalloc
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest

from ai_engine.upstream.port import (
    AnswerTooLarge,
    ConnectionCut,
    ConnectionReset,
    Upstream,
    UpstreamRequest,
    header,
)
from tests.contracts.upstream_engines import (
    LARGE,
    OK,
    SECRET,
    always,
    answer_with,
    answering,
    exchange,
    failure_of,
    holding,
    request_to,
)
from tests.fakes.raw_server import RawConnection, RawRequest, RawServer

pytestmark = pytest.mark.anyio


# What goes out


async def received_by(engine: Upstream, request: Callable[[RawServer], UpstreamRequest]) -> RawRequest:
    received: list[RawRequest | None] = []

    async def handle(connection: RawConnection) -> None:
        received.append(await connection.read_request())
        connection.write(OK)
        await connection.gone.wait()

    async with RawServer(handle) as server:
        await exchange(engine, request(server))
    [only] = received
    assert only is not None
    return only


async def test_the_request_arrives_as_it_was_made(engine: Upstream) -> None:
    extra = ((b"content-type", b"application/json"), (b"x-twice", b"1"), (b"x-twice", b"2"))
    request = await received_by(engine, lambda server: request_to(server, b'{"a": 1}', headers=extra))
    assert (request.method, request.target, request.body) == ("POST", "/v1/hidden-path", b'{"a": 1}')
    assert request.header("authorization") == f"Bearer {SECRET}"
    assert request.header("content-type") == "application/json"
    assert [value for name, value in request.headers if name == "x-twice"] == ["1", "2"]
    assert (request.header("host") or "").startswith("127.0.0.1:")
    assert [value for name, value in request.headers if name == "content-length"] == ["8"]


async def test_a_post_without_a_body_says_so_and_a_get_does_not(engine: Upstream) -> None:
    post = await received_by(engine, lambda server: request_to(server, b""))
    get = await received_by(engine, lambda server: request_to(server, b"", method="GET"))
    assert post.header("content-length") == "0"
    assert (get.method, get.header("content-length"), get.header("transfer-encoding")) == ("GET", None, None)


async def test_only_encodings_that_can_be_undone_are_offered(engine: Upstream) -> None:
    request = await received_by(engine, lambda server: request_to(server, headers=((b"accept-encoding", b"br, zstd"),)))
    assert set((request.header("accept-encoding") or "").split(", ")) <= {"gzip", "deflate", "identity"}


async def test_nothing_adds_credentials(engine: Upstream, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("default login somebody password something\n")
    monkeypatch.setenv("NETRC", str(netrc))

    def without_authorization(server: RawServer) -> UpstreamRequest:
        return UpstreamRequest("GET", f"http://somebody:something@127.0.0.1:{server.port}/", (), b"", 5, 5)

    assert (await received_by(engine, without_authorization)).header("authorization") is None


async def test_loopback_never_goes_through_a_proxy(engine: Upstream, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert (await received_by(engine, request_to)).target == "/v1/hidden-path"


async def test_cookies_are_neither_kept_nor_sent(engine: Upstream) -> None:
    cookies: list[str | None] = []

    async def handle(connection: RawConnection) -> None:
        while (request := await connection.read_request()) is not None:
            cookies.append(request.header("cookie"))
            connection.write(answer_with(b"", "set-cookie: a=b; Path=/"))

    async with RawServer(handle) as server:
        for _ in range(2):
            await exchange(engine, request_to(server))
    assert cookies == [None, None]


# What comes back


async def test_status_and_headers_come_through_in_order_with_lower_case_names(engine: Upstream) -> None:
    head = b"HTTP/1.1 429 Slow Down\r\nRetry-After: 2\r\nX-Twice: 1\r\nX-Twice: 2\r\nContent-Length: 4\r\n\r\nbusy"
    async with RawServer(always(head)) as server:
        answer, body = await exchange(engine, request_to(server))
    assert (answer.status, body) == (429, b"busy")
    assert answer.headers == ((b"retry-after", b"2"), (b"x-twice", b"1"), (b"x-twice", b"2"), (b"content-length", b"4"))


@pytest.mark.parametrize("body", [b"x", LARGE], ids=["one byte", "10 MB"])
async def test_a_body_goes_both_ways_unchanged(engine: Upstream, body: bytes) -> None:
    async def echo(connection: RawConnection) -> None:
        while (request := await connection.read_request()) is not None:
            connection.write(answer_with(request.body))

    async with RawServer(echo) as server:
        _, echoed = await exchange(engine, request_to(server, body))
    assert echoed == body


@pytest.mark.parametrize("location", ["/elsewhere", "http://[nonsense"])
async def test_a_redirect_is_not_followed(engine: Upstream, location: str) -> None:
    async with RawServer(always(f"HTTP/1.1 302 Found\r\nlocation: {location}\r\ncontent-length: 0\r\n\r\n".encode())) as server:
        answer, _ = await exchange(engine, request_to(server))
    assert (answer.status, header(answer.headers, b"location")) == (302, location)


async def test_a_chunked_body_may_be_split_anywhere(engine: Upstream) -> None:
    chunks = b"5\r\nhello\r\n8;ext=1\r\n, w\xc3\xb6rld\r\n0\r\nx-trailer: 1\r\n\r\n"
    wire = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n" + chunks

    async def byte_by_byte(connection: RawConnection) -> None:
        while await connection.read_request() is not None:
            for byte in wire:
                connection.write(bytes([byte]))
                await asyncio.sleep(0)

    async with RawServer(byte_by_byte) as server:
        for _ in range(3):
            assert (await exchange(engine, request_to(server)))[1] == "hello, wörld".encode()
        assert server.accepted == 1


async def test_a_chunk_is_given_when_it_arrives(engine: Upstream) -> None:
    go_on = asyncio.Event()

    async def two_chunks(connection: RawConnection) -> None:
        await connection.read_request()
        connection.write(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\none\r\n")
        await go_on.wait()
        connection.write(b"3\r\ntwo\r\n0\r\n\r\n")
        await connection.gone.wait()

    async with RawServer(two_chunks) as server:
        answer = await engine.send(request_to(server))
        received = []
        async for chunk in answer.chunks():
            received.append(chunk)
            go_on.set()
        await answer.close()
    assert received == [b"one", b"two"]


@pytest.mark.parametrize("version", ["1.0", "1.1"])
async def test_a_body_without_a_length_ends_with_the_connection(engine: Upstream, version: str) -> None:
    async with RawServer(answering(f"HTTP/{version} 200 OK\r\n\r\nall of it".encode())) as server:
        assert (await exchange(engine, request_to(server)))[1] == b"all of it"
        assert (await exchange(engine, request_to(server)))[1] == b"all of it"


@pytest.mark.parametrize("status", [204, 304])
async def test_an_answer_that_has_no_body_is_complete_with_its_headers(engine: Upstream, status: int) -> None:
    head = f"HTTP/1.1 {status} Nothing\r\ncontent-encoding: gzip\r\n\r\n".encode()
    async with RawServer(always(head)) as server:
        for _ in range(2):
            answer, body = await exchange(engine, request_to(server, silence_seconds=1))
            assert (answer.status, body) == (status, b"")
        assert server.accepted == 1


async def test_informational_answers_are_passed_over(engine: Upstream) -> None:
    hints = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n"
    async with RawServer(always(hints + OK)) as server:
        answer, body = await exchange(engine, request_to(server))
    assert (answer.status, body, header(answer.headers, b"link")) == (200, b"ok", None)


async def test_a_header_of_sixty_kilobytes_comes_through(engine: Upstream) -> None:
    value = "x" * 60_000
    async with RawServer(always(answer_with(b"ok", f"x-large: {value}"))) as server:
        answer, _ = await exchange(engine, request_to(server))
    assert header(answer.headers, b"x-large") == value


async def test_headers_without_end_are_refused(engine: Upstream) -> None:
    async with RawServer(holding(b"HTTP/1.1 200 OK\r\n" + b"x-more: and more\r\n" * 200_000)) as server:
        await failure_of(engine.send(request_to(server)), ConnectionReset)


# Compressed bodies


def raw_deflate(data: bytes) -> bytes:
    compressor = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return compressor.compress(data) + compressor.flush()


@pytest.mark.parametrize(
    ("encoding", "compressed"),
    [
        ("gzip", gzip.compress(b"hello " * 100)),
        ("x-gzip", gzip.compress(b"hello " * 40) + gzip.compress(b"hello " * 60)),
        ("deflate", zlib.compress(b"hello " * 100)),
        ("deflate", raw_deflate(b"hello " * 100)),
        ("identity", b"hello " * 100),
    ],
    ids=["gzip", "two gzip members", "zlib deflate", "raw deflate", "identity"],
)
@pytest.mark.parametrize("is_split", [False, True])
async def test_a_compressed_body_is_decoded(engine: Upstream, encoding: str, compressed: bytes, is_split: bool) -> None:
    async def handle(connection: RawConnection) -> None:
        await connection.read_request()
        connection.write(f"HTTP/1.1 200 OK\r\ncontent-encoding: {encoding}\r\ncontent-length: {len(compressed)}\r\n\r\n".encode())
        for piece in (compressed[i : i + 1] for i in range(len(compressed))) if is_split else (compressed,):
            connection.write(piece)
            await asyncio.sleep(0)
        await connection.gone.wait()

    async with RawServer(handle) as server:
        assert (await exchange(engine, request_to(server)))[1] == b"hello " * 100


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        ("gzip", b"this is not gzip"),
        ("deflate", b"nor deflate, not at all"),
        ("gzip", gzip.compress(b"hello " * 100)[:-12]),
        ("deflate", b"\x78"),
        ("br", b"never offered"),
    ],
    ids=["no gzip", "no deflate", "unfinished gzip", "unfinished deflate", "not offered"],
)
async def test_bad_or_unfinished_compression_is_a_cut(engine: Upstream, encoding: str, body: bytes) -> None:
    async with RawServer(always(answer_with(body, f"content-encoding: {encoding}"))) as server:
        await failure_of(exchange(engine, request_to(server)), ConnectionCut)


async def test_a_decompression_bomb_is_stopped_at_the_limit_and_not_unfolded_whole(engine: Upstream) -> None:
    bomb = gzip.compress(bytes(200_000_000), compresslevel=9)
    async with RawServer(always(answer_with(bomb, "content-encoding: gzip"))) as server:
        tracemalloc.start()
        try:
            await failure_of(exchange(engine, request_to(server), limit_bytes=1_000_000), AnswerTooLarge)
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert peak < 8_000_000


async def test_a_body_over_the_limit_is_too_large_and_one_at_the_limit_is_not(engine: Upstream) -> None:
    async with RawServer(always(answer_with(b"x" * 1000))) as server:
        assert len((await exchange(engine, request_to(server), limit_bytes=1000))[1]) == 1000
        await failure_of(exchange(engine, request_to(server), limit_bytes=999), AnswerTooLarge)
        assert (await exchange(engine, request_to(server)))[1] == b"x" * 1000
