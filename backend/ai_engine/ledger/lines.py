"""A finished request as one line of a segment, and back as the rows that it becomes.

A line is the CRC-32 of the rest in eight hex digits, a space, and a JSON array of the request's row and its attempts' rows, their
values in the order of the tables' columns: the checksum shows a torn or damaged line, and every other line goes into the
database without a further check. Segments of another form have another suffix (`segments.SEALED`).
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, NamedTuple
from zlib import crc32

import orjson

from ai_engine.events import AttemptFinished, Ending, RequestFinished
from ai_engine.ledger.money import pico_usd, usd
from ai_engine.names import Blame, Operation, Route, TokenCounts
from ai_engine.wire.redaction import redact

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
LONGEST_TEXT = 256
"""Characters. Names come from clients and providers, and databases index them; no name needs more."""
LONGEST_DETAIL = 500
"""Characters of a sentence, which no index has."""
LONGEST_MS = 1e10
NUL = b"\\u0000"
"""As JSON writes it."""


class RequestRow(NamedTuple):
    """A row of the table `requests`, in the order of its columns."""

    id: str
    request_id: str
    received_at_us: int
    client: str | None
    client_name: str | None
    operation: str
    requested_model: str
    provider: str | None
    model: str | None
    key_fingerprint: str | None
    is_stream: bool
    status: int
    ending: str
    error_class: str | None
    input_tokens: int | None
    cached_input_tokens: int | None
    cache_write_tokens: int | None
    output_tokens: int | None
    reasoning_tokens: int | None
    tokens_are_estimated: bool
    cost_pico_usd: int | None
    absorbed_pico_usd: int | None
    price_version: str | None
    first_token_ms: float | None
    duration_ms: float
    upstream_ms: float
    overhead_ms: float
    attempts: int
    error_detail: str | None


class AttemptRow(NamedTuple):
    """A row of the table `attempts`, in the order of its columns."""

    request: str
    number: int
    provider: str
    model: str
    key_fingerprint: str | None
    reason: str
    started_ms: float
    succeeded: bool
    failure: str | None
    blame: str | None
    status: int | None
    duration_ms: float
    first_token_ms: float | None
    input_tokens: int | None
    cached_input_tokens: int | None
    cache_write_tokens: int | None
    output_tokens: int | None
    reasoning_tokens: int | None
    tokens_are_estimated: bool
    cost_pico_usd: int | None
    is_absorbed: bool
    detail: str | None


class Entry(NamedTuple):
    """One request as rows of the tables `requests` and `attempts`."""

    request: RequestRow
    attempts: Sequence[AttemptRow]


def encode(request: RequestFinished) -> bytes:
    """The request's line, with its end."""
    rows = [_request_row(request), [_attempt_row(request.id, attempt) for attempt in request.attempts]]
    try:
        body = orjson.dumps(rows)
    except orjson.JSONEncodeError:
        # Half of a surrogate pair in a name, which is not text that a database takes either.
        body = orjson.dumps(_mended(rows))
    if NUL in body:
        body = orjson.dumps(_mended(rows))
    return b"%08x %b\n" % (crc32(body), body)


def decode(line: bytes) -> Entry | None:
    """What `encode` made of a request, `None` if the line is damaged. `line` comes without its end."""
    body = line[9:]
    if line[:9] != b"%08x " % crc32(body):
        return None
    try:
        request, attempts = orjson.loads(body)
        return Entry(RequestRow._make(request), [AttemptRow._make(attempt) for attempt in attempts])
    except (ValueError, TypeError):
        # Whole, but of another form. The records behind it must not wait for ever.
        return None


def microseconds(at: datetime) -> int:
    """Since the epoch, exact."""
    return (at - EPOCH) // MICROSECOND


def at_microseconds(value: int) -> datetime:
    """The time in UTC."""
    return EPOCH + value * MICROSECOND


