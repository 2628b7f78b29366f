"""Finds the clouds' credentials, and renews them in the background.

No request waits for this: it may read files, start programs and use the network.
"""

import asyncio
import importlib.util
import logging
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Generic

from ai_engine.clock import Clock
from ai_engine.providers.cloud_credentials import (
    AwsCredentials,
    Cloud,
    CloudCredentials,
    CredentialsT,
    GoogleToken,
    InForce,
)

_log = logging.getLogger("ai_engine")
_EVERY_SECONDS = 60
_RENEWED_BEFORE_END = timedelta(minutes=10)
_SCOPES = ("https://www.googleapis.com/auth/cloud-platform",)

Variables = Mapping[str, str]
"""Those of `CLOUD_VARIABLES` that are set."""


class NoCredentials(Exception):
    """There are none, with the reason."""


def missing_extra(cloud: Cloud, variables: Variables) -> str | None:
    """Why the cloud's credentials cannot be found without an optional dependency; `None` if they can."""
    if cloud is Cloud.AWS:
        if _has_static_keys(variables) or importlib.util.find_spec("botocore") is not None:
            return None
        return "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not both set; other AWS credentials need ai-engine[bedrock]"
    has_google = importlib.util.find_spec("google") is not None and importlib.util.find_spec("google.auth") is not None
    return None if has_google else "Google Cloud credentials need ai-engine[vertex]"


def _has_static_keys(variables: Variables) -> bool:
    return bool(variables.get("AWS_ACCESS_KEY_ID") and variables.get("AWS_SECRET_ACCESS_KEY"))


class AwsSource:
    """Keys from the environment, else from botocore: profiles, roles, web identities, containers, instances.

    Source: https://docs.aws.amazon.com/sdkref/latest/guide/standardized-credentials.html (read 2026-11-30).
    """

    def __init__(self, variables: Variables) -> None:
        self._variables = variables
        self._found: Any = None

    def __call__(self) -> AwsCredentials:
        """Blocks. Raises `NoCredentials`."""
        variables = self._variables
        if _has_static_keys(variables):
            token = variables.get("AWS_SESSION_TOKEN") or None
            return AwsCredentials(variables["AWS_ACCESS_KEY_ID"], variables["AWS_SECRET_ACCESS_KEY"], token)
        from botocore.exceptions import BotoCoreError, ClientError
        from botocore.session import Session

        try:
            if self._found is None:
                self._found = Session(profile=variables.get("AWS_PROFILE") or None).get_credentials()
            if self._found is None:
                raise NoCredentials("no AWS credentials were found in the environment, in files, or from this machine's role")
            frozen = self._found.get_frozen_credentials()  # renews those that are about to end
        except (BotoCoreError, ClientError, OSError, ValueError) as error:
            raise NoCredentials(str(error) or type(error).__name__) from error
        return AwsCredentials(frozen.access_key, frozen.secret_key, frozen.token)


class GoogleSource:
    """The file in GOOGLE_APPLICATION_CREDENTIALS, else from google-auth: gcloud's user, or this machine's account.

    Source: https://cloud.google.com/docs/authentication/application-default-credentials (read 2026-11-30).
    """

    def __init__(self, variables: Variables) -> None:
        self._file = variables.get("GOOGLE_APPLICATION_CREDENTIALS")
        self._found: Any = None

    def __call__(self) -> GoogleToken:
        """Blocks. Raises `NoCredentials`."""
        from google.auth.exceptions import GoogleAuthError

        try:
            return self._token()
        except (GoogleAuthError, OSError, ValueError) as error:
            raise NoCredentials(str(error) or type(error).__name__) from error

    def _token(self) -> GoogleToken:
        import google.auth
        from google.auth.transport.requests import Request

        if self._found is None:
            if self._file:
                # Its deprecation is about files from others; this one is the operator's own.
                load: Any = google.auth.load_credentials_from_file
                self._found, _ = load(self._file, scopes=_SCOPES)
            else:
                self._found, _ = google.auth.default(scopes=_SCOPES)
        ends_at = self._found.expiry  # in UTC, and naive
        is_ending = ends_at is not None and ends_at.replace(tzinfo=UTC) - datetime.now(UTC) < _RENEWED_BEFORE_END
        if not self._found.token or is_ending:
            self._found.refresh(Request())
        return GoogleToken(self._found.token, self._found.quota_project_id)


SOURCES: Mapping[Cloud, Callable[[Variables], Callable[[], Any]]] = {Cloud.AWS: AwsSource, Cloud.GOOGLE: GoogleSource}


class _Renewal(Generic[CredentialsT]):
    """One cloud's credentials with their source."""

    def __init__(self, in_force: InForce[CredentialsT], source: Callable[[], CredentialsT], variables: Variables) -> None:
        self.in_force = in_force
        self.variables = variables
        self._source = source
        self.error: str | None = None
        """Why the last look-up failed."""

    async def renew(self, cloud: Cloud) -> bool:
        """Whether the credentials changed. If none are found, the known ones stay."""
        try:
            found = await asyncio.to_thread(self._source)
        except NoCredentials as error:
            reason = str(error)
            if reason != self.error:
                _log.warning("%s credentials were not found: %s", cloud.display_name, reason)
            self.error = reason
            return False
        if self.error is not None:
            _log.info("%s credentials were found", cloud.display_name)
        self.error = None
        is_other = found != self.in_force.current
        self.in_force.current = found
        return is_other


class CredentialRenewal:
    """Renews the credentials of the clouds that providers use. `run` never returns; cancel it to stop."""

    def __init__(
        self,
        credentials: CloudCredentials,
        needed: Callable[[], Mapping[Cloud, Variables]],
        on_change: Callable[[Cloud, bool], None],
        clock: Clock,
        sources: Mapping[Cloud, Callable[[Variables], Callable[[], Any]]] = SOURCES,
        every_seconds: float = _EVERY_SECONDS,
    ) -> None:
        """`on_change` is called with the cloud whose credentials changed, and whether there are any."""
        self._in_force: Mapping[Cloud, InForce[Any]] = {Cloud.AWS: credentials.aws, Cloud.GOOGLE: credentials.google}
        self._needed = needed
        self._on_change = on_change
        self._clock = clock
        self._sources = sources
        self._every_seconds = every_seconds
        self._renewals: dict[Cloud, _Renewal[Any]] = {}
        self._woken = asyncio.Event()

    def configuration_changed(self) -> None:
        """Other providers may need credentials now."""
        for cloud in self._needed():
            self._on_change(cloud, self._in_force[cloud].current is not None)
        self._woken.set()

    async def run(self) -> None:
        self.configuration_changed()
        while True:
            self._woken.clear()
            await asyncio.gather(*(self._renew(cloud, variables) for cloud, variables in self._needed().items()))
            waiting = [asyncio.create_task(self._clock.sleep(self._every_seconds)), asyncio.create_task(self._woken.wait())]
            try:
                await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for task in waiting:
                    task.cancel()
                await asyncio.gather(*waiting, return_exceptions=True)

    async def _renew(self, cloud: Cloud, variables: Variables) -> None:
        renewal = self._renewals.get(cloud)
        if renewal is None or renewal.variables != variables:
            renewal = _Renewal(self._in_force[cloud], self._sources[cloud](variables), variables)
            self._renewals[cloud] = renewal
        if await renewal.renew(cloud):
            self._on_change(cloud, True)
