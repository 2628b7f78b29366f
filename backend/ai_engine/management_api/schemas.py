"""Schemas of the management API. Times are UTC, durations `_ms` or `_seconds`; `null` is unknown."""

from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, PlainSerializer, WithJsonSchema

from ai_engine.autodecide.candidates import ExclusionReason
from ai_engine.catalogue.snapshot import LONGEST_NAME
from ai_engine.names import Blame
from ai_engine.provider_keys.key_record import KeyState
from ai_engine.providers.failures import FailureClass
from ai_engine.settings.file import HIGHEST_PRIORITY

GREETING = "Hello! Please answer with one short sentence."

ProviderState = Literal["available", "flagged", "drained", "disabled", "no_key"]


def _name(text: str) -> str:
    if any(character == "\0" or "\ud800" <= character <= "\udfff" for character in text):
        raise ValueError("must not contain NUL or surrogate characters")
    return text


Name = Annotated[str, AfterValidator(_name)]
"""Text that every database can store: without NUL and surrogates."""


class FlagReason(StrEnum):
    """Why a provider, a route or a key is out of rotation: a class of failure, or an operator's action."""

    # Open circuits
    SERVER_ERROR = FailureClass.SERVER_ERROR
    MALFORMED_RESPONSE = FailureClass.MALFORMED_RESPONSE
    CONNECTION_FAILED = FailureClass.CONNECTION_FAILED
    CONNECTION_RESET = FailureClass.CONNECTION_RESET
    TIMEOUT = FailureClass.TIMEOUT
    INCOMPLETE_STREAM = FailureClass.INCOMPLETE_STREAM
    MODEL_NOT_FOUND = FailureClass.MODEL_NOT_FOUND
    # Keys in cooldown, and invalid ones
    RATE_LIMIT = FailureClass.RATE_LIMIT
    QUOTA = FailureClass.QUOTA
    FORBIDDEN = FailureClass.FORBIDDEN
    INVALID_KEY = FailureClass.INVALID_KEY
    # By an operator
    DRAINED = ExclusionReason.DRAINED
    DISABLED = ExclusionReason.DISABLED
    NO_KEY = ExclusionReason.NO_KEY


Usd = Annotated[
    Decimal,
    PlainSerializer(lambda amount: f"{amount:f}", return_type=str),
    WithJsonSchema({"type": "string", "pattern": r"^[0-9]+(\.[0-9]+)?$"}),
]
"""Money in JSON: an exact decimal string, since a JSON number would be rounded."""


class TokensView(BaseModel):
    """Tokens in disjoint classes: their sum is the total. `null` is unknown."""

    input: int | None = Field(description="Without cached tokens.", examples=[412])
    cached_input: int | None = Field(examples=[1024])
    cache_write: int | None = Field(examples=[0])
    output: int | None = Field(description="Without reasoning tokens, if the provider reports them.", examples=[96])
    reasoning: int | None = Field(examples=[0])


class RequestAttempt(BaseModel):
    """One request to a provider, and its result."""

    number: int = Field(description="From 1, in the order of their start.", examples=[1])
    provider: str = Field(examples=["openai"])
    model: str = Field(description="The provider's name for the model.", examples=["gpt-4o-2024-08-06"])
    key_fingerprint: str | None = Field(description="`null` for a provider without keys.", examples=["9f86d081"])
    reason: str = Field(description="Why this attempt was made.", examples=["first_candidate", "next_key", "next_candidate"])
    started_ms: float = Field(description="Since the arrival of the request.", examples=[0.5])
    duration_ms: float = Field(examples=[1478.5])
    first_token_ms: float | None = Field(
        description="From the start of the attempt to the first content; `null` if there was none or it was not streamed.",
        examples=[312],
    )
    succeeded: bool
    failure: str | None = Field(
        description="The class of failure, or `cancelled` if the client disconnected or the deadline passed first.",
        examples=["rate_limit"],
    )
    detail: str | None = Field(
        description="What failed, in a sentence with the path of the field.",
        examples=["messages[3].name: not supported by Anthropic"],
    )
    blame: Blame | None = Field(description="What the failure is attributed to.")
    status: int | None = Field(description="The provider's HTTP status; `null` without a response.", examples=[429])
    tokens: TokensView
    tokens_estimated: bool = Field(
        description="Whether the tokens are the gateway's estimate because the provider reported none."
    )
    cost_usd: Usd | None = Field(description="At list price; `null` if tokens or price are unknown.", examples=["0.00199"])
    absorbed: bool = Field(description="Whether its cost is not charged to the client.")


