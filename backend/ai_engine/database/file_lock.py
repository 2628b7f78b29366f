"""A lock between processes of one machine. The kernel releases it when its holder ends in any way."""

import asyncio
import fcntl
from pathlib import Path
from typing import BinaryIO

POLL_SECONDS = 0.02


async def take_file_lock(path: Path, timeout_seconds: float) -> BinaryIO:
    """Acquires the exclusive lock at `path`; closing the file releases it. The file is created if missing, and not deleted.

    Raises `TimeoutError` after `timeout_seconds`, another `OSError` if the file cannot be created.
    """
    file = await asyncio.to_thread(path.open, "ab")
    try:
        async with asyncio.timeout(timeout_seconds):
            # Polling, since a thread that waits for the lock could not be cancelled.
            while not _is_taken(file):  # noqa: ASYNC110 - there is no event for a release by another process
                await asyncio.sleep(POLL_SECONDS)
    except BaseException:
        file.close()
        raise
    return file


def _is_taken(file: BinaryIO) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
