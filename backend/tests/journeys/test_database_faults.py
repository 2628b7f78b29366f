"""The database away in every way, under load: clients notice nothing, nothing is lost, and `/health/ready` says how it stands."""

import asyncio
import itertools
import logging
import resource
import sqlite3
import statistics
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager, closing
from pathlib import Path

import pytest

from ai_engine.database import Database
from ai_engine.ledger.spool import SpoolWriter
from ai_engine.wiring.tuning import Tuning
from tests.fakes.gateway import (
    Client,
    GatewayProcess,
    Provider,
    environment_of,
    gateway_in_front_of,
    gateway_process,
    yaml_of,
)
from tests.fakes.postgresql import PostgreSQL, running_postgresql
from tests.fakes.scripted_upstream import ScriptedUpstream
from tests.journeys.ledger_counts import all_rows, assert_summary_equals, rows_once_there_are
from tests.journeys.steps import CHAT, sound
from tests.patience import eventually, within

pytestmark = pytest.mark.anyio

CLIENTS = 4
BETWEEN_REQUESTS_SECONDS = 0.03
FAULT_SECONDS = 2.5
AT_ONCE_SECONDS = 4.0
"""Longer than any request takes, and shorter than every wait for a database."""

_log = logging.getLogger(__name__)

Fault = Callable[[], AbstractAsyncContextManager[None]]


class Load:
    """Clients that ask without end, and a probe that looks at the health all the while."""

    def __init__(self, gateway: Client) -> None:
        self.phase = "healthy"
        self.answered: list[str] = []
        self.seconds: dict[str, list[float]] = defaultdict(list)
        """How long requests took, by the phase in which they came."""
        self.readiness: dict[str, list[tuple[int, str]]] = defaultdict(list)
        """What `/health/ready` said, by phase: the status and the code."""
        self.is_over = False
        self._gateway = gateway
        self._numbers = itertools.count()

    async def keep_asking(self) -> None:
        """Until it is over. Raises if a request fails, or is not answered at once."""
        loop = asyncio.get_running_loop()
        while not self.is_over:
            number, phase = next(self._numbers), self.phase
            request_id, is_stream = f"asked.{number}", number % 2 == 0
            began_at = loop.time()
            model = "streamed" if is_stream else "plain"
            async with within(AT_ONCE_SECONDS):
                reply = await self._gateway.chat(model, stream=is_stream, headers={"x-request-id": request_id})
            assert (reply.status, reply.text, reply.is_ended) == (200, "hello there", True)
            self.seconds[phase].append(loop.time() - began_at)
            self.answered.append(request_id)
            await asyncio.sleep(BETWEEN_REQUESTS_SECONDS)

    async def keep_looking(self) -> None:
        """Until it is over. Raises if `/health` is ever anything but healthy at once."""
        while not self.is_over:
            phase = self.phase
            async with within(AT_ONCE_SECONDS):
                assert (await self._gateway.get("/health"))["status"] == "healthy"
            ready = await self._gateway.http.get("/health/ready")
            if phase == self.phase:
                self.readiness[phase].append((ready.status_code, ready.json().get("error", {}).get("code", "ready")))
            await asyncio.sleep(0.05)

    def __str__(self) -> str:
        lines = []
        for phase, seconds in self.seconds.items():
            median, slowest = 1000 * statistics.median(seconds), 1000 * max(seconds)
            said = sorted(set(self.readiness[phase]))
            lines.append(f"{phase}: {len(seconds)} requests, median {median:.1f} ms, slowest {slowest:.0f} ms, ready {said}")
        return "\n".join(lines)


@asynccontextmanager
async def under_load(gateway: Client) -> AsyncIterator[Load]:
    """Raises what a client or the probe met."""
    load = Load(gateway)
    async with asyncio.TaskGroup() as group:
        for _ in range(CLIENTS):
            group.create_task(load.keep_asking())
        group.create_task(load.keep_looking())
        await asyncio.sleep(1)
        yield load
        load.is_over = True


async def all_are_in_the_ledger(load: Load, gateway: Client) -> None:
    """Waits until as many requests are there as were answered until now."""
    answered = len(load.answered)
    await eventually(
        lambda: gateway.get("/api/statistics"),
        until=lambda seen: seen["summary"]["requests"] >= answered,
    )


