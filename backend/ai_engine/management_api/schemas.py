"""What the management API says, typed: times in UTC, durations in `_ms` or `_seconds`, `null` where something is not known."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from ai_engine.autodecide.candidates import ExclusionReason
from ai_engine.catalogue.snapshot import LONGEST_NAME
from ai_engine.provider_keys.key_record import KeyState
from ai_engine.providers.failures import FailureClass
from ai_engine.settings.file import HIGHEST_PRIORITY

GREETING = "Hello! Please answer with one short sentence."

ProviderState = Literal["available", "flagged", "drained", "disabled", "no_key"]


def _name(text: str) -> str:
    if any(character == "\0" or "\ud800" <= character <= "\udfff" for character in text):
        raise ValueError("nobody has this name")
    return text


Name = Annotated[str, AfterValidator(_name)]
"""A text that every database can keep: without NUL, and without halves of characters."""


class FlagReason(StrEnum):
    """Why a provider, a route or a key is out of rotation: a class of failure, or what an operator did or left out."""

    # Open circuits
    SERVER_ERROR = FailureClass.SERVER_ERROR
    MALFORMED_ANSWER = FailureClass.MALFORMED_ANSWER
    CONNECT = FailureClass.CONNECT
    RESET = FailureClass.RESET
    SILENT = FailureClass.SILENT
    CUT = FailureClass.CUT
    MODEL_NOT_FOUND = FailureClass.MODEL_NOT_FOUND
    # Keys in cooldown, and invalid ones
    RATE_LIMIT = FailureClass.RATE_LIMIT
    QUOTA = FailureClass.QUOTA
    FORBIDDEN = FailureClass.FORBIDDEN
    INVALID_KEY = FailureClass.INVALID_KEY
    # By hand
    DRAINED = ExclusionReason.DRAINED
    DISABLED = ExclusionReason.DISABLED
    NO_KEY = ExclusionReason.NO_KEY


class Flag(BaseModel):
    """Why something is out of rotation, and for how long."""

    reason: FlagReason = Field(examples=["server_error"])
    message: str
    until: datetime | None = Field(description="When it is tried again, to the second; `null` if that is not known.")


class ProviderKeyView(BaseModel):
    """A provider key, known by its fingerprint."""

    fingerprint: str | None = Field(description="`null` for a provider that takes no key.", examples=["9f86d081"])
    last_four: str | None = Field(description="Only of keys of 20 characters or more.")
    active: bool = Field(description="The next request would use it.")
    state: KeyState = Field(
        description="For all models: `cooldown`: out for a while, such as for a spent quota. `invalid`: the provider does not "
        "accept it; it is checked again by the listing call."
    )
    until: datetime | None = Field(description="The end of the cooldown, of an invalid key its next check.")
    reason: FlagReason | None
    model_cooldowns: dict[str, datetime] = Field(description="By model, such as after a rate limit: the end of the cooldown.")
    requests: int
    failures: int


class RouteView(BaseModel):
    """A route that is not healthy."""

    model: str
    state: Literal["flagged"] = "flagged"
    reason: FlagReason
    until: datetime | None


class ProviderView(BaseModel):
    """One provider."""

    name: str
    display_name: str
    protocol: str
    base_url: str
    docs_url: str | None
    enabled: bool = Field(description="Nobody has switched it off; whether it has what it needs is its `status`.")
    status: ProviderState = Field(
        description="`no_key`: it lacks a key or an address. `flagged`: out of rotation for a while. "
        "`drained`: taken out of rotation by an operator."
    )
    flag: Flag | None
    priority: int = Field(description="Lower is preferred.")
    keys: list[ProviderKeyView]
    routes: list[RouteView] = Field(description="Those that are not healthy.")
    default_model: str | None
    models_count: int
    success_rate: float | None = Field(description="0 to 1, since the start; the client's own faults do not count.")
    latency_ms: float | None = Field(description="The median of the last answers.")
    last_error: str | None
    last_used_at: datetime | None


class ToggleBody(BaseModel):
    model_config = ConfigDict(extra="forbid")

    enabled: bool = Field(strict=True, examples=[False])


class ProviderChanges(BaseModel):
    """A field that is left out stays as it is; `null` goes back to what the configuration says."""

    model_config = ConfigDict(extra="forbid")

    default_model: Name | None = Field(
        None, min_length=1, max_length=LONGEST_NAME, description="One of its models.", examples=["gpt-4o-mini"]
    )
    priority: int | None = Field(None, ge=0, le=HIGHEST_PRIORITY, strict=True, description="Lower is preferred.", examples=[10])


class TestBody(BaseModel):
    """A message of one's own; without one a short greeting is sent."""

    model_config = ConfigDict(extra="forbid")

    message: str = Field(GREETING, min_length=1, max_length=100_000, examples=["Test message"])
    model: str | None = Field(
        None,
        min_length=1,
        max_length=LONGEST_NAME,
        description="Without one, the provider's default model.",
        examples=["llama-3.3-70b-versatile"],
    )


