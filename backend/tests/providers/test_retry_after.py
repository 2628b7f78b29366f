import pytest

from ai_engine.providers.retry_after import duration_seconds, stated_seconds
from ai_engine.upstream.port import Headers


def headers(**values: str) -> Headers:
    return tuple((name.replace("_", "-").encode(), value.encode()) for name, value in values.items())


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("6m0s", 360),
        ("1.5s", 1.5),
        ("20ms", 0.02),
        ("1h2m3s", 3723),
        ("2m59.56s", 179.56),
        ("7", 7),
        ("0.25", 0.25),
        ("1d", 86400),
        ("", None),
        ("soon", None),
        ("inf", None),
        ("nan", None),
        ("5 s", None),
    ],
)
def test_durations_are_read_as_providers_write_them(text: str, seconds: float | None) -> None:
    assert duration_seconds(text) == (None if seconds is None else pytest.approx(seconds))


def test_nothing_stated_is_unknown() -> None:
    assert stated_seconds(()) is None
    assert stated_seconds(headers(retry_after="later", x_ratelimit_reset_tokens="9s")) is None


def test_seconds_and_milliseconds_are_read_and_the_later_counts() -> None:
    assert stated_seconds(headers(retry_after="2")) == 2
    assert stated_seconds(headers(retry_after_ms="850")) == pytest.approx(0.85)
    assert stated_seconds(headers(retry_after="1", retry_after_ms="1850")) == pytest.approx(1.85)


def test_a_date_counts_from_the_answers_own() -> None:
    sent, due = "Mon, 23 Nov 2026 10:00:00 GMT", "Mon, 23 Nov 2026 10:01:30 GMT"
    assert stated_seconds(headers(date=sent, retry_after=due)) == 90
    assert stated_seconds(headers(date=due, retry_after=sent)) == 0
    assert stated_seconds(headers(retry_after=due)) is None


def test_only_a_spent_limit_says_when_to_come_back() -> None:
    spent_tokens = headers(
        x_ratelimit_remaining_requests="14370",
        x_ratelimit_reset_requests="2m59.56s",
        x_ratelimit_remaining_tokens="0",
        x_ratelimit_reset_tokens="7.66s",
    )
    assert stated_seconds(spent_tokens) == pytest.approx(7.66)


def test_of_two_spent_limits_the_later_counts() -> None:
    both = headers(
        retry_after="1",
        x_ratelimit_remaining_requests="0",
        x_ratelimit_reset_requests="1s",
        x_ratelimit_remaining_tokens_minute="0",
        x_ratelimit_reset_tokens_minute="33.5",
    )
    assert stated_seconds(both) == pytest.approx(33.5)


def test_azures_minus_one_is_no_spent_limit() -> None:
    assert stated_seconds(headers(x_ratelimit_remaining_tokens="-1", x_ratelimit_reset_tokens="60")) is None


def test_a_reset_may_be_a_moment() -> None:
    date = "Mon, 23 Nov 2026 10:00:00 GMT"
    in_a_minute = "1795428060000"
    assert stated_seconds(headers(date=date, x_ratelimit_remaining="0", x_ratelimit_reset=in_a_minute)) == 60
    assert stated_seconds(headers(date=date, x_ratelimit_remaining="0", x_ratelimit_reset=in_a_minute[:-3])) == 60
    assert stated_seconds(headers(x_ratelimit_remaining="0", x_ratelimit_reset=in_a_minute)) is None


def test_googles_delay_is_read_from_the_details() -> None:
    details = [{"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "53s"}, "odd", {"retryDelay": 5}]
    assert stated_seconds((), details) == 53


def test_absurd_waits_are_not_believed() -> None:
    assert stated_seconds(headers(retry_after="999999999")) is None
    assert stated_seconds(headers(retry_after="-5")) is None


@pytest.mark.parametrize(
    "text",
    [
        "9" * 308 + "s" + "9" * 308 + "s",
        "Mon, 01 Jan 99999999999 00:00:00 GMT",
        "Mon, 01 Jan 2026 00:00:00 +9999999999999999",
        "Mon, 01 Jan 2026 99999999999999999999:00:00 GMT",
    ],
)
def test_numbers_without_bound_are_no_statement(text: str) -> None:
    assert stated_seconds(headers(retry_after=text)) is None
    assert stated_seconds(headers(retry_after="7", date=text)) == 7


def test_anthropics_spent_limits_count_where_nothing_else_does() -> None:
    spent = headers(
        date="Sat, 28 Nov 2026 12:00:00 GMT",
        anthropic_ratelimit_requests_remaining="12",
        anthropic_ratelimit_requests_reset="2026-11-28T12:09:00Z",
        anthropic_ratelimit_input_tokens_remaining="0",
        anthropic_ratelimit_input_tokens_reset="2026-11-28T12:01:00Z",
    )
    assert stated_seconds(spent) == 60
    assert stated_seconds((*spent, (b"retry-after", b"2"))) == 2
    assert stated_seconds(spent[1:]) is None


@pytest.mark.parametrize("moment", ["soon", "", "2026-11-28T12:01:00", "60"])
def test_a_reset_that_is_no_moment_is_none(moment: str) -> None:
    spent = headers(
        date="Sat, 28 Nov 2026 12:00:00 GMT", anthropic_ratelimit_tokens_remaining="0", anthropic_ratelimit_tokens_reset=moment
    )
    assert stated_seconds(spent) is None
