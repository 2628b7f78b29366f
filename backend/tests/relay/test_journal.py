from ai_engine.relay.journal import Journal
from tests.ledger.builders import an_attempt


def test_what_runs_side_by_side_counts_once() -> None:
    journal = Journal()
    for moment, is_begin in ((1, True), (2, True), (4, False), (5, True), (6, False), (7, False)):
        (journal.enter if is_begin else journal.leave)(moment)
    assert journal.upstream_seconds(100) == 6
    journal.enter(110)
    assert journal.upstream_seconds(112) == 8


def test_the_time_of_a_slow_client_is_no_time_of_the_providers() -> None:
    journal = Journal()
    journal.begin(10)
    journal.end(an_attempt(1), 3, 20)
    assert (journal.upstream_seconds(20), journal.client_seconds) == (7, 3)


def test_attempts_that_end_in_another_order_are_listed_as_they_began() -> None:
    journal = Journal()
    first, second = journal.begin(0), journal.begin(1)
    journal.end(an_attempt(second), 0, 2)
    journal.end(an_attempt(first), 0, 3)
    assert [finished.number for finished in journal.attempts()] == [1, 2]


def test_an_answer_that_is_continued_is_paid_for_in_every_part() -> None:
    journal = Journal()
    journal.answer_with(1)
    journal.answer_with(3)
    assert (journal.winner, journal.payable) == (3, (1, 3))
