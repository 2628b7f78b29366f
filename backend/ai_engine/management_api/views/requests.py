"""A finished request as operators see it: an item of `GET /api/requests` and of `/ws`, and whole in `GET /api/requests/{id}`."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated

from pydantic import BaseModel, Field, PlainSerializer, WithJsonSchema

from ai_engine.events import AttemptFinished, Ending, RequestFinished
from ai_engine.names import Blame, Operation, TokenCounts

Usd = Annotated[
    Decimal,
    PlainSerializer(lambda amount: f"{amount:f}", return_type=str),
    WithJsonSchema({"type": "string", "pattern": r"^[0-9]+(\.[0-9]+)?$"}),
]
"""Money in JSON: an exact decimal string, since a number there would be rounded."""


class TokensView(BaseModel):
    """Tokens in disjoint classes, so that they add up. `null` is unknown; `0` is none."""

    input: int | None = Field(description="Neither read from a cache nor written to one.", examples=[412])
    cached_input: int | None = Field(examples=[1024])
    cache_write: int | None = Field(examples=[0])
    output: int | None = Field(description="Without reasoning, where the provider tells the two apart.", examples=[96])
    reasoning: int | None = Field(examples=[0])


class RequestView(BaseModel):
    """One finished request."""

    id: str = Field(description="The ledger's own, for `GET /api/requests/{id}`.", examples=["019ab0c3f1a27d9e3b5c8f6041d2e7a9"])
    request_id: str = Field(
        description="The answer's `x-request-id`. It may have come from the client, who may use it twice.",
        examples=["req_5f0c6d"],
    )
    received_at: datetime
    client: str | None = Field(description="The client key's id; `null` where none was needed.")
    client_name: str | None = Field(description="The client key's name when the request came.", examples=["shop"])
    operation: Operation
    asked_model: str = Field(description="As the client wrote it.", examples=["gpt-4o"])
    provider: str | None = Field(
        description="Who answered; where nobody did, who was tried last; `null` if nobody was.", examples=["openai"]
    )
    model: str | None = Field(description="The provider's own name for it.", examples=["gpt-4o-2024-08-06"])
    key_fingerprint: str | None = Field(description="The provider key's.", examples=["9f86d081"])
    stream: bool
    status: int = Field(description="What the client was told; 499 where it had left before that.", examples=[200])
    ending: Ending
    failure: str | None = Field(
        description="Why it did not end well; `null` where it did, and where the client left.", examples=["rate_limit"]
    )
    detail: str | None = Field(
        description="What failed in a sentence, with the field it is about; `null` as for `failure`.",
        examples=["messages[3].name: not supported by Anthropic"],
    )
    tokens: TokensView
    tokens_estimated: bool = Field(description="Counted by us, because the provider did not say.")
    cost_usd: Usd | None = Field(
        description="What the client pays: the winning and continuing attempts. `null`: nobody knows the price or the tokens.",
        examples=["0.00199"],
    )
    absorbed_usd: Usd | None = Field(description="Paid by us, for attempts that the client does not pay.", examples=["0"])
    price_version: str | None = Field(description="Where the price is from.", examples=["genai-prices 0.2.3"])
    first_token_ms: float | None = Field(description="After the request came; `null` for plain answers.", examples=[312.5])
    duration_ms: float = Field(examples=[1480.25])
    upstream_ms: float = Field(description="Of it, the time spent on providers.", examples=[1478.5])
    overhead_ms: float = Field(description="Of it, the engine's own share.", examples=[1.75])
    attempts_count: int = Field(description="How many attempts were made.", examples=[1])


class RequestAttempt(BaseModel):
    """One request that was sent to a provider, with what came of it."""

    number: int = Field(description="From 1, in the order in which they were begun.", examples=[1])
    provider: str = Field(examples=["openai"])
    model: str = Field(description="The provider's own name for it.", examples=["gpt-4o-2024-08-06"])
    key_fingerprint: str | None = Field(description="`null` for a provider that takes no key.", examples=["9f86d081"])
    why: str = Field(description="Why this attempt was made.", examples=["first choice", "another key", "next candidate"])
    started_ms: float = Field(description="After the request came.", examples=[0.5])
    duration_ms: float = Field(examples=[1478.5])
    first_token_ms: float | None = Field(
        description="After the attempt began; `null` where none came, and for plain answers.", examples=[312]
    )
    succeeded: bool
    failure: str | None = Field(
        description="The failure's class, or `abandoned` where it was given up before its answer.", examples=["rate_limit"]
    )
    detail: str | None = Field(
        description="What failed in a sentence, with the field it is about.",
        examples=["messages[3].name: not supported by Anthropic"],
    )
    blame: Blame | None = Field(description="Who the failure is charged to.")
    status: int | None = Field(description="The provider's HTTP status; `null` where none came.", examples=[429])
    tokens: TokensView
    tokens_estimated: bool = Field(description="Counted by us, because the provider did not say.")
    cost_usd: Usd | None = Field(description="At list price; `null` where tokens or price are unknown.", examples=["0.00199"])
    absorbed: bool = Field(description="Paid by us and charged to nobody.")


class RequestDetail(RequestView):
    """One finished request with its attempts: everything that a timeline shows."""

    attempts: list[RequestAttempt]


def request_view(request: RequestFinished, attempts_count: int | None = None) -> RequestView:
    """The request as a list shows it; `attempts_count` where its attempts are not at hand."""
    count = len(request.attempts) if attempts_count is None else attempts_count
    return RequestView(
        id=request.id,
        request_id=request.request_id,
        received_at=request.received_at,
        client=request.client,
        client_name=request.client_name,
        operation=request.operation,
        asked_model=request.asked_model,
        provider=request.route.provider if request.route else None,
        model=request.route.model if request.route else None,
        key_fingerprint=request.key_fingerprint,
        stream=request.is_stream,
        status=request.status,
        ending=request.ending,
        failure=request.error_class,
        detail=request.error_detail,
        tokens=_tokens_view(request.tokens),
        tokens_estimated=request.tokens_are_estimated,
        cost_usd=request.cost_usd,
        absorbed_usd=request.absorbed_usd,
        price_version=request.price_version,
        first_token_ms=_ms(request.first_token_ms),
        duration_ms=round(request.duration_ms, 3),
        upstream_ms=round(request.upstream_ms, 3),
        overhead_ms=round(request.overhead_ms, 3),
        attempts_count=count,
    )


def request_detail(request: RequestFinished) -> RequestDetail:
    """The request with each of its attempts."""
    attempts = [_attempt_view(attempt) for attempt in request.attempts]
    return RequestDetail(**dict(request_view(request)), attempts=attempts)


def _attempt_view(attempt: AttemptFinished) -> RequestAttempt:
    return RequestAttempt(
        number=attempt.number,
        provider=attempt.route.provider,
        model=attempt.route.model,
        key_fingerprint=attempt.key_fingerprint,
        why=attempt.why,
        started_ms=round(attempt.started_ms, 3),
        duration_ms=round(attempt.duration_ms, 3),
        first_token_ms=_ms(attempt.first_token_ms),
        succeeded=attempt.succeeded,
        failure=attempt.failure,
        detail=attempt.detail,
        blame=attempt.blame,
        status=attempt.status,
        tokens=_tokens_view(attempt.tokens),
        tokens_estimated=attempt.tokens_are_estimated,
        cost_usd=attempt.cost_usd,
        absorbed=attempt.is_absorbed,
    )


def _tokens_view(tokens: TokenCounts) -> TokensView:
    return TokensView(**tokens._asdict())


def _ms(value: float | None) -> float | None:
    return None if value is None else round(value, 3)
