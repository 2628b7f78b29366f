import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from ai_engine.ledger.lines import Entry, encode
from ai_engine.ledger.recorder import Recorder
from ai_engine.ledger.spool import SUFFIX
from ai_engine.ledger.store import EntriesRefused, StoreUnavailable
from tests.ledger.builders import NOON, a_request
from tests.ledger.clocks import HandTurnedClock

pytestmark = pytest.mark.anyio


class FakeStore:
    """Keeps entries in memory, once each; what to refuse and whether it is there is up to the test."""

    def __init__(self) -> None:
        self.ids: list[str] = []
        self.batches: list[int] = []
        self.is_away = False
        self.commits_and_then_fails = 0
        self.refuses: set[str] = set()
        self.too_old = 0

    async def store(self, entries: Sequence[Entry]) -> int:
        await asyncio.sleep(0)
        if self.is_away:
            raise StoreUnavailable("away")
        if any(entry.request.id in self.refuses for entry in entries):
            raise EntriesRefused("no")
        self.batches.append(len(entries))
        self.ids = list(dict.fromkeys([*self.ids, *(entry.request.id for entry in entries)]))
        if self.commits_and_then_fails:
            self.commits_and_then_fails -= 1
            raise StoreUnavailable("nobody knows")
        return self.too_old


def recorder_in(folder: Path, store: FakeStore, clock: HandTurnedClock | None = None, limit_bytes: int = 10**7) -> Recorder:
    return Recorder(store, folder, clock or HandTurnedClock(NOON), lambda: 0.5, limit_bytes=limit_bytes)


@asynccontextmanager
async def running(recorder: Recorder) -> AsyncIterator[None]:
    task = asyncio.create_task(recorder.run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])
        if not task.cancelled():
            task.result()


async def until(condition: Callable[[], bool]) -> None:
    for _ in range(100_000):
        if condition():
            return
        await asyncio.sleep(0)
    raise AssertionError("it did not come to pass")


async def test_what_is_recorded_is_stored_in_the_background_in_batches(tmp_path: Path) -> None:
    store = FakeStore()
    recorder = recorder_in(tmp_path, store)
    records = [a_request() for _ in range(1200)]
    for record in records:
        recorder.record(record)
    assert recorder.backlog().records == 1200

    async with running(recorder):
        await until(lambda: recorder.backlog().bytes == 0)

    assert store.ids == [record.id for record in records]
    assert max(store.batches) <= 2048
    assert recorder.backlog() == (0, 0, 0.0, 0, 0, 0)
    assert recorder.health() == (True, None)


async def test_a_record_after_a_silence_is_stored_soon_and_a_stream_of_them_once_a_second(tmp_path: Path) -> None:
    clock = HandTurnedClock(NOON)
    stored_at: list[float] = []

    class Watched(FakeStore):
        async def store(self, entries: Sequence[Entry]) -> int:
            stored_at.append(clock.monotonic())
            recorder.record(a_request())
            return await super().store(entries)

    recorder = recorder_in(tmp_path, Watched(), clock)
    async with running(recorder):
        await until(lambda: clock.monotonic() > 60)
        began_at = clock.monotonic()
        recorder.record(a_request())
        await until(lambda: clock.monotonic() > began_at + 10)

    assert stored_at[0] - began_at <= 0.1
    assert [later - earlier for earlier, later in pairwise(stored_at)] == pytest.approx([1] * (len(stored_at) - 1), abs=0.06)
    assert len(stored_at) >= 9


async def test_enough_for_a_large_transaction_does_not_wait_for_its_second(tmp_path: Path) -> None:
    store, clock = FakeStore(), HandTurnedClock(NOON)
    recorder = recorder_in(tmp_path, store, clock)
    async with running(recorder):
        recorder.record(a_request())
        await until(lambda: len(store.batches) == 1)
        first_at = clock.monotonic()
        for _ in range(3000):
            recorder.record(a_request())
        await until(lambda: sum(store.batches) > 2000)

    assert clock.monotonic() - first_at < 0.5