class TokenUsage(BaseModel):
    input_tokens: int | None
    output_tokens: int | None


class AttemptView(BaseModel):
    """One request that was sent, with what came of it."""

    provider: str
    model: str
    key: str | None = Field(description="The provider key's fingerprint.")
    why: str
    succeeded: bool
    failure: str | None
    status: int | None
    duration_ms: float
    ttft_ms: float | None


class TestResult(BaseModel):
    """What one real message to one provider gave."""

    success: bool
    provider: str
    model: str | None
    response: str | None
    latency_ms: float
    ttft_ms: float | None
    usage: TokenUsage | None
    key: str | None = Field(description="The provider key's fingerprint.")
    attempts: list[AttemptView] = Field(description="Its keys one after the other, until one was answered.")
    error: str | None


class RolledKey(BaseModel):
    provider: str
    preferred_key: str = Field(description="The fingerprint of the key that is used from now on, while it is usable.")


class ScoreView(BaseModel):
    """The parts of the score, each 0 to 1."""

    total: float
    priority: float
    health: float
    latency: float
    cost: float
    load: float


class CandidateView(BaseModel):
    """A route that could serve the request."""

    provider: str
    model: str = Field(description="By the provider's own name.")
    matched: str = Field(description="How the name matched.", examples=["exact"])
    score: ScoreView
    first_token_seconds: float | None
    usd_per_million_tokens: str | None


class LeftOutView(BaseModel):
    """A route that cannot serve it now."""

    provider: str
    model: str
    reason: ExclusionReason
    cause: FailureClass | None = Field(description="The class of failure behind `flagged` and `keys_in_cooldown`.")
    detail: str
    returns_at: datetime | None


class Explanation(BaseModel):
    """What autodecide would do with this model now."""

    model: str
    known: bool = Field(description="Some catalogue entry is meant by the name.")
    family: str | None = Field(description="Set where only the family's best member is meant.")
    pinned_to: str | None
    order: str = Field(description="What ordered the candidates.")
    formula: str = "Σ weight × part / Σ weight"
    weights: dict[str, float]
    candidates: list[CandidateView]
    left_out: list[LeftOutView]
    fallbacks: list[str] = Field(description="Other models, tried once every candidate of this one is exhausted.")
    catalogue_age_seconds: float


class AutodecideTestBody(BaseModel):
    model_config = ConfigDict(extra="forbid")

    model: str = Field(min_length=1, max_length=LONGEST_NAME, examples=["claude"])
    message: str = Field(GREETING, min_length=1, max_length=100_000, examples=["Test message"])


class AutodecideTestResult(BaseModel):
    """The explanation, and what really happened."""

    explanation: Explanation
    success: bool
    provider: str | None
    model: str | None
    response: str | None
    usage: TokenUsage | None
    latency_ms: float
    attempts: list[AttemptView]
    error: str | None


class PerformanceView(BaseModel):
    requests: int
    success_rate: float | None
    latency_p50_ms: float | None
    latency_p95_ms: float | None
    latency_p99_ms: float | None
    first_token_p50_ms: float | None
    tokens_per_second: float | None
    overhead_p50_ms: float | None = Field(description="The engine's own share.")
    overhead_p99_ms: float | None
    in_flight: int


class FlaggedProvider(BaseModel):
    provider: str
    flag: Flag


class ConfigurationView(BaseModel):
    """The configuration in use, without secrets."""

    host: str = Field(description="Where clients reach it: at the proxy in front, where one is told of.")
    port: int
    autodecide: bool
    sandbox: bool = Field(description="The sandbox answers now.")
    access: Literal["open", "keys"]
    log_level: str
    max_request_size_bytes: int
    cors_origins: list[str]
    config_file: str | None
    loaded_at: datetime


class Status(BaseModel):
    """The engine at a glance."""

    status: Literal["ok", "degraded", "down"]
    version: str
    uptime_seconds: float
    total_providers: int = Field(description="All that are known, configured or not.")
    enabled_providers: int = Field(description="Those that are configured and switched on.")
    disabled_providers: int = Field(description="All others: most of them have no key.")
    available_providers: int = Field(description="Of the enabled ones, those in rotation now.")
    flagged_providers: int = Field(description="Of the enabled ones, those out of rotation for a while.")
    flagged_details: list[FlaggedProvider]
    performance: PerformanceView
    configuration: ConfigurationView
    generation: int


class Reloaded(BaseModel):
    generation: int
    loaded_at: datetime
