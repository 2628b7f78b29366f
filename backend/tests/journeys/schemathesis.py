"""Schemathesis as a program of its own: it asks a gateway whatever a document allows, and what it does not."""

import asyncio
import os
import sys
from collections.abc import Sequence
from pathlib import Path

EXAMPLES = 8
"""For each operation and way of making them up; beside them stand those at every boundary of the schema."""
LONGEST_SECONDS = 1800
"""Only where it hangs. It takes a minute."""


async def run_schemathesis(
    document: str, base_url: str, checks: Sequence[str], configuration: str, folder: Path
) -> tuple[int, str]:
    """What it came to, and what it said. The same each time: nothing in it is left to chance."""
    (folder / "schemathesis.toml").write_text(configuration)
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "schemathesis.cli", "--no-color", "run", document, "--url", base_url),
        *("--checks", ",".join(checks), "--generation-deterministic", "--max-examples", str(EXAMPLES)),
        *("--suppress-health-check", "all", "--request-timeout", "120"),
        cwd=folder,
        env={name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        said, _ = await asyncio.wait_for(process.communicate(), LONGEST_SECONDS)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert process.returncode is not None
    return process.returncode, said.decode(errors="replace")
