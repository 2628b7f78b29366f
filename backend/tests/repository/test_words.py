"""Words that must not return: private vocabulary where the field has a word."""

import re

import pytest

from tests.repository.tree import ROOT, files

CHECKED = (
    "backend/ai_engine",
    "benchmarks",
    "deploy",
    "docs",
    "frontend",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "README.md",
    "SECURITY.md",
)
"""Files and folders."""

INSTEAD = {
    # Programs are no people.
    r"(?i:nobody|somebody|everybody|whoever|whomever|whom)": "the caller, the provider, no client …",
    r"(?i:hears?|heard|told)": "receives, reports, logs",
    r"(?i:rests|rested|resting)": "is in cooldown",
    r"(?i:set aside)": "invalid, excluded",
    r"(?i:no words? for|into words|in (?:its|their|our|other) words)": "does not support, as text",
    r"(?i:(?:calls?|called) itself)": "has the Content-Type, has the name",
    r"(?i:remembers?|remembered)": "stores, caches",
    r"(?i:tells? of|looks? after|of its own accord|in the midst|now and then|the very)": "reports, checks, by default …",
    # The code has packages, modules and steps.
    r"(?i:houses?|rooms|rings)": "repository, package, step",
    # Renamed.
    "Asking|LeftOut|Patrol|Rung|Teller|Wish|class (?:Possible|Way)": "RequestVariants, Exclusion, DisconnectMonitor …",
    "ABANDONED|DeadlinePassed|RoutesOut|UpstreamSilent": "CANCELLED, DeadlineExceeded, NoRouteAvailable, UpstreamTimeout",
    "asked_model|keys_resting|left_out|resting_models|routes_out": "requested_model, keys_in_cooldown, excluded …",
}
"""Pattern → what the field says. Whole words."""

EXCEPT = {
    ("backend/ai_engine/database/migrations", "asked_model|routes_out"): "migrations name what they rename",
}
"""Where a word may stand, and why."""

BANNED = {re.compile(rf"\b(?:{pattern})\b"): instead for pattern, instead in INSTEAD.items()}


def is_excepted(name: str, word: str) -> bool:
    return any(name.startswith(place) and re.fullmatch(words, word) for place, words in EXCEPT)


def prose(name: str) -> str:
    text = (ROOT / name).read_text("utf-8")
    if name == "CHANGELOG.md":
        # Its table of changed API words shows the old ones, as code.
        return re.sub(r"`[^`]*`", "", text.partition("### Changed API words")[2].partition("\n### ")[0])
    return text


@pytest.mark.parametrize("place", CHECKED)
def test_the_fields_words_are_used(place: str) -> None:
    names = [path.relative_to(ROOT).as_posix() for path in files() if path.is_relative_to(ROOT / place)]
    assert names
    found = [
        f"{name}:{number}: {match[0]!r}, better: {instead}"
        for name in names
        if name.endswith((".py", ".ts", ".tsx", ".md", ".yaml", ".sh", ".template")) and not name.endswith("gen.ts")
        for number, line in enumerate(prose(name).splitlines(), 1)
        for pattern, instead in BANNED.items()
        for match in pattern.finditer(line)
        if not is_excepted(name, match[0])
    ]

    assert not found, "\n".join(found)