async def go_through(faults: Mapping[str, tuple[Fault, int]], gateway: GatewayProcess) -> None:
    """One fault after the other under one load. Each comes with the status that `/health/ready` must have once it is noticed."""
    async with under_load(gateway) as load:
        for name, (fault, status) in faults.items():
            load.phase = name
            async with fault():
                await asyncio.sleep(FAULT_SECONDS)
                await readiness_is(status, gateway)
                if status == 200:
                    assert len(await all_rows(gateway)) < len(load.answered) - len(load.seconds[name]) / 2, "it was no fault"
            load.phase = f"after {name}"
            await readiness_is(200, gateway)
            await all_are_in_the_ledger(load, gateway)
    await all_are_in_the_ledger(load, gateway)
    rows = await all_rows(gateway)
    assert sorted(row["request_id"] for row in rows) == sorted(load.answered), "each once, and no other"
    await assert_summary_equals(rows, gateway)
    usual = max(statistics.median(load.seconds[phase]) for phase in load.seconds.keys() - faults.keys())
    for name, (_, status) in faults.items():
        assert {seen for seen, _ in load.readiness[name]} <= {200, status}, str(load)
        # The fastest: a request that waits for the database waits every time, and a busy machine makes others slow.
        assert min(load.seconds[name]) < 2 * usual + 0.05, str(load)
    _log.info("%s", load)


async def readiness_is(status: int, gateway: Client) -> None:
    """Waits until `/health/ready` has this status."""
    await eventually(
        lambda: gateway.http.get("/health/ready"),
        until=lambda seen: seen.status_code == status,
    )


def provider_at(upstream: ScriptedUpstream) -> Provider:
    for model, is_stream in (("plain", False), ("streamed", True)):
        upstream.on(CHAT, sound(stream=is_stream), model=model)
    return Provider("alpha", upstream.base_url, ["plain", "streamed"])


async def test_sqlite_locked_and_full_in_turn_costs_no_request_and_no_record(alpha: ScriptedUpstream, tmp_path: Path) -> None:
    provider = provider_at(alpha)

    @asynccontextmanager
    async def locked() -> AsyncIterator[None]:
        with closing(sqlite3.connect(tmp_path / "ai-engine.db", isolation_level=None)) as other:
            other.execute("BEGIN EXCLUSIVE")
            yield

    @asynccontextmanager
    async def full() -> AsyncIterator[None]:
        """No file of the process grows any more that is as large as the database's log, which is by far the largest."""
        with closing(sqlite3.connect(tmp_path / "ai-engine.db", isolation_level=None)) as other:
            other.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            other.execute("CREATE TABLE ballast AS SELECT zeroblob(1000000)")
            size = (tmp_path / "ai-engine.db-wal").stat().st_size
        resource.prlimit(gateway.pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))
        try:
            yield
        finally:
            resource.prlimit(gateway.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))

    async with gateway_process(tmp_path, environment_of(provider), yaml=yaml_of(provider)) as gateway:
        await go_through({"locked": (locked, 200), "full": (full, 200)}, gateway)


async def test_postgresql_stopped_hanging_read_only_and_full_in_turn_costs_no_request_and_no_record(
    alpha: ScriptedUpstream, tmp_path: Path
) -> None:
    provider = provider_at(alpha)
    async with running_postgresql() as server:
        environment = {**environment_of(provider), "AI_ENGINE_DATABASE_URL": server.url}
        async with gateway_process(tmp_path, environment, yaml=yaml_of(provider)) as gateway:
            faults = {
                "stopped": (lambda: stopped(server), 503),
                "hanging": (lambda: hanging(server), 503),
                "read-only": (lambda: read_only(server), 200),
                "full": (lambda: full_disk(server), 200),
            }
            await go_through(faults, gateway)


@asynccontextmanager
async def stopped(server: PostgreSQL) -> AsyncIterator[None]:
    await server.stop()
    try:
        yield
    finally:
        await server.start()


@asynccontextmanager
async def hanging(server: PostgreSQL) -> AsyncIterator[None]:
    server.freeze()
    try:
        yield
    finally:
        server.thaw()


