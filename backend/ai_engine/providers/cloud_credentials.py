"""A cloud's credentials, used where a provider has no key. Adapters only read the current ones."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Generic, TypeVar

CredentialsT = TypeVar("CredentialsT")


class Cloud(StrEnum):
    """A cloud with credentials of its own."""

    AWS = "aws"
    GOOGLE = "google"

    @property
    def display_name(self) -> str:
        return "AWS" if self is Cloud.AWS else "Google Cloud"


CLOUD_VARIABLES: Mapping[Cloud, tuple[str, ...]] = {
    Cloud.AWS: ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE"),
    Cloud.GOOGLE: ("GOOGLE_APPLICATION_CREDENTIALS",),
}
"""The environment variables of each cloud's own tools. The gateway reads them from `.env` too."""


@dataclass(frozen=True, slots=True)
class AwsCredentials:
    """For signing requests to AWS."""

    access_key_id: str
    secret_access_key: str = field(repr=False)
    session_token: str | None = field(default=None, repr=False)
    """Set for temporary credentials."""


@dataclass(frozen=True, slots=True)
class GoogleToken:
    """The bearer token of requests to Google Cloud."""

    token: str = field(repr=False)
    quota_project: str | None = None
    """The project that pays, for a user's own credentials."""


class InForce(Generic[CredentialsT]):
    """One cloud's current credentials. A background task replaces them before they expire."""

    __slots__ = ("current",)

    def __init__(self, current: CredentialsT | None = None) -> None:
        self.current = current
        """`None` while there are none."""


@dataclass(frozen=True, slots=True)
class CloudCredentials:
    """The credentials of all clouds."""

    aws: InForce[AwsCredentials] = field(default_factory=InForce)
    google: InForce[GoogleToken] = field(default_factory=InForce)
