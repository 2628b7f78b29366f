"""Classifies a failed attempt: what is to blame, whether a retry is worthwhile, and when.

The decision depends on status, structured codes and headers, never on the text of a message. The relay acts on the `Failure`
only.
"""

from dataclasses import dataclass, replace
from enum import StrEnum

from ai_engine.names import ABOUT_THE_REQUEST, Blame
from ai_engine.providers.error_bodies import ErrorBody, clean, read_body, read_object, read_value
from ai_engine.providers.retry_after import stated_seconds
from ai_engine.upstream.port import (
    AnswerTooLarge,
    ConnectFailed,
    ConnectionCut,
    ConnectionReset,
    Headers,
    UpstreamError,
    UpstreamTimeout,
)
from ai_engine.wire.json_types import JsonMapping
from ai_engine.wire.redaction import redact_exactly


class FailureClass(StrEnum):
    """What happened, as statistics and pages name it."""

    BAD_REQUEST = "bad_request"
    CONTENT_FILTER = "content_filter"
    CONTEXT_LENGTH = "context_length"
    INVALID_KEY = "invalid_key"
    FORBIDDEN = "forbidden"
    QUOTA = "quota"
    RATE_LIMIT = "rate_limit"
    MODEL_NOT_FOUND = "model_not_found"
    SERVER_ERROR = "server_error"
    MALFORMED_RESPONSE = "malformed_response"
    CONNECTION_FAILED = "connection_failed"
    CONNECTION_RESET = "connection_reset"
    TIMEOUT = "timeout"
    """No first token in time, or a started stream that stalled."""
    INCOMPLETE_STREAM = "incomplete_stream"
    """A stream that ended without a finish."""


class KeyScope(StrEnum):
    """The scope of a key's failure."""

    REQUEST = "request"
    """This request alone is above the key's limit: other requests may use the key."""
    MODEL = "model"
    ALL_MODELS = "all_models"
    INVALID = "invalid"
    """The provider does not accept the key (401): out until the free listing call does again."""


LONGEST_FIELD = 120
"""Characters of a field's path or a code, which are the provider's words."""


@dataclass(frozen=True, slots=True)
class Failure:
    """One attempt's failure, classified."""

    kind: FailureClass
    blame: Blame
    message: str
    """The provider's message, or the gateway's where there is none; shortened and redacted."""
    status: int | None = None
    code: str | None = None
    type: str | None = None
    param: str | None = None
    key_scope: KeyScope | None = None
    """Set exactly when `blame` is `KEY`."""
    retry_after_seconds: float | None = None
    """What the provider states (`Retry-After`, `retry-after-ms`, `x-ratelimit-reset-*` where spent); `None` if nothing."""
    is_worth_repeating: bool = False
    """A retry on the same route may succeed (5xx, reset, rate limit). Never true of a silent route."""
    is_quoted: bool = False
    """`message` is the provider's own, which may repeat the request."""

    @property
    def message_for_others(self) -> str:
        """The message without any part of the request: for flags, explanations and later requests."""
        if not self.is_quoted:
            return self.message
        return f"The provider answered with status {self.status}." if self.status else "The provider reported an error."

    @property
    def detail(self) -> str:
        """For the ledger and the log: the field and the code that it is about, and `message_for_others`."""
        message = self.message_for_others
        about = f"{self.param[:LONGEST_FIELD]}: " if self.param and self.param not in message else ""
        code = f" ({self.code[:LONGEST_FIELD]})" if self.code and self.is_quoted else ""
        return about + message + code

    @property
    def message_for_client(self) -> str:
        """The message for the request's own client: the provider's own where the request is to blame.

        Other messages of a provider are about the gateway's account, and may name keys and accounts.
        """
        return self.message if self.blame in ABOUT_THE_REQUEST else self.message_for_others

    def without(self, secret: str) -> "Failure":
        """The same without this provider key, in any form."""
        code, kind, param = (text and redact_exactly(text, secret) for text in (self.code, self.type, self.param))
        return replace(self, message=redact_exactly(self.message, secret), code=code, type=kind, param=param)


