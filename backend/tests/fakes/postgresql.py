"""A PostgreSQL server of a test's own, which it may stop, freeze and start again."""

import asyncio
import os
import shutil
import signal
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from tests.fakes.needed import go_without
from tests.fakes.ports import free_port

_PROGRAMS = Path("/usr/lib/postgresql")
"""Debian's package puts them outside of PATH."""


class PostgreSQL:
    """One server on loopback, with its data in a folder of its own."""

    def __init__(self, programs: Path, folder: Path, port: int) -> None:
        self._programs = programs
        self._folder = folder
        self._port = port

    @property
    def url(self) -> str:
        return f"postgresql://tester@127.0.0.1:{self._port}/postgres"

    async def start(self) -> None:
        """Takes connections when it returns."""
        options = f"-p {self._port} -c listen_addresses=127.0.0.1 -k {self._folder} -c fsync=off"
        await self._run("pg_ctl", "-D", self._folder, "-w", "-l", self._folder / "log", "-o", options, "start")

    async def stop(self) -> None:
        """Every connection is cut."""
        await self._run("pg_ctl", "-D", self._folder, "-m", "immediate", "stop")

    async def make(self) -> None:
        """Makes its data."""
        await self._run("initdb", "-D", self._folder, "-U", "tester", "--auth=trust", "--no-sync")

    async def execute(self, *statements: str) -> None:
        """Runs each statement by itself."""
        for statement in statements:
            await self._run("psql", "-q", "-h", "127.0.0.1", "-p", self._port, "-U", "tester", "-c", statement, "postgres")

    def freeze(self) -> None:
        """It takes connections and answers nothing, as on a machine whose disk hangs."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """It goes on where it was."""
        self._signal(signal.SIGCONT)

    def _signal(self, sent: signal.Signals) -> None:
        first = int((self._folder / "postmaster.pid").read_text().split()[0])
        for process in (first, *_children(first)):
            os.kill(process, sent)

    async def _run(self, program: str, *arguments: object) -> None:
        # It refuses to run as root.
        as_postgres = ("runuser", "-u", "postgres", "--") if os.geteuid() == 0 else ()
        command = [*as_postgres, str(self._programs / program), *map(str, arguments)]
        # A file, not a pipe: the server inherits it, and a pipe would not end before the server does.
        with tempfile.TemporaryFile() as output:
            process = await asyncio.create_subprocess_exec(*command, cwd="/", stdout=output, stderr=output)
            status = await process.wait()
            output.seek(0)
            assert status == 0, f"{program} failed:\n{output.read().decode()}"


def _children(parent: int) -> list[int]:
    found: list[int] = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:  # it has just ended
            continue
        if int(fields[1]) == parent:
            found.append(int(stat.parent.name))
    return found


@asynccontextmanager
async def running_postgresql() -> AsyncIterator[PostgreSQL]:
    """A running server. Without PostgreSQL's programs the test is skipped loudly, and fails in CI."""
    programs = max(_PROGRAMS.glob("*/bin"), key=lambda path: float(path.parent.name), default=None)
    on_path = shutil.which("initdb")
    if programs is None and on_path is not None:
        programs = Path(on_path).parent
    if programs is None:
        go_without("PostgreSQL's programs are missing, so nobody sees what becomes of us when it stops.")
    folder = Path(tempfile.mkdtemp(prefix="ai-engine-postgresql-"))
    if os.geteuid() == 0:
        shutil.chown(folder, "postgres")
    server = PostgreSQL(programs, folder, free_port())
    try:
        await server.make()
        await server.start()
        try:
            yield server
        finally:
            await server.stop()
    finally:
        shutil.rmtree(folder)