class Flag(BaseModel):
    """Why a provider or route is out of rotation, and for how long."""

    reason: FlagReason = Field(examples=["server_error"])
    message: str
    until: datetime | None = Field(description="When it is back in rotation, to the second; `null` if unknown.")


class ProviderKeyView(BaseModel):
    """A provider key."""

    fingerprint: str | None = Field(
        description="First 8 hex digits of the key's SHA-256; `null` for a provider without keys.", examples=["9f86d081"]
    )
    last_four: str | None = Field(description="The key's last four characters; `null` for keys of fewer than 20.")
    active: bool = Field(description="Whether the next request uses it.")
    state: KeyState = Field(
        description="For all models. `cooldown`: not used for a while, such as for a spent quota. `invalid`: not accepted by the "
        "provider; checked again by listing the models."
    )
    until: datetime | None = Field(description="The end of the cooldown; of an invalid key, its next check.")
    reason: FlagReason | None
    model_cooldowns: dict[str, datetime] = Field(description="The end of the cooldown by model, such as after a rate limit.")
    requests: int
    failures: int


class RouteView(BaseModel):
    """A route out of rotation."""

    model: str
    state: Literal["flagged"] = "flagged"
    reason: FlagReason
    until: datetime | None


class ProviderView(BaseModel):
    """A provider."""

    name: str
    display_name: str
    protocol: str
    base_url: str
    docs_url: str | None
    enabled: bool = Field(description="Whether it is enabled, configured or not.")
    status: ProviderState = Field(
        description="`no_key`: a key or an address is missing. `flagged`: out of rotation for a while. "
        "`drained`: taken out of rotation by an operator."
    )
    flag: Flag | None
    priority: int = Field(description="Lower is preferred.")
    keys: list[ProviderKeyView]
    routes: list[RouteView] = Field(description="The routes that are out of rotation.")
    default_model: str | None
    models_count: int
    success_rate: float | None = Field(description="0 to 1, since the start, without client errors.")
    latency_ms: float | None = Field(description="The median of the last 256 successful attempts.")
    last_error: str | None
    last_used_at: datetime | None


class ToggleBody(BaseModel):
    model_config = ConfigDict(extra="forbid")

    enabled: bool = Field(strict=True, examples=[False])


class ProviderChanges(BaseModel):
    """An omitted field stays unchanged; `null` resets it to the configured value."""

    model_config = ConfigDict(extra="forbid")

    default_model: Name | None = Field(
        None, min_length=1, max_length=LONGEST_NAME, description="One of its models.", examples=["gpt-4o-mini"]
    )
    priority: int | None = Field(None, ge=0, le=HIGHEST_PRIORITY, strict=True, description="Lower is preferred.", examples=[10])


class TestBody(BaseModel):
    """The message to send; by default a short greeting."""

    model_config = ConfigDict(extra="forbid")

    message: str = Field(GREETING, min_length=1, max_length=100_000, examples=["Test message"])
    model: str | None = Field(
        None,
        min_length=1,
        max_length=LONGEST_NAME,
        description="Default: the provider's default model.",
        examples=["llama-3.3-70b-versatile"],
    )


class TokenUsage(BaseModel):
    input_tokens: int | None
    output_tokens: int | None


class TestResult(BaseModel):
    """The result of a test message."""

    success: bool
    provider: str
    model: str | None
    response: str | None
    latency_ms: float
    ttft_ms: float | None
    usage: TokenUsage | None
    key: str | None = Field(description="The provider key's fingerprint.")
    attempts: list[RequestAttempt] = Field(description="One per key that was tried.")
    error: str | None


