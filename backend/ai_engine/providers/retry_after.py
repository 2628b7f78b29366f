"""Reads how long a provider asks to wait, from any of the headers and fields in use."""

import math
import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from email.utils import parsedate_to_datetime

from ai_engine.upstream.port import Headers
from ai_engine.wire.tolerant import string_in

LONGEST_SECONDS = 31 * 24 * 3600.0
"""Longer waits are ignored: the longest real limits are monthly budgets."""

_DURATION = re.compile(r"(?:\d+(?:\.\d+)?(?:ms|s|m|h|d))+")
_PART = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)")
_UNIT_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_EPOCH_SECONDS = 1_000_000_000
_EPOCH_MILLISECONDS = 1_000_000_000_000


def stated_seconds(headers: Headers, details: object = None) -> float | None:
    """The longest stated wait, in seconds from now; `None` where there is none.

    Read are `retry-after-ms`, `retry-after` (seconds or a date), `x-ratelimit-reset…` of those limits whose
    `x-ratelimit-remaining…` is 0, and `retryDelay` in Google's error details. Without any of these, Anthropic's
    `anthropic-ratelimit-…-reset` of spent limits, which is when a limit is full again, not when it allows a request. Dates are
    relative to the answer's `date`.
    """
    texts = {name.decode("latin-1"): value.decode("latin-1").strip() for name, value in headers}
    sent_at = _date(texts.get("date", ""))
    waits = [_milliseconds(texts.get("retry-after-ms", "")), _retry_after(texts.get("retry-after", ""), sent_at)]
    waits += _resets(texts, sent_at)
    waits += _retry_delays(details)
    longest = _longest(waits)
    return _longest(_anthropic_resets(texts, sent_at)) if longest is None else longest


def _longest(waits: Iterable[float | None]) -> float | None:
    return max((wait for wait in waits if wait is not None and 0 <= wait <= LONGEST_SECONDS), default=None)


def duration_seconds(text: str) -> float | None:
    """`6m0s`, `1.5s`, `20ms`, `1h2m3s` or a bare number of seconds, in seconds."""
    if _DURATION.fullmatch(text):
        return sum(float(number) * _UNIT_SECONDS[unit] for number, unit in _PART.findall(text))
    return _number(text)


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _milliseconds(text: str) -> float | None:
    number = _number(text)
    return None if number is None else number / 1000


def _date(text: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, OverflowError):  # the latter for numbers out of the calendar's range
        return None
    return moment if moment.tzinfo else None


def _retry_after(text: str, sent_at: datetime | None) -> float | None:
    moment = _date(text)
    if moment is None:
        return duration_seconds(text)
    return max((moment - sent_at).total_seconds(), 0) if sent_at else None


def _resets(texts: Mapping[str, str], sent_at: datetime | None) -> Iterable[float | None]:
    # The suffix names the limit: `-requests` and `-tokens` (OpenAI, Groq), `-tokens-minute` (Cerebras), none (OpenRouter).
    for name, text in texts.items():
        if not name.startswith("x-ratelimit-reset"):
            continue
        remaining = texts.get("x-ratelimit-remaining" + name.removeprefix("x-ratelimit-reset"), "")
        # Azure answers -1 for "not counted".
        if _number(remaining) != 0:
            continue
        seconds = duration_seconds(text)
        if seconds is not None and seconds >= _EPOCH_SECONDS:
            moment = seconds / 1000 if seconds >= _EPOCH_MILLISECONDS else seconds
            seconds = max(moment - sent_at.timestamp(), 0) if sent_at else None
        yield seconds


def _anthropic_resets(texts: Mapping[str, str], sent_at: datetime | None) -> Iterable[float | None]:
    # https://platform.claude.com/docs/en/api/rate-limits#response-headers (read 2026-11-28): moments in RFC 3339.
    for name, text in texts.items():
        limit = name.removesuffix("-reset")
        if sent_at is None or limit == name or not name.startswith("anthropic-ratelimit-"):
            continue
        if _number(texts.get(f"{limit}-remaining", "")) != 0:
            continue
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            continue
        yield max((moment - sent_at).total_seconds(), 0) if moment.tzinfo else None


def _retry_delays(details: object) -> Iterable[float | None]:
    # https://cloud.google.com/apis/design/errors#error_details, google.rpc.RetryInfo (read 2026-11-23).
    for detail in details if isinstance(details, list) else ():
        yield duration_seconds(string_in(detail, "retryDelay"))
