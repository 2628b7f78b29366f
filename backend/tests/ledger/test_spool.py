import os
from itertools import pairwise
from pathlib import Path

import pytest

from ai_engine.events import RequestFinished
from ai_engine.ledger.lines import decode, encode
from ai_engine.ledger.segments import OPEN, SEALED
from ai_engine.ledger.spool import SpoolWriter
from tests.fakes.clock import HandTurnedClock
from tests.ledger.builders import NOON, a_request
from tests.ledger.fake_store import running
from tests.ledger.unprivileged import unprivileged_folder

pytestmark = pytest.mark.anyio

LINE_BYTES = len(encode(a_request()))


@pytest.fixture
def clock() -> HandTurnedClock:
    return HandTurnedClock()


def content_of(folder: Path, suffix: str) -> list[str]:
    """The ids of the records in the folder's segments, oldest first."""
    lines = [line for path in sorted(folder.glob(f"*{suffix}")) for line in path.read_bytes().split(b"\n")]
    return [entry.request.id for line in lines if (entry := decode(line)) is not None]


def record(spool: SpoolWriter, count: int = 1) -> list[str]:
    records = [a_request() for _ in range(count)]
    for each in records:
        spool.record(each)
    return [each.id for each in records]


def drain(folder: Path) -> list[str]:
    """As a drainer would: takes what is sealed."""
    drained = content_of(folder, SEALED)
    for path in folder.glob(f"*{SEALED}"):
        path.unlink()
    return drained


async def test_a_record_is_a_line_of_the_open_segment_at_once(tmp_path: Path, clock: HandTurnedClock) -> None:
    spool = SpoolWriter(tmp_path, clock)

    ids = record(spool, 3)

    assert content_of(tmp_path, OPEN) == ids
    assert content_of(tmp_path, SEALED) == []
    assert spool.health() == (True, None)


async def test_after_a_silence_a_record_is_sealed_at_once_and_a_stream_of_them_once_a_second(
    tmp_path: Path, clock: HandTurnedClock
) -> None:
    spool = SpoolWriter(tmp_path, clock)
    sealed_at: list[float] = []
    async with running(spool.run):
        await clock.turn(60)
        began_at = clock.monotonic()
        while clock.monotonic() < began_at + 10:
            record(spool)
            await clock.turn(0.05)
            if drain(tmp_path):
                sealed_at.append(clock.monotonic() - began_at)

    assert sealed_at[0] < 0.11
    gaps = [later - earlier for earlier, later in pairwise(sealed_at)]
    assert gaps == pytest.approx([1] * len(gaps), abs=0.06)
    assert len(gaps) >= 8


async def test_a_large_segment_is_sealed_at_once_and_while_the_drainer_is_behind_no_small_one(
    tmp_path: Path, clock: HandTurnedClock
) -> None:
    spool = SpoolWriter(tmp_path, clock, segment_bytes=10 * LINE_BYTES)
    async with running(spool.run):
        ids = record(spool)
        await clock.turn(0.2)
        ids += record(spool, 9)
        await clock.turn(60)
        assert content_of(tmp_path, SEALED) == ids[:1]
        ids += record(spool, 9)
        await clock.turn(0.2)
        assert content_of(tmp_path, SEALED) == ids
        drain(tmp_path)
        ids = record(spool)
        await clock.turn(1.2)
        assert content_of(tmp_path, SEALED) == ids


async def test_a_sealed_segment_is_never_written_again(tmp_path: Path, clock: HandTurnedClock) -> None:
    spool = SpoolWriter(tmp_path, clock)
    record(spool, 5)
    spool.seal()
    (sealed,) = tmp_path.glob(f"*{SEALED}")
    before = (sealed.read_bytes(), sealed.stat().st_mtime_ns)

    record(spool, 5)
    spool.seal()

    assert (sealed.read_bytes(), sealed.stat().st_mtime_ns) == before
    assert len(list(tmp_path.glob(f"*{SEALED}"))) == 2


async def test_the_backlog_is_what_waits_and_for_how_long(tmp_path: Path, clock: HandTurnedClock) -> None:
    spool, other = SpoolWriter(tmp_path, clock), SpoolWriter(tmp_path, clock)
    assert spool.backlog() == (0, 0, 0.0)
    record(spool, 2)
    spool.seal()
    record(spool, 1)
    record(other, 3)
    (sealed,) = tmp_path.glob(f"*{SEALED}")
    for path in tmp_path.iterdir():
        os.utime(path, (NOON.timestamp(), NOON.timestamp()))
    clock.advance(120)

    assert spool.backlog() == (6 * LINE_BYTES, 3, 120)
    sealed.unlink()
    assert spool.backlog() == (4 * LINE_BYTES, 1, 120)


