"""Schemas of a finished request: an item of `GET /api/requests` and `/ws`, and with its attempts `GET /api/requests/{id}`."""

from datetime import datetime

from pydantic import BaseModel, Field

from ai_engine.events import AttemptFinished, Ending, RequestFinished
from ai_engine.management_api.schemas import RequestAttempt, TokensView, Usd
from ai_engine.names import Operation, TokenCounts


class RequestView(BaseModel):
    """A finished request."""

    id: str = Field(description="The record's id in the ledger.", examples=["019ab0c3f1a27d9e3b5c8f6041d2e7a9"])
    request_id: str = Field(
        description="The response's `x-request-id`. Clients may set it, so it may not be unique.",
        examples=["req_5f0c6d"],
    )
    received_at: datetime
    client: str | None = Field(description="The client key's id; `null` if no key was needed.")
    client_name: str | None = Field(description="The client key's name at the time of the request.", examples=["shop"])
    operation: Operation
    requested_model: str = Field(description="The model name in the request.", examples=["gpt-4o"])
    provider: str | None = Field(
        description="The provider that answered, or the last one that was tried; `null` if none was.", examples=["openai"]
    )
    model: str | None = Field(description="The provider's name for the model.", examples=["gpt-4o-2024-08-06"])
    key_fingerprint: str | None = Field(description="The provider key's fingerprint.", examples=["9f86d081"])
    stream: bool
    status: int = Field(description="The HTTP status that the client received; 499 if it disconnected before.", examples=[200])
    ending: Ending
    failure: str | None = Field(
        description="The class of failure; `null` if it succeeded or the client disconnected.", examples=["rate_limit"]
    )
    detail: str | None = Field(
        description="What failed in a sentence, with the field it is about; `null` as for `failure`.",
        examples=["messages[3].name: not supported by Anthropic"],
    )
    tokens: TokensView
    tokens_estimated: bool = Field(
        description="Whether the tokens are the gateway's estimate because the provider reported none."
    )
    cost_usd: Usd | None = Field(
        description="The client's cost: the attempts that make up its response. `null` if tokens or price are unknown.",
        examples=["0.00199"],
    )
    absorbed_usd: Usd | None = Field(description="The cost of attempts that the client is not charged for.", examples=["0"])
    price_version: str | None = Field(description="The source of the price.", examples=["genai-prices 0.2.3"])
    first_token_ms: float | None = Field(
        description="From the arrival of the request to the first content; `null` if not streamed.", examples=[312.5]
    )
    duration_ms: float = Field(examples=[1480.25])
    upstream_ms: float = Field(description="The part of `duration_ms` spent waiting for providers.", examples=[1478.5])
    overhead_ms: float = Field(description="The gateway's own part of `duration_ms`.", examples=[1.75])
    attempts_count: int = Field(description="The number of attempts.", examples=[1])


class RequestDetail(RequestView):
    """A finished request with its attempts."""

    attempts: list[RequestAttempt]


def request_view(request: RequestFinished, attempts_count: int | None = None) -> RequestView:
    """The request as a list item; `attempts_count` if its attempts are not loaded."""
    count = len(request.attempts) if attempts_count is None else attempts_count
    return RequestView(
        id=request.id,
        request_id=request.request_id,
        received_at=request.received_at,
        client=request.client,
        client_name=request.client_name,
        operation=request.operation,
        requested_model=request.requested_model,
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
    attempts = [attempt_view(attempt) for attempt in request.attempts]
    return RequestDetail(**dict(request_view(request)), attempts=attempts)


def attempt_view(attempt: AttemptFinished) -> RequestAttempt:
    return RequestAttempt(
        number=attempt.number,
        provider=attempt.route.provider,
        model=attempt.route.model,
        key_fingerprint=attempt.key_fingerprint,
        reason=attempt.reason,
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
