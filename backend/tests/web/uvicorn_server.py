"""A real uvicorn on a real socket, for tests of what only a server shows."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Literal

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from ai_engine.web.middleware import ASGIApp
from tests.patience import PATIENCE_SECONDS

HTTPImplementation = Literal["httptools", "h11"]


@asynccontextmanager
async def serving(
    app: ASGIApp, http: HTTPImplementation | type[HttpToolsProtocol] = "httptools", **options: Any
) -> AsyncIterator[int]:
    """The port at which `app` is served for as long as the block lasts; `options` are uvicorn's."""
    config = uvicorn.Config(
        app,
        host="127.0.0.1",
        port=0,
        http=http,
        lifespan="off",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        **options,
    )
    server = uvicorn.Server(config)
    config.load()
    server.lifespan = config.lifespan_class(config)
    await server.startup()
    try:
        port: int = server.servers[0].sockets[0].getsockname()[1]
        yield port
    finally:
        await server.shutdown()


async def exchange(port: int, request: bytes, *, until: bytes) -> bytes:
    """Sends `request` on a connection of its own and gives what comes back up to `until`."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(request)
        return await asyncio.wait_for(reader.readuntil(until), PATIENCE_SECONDS)
    finally:
        writer.close()
        await writer.wait_closed()


def http_scope(
    method: str = "GET", path: str = "/", headers: list[tuple[bytes, bytes]] | None = None, **more: Any
) -> dict[str, Any]:
    """An HTTP scope as a server makes it."""
    return {
        "type": "http",
        "method": method,
        "path": path,
        "raw_path": path.encode(),
        "http_version": "1.1",
        "headers": headers or [],
        "client": ("127.0.0.1", 50000),
        **more,
    }
