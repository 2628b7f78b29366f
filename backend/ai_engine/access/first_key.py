"""The first start off loopback: an admin key is made, and shown in the one place where only the operator looks."""

import logging
import os
import tempfile
from pathlib import Path
from typing import TextIO

from ai_engine.access.keys import create_access_key, hash_of, new_access_key
from ai_engine.access.repository import AccessKeyRepository
from ai_engine.errors import ConfigurationError
from ai_engine.names import Role
from ai_engine.settings import Settings

KEY_FILE = "admin-key"
FIRST_KEY_NAME = "first admin key"

_logger = logging.getLogger("ai_engine")


async def ensure_admin_key(settings: Settings, repository: AccessKeyRepository, data_folder: Path, terminal: TextIO) -> None:
    """Makes an admin key where the gateway listens off loopback and none is configured or stored; else does nothing.

    The key is shown on `terminal` if a person sits there, else written to `admin-key` in `data_folder`, readable by its owner
    only, and the log names the file. It never goes through the log.
    Raises `ConfigurationError` if the file cannot be written: nobody could ever get in.
    """
    if settings.is_on_loopback or settings.admin_key is not None:
        return
    if any(key.role is Role.ADMIN for key in await repository.all()):
        return
    if terminal.isatty():
        key = await create_access_key(repository, FIRST_KEY_NAME, Role.ADMIN)
        terminal.write(f"\nThe admin key of this gateway, shown this once:\n\n    {key}\n\n")
        terminal.flush()
        return
    # Written first: a stored key that nobody has would lock everybody out, a file with a key that opens nothing is replaced.
    key = new_access_key()
    path = data_folder / KEY_FILE
    try:
        _write_private(path, key + "\n")
    except OSError as error:
        raise ConfigurationError(
            f"AI_ENGINE_ADMIN_KEY is not set, and a first one cannot be written to {str(path)!r} ({error.strerror})."
        ) from None
    await repository.add(FIRST_KEY_NAME, Role.ADMIN, hash_of(key))
    _logger.warning("No admin key was configured. One was made: it is in %s, readable by this user only.", path)


def _write_private(path: Path, text: str) -> None:
    """A file that at no moment anybody else can read, whatever lay under its name before."""
    path.parent.mkdir(parents=True, exist_ok=True)
    # mkstemp creates it with O_EXCL and mode 0600; the rename replaces a link instead of following it.
    descriptor, temporary = tempfile.mkstemp(prefix=f".{path.name}-", dir=path.parent)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink()
        raise
