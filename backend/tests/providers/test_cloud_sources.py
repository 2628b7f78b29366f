import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from ai_engine.providers.cloud_credentials import AwsCredentials, Cloud, CloudCredentials, GoogleToken
from ai_engine.providers.cloud_sources import AwsSource, CredentialRenewal, GoogleSource, NoCredentials, missing_extra
from tests.fakes.clock import HandTurnedClock
from tests.fakes.scripted_upstream import Answer, ScriptedUpstream
from tests.fakes.service_account import service_account
from tests.patience import PATIENCE_SECONDS

pytestmark = pytest.mark.anyio

STATIC = {"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_SESSION_TOKEN": "token"}


@pytest.fixture
def no_aws(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Botocore finds nothing but what is in this folder's `credentials`."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE", "AWS_CONTAINER_CREDENTIALS_FULL_URI"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    return tmp_path


def test_keys_in_the_environment_need_no_looking_up() -> None:
    assert AwsSource(STATIC)() == AwsCredentials("AKIDEXAMPLE", "secret", "token")
    assert AwsSource({**STATIC, "AWS_SESSION_TOKEN": ""})() == AwsCredentials("AKIDEXAMPLE", "secret")


def test_a_profile_is_looked_up_by_botocore(no_aws: Path) -> None:
    profile = "[work]\naws_access_key_id = AKIDWORK\naws_secret_access_key = of-work\n"
    (no_aws / "credentials").write_text(profile, "utf-8")
    assert AwsSource({"AWS_PROFILE": "work"})() == AwsCredentials("AKIDWORK", "of-work")


def test_a_machine_without_aws_credentials_is_told_so(no_aws: Path) -> None:
    with pytest.raises(NoCredentials):
        AwsSource({})()


def test_credentials_that_come_later_are_found(no_aws: Path) -> None:
    source = AwsSource({})
    with pytest.raises(NoCredentials):
        source()
    (no_aws / "credentials").write_text("[default]\naws_access_key_id = AKID\naws_secret_access_key = late\n", "utf-8")
    assert source() == AwsCredentials("AKID", "late")


async def test_a_service_account_s_token_is_renewed_before_it_ends(tmp_path: Path) -> None:
    async with ScriptedUpstream() as google:
        ends_soon = Answer({"access_token": "ya29.first", "expires_in": 300, "token_type": "Bearer"})
        lasts = Answer({"access_token": "ya29.second", "expires_in": 3600, "token_type": "Bearer"})
        google.on("/token", ends_soon, lasts)
        source = GoogleSource({"GOOGLE_APPLICATION_CREDENTIALS": service_account(tmp_path, f"{google.base_url}/token")})
        tokens = [await asyncio.to_thread(source) for _ in range(3)]
        assert tokens == [GoogleToken("ya29.first"), GoogleToken("ya29.second"), GoogleToken("ya29.second")]
        assert len(google.requests) == 2


async def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(Exception, match="was not found"):
        GoogleSource({"GOOGLE_APPLICATION_CREDENTIALS": str(tmp_path / "missing.json")})()


def test_what_is_installed_here_is_not_missing() -> None:
    assert [missing_extra(cloud, {}) for cloud in Cloud] == [None, None]


class Changes:
    """What `CredentialRenewal` tells, and a source that a test scripts."""

    def __init__(self, *found: AwsCredentials | Exception) -> None:
        self.found = list(found)
        self.asked_with: list[Mapping[str, str]] = []
        self.reported: list[tuple[Cloud, bool]] = []
        self.needed: dict[Cloud, Mapping[str, str]] = {Cloud.AWS: {"AWS_PROFILE": "work"}}
        self.credentials = CloudCredentials()
        self.clock = HandTurnedClock()
        self.looked_up = asyncio.Event()
        self.renewal = CredentialRenewal(
            self.credentials,
            lambda: self.needed,
            lambda cloud, is_there: self.reported.append((cloud, is_there)),
            self.clock,
            {Cloud.AWS: self._source},
        )

    def _source(self, variables: Mapping[str, str]) -> Callable[[], Any]:
        self.asked_with.append(variables)
        loop = asyncio.get_running_loop()

        def look_up() -> AwsCredentials:
            found = self.found.pop(0) if len(self.found) > 1 else self.found[0]
            loop.call_soon_threadsafe(self.looked_up.set)
            if isinstance(found, Exception):
                raise found
            return found

        return look_up

    async def next_look_up(self) -> None:
        async with asyncio.timeout(PATIENCE_SECONDS):
            await self.looked_up.wait()
        self.looked_up.clear()
        while not self.clock.sleepers:
            await asyncio.sleep(0)

    async def after_a_minute(self) -> None:
        await self.clock.turn(60)
        await self.next_look_up()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        task = asyncio.create_task(self.renewal.run())
        try:
            await self.next_look_up()
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


ONE, TWO = AwsCredentials("ONE", "1"), AwsCredentials("TWO", "2")


async def test_credentials_are_missing_until_the_first_look_up_and_then_in_force() -> None:
    changes = Changes(ONE)
    async with changes.running():
        assert changes.reported == [(Cloud.AWS, False), (Cloud.AWS, True)]
        assert changes.credentials.aws.current == ONE
        assert changes.asked_with == [{"AWS_PROFILE": "work"}]


async def test_credentials_are_looked_up_every_minute_and_told_where_they_are_other_ones() -> None:
    changes = Changes(ONE, ONE, TWO)
    async with changes.running():
        await changes.after_a_minute()
        assert changes.reported == [(Cloud.AWS, False), (Cloud.AWS, True)]
        await changes.after_a_minute()
        assert changes.reported[2:] == [(Cloud.AWS, True)]
        assert changes.credentials.aws.current == TWO


async def test_a_look_up_that_fails_leaves_what_is_in_force_and_is_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    changes = Changes(ONE, NoCredentials("no network"), NoCredentials("no network"), ONE)
    async with changes.running():
        for _ in range(3):
            await changes.after_a_minute()
        assert changes.credentials.aws.current == ONE
        assert changes.reported == [(Cloud.AWS, False), (Cloud.AWS, True)]
    messages = [record.message for record in caplog.records if "credentials" in record.message]
    assert [message for message in messages if "no network" in message] == messages[:1]


async def test_a_cloud_that_is_not_needed_is_not_looked_up_until_it_is() -> None:
    changes = Changes(ONE)
    needed, changes.needed = changes.needed, {}
    task = asyncio.create_task(changes.renewal.run())
    while not changes.clock.sleepers:
        await asyncio.sleep(0)
    assert changes.asked_with == []
    changes.needed = needed
    changes.renewal.configuration_changed()
    await changes.next_look_up()
    assert changes.reported == [(Cloud.AWS, False), (Cloud.AWS, True)]
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_other_variables_are_another_source() -> None:
    changes = Changes(ONE, TWO)
    async with changes.running():
        changes.needed = {Cloud.AWS: STATIC}
        changes.renewal.configuration_changed()
        await changes.next_look_up()
        assert changes.asked_with == [{"AWS_PROFILE": "work"}, STATIC]
        assert changes.credentials.aws.current == TWO
