"""The repository as its tests see it: where it is, and which files belong to it."""

import functools
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[3]


@functools.cache
def files() -> tuple[Path, ...]:
    """Every file that is committed or would be, in order."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    listing = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return tuple(path for name in sorted(set(listing.split("\0"))) if name and (path := ROOT / name).is_file())


def read(name: str) -> str:
    return (ROOT / name).read_text("utf-8")
