"""What a failed attempt means: who is to blame, whether to come back, and when.

The one place that decides it, from status, structured code and headers; never from words in a message. `attempts` does what a
`Failure` says and looks at nothing else.
"""

from dataclasses import dataclass
from enum import StrEnum

from ai_engine.names import Blame


class FailureClass(StrEnum):
    """What happened, in the words that statistics and pages use."""

    BAD_REQUEST = "bad_request"
    CONTENT_FILTER = "content_filter"
    CONTEXT_LENGTH = "context_length"
    INVALID_KEY = "invalid_key"
    FORBIDDEN = "forbidden"
    QUOTA = "quota"
    RATE_LIMIT = "rate_limit"
    MODEL_NOT_FOUND = "model_not_found"
    SERVER_ERROR = "server_error"
    MALFORMED_ANSWER = "malformed_answer"
    CONNECT = "connect"
    RESET = "reset"
    SILENT = "silent"
    """No first token in time, or a started stream that stalled."""
    CUT = "cut"
    """A stream that ended without a finish."""


class KeyScope(StrEnum):
    """What a key's failure covers."""

    MODEL = "model"
    ALL_MODELS = "all_models"
    SET_ASIDE = "set_aside"
    """The provider does not know the key (401): out until the free listing call accepts it again."""


@dataclass(frozen=True, slots=True)
class Failure:
    """One attempt's failure, classified."""

    kind: FailureClass
    blame: Blame
    message: str
    """The provider's words, or ours where it had none; shortened, and with no key in it."""
    status: int | None = None
    code: str | None = None
    type: str | None = None
    param: str | None = None
    key_scope: KeyScope | None = None
    """Set exactly when `blame` is `KEY`."""
    retry_after_seconds: float | None = None
    """What the provider asked for (`Retry-After`, `retry-after-ms`, `x-ratelimit-reset-*` where spent), else `None`."""
    is_worth_repeating: bool = False
    """The same route may well answer in a moment (5xx, reset, rate limit); a silent one is never asked again."""
