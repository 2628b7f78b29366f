"""What `kill -9` leaves: real processes that write and drain, killed at any moment, and the next ones that go on."""

import random
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from sqlalchemy import select

from ai_engine.clock import SystemClock, system_chance
from ai_engine.database import migrate, open_database
from ai_engine.database.schema import attempt_rollups, request_rollups, requests
from ai_engine.ledger.drainer import Drainer
from ai_engine.ledger.repository import SqlLedger

pytestmark = pytest.mark.anyio

PROCESS = """
import asyncio, random, sys
from pathlib import Path
from ai_engine.clock import SystemClock, system_chance
from ai_engine.database import open_database
from ai_engine.events import new_record_id
from ai_engine.ledger.drainer import Drainer, DrainPace
from ai_engine.ledger.repository import SqlLedger
from ai_engine.ledger.spool import SealPace, SpoolWriter
from tests.ledger.builders import a_request

url, folder, parts, clock = sys.argv[1], Path(sys.argv[2]), sys.argv[3:], SystemClock()

async def write():
    pace = SealPace(poll_every=0.001, seal_every=0.005, check_every=0.01)
    spool = SpoolWriter(folder, clock, segment_bytes=10_000, pace=pace)
    sealing = asyncio.create_task(spool.run())
    while True:
        for _ in range(7):
            record = a_request(id=new_record_id(clock.now(), random.SystemRandom().getrandbits))
            spool.record(record)
            # As the last bytes of an answer: whoever read this was answered.
            print(record.id, flush=True)
        await asyncio.sleep(0.001)

class Store(SqlLedger):
    async def store(self, entries):
        dropped = await super().store(entries)
        print("stored", flush=True)
        return dropped

async def drain():
    pace = DrainPace(poll_every=0.002, pause=0, adopt_every=0.01)
    await Drainer(folder, Store(await open_database(url)), clock, system_chance, pace=pace).run()

async def main():
    await asyncio.gather(*(globals()[part]() for part in parts))

asyncio.run(main())
"""


def run_and_kill(url: str, folder: Path, processes: Sequence[Sequence[str]], chance: random.Random) -> set[str]:
    """The ids that the processes answered before each was killed. They are started together."""
    started = [
        subprocess.Popen(
            [sys.executable, "-c", PROCESS, url, str(folder), *parts],
            stdout=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).parents[2],
            env={"PYTHONPATH": "."},
        )
        for parts in processes
    ]
    printed: set[str] = set()
    for process, parts in zip(started, processes, strict=True):
        assert process.stdout is not None
        for _ in range(chance.randrange(1, 400) if "write" in parts else 1):
            printed.add(process.stdout.readline().strip())
    chance.shuffle(started)
    for process in started:
        process.kill()
        with process:
            assert process.stdout is not None
            printed.update(process.stdout.read().split("\n"))
    return {line for line in printed if len(line) == 32}


@pytest.mark.parametrize(
    ("rounds", "processes"),
    [(20, [["write", "drain"]]), (6, [["write"], ["write"], ["drain"]])],
    ids=["one process", "processes of their own"],
)
async def test_killed_writers_and_drainers_lose_and_double_nothing(
    tmp_path: Path, rounds: int, processes: Sequence[Sequence[str]]
) -> None:
    url, folder, chance = f"sqlite:///{tmp_path}/engine.db", tmp_path / "spool", random.Random(4)
    folder.mkdir()
    database = await open_database(url)
    await migrate(database)
    answered: set[str] = set()
    for _ in range(rounds):
        answered |= run_and_kill(url, folder, processes, chance)

    last = Drainer(folder, SqlLedger(database), SystemClock(), system_chance)
    await last.flush()

    async with database.engine.connect() as connection:
        stored = [row.id for row in await connection.execute(select(requests.c.id))]
        days = request_rollups.c.resolution_seconds == 86_400
        everything = await connection.execute(select(request_rollups).where(days, request_rollups.c.provider == "*"))
        counted = sum(row.requests for row in everything)
        tried = await connection.execute(select(attempt_rollups).where(attempt_rollups.c.resolution_seconds == 86_400))
        attempts_counted = sum(row.attempts for row in tried)
    assert answered <= set(stored)
    assert len(stored) - len(answered) <= rounds * len(processes)  # killed between the record and the answer's end
    assert counted == attempts_counted == len(stored)
    assert (last.damaged, last.refused) == (0, 0)
    await last.close()
    await database.close()
    assert list(folder.iterdir()) == []