# Codes and types that are more specific than the status, in lower case. Each page was read on 2026-11-23.
_UNKNOWN_KEY = frozenset(
    {
        "invalid_api_key",  # OpenAI, Groq: https://platform.openai.com/docs/guides/error-codes
        "wrong_api_key",  # Cerebras: https://inference-docs.cerebras.ai/support/error
        "api_key_invalid",  # Google, with a 400: https://ai.google.dev/gemini-api/docs/troubleshooting
        "invalid_authentication_error",  # Moonshot: https://platform.moonshot.ai/docs/api/chat#error-codes
        # AWS, with a 400 or 403: https://docs.aws.amazon.com/bedrock/latest/APIReference/CommonErrors.html (read 2026-11-30)
        "expiredtokenexception",
        "incompletesignature",
        "incompletesignatureexception",
        "invalidclienttokenid",
        "invalidsignatureexception",
        "missingauthenticationtoken",
        "missingauthenticationtokenexception",
        "unrecognizedclientexception",
    }
)
_QUOTA_SPENT = frozenset(
    {
        "insufficient_quota",  # OpenAI, with a 429: https://platform.openai.com/docs/guides/error-codes
        "billing_hard_limit_reached",  # OpenAI, with a 400
        "billing_not_active",  # OpenAI, with a 429
        "exceeded_current_quota_error",  # Moonshot, with a 403 or 429: https://github.com/MoonshotAI/Kimi-K2/issues/5
        "insufficient_balance",  # DeepSeek and those that copied it
        "not_enough_balance",  # Novita: https://novita.ai/docs/api-reference/basic-error-code
        "insufficient_credits",
        "insufficient_user_quota",  # resellers that run one-api: https://github.com/songquanpeng/one-api
        "1113",  # Z.ai, with a 429: https://docs.z.ai/api-reference/api-code
        # Anthropic, with a 402 or 429: https://platform.claude.com/docs/en/api/errors (read 2026-11-28). A low balance may also
        # be an ordinary 400 there, which only its message distinguishes from a client's error: it counts as one.
        "billing_error",
        "contract_spend_limit_reached",
        "enforced_spend_limit_reached",
    }
)
_KEY_DISABLED = frozenset({"organization_on_hold"})  # Anthropic, with a 400, as above
_CONTEXT_LENGTH = frozenset(
    {
        "context_length_exceeded",  # OpenAI, Groq
        "exceed_context_size_error",  # llama.cpp: https://github.com/ggml-org/llama.cpp/pull/15780
        "tokens_limit_reached",  # GitHub Models, with a 413
        "model_max_prompt_tokens_exceeded",  # GitHub
        "1261",  # Z.ai
    }
)
_CONTENT_FILTER = frozenset(
    {
        "content_filter",  # Azure: https://learn.microsoft.com/azure/ai-foundry/openai/concepts/content-filter
        "responsibleaipolicyviolation",  # Azure, as the inner code
        "content_policy_violation",  # OpenAI
        "moderation_blocked",  # OpenAI
        "sensitive_words_detected",  # resellers that run one-api
        "1301",  # Z.ai
    }
)
_MODEL_UNKNOWN = frozenset(
    {
        "model_not_found",  # OpenAI, Groq, Cerebras, Novita
        "invalid_model",  # Mistral, Perplexity, with a 400: https://github.com/mistralai/platform-docs-public/pull/41
        "model_not_available",  # Together: https://docs.together.ai/docs/error-codes
        "model_decommissioned",  # Groq, with a 400: https://console.groq.com/docs/deprecations
        "model_not_supported",  # Hugging Face's router
        "unknown_model",  # GitHub Models
        "deploymentnotfound",  # Azure
        "1211",  # Z.ai
    }
)
_RATE_LIMITED = frozenset({"rate_limit_exceeded"})
# Bedrock, whatever the status: 424, and 429 where no key is at its limit.
# https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html#API_runtime_Converse_Errors (read 2026-11-30)
_MODEL_FAILED = frozenset({"modelerrorexception", "modelnotreadyexception", "modelstreamerrorexception"})
_MODEL_QUOTA_SPENT = frozenset({"servicequotaexceededexception"})  # Bedrock, with a 400

# For errors inside a 200, which have no status but often a name for one.
_STATUS_OF_NAME = {
    "invalid_request_error": 400,
    "badrequesterror": 400,
    "invalid_argument": 400,
    "authentication_error": 401,
    "unauthenticated": 401,
    "permission_error": 403,
    "permission_denied": 403,
    "not_found_error": 404,
    "not_found": 404,
    "rate_limit_exceeded": 429,
    "rate_limit_error": 429,
    "rate_limit_reached_error": 429,
    "too_many_requests_error": 429,
    "resource_exhausted": 429,
    "overloaded_error": 529,
    "billing_error": 402,  # from here on Anthropic's: https://platform.claude.com/docs/en/api/errors (read 2026-11-28)
    "conflict_error": 409,
    "request_too_large": 413,
    "api_error": 500,
    "timeout_error": 504,
    "accessdeniedexception": 403,  # from here on AWS's, in event streams: as for `_MODEL_FAILED`
    "internalserverexception": 500,
    "modeltimeoutexception": 408,
    "resourcenotfoundexception": 404,
    "serviceunavailableexception": 503,
    "throttlingexception": 429,
    "validationexception": 400,
}