@asynccontextmanager
async def read_only(server: PostgreSQL) -> AsyncIterator[None]:
    await server.execute("ALTER SYSTEM SET default_transaction_read_only = on", "SELECT pg_reload_conf()")
    yield
    await server.execute("ALTER SYSTEM RESET default_transaction_read_only", "SELECT pg_reload_conf()")


@asynccontextmanager
async def full_disk(server: PostgreSQL) -> AsyncIterator[None]:
    """It refuses rows in the words that it has for a full disk."""
    refusal = "RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = 'disk_full'"
    await server.execute(
        f"CREATE FUNCTION no_space() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {refusal}; END $$",
        "CREATE TRIGGER no_space BEFORE INSERT ON requests EXECUTE FUNCTION no_space()",
    )
    yield
    await server.execute("DROP TRIGGER no_space ON requests")


async def test_beyond_the_spools_bound_records_are_counted_ready_says_so_and_clients_notice_nothing(
    alpha: ScriptedUpstream,
) -> None:
    provider = provider_at(alpha)
    tuning = Tuning(spool_limit_bytes=20_000)
    async with gateway_in_front_of(provider, tuning=tuning) as gateway:
        database, spool = (gateway.engine.state.services[kind] for kind in (Database, SpoolWriter))
        await gateway.chat("plain")
        with closing(sqlite3.connect(database.sqlite_file, isolation_level=None)) as other:
            await eventually(lambda: all_rows(gateway))
            other.execute("BEGIN EXCLUSIVE")
            asked = 1
            while spool.dropped < 10:
                assert asked < 200
                assert (await gateway.chat("plain")).status == 200
                asked += 1
            assert spool.backlog().bytes <= 20_000
            refusal = await gateway.http.get("/health/ready")
            assert (refusal.status_code, refusal.json()["error"]["code"]) == (503, "ledger_unavailable")
            assert "the spool is full" in refusal.json()["error"]["message"]
            assert (await gateway.get("/health"))["status"] == "healthy"
            other.execute("ROLLBACK")
        await readiness_is(200, gateway)
        kept = asked - spool.dropped
        rows = await rows_once_there_are(kept, gateway)
        assert len(rows) == kept
        assert (await gateway.chat("plain")).status == 200
        await rows_once_there_are(kept + 1, gateway)
        assert spool.dropped == asked - kept, "nothing is lost any more"


async def test_a_spool_that_cannot_be_written_to_is_told_and_taken_up_again(alpha: ScriptedUpstream, tmp_path: Path) -> None:
    provider = provider_at(alpha)
    async with gateway_process(tmp_path, environment_of(provider), yaml=yaml_of(provider)) as gateway:
        await gateway.chat("plain")
        await rows_once_there_are(1, gateway)
        resource.prlimit(gateway.pid, resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))
        assert (await gateway.chat("plain")).status == 200
        refusal = await gateway.http.get("/health/ready")
        assert (refusal.status_code, refusal.json()["error"]["code"]) == (503, "ledger_unavailable")
        assert (await gateway.get("/health"))["status"] == "healthy"
        resource.prlimit(gateway.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        await readiness_is(200, gateway)
        assert (await gateway.chat("plain")).status == 200
        assert len(await rows_once_there_are(2, gateway)) == 2, "the one in between could not be kept, and ready said so"


async def test_what_came_after_the_sqlite_file_was_deleted_is_in_the_next_ones_ledger(
    alpha: ScriptedUpstream, tmp_path: Path
) -> None:
    provider = provider_at(alpha)
    environment, yaml = environment_of(provider), yaml_of(provider)
    async with gateway_process(tmp_path, environment, yaml=yaml) as gateway:
        await gateway.chat("plain")
        await rows_once_there_are(1, gateway)
        for file in tmp_path.glob("ai-engine.db*"):
            file.unlink()
        refusal = await gateway.http.get("/health/ready")
        assert (refusal.status_code, refusal.json()["error"]["code"]) == (503, "database_file_missing")
        replies = [await gateway.chat("streamed", stream=True, headers={"x-request-id": f"after.{n}"}) for n in range(5)]
        assert [reply.text for reply in replies] == ["hello there"] * 5
    async with gateway_process(tmp_path, environment, yaml=yaml) as gateway:
        rows = await rows_once_there_are(5, gateway)
        assert sorted(row["request_id"] for row in rows) == [f"after.{n}" for n in range(5)]
