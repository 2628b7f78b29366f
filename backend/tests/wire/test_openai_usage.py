import json
from pathlib import Path
from typing import Any

import pytest

from ai_engine.names import TokenCounts
from ai_engine.wire.openai_usage import token_counts

RECORDED = Path(__file__).parents[1] / "recorded"


def recorded_usage(name: str) -> Any:
    """The last usage in a recorded answer or stream."""
    path = RECORDED / name
    if path.suffix == ".json":
        return json.loads(path.read_text())["body"]["usage"]
    events = [line.removeprefix("data:").strip() for line in path.read_text().splitlines() if line.startswith("data:")]
    return [event["usage"] for text in events if text != "[DONE]" and (event := json.loads(text)).get("usage")][-1]


@pytest.mark.parametrize(
    ("name", "tokens"),
    [
        ("openai/chat.json", TokenCounts(19, 0, None, 10, 0)),
        ("openai/stream-tool-calls-and-usage.sse", TokenCounts(82, None, None, 17, None)),
        ("openai/embeddings.json", TokenCounts(5, None, None, None, None)),
        ("deepseek/stream-reasoning.sse", TokenCounts(12, 0, None, 5, 25)),
    ],
)
def test_what_providers_report_comes_apart_into_disjoint_classes(name: str, tokens: TokenCounts) -> None:
    assert token_counts(recorded_usage(name)) == tokens


def test_cached_tokens_are_taken_out_of_the_prompt_and_reasoning_out_of_the_completion() -> None:
    usage = {
        "prompt_tokens": 2006,
        "completion_tokens": 300,
        "total_tokens": 2306,
        "prompt_tokens_details": {"cached_tokens": 1920, "cache_write_tokens": 6},
        "completion_tokens_details": {"reasoning_tokens": 192},
    }

    assert token_counts(usage) == TokenCounts(80, 1920, 6, 108, 192)


def test_reasoning_that_a_provider_counts_beside_the_completion_is_not_taken_out_of_it() -> None:
    usage = {
        "prompt_tokens": 32,
        "completion_tokens": 9,
        "total_tokens": 135,
        "completion_tokens_details": {"reasoning_tokens": 94},
    }

    assert token_counts(usage) == TokenCounts(32, None, None, 9, 94)


def test_a_part_that_is_larger_than_its_whole_was_never_in_it() -> None:
    usage = {"prompt_tokens": 5, "prompt_tokens_details": {"cached_tokens": 1000}}

    assert token_counts(usage) == TokenCounts(5, 1000, None, None, None)


@pytest.mark.parametrize(
    "usage",
    [None, {}, [], "many", {"prompt_tokens": -1, "completion_tokens": True}, {"prompt_tokens": "12"}, {"prompt_tokens": 1e300}],
)
def test_a_missing_or_implausible_count_is_unknown_and_not_zero(usage: Any) -> None:
    assert token_counts(usage) is None