async def test_beyond_its_bound_records_are_dropped_counted_and_told_until_there_is_room(
    tmp_path: Path, clock: HandTurnedClock, caplog: pytest.LogCaptureFixture
) -> None:
    spool = SpoolWriter(tmp_path, clock, limit_bytes=20 * LINE_BYTES)
    record(spool, 12)
    spool.seal()
    record(spool, 38)

    assert (spool.backlog().records, spool.dropped) == (20, 30)
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) == 20 * LINE_BYTES
    assert not spool.health().is_recording
    assert "the spool is full" in str(spool.health().reason)
    assert len(caplog.records) == 1

    async with running(spool.run):
        await clock.turn(10)
        assert not spool.health().is_recording
        drain(tmp_path)
        await clock.turn(1.2)
        assert spool.health().is_recording
        drain(tmp_path)
        ids = record(spool)
        await clock.turn(2)
        assert drain(tmp_path) == ids
    assert spool.dropped == 30


async def test_the_bound_is_over_the_segments_of_all_processes(tmp_path: Path, clock: HandTurnedClock) -> None:
    record(SpoolWriter(tmp_path, clock), 6)
    spool = SpoolWriter(tmp_path, clock, limit_bytes=10 * LINE_BYTES)

    record(spool, 5)

    assert spool.dropped == 1


async def test_a_folder_that_cannot_be_made_costs_no_request_anything_and_is_tried_again(
    tmp_path: Path, clock: HandTurnedClock, caplog: pytest.LogCaptureFixture
) -> None:
    blocked = tmp_path / "spool"
    blocked.write_text("a file where the folder should be")
    spool = SpoolWriter(blocked, clock)
    record(spool, 2)

    assert spool.dropped == 2
    assert not spool.health().is_recording
    async with running(spool.run):
        await clock.turn(125)
        assert len(caplog.records) == 3  # once a minute
        blocked.unlink()
        await clock.turn(1.1)
        assert spool.health().is_recording
        ids = record(spool)
    assert content_of(blocked, OPEN) == ids


async def test_in_a_folder_that_has_become_read_only_records_are_kept_and_sealed_once_it_is_writable(
    clock: HandTurnedClock, caplog: pytest.LogCaptureFixture
) -> None:
    with unprivileged_folder() as folder:
        spool = SpoolWriter(folder, clock)
        folder.chmod(0o500)
        async with running(spool.run):
            ids = record(spool, 2)
            await clock.turn(30)
            ids += record(spool)
            assert (content_of(folder, OPEN), content_of(folder, SEALED)) == (ids, [])
            assert spool.health().is_recording
            assert len(caplog.records) == 1
            assert "cannot be sealed" in caplog.text
            folder.chmod(0o700)
            await clock.turn(1.2)
            assert content_of(folder, SEALED) == ids
    assert spool.dropped == 0


async def test_a_folder_that_is_read_only_from_the_start_is_told(clock: HandTurnedClock) -> None:
    with unprivileged_folder() as folder:
        folder.chmod(0o500)
        spool = SpoolWriter(folder, clock)
        record(spool)
        folder.chmod(0o700)

    assert spool.dropped == 1
    assert spool.health() == (False, "requests are not being recorded: Permission denied")


async def test_a_record_that_cannot_be_written_down_is_counted_and_not_raised(tmp_path: Path, clock: HandTurnedClock) -> None:
    spool = SpoolWriter(tmp_path, clock)

    spool.record(a_request(status=2**64))
    spool.record(a_request(request_id=object()))

    assert spool.dropped == 2


async def test_what_was_in_an_open_segment_that_somebody_removed_is_in_the_next(tmp_path: Path, clock: HandTurnedClock) -> None:
    spool = SpoolWriter(tmp_path, clock)
    ids = record(spool, 2)
    (removed,) = tmp_path.iterdir()
    removed.unlink()

    spool.seal()
    ids += record(spool)

    assert content_of(tmp_path, OPEN) == ids
    assert spool.backlog().records == 3


async def test_a_folder_that_is_gone_is_made_again(tmp_path: Path, clock: HandTurnedClock) -> None:
    spool = SpoolWriter(tmp_path / "spool", clock)
    ids = record(spool)
    (tmp_path / "spool").rename(tmp_path / "elsewhere")

    async with running(spool.run):
        await clock.turn(1.1)
        ids += record(spool)

    assert content_of(tmp_path / "spool", "") == ids


async def test_closing_seals_what_was_recorded_and_leaves_no_empty_segment(tmp_path: Path, clock: HandTurnedClock) -> None:
    first, second = SpoolWriter(tmp_path, clock), SpoolWriter(tmp_path, clock)
    ids = record(first)

    await first.close()
    await second.close()

    assert len(list(tmp_path.iterdir())) == 1
    assert content_of(tmp_path, SEALED) == ids
    record(first)
    assert first.dropped == 1


def test_what_is_recorded_is_what_a_drainer_decodes(tmp_path: Path, clock: HandTurnedClock) -> None:
    spool = SpoolWriter(tmp_path, clock)
    request: RequestFinished = a_request()
    spool.record(request)

    (segment,) = tmp_path.iterdir()
    assert segment.read_bytes() == encode(request)
