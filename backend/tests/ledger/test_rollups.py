from collections import Counter
from itertools import permutations

from hypothesis import given, settings
from hypothesis import strategies as st

from ai_engine.database.schema import attempt_rollups, request_rollups
from ai_engine.events import CANCELLED
from ai_engine.ledger.histograms import histogram
from ai_engine.ledger.lines import AttemptRow, RequestRow
from ai_engine.ledger.rollups import (
    ALL,
    ATTEMPTS,
    REQUESTS,
    RESOLUTIONS,
    AttemptGroup,
    RequestGroup,
    Totals,
    attempt_totals,
    request_totals,
)
from ai_engine.names import Blame
from tests.ledger.builders import a_failed_attempt, a_request, entries_of, random_records


def test_groups_and_totals_have_the_columns_of_their_tables_in_order() -> None:
    for table, group, kind in ((request_rollups, RequestGroup, REQUESTS), (attempt_rollups, AttemptGroup, ATTEMPTS)):
        histograms = [f"{name}_histogram" for name in kind.histograms]
        assert [*group._fields, *kind.numbers, "failures", *histograms] == table.columns.keys()
        assert [column.name for column in table.primary_key] == list(group._fields)


@settings(max_examples=20)
@given(st.integers(0, 10**6), st.integers(1, 60))
def test_the_groups_of_requests_are_what_a_recount_finds(seed: int, count: int) -> None:
    records = random_records(seed, count)
    totals = request_totals(entries_of(records))

    recount: Counter[tuple[str, int, int, str, str]] = Counter()
    tokens: Counter[tuple[str, int, int, str, str]] = Counter()
    for record in records:
        for seconds in RESOLUTIONS:
            begins_at = int(record.received_at.timestamp()) // seconds * seconds
            route = record.route or ("", "")
            for group in (
                (record.client or "", seconds, begins_at, *route),
                (ALL, seconds, begins_at, *route),
                (ALL, seconds, begins_at, ALL, ALL),
            ):
                recount[group] += 1
                tokens[group] += record.tokens.output or 0

    assert {tuple(group): of.number("requests") for group, of in totals.items()} == recount
    assert {tuple(group): of.number("output_tokens") for group, of in totals.items() if of.number("output_tokens")} == +tokens
    assert all(sum(of.numbers[1:7]) == of.number("requests") == sum(of.histogram("overhead")) for of in totals.values())


@settings(max_examples=20)
@given(st.integers(0, 10**6), st.integers(1, 60))
def test_the_groups_of_attempts_are_what_a_recount_finds(seed: int, count: int) -> None:
    records = random_records(seed, count)
    totals = attempt_totals(entries_of(records))

    for seconds in RESOLUTIONS:
        of_keys = [(group, of) for group, of in totals.items() if group.resolution_seconds == seconds]
        attempts = [attempt for record in records for attempt in record.attempts]
        assert sum(of.number("attempts") for _, of in of_keys) == len(attempts)
        assert sum(of.number("successes") for _, of in of_keys) == sum(attempt.succeeded for attempt in attempts)
        failures = sum((Counter(of.failures) for _, of in of_keys), Counter())
        assert failures == Counter(attempt.failure for attempt in attempts if attempt.failure)


def test_an_attempt_that_was_given_up_with_its_request_is_nobodys_failure() -> None:
    given_up = a_failed_attempt(failure=CANCELLED, blame=Blame.REQUEST, status=None)
    totals = attempt_totals(entries_of([a_request(attempts=(given_up,))]))
    for of in totals.values():
        assert [of.number(name) for name in ("attempts", "successes", "failed", "client_errors")] == [1, 0, 0, 0]
        assert of.failures == {}


@settings(max_examples=20)
@given(st.integers(0, 10**6), st.integers(1, 60))
def test_a_group_is_the_sum_of_its_rows_one_by_one(seed: int, count: int) -> None:
    entries = entries_of(random_records(seed, count))
    whole, one_by_one = Totals(REQUESTS), Totals(REQUESTS)
    attempts, attempts_one_by_one = Totals(ATTEMPTS), Totals(ATTEMPTS)
    for group, totals in request_totals(entries).items():
        if group.resolution_seconds == RESOLUTIONS[0] and group.client != ALL:
            whole.add(totals)
    for key, totals in attempt_totals(entries).items():
        if key.resolution_seconds == RESOLUTIONS[0]:
            attempts.add(totals)
    for request, tried in entries:
        is_ours = request.status >= 500 or request.status == 429
        one = Totals(REQUESTS)
        one.numbers = [
            1,
            *(request.ending == ending for ending in ("completed", "rescued", "client_cancelled", "upstream_cut")),
            request.ending == "error" and not is_ours,
            request.ending == "error" and is_ours,
            len(tried),
            *tokens_one_by_one(request),
            request.cost_pico_usd or 0,
            request.absorbed_pico_usd or 0,
            request.cost_pico_usd is None,
        ]
        one.failures = {request.error_class: 1} if request.error_class else {}
        answered = request.ending in ("completed", "rescued")
        one.histograms = [
            histogram([request.duration_ms] if answered else []),
            histogram([request.first_token_ms] if answered and request.first_token_ms is not None else []),
            histogram([request.overhead_ms]),
        ]
        one_by_one.add(one)
        for attempt in tried:
            has_failed = attempt.failure not in (None, CANCELLED)
            is_refused = attempt.blame in ("request", "model", "fit")
            cost = attempt.cost_pico_usd or 0
            one = Totals(ATTEMPTS)
            one.numbers = [
                1,
                attempt.succeeded,
                has_failed and not attempt.is_absorbed and not is_refused,
                has_failed and not attempt.is_absorbed and is_refused,
                attempt.is_absorbed,
                *tokens_one_by_one(attempt),
                0 if attempt.is_absorbed else cost,
                cost if attempt.is_absorbed else 0,
                attempt.cost_pico_usd is None,
            ]
            one.failures = {attempt.failure: 1} if attempt.failure is not None and has_failed else {}
            first_token_ms = attempt.first_token_ms if attempt.succeeded else None
            one.histograms = [
                histogram([attempt.duration_ms] if attempt.succeeded else []),
                histogram([] if first_token_ms is None else [first_token_ms]),
            ]
            attempts_one_by_one.add(one)

    assert whole.columns() == one_by_one.columns()
    assert attempts.columns() == attempts_one_by_one.columns()


def tokens_one_by_one(row: RequestRow | AttemptRow) -> list[int]:
    counts = [row.input_tokens, row.cached_input_tokens, row.cache_write_tokens, row.output_tokens, row.reasoning_tokens]
    is_unknown = row.input_tokens is None and row.output_tokens is None
    return [*(count or 0 for count in counts), is_unknown, row.tokens_are_estimated]


def test_adding_does_not_care_for_order() -> None:
    parts = [request_totals(entries_of(random_records(seed, 20))) for seed in (1, 2, 3)]
    wholes = []
    for order in permutations(parts):
        whole = Totals(REQUESTS)
        for part in order:
            for of in part.values():
                whole.add(of)
        wholes.append(whole.columns())

    assert len({repr(columns) for columns in wholes}) == 1


def test_a_row_that_is_read_back_adds_what_was_written() -> None:
    (whole, *_) = request_totals(entries_of([a_request(error_class="incomplete_stream"), a_request()])).values()
    twice = Totals(REQUESTS)
    twice.add(whole)
    twice.add_columns(whole.columns())

    assert twice.number("requests") == 4
    assert twice.failures == {"incomplete_stream": 2}
    assert sum(twice.histogram("latency")) == 4
