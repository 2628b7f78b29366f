"""When two model names mean the same model, and never when they merely look alike.

Anthropic/Claude-Sonnet-4.5          base claude-sonnet-4-5
models/claude_sonnet_4_5-latest      base claude-sonnet-4-5
claude-sonnet-4-5-20250929           base claude-sonnet-4-5, date 2025-09-29
meta-llama/llama-3.3-70b:free        base llama-3-3-70b, variant free
gpt-4, gpt-4o, gpt-4-turbo, gpt-4.1  four bases, so four models
"""

import re
from enum import IntEnum
from typing import NamedTuple

from ai_engine.catalogue.families import FAMILIES, VENDORS


class Rung(IntEnum):
    """How well a name matches; lower is better."""

    EXACT = 1
    NORMALISED = 2
    """Equal once case, punctuation, vendor and `-latest` are set aside."""
    ALIAS = 3
    """The operator's `aliases` say so."""
    DATED = 4
    """The request names no date, the provider's id does."""
    FAMILY = 5
    """The request names a family, and nothing in the catalogue is called that: this is the best member."""


class NormalName(NamedTuple):
    """A model's identity. Two names mean the same model if base and variant are equal and the dates allow it."""

    base: str
    variant: str
    """What follows a colon (`free`, `thinking`, `8b`); empty for most. Part of the identity."""
    date: str | None
    """`2024-08-06`, `2025-07` where only the month is known, `--06-13` where the year is not: as text, newer sorts later."""


_WRAPPERS = re.compile(r"@[^/]+/(?:[^/]+/)?|models/|accounts/[^/]+/models/")
"""Cloudflare's `@cf/meta/`, Google's `models/`, Fireworks' `accounts/fireworks/models/`."""

_BETWEEN_WORDS = re.compile(r"[\s._-]+")

_YEAR, _MONTH, _DAY = r"(?P<year>20[1-4]\d)", r"(?P<month>0[1-9]|1[0-2])", r"(?P<day>0[1-9]|[12]\d|3[01])"
_DATES = tuple(
    re.compile(f"-{form}$")
    for form in (
        f"{_YEAR}-{_MONTH}-{_DAY}",
        f"{_YEAR}{_MONTH}{_DAY}",
        f"{_MONTH}-{_YEAR}",
        f"{_MONTH}{_DAY}",
        # No month is over 12 and no such year is under 22, so `-2507` and `-0725` cannot be taken for each other.
        f"(?P<short_year>2[2-9]|[34]\\d){_MONTH}",
    )
)
_DATE_OF_A_PREVIEW = re.compile(f"(?:(?<=-preview)|(?<=-exp))-{_MONTH}-{_DAY}$")
"""Google's. Elsewhere two such numbers may well be a version."""


def normalise(name: str) -> NormalName:
    """The identity behind a name, whoever wrote it."""
    plain = _without_wrapping(name.strip().lower())
    stem, _, variant = plain.partition(":")
    base, date = _split_date(_without_latest(_words(stem)))
    variant = _words(variant)
    return NormalName(base, "" if variant == "latest" else variant, date)


def rung_between(asked: NormalName, there: NormalName) -> Rung | None:
    """`NORMALISED` or `DATED` if a model called `there` serves a request for `asked`, else `None`."""
    if (asked.base, asked.variant) != (there.base, there.variant):
        return None
    if asked.date == there.date:
        return Rung.NORMALISED
    return Rung.DATED if asked.date is None else None


def family_of(name: NormalName) -> str | None:
    """The family that a name stands for, `None` for most names."""
    return name.base if name.base in FAMILIES and not name.variant and name.date is None else None


def _without_wrapping(name: str) -> str:
    while True:
        if wrapper := _WRAPPERS.match(name):
            rest = name[wrapper.end() :]
        else:
            first, _, rest = name.partition("/")
            if first.removeprefix("~") not in VENDORS:  # OpenRouter marks its moving aliases `~vendor/`
                return name
        if not rest:
            return name
        name = rest


def _words(text: str) -> str:
    return _BETWEEN_WORDS.sub("-", text).strip("-")


def _without_latest(base: str) -> str:
    return base.removesuffix("-latest")


def _split_date(base: str) -> tuple[str, str | None]:
    for form in _DATES:
        if found := form.search(base):
            break
    else:
        found = _DATE_OF_A_PREVIEW.search(base)
    if not found or found.start() == 0:
        return base, None
    parts = found.groupdict()
    year = parts.get("year") or (f"20{short}" if (short := parts.get("short_year")) else "-")
    return base[: found.start()], "-".join(part for part in (year, parts["month"], parts.get("day")) if part)
