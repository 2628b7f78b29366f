import errno
import os
from pathlib import Path

import pytest

from ai_engine.ledger.spool import SUFFIX, UNFINISHED, Spool, SpoolFile, SpoolFull


def spool_in(folder: Path, limit_bytes: int = 10_000, file_bytes: int = 1_000) -> Spool:
    spool = Spool(folder, limit_bytes, file_bytes)
    spool.tidy()
    return spool


def files_in(folder: Path) -> list[Path]:
    return sorted(folder.iterdir())


def contents(spool: Spool) -> bytes:
    return b"".join(file.portion() for file in spool)


def test_lines_are_read_in_the_order_in_which_they_were_written(tmp_path: Path) -> None:
    spool = spool_in(tmp_path)
    spool.append(b"one\n")
    spool.append(b"two\n")

    assert contents(spool) == b"one\ntwo\n"
    assert spool.bytes_waiting == 8


def test_what_is_stored_is_given_back_to_the_disk(tmp_path: Path) -> None:
    spool = spool_in(tmp_path)
    spool.append(b"one\n")
    (file,) = spool
    spool.stored(file, 4)
    spool.append(b"two\n")

    assert contents(spool) == b"two\n"
    assert files_in(tmp_path)[0].read_bytes() == b"two\n"


def test_a_full_file_is_followed_by_another_and_deleted_once_it_is_stored(tmp_path: Path) -> None:
    spool = spool_in(tmp_path, file_bytes=10)
    spool.append(b"0123456789\n")
    spool.tidy()
    spool.append(b"next\n")
    first, second = spool

    assert len(files_in(tmp_path)) == 2
    spool.stored(first, first.size)
    assert [path.read_bytes() for path in files_in(tmp_path)] == [b"next\n"]
    assert list(spool) == [second]


def test_no_more_is_written_than_the_limit_allows_over_all_files_even_of_others(tmp_path: Path) -> None:
    other = spool_in(tmp_path, limit_bytes=100)
    other.append(b"x" * 60 + b"\n")
    spool = spool_in(tmp_path, limit_bytes=100)
    spool.adopt_orphans()

    spool.append(b"y" * 30 + b"\n")
    with pytest.raises(SpoolFull):
        spool.append(b"z" * 20 + b"\n")

    assert contents(spool) == b"y" * 30 + b"\n"


def test_the_file_of_a_living_process_is_left_alone_and_that_of_a_dead_one_is_adopted_once(tmp_path: Path) -> None:
    writer = spool_in(tmp_path)
    writer.append(b"orphaned\n")
    first, second = spool_in(tmp_path), spool_in(tmp_path)

    first.adopt_orphans()
    assert contents(first) == b""

    writer.close()
    first.adopt_orphans()
    second.adopt_orphans()
    assert contents(first) == b"orphaned\n"
    assert contents(second) == b""


def test_an_adopted_file_is_gone_once_it_is_stored(tmp_path: Path) -> None:
    (tmp_path / f"1-abc{SUFFIX}").write_bytes(b"line\n")
    (tmp_path / f"2-empty{SUFFIX}").touch()
    (tmp_path / "notes.txt").write_text("not ours")
    spool = spool_in(tmp_path)
    spool.adopt_orphans()
    (orphan,) = spool
    spool.stored(orphan, orphan.size)
    spool.close()

    assert [path.name for path in files_in(tmp_path)] == ["notes.txt"]


def test_what_is_no_file_or_cannot_be_opened_keeps_no_orphan_from_being_adopted(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").write_bytes(b"not ours\n")
    (tmp_path / f"1-link{SUFFIX}").symlink_to(tmp_path / "elsewhere")
    (tmp_path / f"2-folder{SUFFIX}").mkdir()
    (tmp_path / f"3-orphan{SUFFIX}").write_bytes(b"orphaned\n")
    spool = spool_in(tmp_path)

    spool.adopt_orphans()

    assert contents(spool) == b"orphaned\n"


def test_what_a_process_left_that_died_while_it_made_its_file_is_cleared_away(tmp_path: Path) -> None:
    (tmp_path / f"9-dead{UNFINISHED}").touch()
    spool = spool_in(tmp_path)

    spool.adopt_orphans()

    assert len(files_in(tmp_path)) == 1


def test_the_last_line_of_a_torn_file_is_read_too_so_that_the_file_can_end(tmp_path: Path) -> None:
    (tmp_path / f"1-torn{SUFFIX}").write_bytes(b"whole\nhal")
    spool = spool_in(tmp_path)
    spool.adopt_orphans()
    (file,) = spool

    assert file.portion() == b"whole\n"
    spool.stored(file, 6)
    assert file.portion() == b"hal"


def test_a_file_that_somebody_removed_is_still_read_and_another_is_begun(tmp_path: Path) -> None:
    spool = spool_in(tmp_path)
    spool.append(b"safe\n")
    files_in(tmp_path)[0].unlink()

    spool.tidy()
    spool.append(b"next\n")

    assert contents(spool) == b"safe\nnext\n"
    assert [path.read_bytes() for path in files_in(tmp_path)] == [b"next\n"]


def test_a_folder_that_is_gone_is_made_again(tmp_path: Path) -> None:
    spool = spool_in(tmp_path / "spool")
    files_in(tmp_path / "spool")[0].unlink()
    (tmp_path / "spool").rmdir()

    spool.tidy()
    spool.append(b"line\n")

    assert len(files_in(tmp_path / "spool")) == 1


def test_a_line_that_the_disk_took_only_in_part_is_taken_back(tmp_path: Path) -> None:
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("needs /dev/full")
    file = SpoolFile(full, os.open(full, os.O_RDWR), is_own=True)

    with pytest.raises(OSError, match="No space") as refusal:
        file.append(b"line\n")

    assert refusal.value.errno == errno.ENOSPC
    assert file.size == 0
    file.close()


def test_a_clean_end_leaves_no_empty_file(tmp_path: Path) -> None:
    spool_in(tmp_path).close()

    assert files_in(tmp_path) == []