class RolledKey(BaseModel):
    provider: str
    preferred_key: str = Field(description="The fingerprint of the preferred key: used as long as it is usable.")


class ScoreView(BaseModel):
    """A candidate's score and its parts, each 0 to 1."""

    total: float
    priority: float
    health: float
    latency: float
    cost: float
    load: float


class CandidateView(BaseModel):
    """A route that can serve the request."""

    provider: str
    model: str = Field(description="The provider's name for the model.")
    matched: str = Field(
        description="How the name matched: `exact`, `normalised`, `alias`, `dated` or `family`.", examples=["exact"]
    )
    score: ScoreView
    first_token_seconds: float | None
    usd_per_million_tokens: str | None


class ExcludedView(BaseModel):
    """A route of the model that cannot serve the request now."""

    provider: str
    model: str
    reason: ExclusionReason
    cause: FailureClass | None = Field(description="The class of failure behind `flagged` and `keys_in_cooldown`.")
    detail: str
    until: datetime | None = Field(description="When it is back in rotation; `null` if unknown.")


class Explanation(BaseModel):
    """How autodecide would route a request for this model now."""

    model: str
    known: bool = Field(description="Whether the name matches any route.")
    family: str | None = Field(description="Set if no model has this name and it stands for the best member of a family.")
    pinned_to: str | None
    order: str = Field(
        description="How the candidates are ordered: `score`, `configured`, `provider.order` or `provider.sort: …`."
    )
    formula: str = "Σ weight × part / Σ weight"
    weights: dict[str, float]
    candidates: list[CandidateView]
    excluded: list[ExcludedView]
    fallbacks: list[str] = Field(description="Other models, tried when every candidate of this one has failed.")
    catalogue_age_seconds: float


class AutodecideTestBody(BaseModel):
    model_config = ConfigDict(extra="forbid")

    model: str = Field(min_length=1, max_length=LONGEST_NAME, examples=["claude"])
    message: str = Field(GREETING, min_length=1, max_length=100_000, examples=["Test message"])


class AutodecideTestResult(BaseModel):
    """The explanation, and the result of the request."""

    explanation: Explanation
    success: bool
    provider: str | None
    model: str | None
    response: str | None
    usage: TokenUsage | None
    latency_ms: float
    attempts: list[RequestAttempt]
    error: str | None


class PerformanceView(BaseModel):
    requests: int
    success_rate: float | None
    latency_p50_ms: float | None
    latency_p95_ms: float | None
    latency_p99_ms: float | None
    first_token_p50_ms: float | None
    tokens_per_second: float | None
    overhead_p50_ms: float | None = Field(description="The gateway's own share of the duration.")
    overhead_p99_ms: float | None
    in_flight: int


class FlaggedProvider(BaseModel):
    provider: str
    flag: Flag


class ConfigurationView(BaseModel):
    """The configuration in force, without secrets."""

    host: str = Field(description="The address that clients use: the reverse proxy's if `AI_ENGINE_PUBLIC_HOST` is set.")
    port: int
    autodecide: bool
    sandbox: bool = Field(description="Whether the sandbox provider is active.")
    access: Literal["open", "keys"] = Field(description="`open`: no key is required on this machine.")
    log_level: str
    max_request_size_bytes: int
    cors_origins: list[str]
    config_file: str | None
    loaded_at: datetime


class Status(BaseModel):
    """The gateway's status."""

    status: Literal["ok", "degraded", "down"]
    version: str
    uptime_seconds: float
    total_providers: int = Field(description="All known providers, configured or not.")
    enabled_providers: int = Field(description="Configured and enabled.")
    disabled_providers: int = Field(description="All others; most have no key.")
    available_providers: int = Field(description="Enabled and in rotation.")
    flagged_providers: int = Field(description="Enabled and flagged.")
    flagged_details: list[FlaggedProvider]
    performance: PerformanceView
    configuration: ConfigurationView
    generation: int


class Reloaded(BaseModel):
    generation: int
    loaded_at: datetime
