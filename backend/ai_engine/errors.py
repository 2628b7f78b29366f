"""The engine's exceptions, grouped by who can resolve them. HTTP statuses are in `web.errors`.

AIEngineError
├── ConfigurationError              the operator fixes a variable or the YAML file
├── CallerError                     the caller fixes its request; retrying it unchanged does not help
│   ├── InvalidRequest
│   │   └── UnsupportedByProvider   the request is valid, but not supported by a provider's protocol
│   ├── BodyTooLarge
│   ├── UnsupportedMediaType
│   ├── NotAuthenticated
│   ├── NotPermitted
│   ├── NotFound
│   ├── MethodNotAllowed
│   ├── Conflict
│   ├── ModelNotFound
│   ├── RequestLoop
│   └── RefusedByProvider           the provider's message and status
├── Unavailable                     the caller retries later, after `retry_after_seconds` if known
│   ├── NoProviderConfigured
│   ├── NoRouteAvailable
│   ├── RateLimited
│   ├── AttemptsFailed
│   └── DeadlineExceeded
└── UpstreamError                   an exchange with a provider failed (`upstream.port`); never reaches a caller
"""

from collections.abc import Sequence


class AIEngineError(Exception):
    """The base class. `message` is sent to the caller: what happened and what to do, without secrets."""

    attempts: int | None = None
    """The number of attempts before it; `None` if it was raised outside the relay."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class ConfigurationError(AIEngineError):
    """A variable or the YAML file is invalid. The message is one sentence with the variable, or the file and line."""


class CallerError(AIEngineError):
    """The request is invalid. `param` is the path of the field, `code` is for programs."""

    def __init__(self, message: str, *, param: str | None = None, code: str | None = None) -> None:
        super().__init__(message)
        self.param = param
        self.code = code


class InvalidRequest(CallerError):
    """A field is missing, of the wrong type or out of range, or the body is not JSON."""


class UnsupportedByProvider(InvalidRequest):
    """A field is not supported by a provider's protocol. Only the candidate fails: other providers may support it."""

    def __init__(self, message: str, *, param: str | None = None) -> None:
        super().__init__(message, param=param, code="unsupported_by_provider")


class BodyTooLarge(CallerError):
    """The body is over `AI_ENGINE_MAX_REQUEST_SIZE`. It was not read whole."""


class UnsupportedMediaType(CallerError):
    """The body is not `application/json`."""


class NotAuthenticated(CallerError):
    """No key came with the request, or one that nobody knows."""


class NotPermitted(CallerError):
    """The caller is known, or needs no key, but may not do this from here."""


class NotFound(CallerError):
    """No such thing under this name: a URL, a provider, a key."""


class MethodNotAllowed(CallerError):
    """The URL exists, the method does not. `allowed` lists those that do."""

    def __init__(self, message: str, *, allowed: Sequence[str]) -> None:
        super().__init__(message)
        self.allowed = allowed


class Conflict(CallerError):
    """It cannot be done in the present state, such as rolling to another key where there is only one."""


class ModelNotFound(CallerError):
    """No catalogue entry knows the model, under any of its names."""


class RequestLoop(CallerError):
    """The request was sent by this engine: a provider's base URL leads back here."""


class RefusedByProvider(CallerError):
    """The client's own fault, as the provider worded it.

    `status` is the provider's, `kind` its `error.type`. `body`, where present, is the provider's error object whole.
    """

    def __init__(self, message: str, *, status: int, kind: str | None, param: str | None, code: str | None) -> None:
        super().__init__(message, param=param, code=code)
        self.status = status
        self.kind = kind


class Unavailable(AIEngineError):
    """Nobody can answer now. `retry_after_seconds` is the soonest time at which somebody may, `None` if unknown."""

    def __init__(self, message: str, *, retry_after_seconds: float | None = None, code: str | None = None) -> None:
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds
        self.code = code


class NoProviderConfigured(Unavailable):
    """No provider has a key and is enabled, and the sandbox is off."""


class NoRouteAvailable(Unavailable):
    """The model is known, but every route of it is flagged, disabled or without a usable key."""


class RateLimited(Unavailable):
    """As `NoRouteAvailable`, where rate limits are the only cause."""


class AttemptsFailed(Unavailable):
    """Providers were asked, and none gave a sound answer. The message tells of the last failure."""


class DeadlineExceeded(Unavailable):
    """Nobody answered in time: the client's own deadline or the longest time for a request passed, or all were silent."""


LONGEST_DETAIL = 300
"""Characters."""


def error_detail(error: AIEngineError) -> str:
    """The error in one short sentence with the field it is about, for the ledger and the log."""
    param = error.param if isinstance(error, CallerError) else None
    about = f"{param}: " if param and param not in error.message else ""
    return (about + error.message)[:LONGEST_DETAIL]
