"""Requests as they might come, and what they add up to, counted the slow way."""

import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from ai_engine.events import AttemptFinished, Ending, RequestFinished, new_record_id
from ai_engine.ledger.lines import Entry, decode, encode
from ai_engine.names import Blame, Operation, Route, TokenCounts

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
TOKENS = TokenCounts(10, 2, 0, 5, 3)

_ids = random.Random(7)


def an_attempt(number: int = 1, **changes: Any) -> AttemptFinished:
    """A successful one."""
    return AttemptFinished(
        request_id="req-1",
        number=number,
        route=Route("openai", "gpt-4o"),
        key_fingerprint="0a1b2c3d",
        reason="first_candidate",
        started_ms=0.2,
        succeeded=True,
        failure=None,
        blame=None,
        status=200,
        duration_ms=420.5,
        first_token_ms=120.25,
        tokens=TOKENS,
        tokens_are_estimated=False,
        cost_usd=Decimal("0.000075"),
        is_absorbed=False,
        detail=None,
    )._replace(**changes)


def a_failed_attempt(number: int = 1, **changes: Any) -> AttemptFinished:
    """One that a rate limit ended."""
    failed = an_attempt(
        number,
        succeeded=False,
        failure="rate_limit",
        blame=Blame.KEY,
        status=429,
        first_token_ms=None,
        tokens=TokenCounts(),
        cost_usd=Decimal(0),
    )
    return failed._replace(**changes)


def a_request(**changes: Any) -> RequestFinished:
    """A completed one of one attempt, with an id of its own."""
    return RequestFinished(
        id=new_record_id(changes.get("received_at", NOON), _ids.getrandbits),
        request_id="req-1",
        received_at=NOON,
        client="key_1",
        client_name="shop",
        operation=Operation.CHAT,
        requested_model="gpt-4o",
        route=Route("openai", "gpt-4o"),
        key_fingerprint="0a1b2c3d",
        is_stream=False,
        status=200,
        ending=Ending.COMPLETED,
        error_class=None,
        error_detail=None,
        tokens=TOKENS,
        tokens_are_estimated=False,
        cost_usd=Decimal("0.000075"),
        absorbed_usd=Decimal(0),
        price_version="genai-prices 0.2.3",
        first_token_ms=120.5,
        duration_ms=421.125,
        upstream_ms=420.5,
        client_wait_ms=0.0,
        attempts=(an_attempt(),),
    )._replace(**changes)


def entry_of(record: RequestFinished) -> Entry:
    """The record as the store gets it."""
    entry = decode(encode(record).rstrip(b"\n"))
    assert entry is not None
    return entry


def entries_of(records: Sequence[RequestFinished]) -> list[Entry]:
    return [entry_of(record) for record in records]


def random_records(seed: int, count: int, over: timedelta = timedelta(days=3), until: datetime = NOON) -> list[RequestFinished]:
    """Requests of every ending, with and without what may be unknown, in no order."""
    chance = random.Random(seed)
    return [_random_record(chance, until - over * chance.random()) for _ in range(count)]


def _random_record(chance: random.Random, at: datetime) -> RequestFinished:
    route = chance.choice((Route("openai", "gpt-4o"), Route("openai", "o3"), Route("groq", "llama"), None))
    duration_ms = chance.lognormvariate(6, 2)
    ending = chance.choice(list(Ending))
    status = {Ending.CLIENT_CANCELLED: 499, Ending.ERROR: chance.choice((400, 404, 429, 502, 503))}.get(ending, 200)
    attempts = tuple(
        _random_attempt(chance, number + 1, route or Route("groq", "llama")) for number in range(chance.randrange(4))
    )
    return a_request(
        id=new_record_id(at, chance.getrandbits),
        received_at=at,
        client=chance.choice((None, "key_1", "key_2")),
        route=route,
        ending=ending,
        status=status,
        error_class=chance.choice(("rate_limit", "incomplete_stream")) if ending in (Ending.ERROR, Ending.UPSTREAM_CUT) else None,
        error_detail=chance.choice((None, "messages[0].name: is not supported")),
        tokens=_random_tokens(chance),
        tokens_are_estimated=chance.random() < 0.2,
        cost_usd=chance.choice((None, Decimal(0), Decimal(chance.randrange(10**12)) / 10**12)),
        absorbed_usd=chance.choice((None, Decimal("0.01"))),
        first_token_ms=chance.choice((None, chance.lognormvariate(5, 1))),
        duration_ms=duration_ms,
        upstream_ms=max(duration_ms - chance.lognormvariate(-1, 1), 0),
        attempts=attempts,
    )


def _random_attempt(chance: random.Random, number: int, route: Route) -> AttemptFinished:
    make = chance.choice((an_attempt, a_failed_attempt))
    attempt = make(
        number,
        route=route,
        key_fingerprint=chance.choice((None, "0a1b2c3d", "99887766")),
        tokens=_random_tokens(chance),
        cost_usd=chance.choice((None, Decimal("0.000000000001"), Decimal("1.5"))),
        duration_ms=chance.lognormvariate(6, 2),
        is_absorbed=chance.random() < 0.1,
        detail=chance.choice((None, "The provider answered with status 500.")),
    )
    return attempt if attempt.succeeded else attempt._replace(blame=chance.choice(list(Blame)))


def _random_tokens(chance: random.Random) -> TokenCounts:
    return TokenCounts(*(chance.choice((None, 0, chance.randrange(100_000))) for _ in range(5)))