def request_of(row: RequestRow, attempts: Sequence[AttemptRow]) -> RequestFinished:
    """What became this row, with those of its attempts that are given."""
    return RequestFinished(
        id=row.id,
        request_id=row.request_id,
        received_at=at_microseconds(row.received_at_us),
        client=row.client,
        client_name=row.client_name,
        operation=Operation(row.operation),
        requested_model=row.requested_model,
        route=None if row.provider is None or row.model is None else Route(row.provider, row.model),
        key_fingerprint=row.key_fingerprint,
        is_stream=row.is_stream,
        status=row.status,
        ending=Ending(row.ending),
        error_class=row.error_class,
        error_detail=row.error_detail,
        tokens=_tokens(row),
        tokens_are_estimated=row.tokens_are_estimated,
        cost_usd=_usd(row.cost_pico_usd),
        absorbed_usd=_usd(row.absorbed_pico_usd),
        price_version=row.price_version,
        first_token_ms=row.first_token_ms,
        duration_ms=row.duration_ms,
        upstream_ms=row.upstream_ms,
        client_wait_ms=max(row.duration_ms - row.upstream_ms - row.overhead_ms, 0.0),
        attempts=tuple(_attempt_of(attempt, row.request_id) for attempt in attempts),
    )


def _attempt_of(row: AttemptRow, request_id: str) -> AttemptFinished:
    return AttemptFinished(
        request_id=request_id,
        number=row.number,
        route=Route(row.provider, row.model),
        key_fingerprint=row.key_fingerprint,
        reason=row.reason,
        started_ms=row.started_ms,
        succeeded=row.succeeded,
        failure=row.failure,
        blame=Blame(row.blame) if row.blame is not None else None,
        status=row.status,
        duration_ms=row.duration_ms,
        first_token_ms=row.first_token_ms,
        tokens=_tokens(row),
        tokens_are_estimated=row.tokens_are_estimated,
        cost_usd=_usd(row.cost_pico_usd),
        is_absorbed=row.is_absorbed,
        detail=row.detail,
    )


def _usd(pico: int | None) -> Decimal | None:
    return None if pico is None else usd(pico)


def _tokens(row: RequestRow | AttemptRow) -> TokenCounts:
    return TokenCounts(row.input_tokens, row.cached_input_tokens, row.cache_write_tokens, row.output_tokens, row.reasoning_tokens)


def _request_row(request: RequestFinished) -> list[Any]:
    (
        record_id, request_id, received_at, client, client_name, operation, requested_model, route, key_fingerprint, is_stream,
        status, ending, error_class, error_detail, tokens, tokens_are_estimated, cost_usd, absorbed_usd, price_version,
        first_token_ms, duration_ms, upstream_ms, _, attempts,
    ) = request  # fmt: skip
    provider, model = route or (None, None)
    return [
        record_id,
        _text(request_id),
        microseconds(received_at),
        client,
        client_name,
        str(operation),
        _text(requested_model),
        provider,
        _text(model),
        key_fingerprint,
        is_stream,
        status,
        str(ending),
        error_class,
        *tokens,
        tokens_are_estimated,
        pico_usd(cost_usd),
        pico_usd(absorbed_usd),
        price_version,
        _ms(first_token_ms),
        _ms(duration_ms),
        _ms(upstream_ms),
        _ms(request.overhead_ms),
        len(attempts),
        _detail(error_detail),
    ]


def _attempt_row(record_id: str, attempt: AttemptFinished) -> list[Any]:
    (
        _, number, route, key_fingerprint, reason, started_ms, succeeded, failure, blame, status, duration_ms, first_token_ms,
        tokens, tokens_are_estimated, cost_usd, is_absorbed, detail,
    ) = attempt  # fmt: skip
    return [
        record_id,
        number,
        route.provider,
        _text(route.model),
        key_fingerprint,
        reason,
        _ms(started_ms),
        succeeded,
        failure if failure is None else str(failure),
        blame if blame is None else str(blame),
        status,
        _ms(duration_ms),
        _ms(first_token_ms),
        *tokens,
        tokens_are_estimated,
        pico_usd(cost_usd),
        is_absorbed,
        _detail(detail),
    ]


def _text(value: str | None) -> str | None:
    """A name from outside, as long as databases index it."""
    return value if value is None or len(value) <= LONGEST_TEXT else value[:LONGEST_TEXT]


def _detail(value: str | None) -> str | None:
    """Without what looks like a secret: parts of it are the provider's words."""
    return value if value is None else redact(value)[:LONGEST_DETAIL]


def _ms(value: float | None) -> float | None:
    """What is no duration (negative, not finite) was none."""
    return value if value is None or 0 <= value <= LONGEST_MS else 0.0


def _mended(value: Any) -> Any:
    """The same in text that every database takes: PostgreSQL refuses NUL, and none takes half of a surrogate pair."""
    if isinstance(value, list):
        return [_mended(part) for part in value]
    if not isinstance(value, str):
        return value
    return value.replace("\0", "\N{REPLACEMENT CHARACTER}").encode("utf-8", "replace").decode("utf-8")
