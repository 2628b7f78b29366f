"""A gateway that is killed and started again many times: each a process of its own, without the second that importing takes."""

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

from tests.fakes.gateway import process_environment

# It has imported the program, and waits. For each line that it reads, it forks a process that runs `ai-engine serve`, and prints
# its number; the one before must have been killed, and is waited for: its port is free by then.
_PARENT = """
import os, sys
from ai_engine import app, cli
import asyncpg, sqlalchemy.dialects.postgresql.asyncpg, sqlalchemy.dialects.sqlite.aiosqlite, aiosqlite
import uvicorn.lifespan.on, uvicorn.protocols.http.httptools_impl
child = 0
for _ in sys.stdin:
    if child:
        os.waitpid(child, 0)
    child = os.fork()
    if not child:
        os.dup2(2, 1)
        sys.argv[1:] = ["serve"]
        cli.main()
        os._exit(0)
    print(child, flush=True)
"""


class QuickGateway:
    """One gateway at one port, of which at most one process runs."""

    def __init__(self, parent: asyncio.subprocess.Process) -> None:
        self._parent = parent
        self._child: int | None = None

    async def start(self) -> None:
        """Begins a process. It listens soon after."""
        assert self._parent.stdin is not None
        assert self._parent.stdout is not None
        self._parent.stdin.write(b"\n")
        self._child = int(await self._parent.stdout.readline())

    def kill(self) -> None:
        """`kill -9`, if one runs."""
        if self._child is not None:
            os.kill(self._child, signal.SIGKILL)
            self._child = None


@contextlib.asynccontextmanager
async def quick_gateway(folder: Path, port: int, environment: Mapping[str, str], yaml: str) -> AsyncIterator[QuickGateway]:
    """None runs yet; whatever runs at the end is killed. All is kept in `folder`."""
    await asyncio.to_thread((folder / "ai-engine.yaml").write_text, yaml)
    with (folder / "log.txt").open("ab") as log:
        parent = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-c", _PARENT),
            cwd=folder,
            env=process_environment(folder, port, environment),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=log,
        )
    gateway = QuickGateway(parent)
    try:
        yield gateway
    finally:
        gateway.kill()
        assert parent.stdin is not None
        parent.stdin.close()
        await parent.wait()
