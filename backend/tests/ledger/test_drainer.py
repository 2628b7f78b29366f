import asyncio
import logging
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import pytest

from ai_engine.ledger.drainer import BATCH_BYTES, Drainer
from ai_engine.ledger.lines import Entry, encode
from ai_engine.ledger.segments import OPEN, SEALED
from ai_engine.ledger.spool import SpoolWriter
from ai_engine.ledger.store import StoreUnavailable
from tests.fakes.clock import HandTurnedClock
from tests.ledger.builders import a_request
from tests.ledger.fake_store import FakeStore, running
from tests.ledger.unprivileged import unprivileged_folder

pytestmark = pytest.mark.anyio


@pytest.fixture
def clock() -> HandTurnedClock:
    return HandTurnedClock()


@pytest.fixture
def store() -> FakeStore:
    return FakeStore()


@pytest.fixture
def drainer(tmp_path: Path, store: FakeStore, clock: HandTurnedClock) -> Drainer:
    return Drainer(tmp_path, store, clock, lambda: 0.5)


def write(folder: Path, name: str, count: int = 1) -> list[str]:
    """A segment with that many records; their ids."""
    records = [a_request() for _ in range(count)]
    (folder / name).write_bytes(b"".join(map(encode, records)))
    return [record.id for record in records]


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


async def test_sealed_segments_are_stored_oldest_first_and_deleted(tmp_path: Path, store: FakeStore, drainer: Drainer) -> None:
    second, first = write(tmp_path, f"2{SEALED}", 300), write(tmp_path, f"1{SEALED}", 300)

    await drainer.flush()

    assert store.ids == first + second
    assert store.batches == [600]
    assert names(tmp_path) == []
    assert (drainer.damaged, drainer.refused) == (0, 0)


async def test_a_segment_that_its_process_still_writes_is_not_touched(
    tmp_path: Path, store: FakeStore, drainer: Drainer, clock: HandTurnedClock
) -> None:
    spool = SpoolWriter(tmp_path, clock)
    spool.record(record := a_request())

    await drainer.flush()

    assert store.ids == []
    (segment,) = tmp_path.iterdir()
    assert segment.read_bytes() == encode(record)