def classify(status: int, headers: Headers, body: bytes, *, name: str | None = None) -> Failure:
    """Classifies an HTTP answer that is not a success, or only by its status.

    `name` is the error's, where it is in a header instead of the body.
    """
    error = read_body(body)
    if name is not None:
        error = replace(error, type=error.type or name, identifiers=error.identifiers | {name.lower()})
    return _judge(error, status if status >= 300 else None, headers)


def classify_error_value(value: object) -> Failure:
    """Classifies parsed JSON of any shape that came in a 200 or a stream instead of an answer."""
    return _judge(read_value(value), None, ())


def classify_error_object(error: JsonMapping) -> Failure:
    """Classifies an error object, such as the one under `error`, in a 200 or a stream."""
    return _judge(read_object(error), None, ())


def of_optional_operation(failure: Failure) -> Failure:
    """The same for an operation that a provider may not have: a missing path or method does not count against the model's chats.

    Otherwise a client could take a route out of rotation by requesting an image from a chat model. A code for an unknown model
    (`_MODEL_UNKNOWN`) still counts against the route.
    """
    if not is_missing_path(failure):
        return failure
    return replace(failure, kind=FailureClass.BAD_REQUEST, blame=Blame.REQUEST, is_worth_repeating=False)


def is_missing_path(failure: Failure) -> bool:
    """Whether the path or the method is missing by the status, and not the model by a code."""
    names = {(failure.code or "").lower(), (failure.type or "").lower()}
    return failure.status in (404, 405, 501) and not names & _MODEL_UNKNOWN


def malformed_response(message: str) -> Failure:
    """The provider's 2xx is not a valid answer."""
    return Failure(FailureClass.MALFORMED_RESPONSE, Blame.ROUTE, clean(message))


def classify_exception(error: UpstreamError) -> Failure:
    """Classifies an exchange without a complete HTTP answer."""
    match error:
        case ConnectFailed():
            return Failure(FailureClass.CONNECTION_FAILED, Blame.NETWORK, clean(error.message), is_worth_repeating=True)
        case ConnectionReset():
            return Failure(FailureClass.CONNECTION_RESET, Blame.ROUTE, clean(error.message), is_worth_repeating=True)
        case ConnectionCut():
            return Failure(FailureClass.INCOMPLETE_STREAM, Blame.ROUTE, clean(error.message), is_worth_repeating=True)
        case UpstreamTimeout():
            return Failure(FailureClass.TIMEOUT, Blame.ROUTE, clean(error.message))
        case AnswerTooLarge():
            return malformed_response(error.message)
        case _:
            return Failure(FailureClass.CONNECTION_RESET, Blame.ROUTE, clean(error.message), is_worth_repeating=True)


@dataclass(frozen=True, slots=True)
class _Verdict:
    """The part of a failure that comes from the tables."""

    kind: FailureClass
    blame: Blame
    key_scope: KeyScope | None = None
    is_worth_repeating: bool = False


_BAD_REQUEST = _Verdict(FailureClass.BAD_REQUEST, Blame.REQUEST)
_FILTERED = _Verdict(FailureClass.CONTENT_FILTER, Blame.REQUEST)
_TOO_LONG = _Verdict(FailureClass.CONTEXT_LENGTH, Blame.MODEL)
# OpenAI, with a 404 whose code is null: a chat with a model that does not chat, and likewise an item that is not stored there. A
# model that does not exist has a code: https://github.com/langbot-app/LangBot/issues/400 (read 2026-11-30).
_UNFIT = _Verdict(FailureClass.BAD_REQUEST, Blame.FIT)
_KEY_UNKNOWN = _Verdict(FailureClass.INVALID_KEY, Blame.KEY, KeyScope.INVALID)
_KEY_SPENT = _Verdict(FailureClass.QUOTA, Blame.KEY, KeyScope.ALL_MODELS)
_KEY_FORBIDDEN = _Verdict(FailureClass.FORBIDDEN, Blame.KEY, KeyScope.MODEL)
_KEY_OUT = _Verdict(FailureClass.FORBIDDEN, Blame.KEY, KeyScope.ALL_MODELS)
_KEY_LIMITED = _Verdict(FailureClass.RATE_LIMIT, Blame.KEY, KeyScope.MODEL, is_worth_repeating=True)
# Groq: the request is above the tokens per minute of this key. Another key's plan may allow it.
_KEY_TOO_SMALL = _Verdict(FailureClass.RATE_LIMIT, Blame.KEY, KeyScope.REQUEST)
# Google: the day's requests of this model. Its `retryDelay` belongs to the limit per minute.
_KEY_DAY_SPENT = _Verdict(FailureClass.QUOTA, Blame.KEY, KeyScope.MODEL)
_NO_MODEL = _Verdict(FailureClass.MODEL_NOT_FOUND, Blame.ROUTE)
_SERVER_ERROR = _Verdict(FailureClass.SERVER_ERROR, Blame.ROUTE, is_worth_repeating=True)
_NO_ANSWER = _Verdict(FailureClass.MALFORMED_RESPONSE, Blame.ROUTE)


