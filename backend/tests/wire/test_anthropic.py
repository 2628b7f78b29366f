import pytest

from ai_engine.names import TokenCounts
from ai_engine.wire import anthropic
from ai_engine.wire.openai_usage import token_counts


@pytest.mark.parametrize("native", sorted(anthropic.STOP_REASONS))
def test_an_end_of_this_format_comes_back_as_it_was(native: str) -> None:
    assert anthropic.stop_reason(anthropic.finish_reason(native), native) == native


@pytest.mark.parametrize(
    ("finish", "native", "sequence", "reason"),
    [
        ("stop", None, None, "end_turn"),
        ("stop", "STOP", None, "end_turn"),
        ("stop", None, "END", "stop_sequence"),
        ("length", None, "END", "max_tokens"),
        ("tool_calls", None, None, "tool_use"),
        ("content_filter", "SAFETY", None, "refusal"),
        ("of_the_future", None, None, "end_turn"),
        (None, None, None, "end_turn"),
    ],
)
def test_other_ends_get_the_nearest_reason(finish: str | None, native: str | None, sequence: str | None, reason: str) -> None:
    assert anthropic.stop_reason(finish, native, sequence) == reason


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, "invalid_request_error"),
        (405, "invalid_request_error"),
        (429, "rate_limit_error"),
        (502, "api_error"),
        (503, "overloaded_error"),
    ],
)
def test_every_status_has_its_type(status: int, kind: str) -> None:
    assert anthropic.error_type(status) == kind


def test_an_error_stands_in_its_envelope() -> None:
    assert anthropic.error("no", kind="api_error") == {"type": "error", "error": {"type": "api_error", "message": "no"}}
    assert anthropic.error("no", kind="api_error", request_id="r")["request_id"] == "r"


USAGES = [
    ({"input_tokens": 3, "output_tokens": 4}, TokenCounts(3, None, None, 4, None)),
    (
        {
            "input_tokens": 3,
            "cache_read_input_tokens": 10,
            "cache_creation_input_tokens": 5,
            "output_tokens": 9,
            "output_tokens_details": {"thinking_tokens": 7},
        },
        TokenCounts(3, 10, 5, 2, 7),
    ),
]


@pytest.mark.parametrize(("usage", "counts"), USAGES)
def test_usage_is_the_same_in_both_formats(usage: dict[str, object], counts: TokenCounts) -> None:
    assert anthropic.token_counts(usage) == counts
    assert token_counts(anthropic.chat_usage(usage)) == counts
    assert anthropic.token_counts(anthropic.messages_usage(counts)) == counts._replace(
        cached_input=counts.cached_input or 0, cache_write=counts.cache_write or 0
    )


@pytest.mark.parametrize("usage", [None, 7, {}, {"input_tokens": -1}, {"output_tokens": "4"}, {"input_tokens": True}])
def test_usage_without_counts_is_none(usage: object) -> None:
    assert anthropic.token_counts(usage) is None
    assert anthropic.chat_usage(usage) is None


def test_more_thinking_than_output_is_all_of_it() -> None:
    usage = {"output_tokens": 4, "output_tokens_details": {"thinking_tokens": 9}}
    assert anthropic.token_counts(usage) == TokenCounts(None, None, None, 0, 4)


def test_what_is_unknown_is_no_tokens_for_sdks() -> None:
    usage = anthropic.messages_usage(None)
    assert {name: count for name, count in usage.items() if count is not None} == {
        "input_tokens": 0,
        "cache_creation_input_tokens": 0,
        "cache_read_input_tokens": 0,
        "output_tokens": 0,
    }
