import errno
import os
import threading
from pathlib import Path

import pytest

from ai_engine.ledger.segments import OPEN, SEALED, OpenSegment, adopt, segments_in
from tests.ledger.builders import NOON


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_sealed_segment_has_what_was_written_and_sorts_by_age(tmp_path: Path) -> None:
    second, first = (OpenSegment.create(tmp_path, NOON, number) for number in (2, 1))
    second.append(b"two\n")
    first.append(b"one\n")

    sealed = [second.seal(), first.seal()]

    assert [name for name, _ in segments_in(tmp_path, SEALED)] == sorted(sealed) == [sealed[1], sealed[0]]
    assert [(tmp_path / name).read_bytes() for name in sorted(sealed)] == [b"one\n", b"two\n"]
    assert names(tmp_path) == sorted(sealed)


def test_an_open_segment_is_adopted_once_its_process_lets_go_of_it_and_not_before(tmp_path: Path) -> None:
    segment = OpenSegment.create(tmp_path, NOON, 1)
    segment.append(b"line\n")

    adopt(segment.path)
    assert names(tmp_path) == [segment.path.name]

    segment.close()
    adopt(segment.path)
    adopt(segment.path)
    assert names(tmp_path) == [segment.path.with_suffix(SEALED).name]


def test_an_empty_segment_that_is_closed_is_gone(tmp_path: Path) -> None:
    OpenSegment.create(tmp_path, NOON, 1).close()

    assert names(tmp_path) == []


def test_a_segment_that_is_being_created_is_not_lost_to_a_drainer_that_adopts_orphans(tmp_path: Path) -> None:
    is_over = threading.Event()

    def adopt_all() -> None:
        while not is_over.is_set():
            for name, _ in segments_in(tmp_path, OPEN):
                adopt(tmp_path / name)

    adopting = threading.Thread(target=adopt_all)
    adopting.start()
    try:
        for number in range(300):
            segment = OpenSegment.create(tmp_path, NOON, number)
            segment.append(b"line\n")
            assert not segment.is_gone()
            sealed = tmp_path / segment.seal()
            assert sealed.read_bytes() == b"line\n"
    finally:
        is_over.set()
        adopting.join()


def test_a_line_that_the_disk_took_only_in_part_is_taken_back() -> None:
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("needs /dev/full")
    descriptor = os.open(full, os.O_RDWR)
    segment = OpenSegment(full, descriptor)

    with pytest.raises(OSError, match="No space") as refusal:
        segment.append(b"line\n")

    os.close(descriptor)
    assert refusal.value.errno == errno.ENOSPC
    assert segment.size == 0


def test_what_is_no_segment_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("not ours")
    (tmp_path / "1.open0").write_bytes(b"another form\n")
    (tmp_path / f"2{OPEN}").mkdir()
    (tmp_path / f"3{SEALED}").symlink_to(tmp_path / "notes.txt")

    assert list(segments_in(tmp_path, OPEN, SEALED)) == []
