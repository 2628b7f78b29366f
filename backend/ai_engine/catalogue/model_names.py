"""When two model names mean the same model, rather than look similar.

Anthropic/Claude-Sonnet-4.5          base claude-sonnet-4-5
models/claude_sonnet_4_5-latest      base claude-sonnet-4-5
claude-sonnet-4-5-20250929           base claude-sonnet-4-5, date 2025-09-29
us.anthropic.claude-sonnet-4-5-20250929-v1:0 and claude-sonnet-4-5@20250929: the same, at Bedrock and Vertex AI
meta-llama/llama-3.3-70b:free        base llama-3-3-70b, variant free
gpt-4, gpt-4o, gpt-4-turbo, gpt-4.1  four bases, so four models
"""

import re
from enum import IntEnum
from typing import NamedTuple

from ai_engine.catalogue.families import FAMILIES, VENDORS


class MatchKind(IntEnum):
    """How a name matches; lower is better."""

    EXACT = 1
    NORMALISED = 2
    """Equal after normalisation of case, punctuation, vendor and `-latest`."""
    ALIAS = 3
    """By the configured `aliases`."""
    DATED = 4
    """The requested name has no date, the provider's id has one."""
    FAMILY = 5
    """The requested name is a family, and no model has that name: the best member."""


class NormalName(NamedTuple):
    """A model's identity. Two names mean the same model if base and variant are equal and the dates allow it."""

    base: str
    variant: str
    """The part after a colon (`free`, `thinking`, `8b`), usually empty."""
    date: str | None
    """`2024-08-06`, `2025-07` (month only) or `--06-13` (no year): newer dates sort later as text."""


_WRAPPERS = re.compile(r"@[^/]+/(?:[^/]+/)?|models/|publishers/[^/]+/models/|accounts/[^/]+/models/")
"""Cloudflare's `@cf/meta/`, Google's `models/`, Vertex AI's `publishers/google/models/`, Fireworks' `accounts/fireworks/models/`.
"""

_AT_BEDROCK = re.compile(r"(?:(?:global|us-gov|us|eu|apac|jp|au|in|ca|sa)\.)?(?P<vendor>[a-z0-9]+)\.(?P<name>.+)")
"""Where requests are kept, who made the model, and its name.

Sources: https://docs.aws.amazon.com/bedrock/latest/userguide/models-supported.html and inference-profiles-support.html beside it
(read 2026-11-30).
"""
_BEDROCK_VERSION = re.compile(r"(?<!^claude)-(?:v\d+|\d+(?=:))(?::\d+)?$")
"""Bedrock's own, behind the model's. Of Claude 2 it was both."""

_BETWEEN_WORDS = re.compile(r"[\s._@-]+")

_YEAR, _MONTH, _DAY = r"(?P<year>20[1-4]\d)", r"(?P<month>0[1-9]|1[0-2])", r"(?P<day>0[1-9]|[12]\d|3[01])"
_DATES = tuple(
    re.compile(f"-{form}$")
    for form in (
        f"{_YEAR}-{_MONTH}-{_DAY}",
        f"{_YEAR}{_MONTH}{_DAY}",
        f"{_MONTH}-{_YEAR}",
        f"{_MONTH}{_DAY}",
        # Months end at 12 and these years start at 22, so `-2507` and `-0725` are unambiguous.
        f"(?P<short_year>2[2-9]|[34]\\d){_MONTH}",
    )
)
_DATE_OF_A_PREVIEW = re.compile(f"(?:(?<=-preview)|(?<=-exp))-{_MONTH}-{_DAY}$")
"""Google's format. Elsewhere two such numbers may be a version."""


def normalise(name: str) -> NormalName:
    """The identity behind a name in any provider's spelling."""
    plain = _without_bedrock(_without_wrapping(name.strip().lower()).removesuffix("@default"))
    stem, _, variant = plain.partition(":")
    base, date = _split_date(_without_latest(_words(stem)))
    variant = _words(variant)
    return NormalName(base, "" if variant == "latest" else variant, date)


def match_between(requested: NormalName, listed: NormalName) -> MatchKind | None:
    """`NORMALISED` or `DATED` if the model `listed` serves a request for `requested`, else `None`."""
    if (requested.base, requested.variant) != (listed.base, listed.variant):
        return None
    if requested.date == listed.date:
        return MatchKind.NORMALISED
    return MatchKind.DATED if requested.date is None else None


def family_of(name: NormalName) -> str | None:
    """The family of this name; `None` for most names."""
    return name.base if name.base in FAMILIES and not name.variant and name.date is None else None


def _without_wrapping(name: str) -> str:
    while True:
        if wrapper := _WRAPPERS.match(name):
            rest = name[wrapper.end() :]
        else:
            first, _, rest = name.partition("/")
            if first.removeprefix("~") not in VENDORS:  # OpenRouter prefixes its floating aliases with `~vendor/`
                return name
        if not rest:
            return name
        name = rest


def _without_bedrock(name: str) -> str:
    found = _AT_BEDROCK.fullmatch(name)
    if found is None or found["vendor"] not in VENDORS:
        return name
    plain = _BEDROCK_VERSION.sub("", found["name"])
    if found["vendor"] == "deepseek" and not plain.startswith("deepseek"):
        return f"deepseek-{plain}"
    return re.sub(r"^llama(?=\d)", "llama-", plain)


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
