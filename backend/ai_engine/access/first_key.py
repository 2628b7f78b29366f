"""The first start off loopback: creates an admin key and shows it to the operator only."""

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
    """Creates an admin key if the gateway listens off loopback and no admin key is configured or stored.

    The key is written to `terminal` if that is interactive, else to `admin-key` in `data_folder`, readable by its owner only, and
    the log names the file. The key itself is never logged.
    Raises `ConfigurationError` if the file cannot be written: the gateway would be inaccessible.
    """
    if settings.is_on_loopback or settings.admin_key is not None:
        return
    if any(key.role is Role.ADMIN for key in await repository.all()):
        return
    if terminal.isatty():
        key = await create_access_key(repository, FIRST_KEY_NAME, Role.ADMIN)
        terminal.write(f"\nThe admin key of this gateway, shown only once:\n\n    {key}\n\n")
        terminal.flush()
        return
    # The file is written first: a stored key without a file would lock everyone out, a file without a stored key is replaced.
    key = new_access_key()
    path = data_folder / KEY_FILE
    try:
        _write_private(path, key + "\n")
    except OSError as error:
        raise ConfigurationError(
            f"AI_ENGINE_ADMIN_KEY is not set, and a generated key cannot be written to {str(path)!r} ({error.strerror})."
        ) from None
    await repository.add(FIRST_KEY_NAME, Role.ADMIN, hash_of(key))
    _logger.warning("No admin key was configured. A generated key is in %s, readable by this user only.", path)


def _write_private(path: Path, text: str) -> None:
    """Writes a file that is never readable by other users, replacing any file or link of that name."""
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
