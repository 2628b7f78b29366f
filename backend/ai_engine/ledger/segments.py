"""The spool's files. A segment is open while one process writes it, then sealed, and a sealed one is never written again.

The process that writes a segment holds the kernel's lock on it for as long as it lives, however it ends: an open segment whose
lock can be taken is an orphan.
"""

import errno
import fcntl
import os
import secrets
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from ai_engine.ledger.lines import microseconds

OPEN, SEALED = ".open1", ".sealed1"
"""The digit names the form of the lines (`lines.py`). A segment of another form is left for the version that knows it."""
SEGMENT_BYTES = 512 * 1024
"""About a thousand records: more in one transaction hardly make each cheaper."""
TRIES = 5


def segments_in(folder: Path, *suffixes: str) -> Iterator[tuple[str, os.stat_result]]:
    """The names of the segments with one of these suffixes, oldest first. Raises `OSError` for the folder."""
    with os.scandir(folder) as entries:
        found = [entry for entry in entries if entry.name.endswith(suffixes)]
    for entry in sorted(found, key=lambda entry: entry.name):
        try:
            if entry.is_file(follow_symlinks=False):
                yield entry.name, entry.stat(follow_symlinks=False)
        except FileNotFoundError:
            continue


def lock(path: Path, flags: int) -> int | None:
    """Opens the path and takes the kernel's lock, which lasts until the descriptor is closed or the process ends.

    `None` if the lock is taken, or the path leads elsewhere by the time it is had. Raises `OSError`.
    """
    descriptor = os.open(path, flags, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if is_at(path, descriptor):
            return descriptor
    except BlockingIOError:
        pass
    except BaseException:
        os.close(descriptor)
        raise
    os.close(descriptor)
    return None


def is_at(path: Path, descriptor: int) -> bool:
    """Whether the path leads to the open file."""
    try:
        return path.stat().st_ino == os.fstat(descriptor).st_ino
    except OSError:
        return False


def adopt(path: Path) -> None:
    """Seals an open segment whose process has ended; leaves any other alone. Raises `OSError`."""
    try:
        descriptor = lock(path, os.O_RDONLY)
    except FileNotFoundError:
        return
    if descriptor is not None:
        try:
            path.rename(path.with_suffix(SEALED))
        finally:
            os.close(descriptor)


class OpenSegment:
    """The segment that this process writes, with its lock. For one thread."""

    def __init__(self, path: Path, descriptor: int) -> None:
        self.path = path
        self._descriptor = descriptor
        self.size = 0
        self.records = 0
        """Counted by its writer."""

    @classmethod
    def create(cls, folder: Path, at: datetime, number: int) -> "OpenSegment":
        """A new one, empty. Segments sort by `at`, then by `number`. Raises `OSError`."""
        for _ in range(TRIES):
            path = folder / f"{microseconds(at):016d}-{number:06d}-{secrets.token_hex(4)}{OPEN}"
            # Between its creation and its lock, a drainer may take it for an orphan; then another one is made.
            descriptor = lock(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_EXCL)
            if descriptor is not None:
                return cls(path, descriptor)
        raise OSError(errno.EBUSY, "a segment of the spool could not be locked")

    def append(self, line: bytes) -> None:
        """Adds a line in one `write(2)`. Raises `OSError`; then nothing is added."""
        written = os.write(self._descriptor, line)
        if written != len(line):
            os.ftruncate(self._descriptor, self.size)
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        self.size += written

    def content(self) -> bytes:
        """All that was written."""
        return os.pread(self._descriptor, self.size, 0)

    def is_gone(self) -> bool:
        """Whether the file is no longer in its folder, so that it would not outlive this process."""
        return not is_at(self.path, self._descriptor)

    def seal(self) -> str:
        """Ends the segment and gives its new name. Raises `OSError`; then it is still open."""
        sealed = self.path.rename(self.path.with_suffix(SEALED))
        os.close(self._descriptor)
        return sealed.name

    def close(self) -> None:
        """Releases the lock: an empty segment is deleted, any other is an orphan."""
        with suppress(OSError):
            if not self.size:
                self.path.unlink()
        os.close(self._descriptor)
