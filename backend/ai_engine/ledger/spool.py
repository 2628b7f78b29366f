"""The spool: files in which records wait for the database, and outlive the process that wrote them.

Each process writes a file of its own and holds the kernel's lock on it for as long as it lives, however it ends. A file whose
lock can be had is an orphan: whoever has its lock reads it, and nobody else does.
"""

import errno
import fcntl
import os
import secrets
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

SUFFIX = ".spool1"
"""Names the form of the lines (`lines.py`). A file of another form is left for the version that knows it."""
UNFINISHED = ".new"
"""A file between its making and its lock. Nothing is in it."""
PORTION_BYTES = 512 * 1024
TRIES = 5
PROBE = b" " * 1023 + b"\n"
"""A blank line as long as a record, which says nothing: written to see whether one could be."""


class SpoolFull(OSError):
    """The spool holds as much as it may."""


class SpoolFile:
    """One file, its lock held by this process. Written and read through one descriptor, by one thread."""

    def __init__(self, path: Path, descriptor: int, *, is_own: bool) -> None:
        self.path = path
        self.is_own = is_own
        """Made by this process, not adopted."""
        self._descriptor = descriptor
        self.size = os.fstat(descriptor).st_size
        self.read_up_to = 0
        """Where the first line begins that is not stored yet."""

    @classmethod
    def make(cls, folder: Path) -> "SpoolFile":
        """A new, empty file. Raises `OSError`."""
        for _ in range(TRIES):
            unlocked = folder / f"{os.getpid()}-{secrets.token_hex(6)}{UNFINISHED}"
            descriptor = os.open(unlocked, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_EXCL, 0o600)
            try:
                # Under its own name only once it is locked: nobody may take it for an orphan.
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                path = unlocked.with_suffix(SUFFIX)
                unlocked.rename(path)
                return cls(path, descriptor, is_own=True)
            except (BlockingIOError, FileNotFoundError):
                # Another process cleared it away before it was locked, as the remains of a dead one.
                os.close(descriptor)
            except BaseException:
                os.close(descriptor)
                raise
        raise OSError(errno.EBUSY, "no spool file could be made")

    @classmethod
    def adopt(cls, path: Path) -> "SpoolFile | None":
        """The file, if its process has ended; `None` while it lives, or if somebody else has adopted it."""
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_APPEND)
        except FileNotFoundError:
            return None
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if path.stat().st_ino == os.fstat(descriptor).st_ino:
                return cls(path, descriptor, is_own=False)
        except (BlockingIOError, FileNotFoundError):
            pass
        except BaseException:
            os.close(descriptor)
            raise
        os.close(descriptor)
        return None

    def append(self, line: bytes) -> None:
        """Adds a line in one `write(2)`. Raises `OSError`; then nothing is added."""
        written = os.write(self._descriptor, line)
        if written != len(line):
            os.ftruncate(self._descriptor, self.size)
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        self.size += written

    def portion(self) -> bytes:
        """Whole lines from `read_up_to` on, about half a MiB; where none ends in that, whatever is there."""
        read = os.pread(self._descriptor, PORTION_BYTES, self.read_up_to)
        return read[: read.rfind(b"\n") + 1] or read

    def is_gone(self) -> bool:
        """Whether the file is no longer in its folder, so that it would not outlive this process."""
        try:
            return self.path.stat().st_ino != os.fstat(self._descriptor).st_ino
        except OSError:
            return True

    def empty(self) -> None:
        """Gives the disk back, and begins anew."""
        os.ftruncate(self._descriptor, 0)
        self.size = self.read_up_to = 0

    def close(self) -> None:
        """Lets the lock go. What is not stored waits for the next start."""
        os.close(self._descriptor)

    def delete(self) -> None:
        """Removes the file while the lock is held, so that nobody reads it again."""
        with suppress(OSError):
            self.path.unlink()
        self.close()


class Spool:
    """This process's files and those that it adopted. Nothing in here waits."""

    def __init__(self, folder: Path, limit_bytes: int, file_bytes: int) -> None:
        """`limit_bytes` bounds all files in the folder together, `file_bytes` is when the next file is begun."""
        self._folder = folder
        self._limit_bytes = limit_bytes
        self._file_bytes = file_bytes
        self._current: SpoolFile | None = None
        self._older: list[SpoolFile] = []
        self._bytes_of_others = 0

    def __iter__(self) -> Iterator[SpoolFile]:
        """The files with something to store, oldest first."""
        files = [*self._older, self._current] if self._current is not None else self._older
        return (file for file in files if file.read_up_to < file.size)

    @property
    def bytes_waiting(self) -> int:
        """Written, by this process or one whose files it adopted, and not stored yet."""
        return sum(file.size - file.read_up_to for file in self)

    def append(self, line: bytes) -> None:
        """Adds a line. Raises `SpoolFull`, or another `OSError`; then nothing is added."""
        current = self._current
        if current is None:
            raise OSError(errno.ENOENT, "there is no spool file to write to")
        used = self._bytes_of_others + current.size
        if self._older:
            used += sum(file.size for file in self._older)
        if used + len(line) > self._limit_bytes:
            raise SpoolFull(errno.EDQUOT, "the spool is full")
        current.append(line)

    def tidy(self) -> None:
        """Begins a file where there is none, or where the last one is full or gone. Raises `OSError` if it cannot."""
        current = self._current
        if current is not None and current.size < self._file_bytes and not current.is_gone():
            return
        if current is not None:
            self._older.append(current)
            self._current = None
        self._folder.mkdir(parents=True, exist_ok=True)
        self._current = SpoolFile.make(self._folder)

    def adopt_orphans(self) -> None:
        """Takes over the files of processes that have ended, and sees how much the living hold.

        Raises `OSError` for the folder, or for a file that cannot be opened, once all the others are taken.
        """
        unreadable: OSError | None = None
        own = {file.path for file in [*self._older, self._current] if file is not None}
        held = 0
        for entry in sorted(os.scandir(self._folder), key=lambda entry: entry.name):
            path = self._folder / entry.name
            if entry.name.endswith(UNFINISHED):
                _remove_unfinished(path)
            elif entry.name.endswith(SUFFIX) and path not in own and entry.is_file(follow_symlinks=False):
                try:
                    file = SpoolFile.adopt(path)
                except OSError as error:
                    file, unreadable = None, error
                if file is None:
                    held += _size_of(path)
                elif file.size == 0:
                    file.delete()
                else:
                    self._older.insert(0, file)
        self._bytes_of_others = held
        if unreadable is not None:
            raise unreadable

    def stored(self, file: SpoolFile, up_to: int) -> None:
        """Everything before `up_to` is in the database: what is not needed any more is given back to the disk."""
        file.read_up_to = up_to
        if up_to < file.size:
            return
        if file is self._current:
            file.empty()
        else:
            self._older.remove(file)
            file.delete()

    def close(self) -> None:
        """Lets every lock go, and leaves no empty file behind."""
        for file in [*self._older, self._current]:
            if file is not None and file.read_up_to == file.size:
                file.delete()
            elif file is not None:
                file.close()
        self._older, self._current = [], None


def _size_of(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _remove_unfinished(path: Path) -> None:
    """Removes what a process left that was killed between making and locking a file."""
    with suppress(OSError):
        probe = os.open(path, os.O_RDWR)
        try:
            fcntl.flock(probe, fcntl.LOCK_EX | fcntl.LOCK_NB)
            path.unlink()
        finally:
            os.close(probe)
