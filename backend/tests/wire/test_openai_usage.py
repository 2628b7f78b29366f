import json
from pathlib import Path
from typing import Any

import pytest

from ai_engine.names import TokenCounts
from ai_engine.wire.openai_usage import token_counts, usage_in

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


@pytest.mark.parametrize(
    ("usage", "tokens"),
    [
        ({"prompt_tokens": 5, "prompt_tokens_details": {"cached_tokens": 1000}}, TokenCounts(0, 5)),
        ({"prompt_tokens": 5, "prompt_tokens_details": {"cached_tokens": 4, "cache_write_tokens": 4}}, TokenCounts(0, 4, 1)),
        ({"prompt_tokens": 0, "completion_tokens": 2, "cached_tokens": 7}, TokenCounts(0, 0, None, 2)),
        ({"completion_tokens": 9, "completion_tokens_details": {"reasoning_tokens": 94}}, TokenCounts(None, None, None, 0, 9)),
        ({"prompt_tokens": 5, "completion_tokens": 2, "total_tokens": 7, "cached_tokens": 1000}, TokenCounts(0, 5, None, 2)),
    ],
)
def test_a_part_is_at_most_its_whole_and_all_classes_are_what_was_reported(usage: Any, tokens: TokenCounts) -> None:
    assert token_counts(usage) == tokens


def test_cached_tokens_that_a_provider_counts_beside_the_prompt_are_not_taken_out_of_it() -> None:
    usage = {"prompt_tokens": 5, "completion_tokens": 2, "total_tokens": 1007, "prompt_tokens_details": {"cached_tokens": 1000}}
    assert token_counts(usage) == TokenCounts(5, 1000, None, 2)
    usage = usage | {"total_tokens": 1010, "completion_tokens_details": {"reasoning_tokens": 3}}
    assert token_counts(usage) == TokenCounts(5, 1000, None, 2, 3)


@pytest.mark.parametrize(
    ("counts", "tokens"),
    [
        ({"cached_tokens": 900}, TokenCounts(100, 900, None, 10)),
        ({"prompt_cache_hit_tokens": 900, "prompt_cache_miss_tokens": 100}, TokenCounts(100, 900, None, 10)),
        ({"cache_read_input_tokens": 900, "cache_creation_input_tokens": 60}, TokenCounts(40, 900, 60, 10)),
        ({"prompt_tokens_details": {"cached_tokens": 900, "cache_creation_input_tokens": 60}}, TokenCounts(40, 900, 60, 10)),
        ({"prompt_tokens_details": {"cached_tokens": 900}, "cached_tokens": 1}, TokenCounts(100, 900, None, 10)),
        ({"prompt_tokens_details": {"cached_tokens": "900"}, "cached_tokens": 900.0}, TokenCounts(100, 900, None, 10)),
        ({"prompt_tokens_details": [900], "cached_tokens": [900]}, TokenCounts(1000, None, None, 10)),
        ({"cached_tokens": 10**30}, TokenCounts(1000, None, None, 10)),
    ],
)
def test_every_providers_name_for_cached_tokens_is_read(counts: Any, tokens: TokenCounts) -> None:
    assert token_counts({"prompt_tokens": 1000, "completion_tokens": 10, "total_tokens": 1010, **counts}) == tokens


COUNTED = {"prompt_tokens": 3, "completion_tokens": 2}


@pytest.mark.parametrize(
    "chat",
    [
        {"usage": COUNTED},
        {"usage": COUNTED, "choices": [{"usage": {"prompt_tokens": 9}}], "x_groq": {"usage": {"prompt_tokens": 9}}},
        {"choices": [{"index": 0}, {"index": 1, "usage": COUNTED}]},
        {"usage": None, "choices": [], "x_groq": {"id": "req_1", "usage": COUNTED}},
    ],
)
def test_usage_is_found_wherever_a_server_puts_it(chat: Any) -> None:
    assert usage_in(chat) == COUNTED


@pytest.mark.parametrize("chat", [{}, {"choices": 7}, {"choices": [7, {"usage": "many"}], "x_groq": [1]}, {"usage": {}}])
def test_usage_in_no_place_is_none(chat: Any) -> None:
    assert token_counts(usage_in(chat)) is None


@pytest.mark.parametrize(
    "usage",
    [None, {}, [], "many", {"prompt_tokens": -1, "completion_tokens": True}, {"prompt_tokens": "12"}, {"prompt_tokens": 1e300}],
)
def test_a_missing_or_implausible_count_is_unknown_and_not_zero(usage: Any) -> None:
    assert token_counts(usage) is None
