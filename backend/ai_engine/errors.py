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
│   ├── Overloaded
│   ├── ProviderKeyInvalid          the operator replaces the key; no wait helps
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

    def __init__(self, message: str, *, param: str | None = None, params: Sequence[str] = ()) -> None:
        """`params` are the whole paths of all fields of which this is true; without them, it is `param`."""
        super().__init__(message, param=param, code="unsupported_by_provider")
        self.params = params or (() if param is None else (param,))


class BodyTooLarge(CallerError):
    """The body is larger than the limit. It was not read completely."""


class UnsupportedMediaType(CallerError):
    """The body's content type is not accepted."""


class NotAuthenticated(CallerError):
    """No key was sent, or an unknown one."""


class NotPermitted(CallerError):
    """The caller's role, address or origin does not allow this."""


class NotFound(CallerError):
    """There is no URL, provider, key or record of this name."""


class MethodNotAllowed(CallerError):
    """The URL does not support the method. `allowed` lists those it supports."""

    def __init__(self, message: str, *, allowed: Sequence[str]) -> None:
        super().__init__(message)
        self.allowed = allowed


class Conflict(CallerError):
    """Not possible in the current state, such as rolling to another key if there is only one."""


class ModelNotFound(CallerError):
    """No route matches the model's name."""


class RequestLoop(CallerError):
    """The request was sent by this gateway: a provider's base URL points to it."""


class RefusedByProvider(CallerError):
    """A client error reported by a provider, in the provider's words.

    `status` is the provider's, `kind` its `error.type`.
    """

    def __init__(self, message: str, *, status: int, kind: str | None, param: str | None, code: str | None) -> None:
        super().__init__(message, param=param, code=code)
        self.status = status
        self.kind = kind


class Unavailable(AIEngineError):
    """The request cannot be answered now. `retry_after_seconds` is the earliest time for a retry; `None` if unknown."""

    def __init__(self, message: str, *, retry_after_seconds: float | None = None, code: str | None = None) -> None:
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds
        self.code = code


class NoProviderConfigured(Unavailable):
    """No provider has a key and is enabled, and the sandbox is off."""


class NoRouteAvailable(Unavailable):
    """The model is known, but every route of it is flagged, disabled or without a usable key."""


class RateLimited(Unavailable):
    """As `NoRouteAvailable`, with rate limits as the only cause."""


class AttemptsFailed(Unavailable):
    """All attempts failed. The message describes the last failure."""


class Overloaded(Unavailable):
    """As `AttemptsFailed`, and a provider was overloaded: a retry may succeed at any time."""


class ProviderKeyInvalid(Unavailable):
    """Every provider key for the model is refused by its provider. `retry_after_seconds` is `None`."""


class DeadlineExceeded(Unavailable):
    """No response in time: the client's deadline, the limit for a request, or the providers' timeouts."""


LONGEST_DETAIL = 300
"""Characters."""


def error_detail(error: AIEngineError) -> str:
    """The error in one short sentence with the field it is about, for the ledger and the log."""
    param = error.param if isinstance(error, CallerError) else None
    about = f"{param}: " if param and param not in error.message else ""
    return (about + error.message)[:LONGEST_DETAIL]