async def test_a_segment_larger_than_a_batch_is_stored_in_several_without_a_line_twice(
    tmp_path: Path, store: FakeStore, drainer: Drainer
) -> None:
    ids = write(tmp_path, f"1{SEALED}", 4 * BATCH_BYTES // len(encode(a_request())))
    ids += write(tmp_path, f"2{SEALED}", 10)

    await drainer.flush()

    assert store.ids == ids
    assert sum(store.batches) == len(ids)
    assert len(store.batches) == 5
    assert names(tmp_path) == []


async def test_writer_and_drainer_side_by_side_move_every_record_within_a_second_or_so(
    tmp_path: Path, store: FakeStore, drainer: Drainer, clock: HandTurnedClock
) -> None:
    spool = SpoolWriter(tmp_path, clock)
    recorded: list[str] = []
    async with running(spool.run, drainer.run):
        for _ in range(100):
            spool.record(record := a_request())
            recorded.append(record.id)
            await clock.turn(0.1)
            assert len(recorded) - len(store.ids) <= 12
        await clock.turn(1.2)
        assert store.ids == recorded
        await clock.turn(60)
        spool.record(record := a_request())
        await clock.turn(0.2)
        assert store.ids == [*recorded, record.id]
    assert spool.backlog() == (0, 0, 0.0)
    assert len(store.batches) <= 12
    assert [path.stat().st_size for path in tmp_path.iterdir()] == [0]


async def test_while_the_store_is_away_nothing_is_lost_and_the_log_has_it_once(
    tmp_path: Path, store: FakeStore, drainer: Drainer, clock: HandTurnedClock, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    store.is_away = True
    ids = write(tmp_path, f"1{SEALED}", 3)
    async with running(drainer.run):
        await clock.turn(120)
        ids += write(tmp_path, f"2{SEALED}", 3)
        await clock.turn(10)
        assert names(tmp_path) == [f"1{SEALED}", f"2{SEALED}"]
        store.is_away = False
        await clock.turn(6)

    assert store.ids == ids
    assert [entry.getMessage() for entry in caplog.records] == [
        "The ledger's database takes no records (away); they wait in the spool.",
        "The ledger's database takes records again.",
    ]


async def test_a_store_that_is_away_is_asked_ever_more_seldom(tmp_path: Path, clock: HandTurnedClock) -> None:
    asked_at: list[float] = []

    class Away(FakeStore):
        async def store(self, entries: Sequence[Entry]) -> int:
            asked_at.append(clock.monotonic())
            raise StoreUnavailable("away")

    write(tmp_path, f"1{SEALED}")
    async with running(Drainer(tmp_path, Away(), clock, lambda: 0.5).run):
        await clock.turn(60)

    gaps = [later - earlier for earlier, later in pairwise(asked_at)]
    assert gaps[:7] == pytest.approx([0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 5])
    assert len(asked_at) < 20


async def test_a_batch_that_was_stored_without_an_answer_is_stored_again_and_counts_once(
    tmp_path: Path, store: FakeStore, drainer: Drainer
) -> None:
    store.commits_and_then_fails = 2
    ids = write(tmp_path, f"1{SEALED}", 5)
    with pytest.raises(StoreUnavailable):
        await drainer.flush()
    await drainer.close()
    assert names(tmp_path) == [f"1{SEALED}"]

    await drainer.flush()

    assert store.ids == ids
    assert store.batches == [5, 5, 5]


async def test_a_drainer_that_ends_within_a_large_segment_leaves_it_to_the_next_whole(
    tmp_path: Path, store: FakeStore, clock: HandTurnedClock
) -> None:
    ids = write(tmp_path, f"1{SEALED}", 3 * BATCH_BYTES // len(encode(a_request())))

    class EndsAfterTheFirst(FakeStore):
        async def store(self, entries: Sequence[Entry]) -> int:
            if store.batches:
                raise StoreUnavailable("gone")
            return await store.store(entries)

    first = Drainer(tmp_path, EndsAfterTheFirst(), clock, lambda: 0.5)
    await first.close()
    assert 0 < len(store.ids) < len(ids)

    await Drainer(tmp_path, store, clock, lambda: 0.5).flush()

    assert store.ids == ids
    assert names(tmp_path) == []


async def test_a_record_that_the_store_refuses_is_left_out_and_counted_and_the_others_are_stored(
    tmp_path: Path, store: FakeStore, drainer: Drainer
) -> None:
    ids = write(tmp_path, f"1{SEALED}", 9)
    store.refuses = {ids[4]}

    await drainer.flush()

    assert store.ids == ids[:4] + ids[5:]
    assert drainer.refused == 1


async def test_records_that_the_store_leaves_out_as_too_old_are_counted_and_told(
    tmp_path: Path, store: FakeStore, drainer: Drainer, caplog: pytest.LogCaptureFixture
) -> None:
    write(tmp_path, f"1{SEALED}")
    store.too_old = 1

    await drainer.flush()

    assert drainer.refused == 1
    assert "older than requests that retention has deleted" in caplog.text


async def test_the_segments_of_dead_processes_are_adopted_their_damage_skipped_and_counted_once(
    tmp_path: Path, store: FakeStore, drainer: Drainer
) -> None:
    whole, torn = a_request(), encode(a_request())[:-20]
    (tmp_path / f"1{OPEN}").write_bytes(b"no line\n\n" + encode(whole) + b"\0" * 100 + b"\n" + encode(whole) + torn)
    (tmp_path / f"2{OPEN}").touch()
    (tmp_path / f"3{OPEN}").write_bytes(b"x" * 2 * BATCH_BYTES)
    store.is_away = True
    with pytest.raises(StoreUnavailable):
        await drainer.flush()
    store.is_away = False

    await drainer.flush()

    assert store.ids == [whole.id]
    assert drainer.damaged == 3 + 2
    assert names(tmp_path) == []


async def test_an_orphan_is_adopted_while_the_drainer_runs(
    tmp_path: Path, store: FakeStore, drainer: Drainer, clock: HandTurnedClock
) -> None:
    living = SpoolWriter(tmp_path, clock)
    async with running(drainer.run):
        await clock.turn(10)
        ids = write(tmp_path, f"1{OPEN}", 2)
        await clock.turn(1.1)
        assert store.ids == ids
    assert living.health().is_recording
    assert len(names(tmp_path)) == 1


async def test_what_is_no_segment_of_this_form_stays(tmp_path: Path, store: FakeStore, drainer: Drainer) -> None:
    (tmp_path / "elsewhere").write_bytes(encode(a_request()))
    (tmp_path / f"1{SEALED}").symlink_to(tmp_path / "elsewhere")
    (tmp_path / f"2{OPEN}").mkdir()
    (tmp_path / "3.sealed2").write_bytes(b"another form\n")
    before = names(tmp_path)
    ids = write(tmp_path, f"4{OPEN}")

    await drainer.flush()

    assert store.ids == ids
    assert names(tmp_path) == before


async def test_segments_that_cannot_be_read_keep_no_other_from_being_drained(
    store: FakeStore, clock: HandTurnedClock, caplog: pytest.LogCaptureFixture
) -> None:
    with unprivileged_folder() as folder:
        ids = [write(folder, f"{number}{suffix}") for number, suffix in enumerate((SEALED, OPEN, SEALED, OPEN))]
        (folder / f"0{SEALED}").chmod(0)
        (folder / f"1{OPEN}").chmod(0)
        drainer = Drainer(folder, store, clock, lambda: 0.5)
        async with running(drainer.run):
            await clock.turn(10)
            assert store.ids == ids[2] + ids[3]
            assert len(caplog.records) == 1
            assert "cannot be read" in caplog.text
            for path in folder.iterdir():
                path.chmod(0o600)
            await clock.turn(1.1)
        assert set(store.ids) == {record_id for of_segment in ids for record_id in of_segment}
        assert names(folder) == []


async def test_a_segment_that_cannot_be_deleted_is_stored_once_and_deleted_when_it_can_be(
    store: FakeStore, clock: HandTurnedClock, caplog: pytest.LogCaptureFixture
) -> None:
    with unprivileged_folder() as folder:
        ids = write(folder, f"1{SEALED}", 3)
        folder.chmod(0o500)
        async with running(Drainer(folder, store, clock, lambda: 0.5).run):
            await clock.turn(10)
            assert (store.ids, store.batches) == (ids, [3])
            assert names(folder) == [f"1{SEALED}"]
            assert len(caplog.records) == 1
            folder.chmod(0o700)
            await clock.turn(0.1)
            assert names(folder) == []
    assert store.batches == [3]


async def test_a_folder_that_is_gone_is_told_and_drained_once_it_is_there_again(
    tmp_path: Path, store: FakeStore, clock: HandTurnedClock, caplog: pytest.LogCaptureFixture
) -> None:
    folder = tmp_path / "spool"
    folder.mkdir()
    async with running(Drainer(folder, store, clock, lambda: 0.5).run):
        await clock.turn(1)
        folder.rmdir()
        await clock.turn(10)
        folder.mkdir()
        ids = write(folder, f"1{SEALED}")
        await clock.turn(0.1)
    assert store.ids == ids
    assert len(caplog.records) == 1


async def test_of_two_drainers_of_a_folder_one_works_and_the_other_goes_on_when_it_ends(
    tmp_path: Path, clock: HandTurnedClock
) -> None:
    stores = [FakeStore(), FakeStore()]
    first, second = (Drainer(tmp_path, store, clock, lambda: 0.5) for store in stores)
    ids = write(tmp_path, f"1{SEALED}")
    await first.flush()
    later = write(tmp_path, f"2{SEALED}")
    async with running(second.run):
        await clock.turn(5)
        assert [store.ids for store in stores] == [ids, []]
        await first.close()
        assert [store.ids for store in stores] == [ids + later, []]
        last = write(tmp_path, f"3{SEALED}")
        await clock.turn(0.1)
        assert [store.ids for store in stores] == [ids + later, last]


async def test_closing_stores_what_it_can_in_its_time(tmp_path: Path, clock: HandTurnedClock) -> None:
    class Hangs(FakeStore):
        async def store(self, entries: Sequence[Entry]) -> int:
            await asyncio.Event().wait()
            return 0

    ids, store = write(tmp_path, f"1{SEALED}"), FakeStore()
    await Drainer(tmp_path, Hangs(), clock, lambda: 0.5).close(timeout_seconds=0.01)
    assert names(tmp_path) == [f"1{SEALED}"]

    await Drainer(tmp_path, store, clock, lambda: 0.5).close()

    assert store.ids == ids
    assert names(tmp_path) == []
