"""What `kill -9` leaves: a real process that writes and drains, killed at any moment, and the next one that goes on."""

import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import select

from ai_engine.clock import SystemClock, system_chance
from ai_engine.database import migrate, open_database
from ai_engine.database.schema import attempt_rollups, request_rollups, requests
from ai_engine.ledger.drainer import Drainer
from ai_engine.ledger.repository import SqlLedger

pytestmark = pytest.mark.anyio

ROUNDS = 20

WRITE_AND_DRAIN = """
import asyncio, sys
from pathlib import Path
from ai_engine.clock import SystemClock, system_chance
from ai_engine.database import open_database
from ai_engine.ledger.drainer import Drainer, DrainPace
from ai_engine.ledger.repository import SqlLedger
from ai_engine.ledger.spool import SealPace, SpoolWriter
from tests.ledger.builders import a_request
from ai_engine.events import new_record_id
import random

async def main():
    database = await open_database(sys.argv[1])
    folder, clock = Path(sys.argv[2]), SystemClock()
    pace = SealPace(poll_every=0.001, seal_every=0.005, check_every=0.01)
    spool = SpoolWriter(folder, clock, segment_bytes=10_000, pace=pace)
    pace = DrainPace(poll_every=0.002, pause=0, adopt_every=0.01)
    drainer = Drainer(folder, SqlLedger(database), clock, system_chance, pace=pace)
    loops = [asyncio.create_task(part.run()) for part in (spool, drainer)]
    while True:
        for _ in range(7):
            record = a_request(id=new_record_id(clock.now(), random.SystemRandom().getrandbits))
            spool.record(record)
            # As the last bytes of an answer: whoever read this was answered.
            print(record.id, flush=True)
        await asyncio.sleep(0.001)

asyncio.run(main())
"""


async def test_a_killed_writer_and_drainer_loses_and_doubles_nothing(tmp_path: Path) -> None:
    url, folder, chance = f"sqlite:///{tmp_path}/engine.db", tmp_path / "spool", random.Random(4)
    database = await open_database(url)
    await migrate(database)
    answered: set[str] = set()
    for _ in range(ROUNDS):
        with subprocess.Popen(
            [sys.executable, "-c", WRITE_AND_DRAIN, url, str(folder)],
            stdout=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).parents[2],
            env={"PYTHONPATH": "."},
        ) as process:
            assert process.stdout is not None
            for _ in range(chance.randrange(1, 400)):
                answered.add(process.stdout.readline().strip())
            process.send_signal(signal.SIGKILL)
            answered |= {line for line in process.stdout.read().split("\n") if len(line) == 32}

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
    assert len(stored) - len(answered) <= ROUNDS  # killed between the record and the answer's end
    assert counted == attempts_counted == len(stored)
    assert (last.damaged, last.refused) == (0, 0)
    await last.close()
    await database.close()
    assert list(folder.iterdir()) == []