def _judge(error: ErrorBody, status: int | None, headers: Headers) -> Failure:
    if status is None:
        status = error.status or next((_STATUS_OF_NAME[name] for name in error.identifiers if name in _STATUS_OF_NAME), None)
    verdict = _verdict(error, status)
    has_wait = verdict.is_worth_repeating or verdict.blame is Blame.KEY
    details = None if verdict is _KEY_DAY_SPENT else error.details
    if status is None and verdict.blame is Blame.REQUEST:
        status = 400
    return Failure(
        kind=verdict.kind,
        blame=verdict.blame,
        message=error.message or _own_message(status),
        status=status,
        code=error.code,
        type=error.type,
        param=error.param,
        key_scope=verdict.key_scope,
        retry_after_seconds=stated_seconds(headers + error.limit_headers, details) if has_wait else None,
        is_worth_repeating=verdict.is_worth_repeating,
        is_quoted=bool(error.message),
    )


def _own_message(status: int | None) -> str:
    if status:
        return f"The provider answered with status {status} and no message."
    return "The provider reported an error without a message."


def _verdict(error: ErrorBody, status: int | None) -> _Verdict:
    """By codes where they are specific, else by the status."""
    names = error.identifiers
    is_clients_class = status is None or 400 <= status < 500
    if (names | error.nested_identifiers) & _CONTEXT_LENGTH or (error.param == "input_tokens" and "badrequesterror" in names):
        # vLLM names no code, but the parameter that it found too long: `input_tokens`.
        return _TOO_LONG
    if is_clients_class and ((names | error.nested_identifiers) & _CONTENT_FILTER or error.is_moderation):
        return _FILTERED
    for known, verdict in _OF_NAMES if is_clients_class else ():
        if names & known:
            return verdict
    if status in (None, 400, 404, 422) and names & _MODEL_UNKNOWN:
        return _NO_MODEL
    if status == 404 and error.param and error.code is None and error.type == "invalid_request_error":
        return _UNFIT
    if status == 429 and any("perday" in name for name in names):
        # `quotaId`s such as `GenerateRequestsPerDayPerProjectPerModel-FreeTier`.
        return _KEY_DAY_SPENT
    if status == 413 and names & _RATE_LIMITED:
        return _KEY_TOO_SMALL
    return _verdict_of_status(status)


_OF_NAMES = (
    (_UNKNOWN_KEY, _KEY_UNKNOWN),
    (_QUOTA_SPENT, _KEY_SPENT),
    (_KEY_DISABLED, _KEY_OUT),
    (_MODEL_FAILED, _SERVER_ERROR),
    (_MODEL_QUOTA_SPENT, _KEY_DAY_SPENT),
)
"""Names that decide by themselves what a client's error (4xx) or one without a status means."""

_OF_STATUS = {
    401: _KEY_UNKNOWN,
    402: _KEY_SPENT,
    403: _KEY_FORBIDDEN,
    # The endpoint or the model is missing: the base URL or the catalogue is wrong, not the request.
    404: _NO_MODEL,
    405: _NO_ANSWER,
    407: _NO_ANSWER,
    408: _SERVER_ERROR,
    429: _KEY_LIMITED,
}


def _verdict_of_status(status: int | None) -> _Verdict:
    if status is None or status >= 500:
        return _SERVER_ERROR
    if status < 400:
        # Redirects are never followed: they would send the key elsewhere.
        return _NO_ANSWER
    # An ordinary `invalid_request_error` is the client's.
    return _OF_STATUS.get(status, _BAD_REQUEST)
