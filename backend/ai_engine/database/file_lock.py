"""A lock that all processes of one machine agree on. The kernel lets go of it when its holder ends, however it ends."""

import asyncio
import fcntl
from pathlib import Path
from typing import BinaryIO

LOOK_AGAIN_SECONDS = 0.02


async def take_file_lock(path: Path, patience_seconds: float) -> BinaryIO:
    """Takes the lock at `path` for this caller alone; closing the file gives it back. The file is made where missing, and stays.

    Raises `TimeoutError` if its holder did not give it back in `patience_seconds`, another `OSError` if it cannot be made.
    """
    file = await asyncio.to_thread(path.open, "ab")
    try:
        async with asyncio.timeout(patience_seconds):
            # A thread that waits for the lock could not be cancelled.
            while not _is_taken(file):  # noqa: ASYNC110 - no event of ours tells that another process gave it back
                await asyncio.sleep(LOOK_AGAIN_SECONDS)
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