async def test_thousands_of_records_come_in_their_order_though_the_store_was_away_between(tmp_path: Path) -> None:
    store = FakeStore()
    recorder = recorder_in(tmp_path, store)
    records = [a_request() for _ in range(5000)]
    for record in records[:4000]:
        recorder.record(record)
    store.is_away = True
    with pytest.raises(StoreUnavailable):
        await recorder.flush()
    store.is_away = False
    for record in records[4000:]:
        recorder.record(record)
    await recorder.flush()

    assert store.ids == [record.id for record in records]
    assert recorder.backlog() == (0, 0, 0.0, 0, 0, 0)


async def test_while_the_store_is_away_nothing_is_lost_and_the_backlog_tells(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    store, clock = FakeStore(), HandTurnedClock(NOON)
    recorder = recorder_in(tmp_path, store, clock)
    store.is_away = True
    records = [a_request(received_at=NOON + timedelta(seconds=number)) for number in range(10)]

    async with running(recorder):
        for record in records:
            recorder.record(record)
        await until(lambda: clock.monotonic() > 120)
        backlog = recorder.backlog()
        store.is_away = False
        await until(lambda: recorder.backlog().bytes == 0)

    assert store.ids == [record.id for record in records]
    assert backlog.records == 10
    assert backlog.oldest_age_seconds > 119
    messages = [entry.getMessage() for entry in caplog.records]
    assert messages == [
        "The ledger's database takes no records (away); they wait in the spool.",
        "The ledger's database takes records again.",
    ]


async def test_a_store_that_is_away_is_asked_ever_more_seldom(tmp_path: Path) -> None:
    clock = HandTurnedClock(NOON)
    asked_at: list[float] = []

    class Away(FakeStore):
        async def store(self, entries: Sequence[Entry]) -> int:
            asked_at.append(clock.monotonic())
            raise StoreUnavailable("away")

    recorder = recorder_in(tmp_path, Away(), clock)
    recorder.record(a_request())
    async with running(recorder):
        await until(lambda: clock.monotonic() > 60)

    gaps = [later - earlier for earlier, later in pairwise(asked_at)]
    assert gaps[:7] == pytest.approx([0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 5])
    assert len(asked_at) < 20


async def test_a_batch_that_was_stored_without_an_answer_is_stored_again_and_counts_once(tmp_path: Path) -> None:
    store = FakeStore()
    store.commits_and_then_fails = 3
    recorder = recorder_in(tmp_path, store)
    records = [a_request() for _ in range(5)]
    for record in records:
        recorder.record(record)

    async with running(recorder):
        await until(lambda: recorder.backlog().bytes == 0)

    assert store.ids == [record.id for record in records]


async def test_a_record_that_the_store_refuses_is_left_out_and_counted_and_the_others_are_stored(tmp_path: Path) -> None:
    store = FakeStore()
    records = [a_request() for _ in range(9)]
    store.refuses = {records[4].id}
    recorder = recorder_in(tmp_path, store)
    for record in records:
        recorder.record(record)

    await recorder.flush()

    assert store.ids == [record.id for record in records if record is not records[4]]
    assert recorder.backlog().refused == 1


async def test_records_that_the_store_leaves_out_as_too_old_are_counted_and_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    store = FakeStore()
    store.too_old = 1
    recorder = recorder_in(tmp_path, store)
    recorder.record(a_request())
    await recorder.flush()

    assert recorder.backlog() == (0, 0, 0.0, 0, 0, 1)
    assert "older than requests that retention has deleted" in caplog.text


async def test_beyond_its_bound_records_are_dropped_counted_and_told_until_there_is_room(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    store, clock = FakeStore(), HandTurnedClock(NOON)
    store.is_away = True
    recorder = recorder_in(tmp_path, store, clock, limit_bytes=20 * len(encode(a_request())))
    for _ in range(50):
        recorder.record(a_request())

    backlog = recorder.backlog()
    assert backlog.records + backlog.dropped == 50
    assert 18 <= backlog.records <= 20
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) <= 20 * len(encode(a_request()))
    assert not recorder.health().is_recording
    assert "the spool is full" in str(recorder.health().reason)
    assert len(caplog.records) == 1

    store.is_away = False
    async with running(recorder):
        await until(lambda: recorder.health().is_recording)
    assert len(store.ids) == backlog.records


async def test_a_spool_that_cannot_be_written_costs_no_request_anything_and_is_tried_again(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    blocked = tmp_path / "spool"
    blocked.write_text("a file where the folder should be")
    store, clock = FakeStore(), HandTurnedClock(NOON)
    recorder = recorder_in(blocked, store, clock)
    recorder.record(a_request())
    recorder.record(a_request())

    assert recorder.backlog().dropped == 2
    assert not recorder.health().is_recording
    async with running(recorder):
        await until(lambda: clock.monotonic() > 125)
        assert len(caplog.records) == 3  # once a minute
        blocked.unlink()
        await until(lambda: recorder.health().is_recording)
        recorder.record(kept := a_request())
        await until(lambda: store.ids == [kept.id])


async def test_a_record_that_cannot_be_written_down_is_counted_and_not_raised(tmp_path: Path) -> None:
    recorder = recorder_in(tmp_path, FakeStore())

    recorder.record(a_request(status=2**64))
    recorder.record(a_request(request_id=object()))

    assert recorder.backlog().dropped == 2


async def test_what_cannot_be_adopted_is_told_and_new_records_are_kept_all_the_same(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    recorder = recorder_in(tmp_path / "spool", FakeStore())
    (tmp_path / "spool").rename(tmp_path / "elsewhere")

    for _ in range(3):
        recorder.adopt_orphans()

    assert recorder.health().is_recording
    assert [record.levelno for record in caplog.records] == [logging.ERROR]
    assert "cannot be read" in caplog.text


async def test_the_spools_of_dead_processes_are_adopted_their_damage_skipped_and_counted(tmp_path: Path) -> None:
    whole, cut = a_request(), encode(a_request())[:-20]
    (tmp_path / f"1-dead{SUFFIX}").write_bytes(b"no line\n" + encode(whole) + b"\0" * 100 + b"\n" + encode(whole) + cut)
    store = FakeStore()
    recorder = recorder_in(tmp_path, store)

    async with running(recorder):
        await until(lambda: bool(store.ids) and recorder.backlog().bytes == 0)

    assert store.ids == [whole.id]
    assert recorder.backlog().damaged == 3
    assert len(list(tmp_path.iterdir())) == 1


async def test_closing_stores_what_it_can_and_leaves_the_rest_for_the_next_start(tmp_path: Path) -> None:
    store = FakeStore()
    first = recorder_in(tmp_path, store)
    first.record(kept := a_request())
    await first.close()
    assert store.ids == [kept.id]
    assert list(tmp_path.iterdir()) == []

    store.is_away = True
    second = recorder_in(tmp_path, store)
    second.record(later := a_request())
    await second.close()
    store.is_away = False
    third = recorder_in(tmp_path, store)
    async with running(third):
        await until(lambda: store.ids == [kept.id, later.id])


async def test_a_writer_that_is_always_ahead_does_not_let_the_spool_grow(tmp_path: Path) -> None:
    store = FakeStore()
    recorder = Recorder(store, tmp_path, HandTurnedClock(NOON), lambda: 0.5, file_bytes=20_000)
    recorded = 0
    async with running(recorder):
        for _ in range(300):
            for _ in range(5):
                recorder.record(a_request())
                recorded += 1
            await asyncio.sleep(0)
        await until(lambda: len(store.ids) == recorded)

    assert sum(path.stat().st_size for path in tmp_path.iterdir()) == 0
