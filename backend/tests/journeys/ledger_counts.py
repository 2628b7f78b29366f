"""Two counts of the same: what the ledger says over `/api`, and what the providers and clients of a journey counted."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from tests.fakes.gateway import Client
from tests.fakes.scripted_upstream import Answer, CutAfter, Stall, Step, Stream
from tests.patience import eventually

Row = Mapping[str, Any]
Tokens = Mapping[str, int | None]

NO_TOKENS: Tokens = {"input": 0, "cached_input": 0, "cache_write": 0, "output": 0, "reasoning": 0}
UNKNOWN_TOKENS: Tokens = dict.fromkeys(NO_TOKENS)
_LARGEST_PAGE = 200


async def all_rows(gateway: Client) -> list[Row]:
    """Every request of the ledger, newest first, without attempts."""
    rows: list[Row] = []
    cursor = ""
    while True:
        page = await gateway.get(f"/api/requests?limit={_LARGEST_PAGE}{cursor}")
        rows += page["items"]
        if page["next_cursor"] is None:
            return rows
        cursor = f"&cursor={page['next_cursor']}"


async def rows_once_there_are(count: int, gateway: Client) -> list[Row]:
    """Every request, once as many as these are there: they come into the database a moment after their answer."""
    rows: list[Row] = await eventually(lambda: all_rows(gateway), until=lambda rows: len(rows) >= count)
    return rows


async def with_attempts(rows: Sequence[Row], gateway: Client) -> list[Row]:
    """The same requests with their attempts."""
    return [await gateway.get(f"/api/requests/{row['id']}") for row in rows]


def in_tokens(characters: int) -> int:
    """As many tokens as text of that length has by the rule of thumb: four characters each, rounded up."""
    return -(-characters // 4)


def sent_events(step: Step) -> Sequence[Any]:
    """What a step sent of a stream; nothing if it sent none."""
    match step:
        case Stream():
            return step.events
        case CutAfter() | Stall():
            return step.stream.events[: step.count]
        case _:
            return ()


def reported_usage(step: Step | None) -> Mapping[str, Any] | None:
    """The last `usage` that the step told, as the provider wrote it."""
    if isinstance(step, Answer):
        found = step.body.get("usage") if isinstance(step.body, Mapping) else None
        return found if isinstance(found, Mapping) else None
    events = sent_events(step) if step is not None else ()
    reported = [event["usage"] for event in events if isinstance(event, Mapping) and event.get("usage")]
    return reported[-1] if reported else None


def sent_text(step: Step) -> str:
    """All content that the step sent."""
    deltas = [choice.get("delta", {}) for event in sent_events(step) for choice in event.get("choices", ())]
    return "".join(delta.get("content") or "" for delta in deltas)


def disjoint(usage: Mapping[str, Any]) -> Tokens:
    """OpenAI's usage in the ledger's classes, counted here a second time: no token is in two of them."""
    prompt, completion = usage["prompt_tokens"], usage.get("completion_tokens", 0)
    cached = usage.get("prompt_tokens_details", {}).get("cached_tokens")
    reasoning = usage.get("completion_tokens_details", {}).get("reasoning_tokens")
    is_beside = usage["total_tokens"] == prompt + completion + (reasoning or 0)
    return {
        "input": prompt - (cached or 0),
        "cached_input": cached,
        "cache_write": None,
        "output": completion if is_beside else completion - (reasoning or 0),
        "reasoning": reasoning,
    }


def cost_usd(tokens: Tokens, price: Mapping[str, str] | None) -> Decimal | None:
    """The exact cost at a price in USD per million tokens; `None` where nobody knows one of the two."""
    sides = [[tokens[name] for name in names] for names in (("input", "cached_input", "cache_write"), ("output", "reasoning"))]
    if price is None or any(all(count is None for count in side) for side in sides):
        return None
    went_in, came_out = (sum(count or 0 for count in side) for side in sides)
    return (Decimal(price["input"]) * went_in + Decimal(price["output"]) * came_out) / 1_000_000


async def assert_statistics_equal(rows: Sequence[Row], gateway: Client) -> None:
    """`rows`, with their attempts, are all that the ledger has; its statistics are their sums, over all and by every name."""
    reported = await assert_summary_equals(rows, gateway)
    attempts = [attempt for row in rows for attempt in row["attempts"]]
    by_key = {(key["provider"], key["key_fingerprint"]): key for key in reported["key_stats"]}
    for stats, name_of in (
        (reported["provider_stats"], lambda attempt: attempt["provider"]),
        (reported["model_stats"], lambda attempt: attempt["model"]),
        (by_key, lambda attempt: (attempt["provider"], attempt["key_fingerprint"])),
    ):
        groups: dict[Any, list[Row]] = {}
        for attempt in attempts:
            groups.setdefault(name_of(attempt), []).append(attempt)
        assert {name: _counted(sums, _ATTEMPT_SUMS) for name, sums in stats.items()} == {
            name: _attempt_sums(group) for name, group in groups.items()
        }


async def assert_summary_equals(rows: Sequence[Row], gateway: Client) -> Row:
    """`rows` are all that the ledger has, and the sums over all requests are theirs. Gives the statistics."""
    reported: Row = await gateway.get("/api/statistics")
    assert _counted(reported["summary"], _REQUEST_SUMS) == _request_sums(rows)
    for count in _REQUEST_SUMS - {"tokens", "cost_usd", "absorbed_usd"}:
        assert sum(point[count] for point in reported["series"]) == reported["summary"][count], count
    return reported


_TOKENS_AND_MONEY = {"tokens", "unknown_usage", "estimated_usage", "cost_usd", "absorbed_usd", "unpriced"}
_REQUEST_SUMS = {"requests", "completed", "rescued", "client_cancelled", "upstream_cut", "client_errors", "failed", "attempts"}
_REQUEST_SUMS |= _TOKENS_AND_MONEY
_ATTEMPT_SUMS = {"attempts", "successes", "failed", "client_errors", "absorbed"} | _TOKENS_AND_MONEY


def _counted(sums: Row, names: set[str]) -> dict[str, Any]:
    return {name: _exact(name, sums[name]) for name in names}


def _exact(name: str, value: Any) -> Any:
    return Decimal(value) if name.endswith("_usd") and value is not None else value


def _request_sums(rows: Sequence[Row]) -> dict[str, Any]:
    endings = [row["ending"] for row in rows]
    is_ours = [row["status"] >= 500 or row["status"] == 429 for row in rows]
    return {
        "requests": len(rows),
        **{ending: endings.count(ending) for ending in ("completed", "rescued", "client_cancelled", "upstream_cut")},
        "client_errors": sum(ending == "error" and not ours for ending, ours in zip(endings, is_ours, strict=True)),
        "failed": sum(ending == "error" and ours for ending, ours in zip(endings, is_ours, strict=True)),
        "attempts": sum(row["attempts_count"] for row in rows),
        **_tokens_and_money(rows),
        "absorbed_usd": sum((Decimal(row["absorbed_usd"] or 0) for row in rows), Decimal(0)),
    }


def _attempt_sums(attempts: Sequence[Row]) -> dict[str, Any]:
    failed = [attempt for attempt in attempts if not attempt["succeeded"] and attempt["failure"] != "cancelled"]
    client_errors = [attempt for attempt in failed if attempt["blame"] in ("request", "model")]
    return {
        "attempts": len(attempts),
        "successes": sum(attempt["succeeded"] for attempt in attempts),
        "failed": len(failed) - len(client_errors),
        "client_errors": len(client_errors),
        "absorbed": 0,
        **_tokens_and_money(attempts),
        "absorbed_usd": Decimal(0),
    }


def _tokens_and_money(rows: Sequence[Row]) -> dict[str, Any]:
    known = [row["tokens"] for row in rows if (row["tokens"]["input"], row["tokens"]["output"]) != (None, None)]
    priced = [Decimal(row["cost_usd"]) for row in rows if row["cost_usd"] is not None]
    return {
        "tokens": {name: sum(tokens[name] or 0 for tokens in known) for name in NO_TOKENS} if known else None,
        "unknown_usage": len(rows) - len(known),
        "estimated_usage": sum(row["tokens_estimated"] for row in rows),
        "cost_usd": sum(priced, Decimal(0)) if priced else None,
        "unpriced": len(rows) - len(priced),
    }
