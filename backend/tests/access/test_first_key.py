import io
import logging
import stat
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pydantic import SecretStr

from ai_engine.access.first_key import ensure_admin_key
from ai_engine.access.guards import Guard
from ai_engine.access.keys import create_access_key, hash_of
from ai_engine.access.repository import AccessKeyRepository
from ai_engine.clock import SystemClock
from ai_engine.database import migrate, open_database
from ai_engine.errors import ConfigurationError
from ai_engine.names import Role
from ai_engine.settings import Settings

pytestmark = pytest.mark.anyio

EVERYWHERE = Settings(host="0.0.0.0")


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
async def repository(tmp_path: Path) -> AsyncIterator[AccessKeyRepository]:
    database = await open_database(f"sqlite:///{tmp_path}/keys.db")
    await migrate(database)
    yield AccessKeyRepository(database, SystemClock())
    await database.close()


async def opens_admin(repository: AccessKeyRepository, key: str) -> bool:
    guard = Guard(EVERYWHERE, await repository.all())
    scope = {"headers": [(b"x-api-key", key.encode())], "state": {"client_address": "203.0.113.7"}}
    return guard.admit(scope, Role.ADMIN).role is Role.ADMIN


async def test_a_created_key_opens_its_role_and_is_stored_as_a_hash_alone(repository: AccessKeyRepository) -> None:
    before = datetime.now(UTC)
    key = await create_access_key(repository, "ops", Role.ADMIN)
    (stored,) = await repository.all()
    assert (stored.name, stored.role, stored.key_hash) == ("ops", Role.ADMIN, hash_of(key))
    assert before <= stored.created_at <= datetime.now(UTC)
    assert stored.key_hash not in repr(stored)
    assert await opens_admin(repository, key)


async def test_a_removed_key_is_gone(repository: AccessKeyRepository) -> None:
    await create_access_key(repository, "ops", Role.CLIENT)
    (stored,) = await repository.all()
    assert await repository.remove(stored.id)
    assert not await repository.remove(stored.id)
    assert await repository.all() == ()


async def test_keys_are_listed_oldest_first(repository: AccessKeyRepository) -> None:
    for name in ("c", "a", "b"):
        await create_access_key(repository, name, Role.VIEWER)
    assert [key.name for key in await repository.all()] == ["c", "a", "b"]


@pytest.mark.parametrize("settings", [Settings(), Settings(host="0.0.0.0", admin_key=SecretStr("admin-0123456789"))])
async def test_no_key_is_made_on_loopback_or_beside_a_configured_one(
    settings: Settings, repository: AccessKeyRepository, tmp_path: Path
) -> None:
    terminal = Terminal()
    await ensure_admin_key(settings, repository, tmp_path, terminal)
    assert await repository.all() == ()
    assert terminal.getvalue() == ""


async def test_on_a_terminal_the_first_key_is_shown_once(repository: AccessKeyRepository, tmp_path: Path) -> None:
    first, second = Terminal(), Terminal()
    await ensure_admin_key(EVERYWHERE, repository, tmp_path, first)
    await ensure_admin_key(EVERYWHERE, repository, tmp_path, second)
    (key,) = (word for word in first.getvalue().split() if word.startswith("aie_"))
    assert await opens_admin(repository, key)
    assert second.getvalue() == ""
    assert not (tmp_path / "admin-key").exists()


async def test_without_a_terminal_the_first_key_is_in_a_private_file_and_not_in_the_log(
    repository: AccessKeyRepository, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    output = io.StringIO()
    await ensure_admin_key(EVERYWHERE, repository, tmp_path / "data", output)
    file = tmp_path / "data" / "admin-key"
    key = file.read_text().strip()
    assert await opens_admin(repository, key)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert str(file) in caplog.text
    assert key not in caplog.text
    assert output.getvalue() == ""
    assert list(file.parent.iterdir()) == [file]


async def test_a_file_or_link_of_that_name_is_replaced_and_neither_followed_nor_left_readable(
    repository: AccessKeyRepository, tmp_path: Path
) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_text("theirs")
    data = tmp_path / "data"
    data.mkdir()
    (data / "admin-key").symlink_to(elsewhere)
    await ensure_admin_key(EVERYWHERE, repository, data, io.StringIO())
    assert elsewhere.read_text() == "theirs"
    assert stat.S_IMODE((data / "admin-key").lstat().st_mode) == 0o600
    assert not (data / "admin-key").is_symlink()


async def test_a_client_key_does_not_stand_in_for_the_admins(repository: AccessKeyRepository, tmp_path: Path) -> None:
    await create_access_key(repository, "app", Role.CLIENT)
    await ensure_admin_key(EVERYWHERE, repository, tmp_path, io.StringIO())
    assert [key.role for key in await repository.all()] == [Role.CLIENT, Role.ADMIN]


async def test_a_folder_that_cannot_be_written_ends_the_start(repository: AccessKeyRepository, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigurationError, match="AI_ENGINE_ADMIN_KEY"):
        await ensure_admin_key(EVERYWHERE, repository, tmp_path / "file", io.StringIO())
    assert await repository.all() == ()
