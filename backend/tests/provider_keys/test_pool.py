import pytest

from ai_engine.errors import NotFound
from ai_engine.provider_keys.cooldown import Cooldown
from ai_engine.provider_keys.key_record import KeyState, KeyView
from ai_engine.provider_keys.pool import KeyPool
from ai_engine.providers.failures import FailureClass
from tests.builders import failure, key, provider
from tests.provider_keys.key_pools import clock, cooldown_after, cooldown_of, fail, pool_of, taken, used, view_of

RATE_LIMIT, QUOTA = FailureClass.RATE_LIMIT, FailureClass.QUOTA
FORBIDDEN, INVALID_KEY = FailureClass.FORBIDDEN, FailureClass.INVALID_KEY


def test_the_preferred_key_is_used_however_busy_it_is() -> None:
    pool = pool_of()
    pool.set_preferred("alpha", key("alpha-key-2").fingerprint)
    taken(pool)
    assert [used(pool) for _ in range(3)] == ["alpha-key-2"] * 3


def test_while_the_preferred_key_is_in_cooldown_the_others_serve_and_then_it_is_back() -> None:
    pool = pool_of()
    pool.set_preferred("alpha", key("alpha-key-2").fingerprint)
    fail(pool, RATE_LIMIT, retry_after=5)
    assert used(pool) == "alpha-key-1"
    clock.advance(5)
    assert used(pool) == "alpha-key-2"


def test_a_preferred_key_that_is_not_configured_is_waited_for() -> None:
    pool = pool_of()
    pool.set_preferred("alpha", key("alpha-key-3").fingerprint)
    assert used(pool) == "alpha-key-1"
    pool.set_providers({"alpha": provider("alpha", keys=3)})
    assert used(pool) == "alpha-key-3"


def test_the_key_with_the_fewest_requests_in_flight_comes_first() -> None:
    pool = pool_of()
    busy = taken(pool)
    assert {used(pool) for _ in range(3)} == {"alpha-key-2"}
    pool.release(busy)
    assert used(pool) == "alpha-key-1"


def test_of_idle_keys_the_one_with_more_of_its_rate_limit_left_comes_first() -> None:
    pool = pool_of()
    first, second = taken(pool), taken(pool)
    for pooled, left in ((first, b"10"), (second, b"90")):
        pool.record_success(pooled, "tiny", ((b"x-ratelimit-limit-requests", b"100"), (b"x-ratelimit-remaining-requests", left)))
        pool.release(pooled)
    assert [used(pool) for _ in range(2)] == ["alpha-key-2"] * 2
    assert used(pool, "another model") == "alpha-key-1"


def test_what_was_said_of_the_rate_limit_a_minute_ago_says_nothing_now() -> None:
    pool = pool_of()
    spent = taken(pool)
    pool.record_success(spent, "tiny", ((b"x-ratelimit-limit-requests", b"9"), (b"x-ratelimit-remaining-requests", b"0")))
    pool.release(spent)
    assert [used(pool), used(pool)] == ["alpha-key-2"] * 2
    clock.advance(60)
    assert used(pool) == "alpha-key-1"


@pytest.mark.parametrize(("limit", "left"), [(b"0", b"0"), (b"", b"1"), (b"x", b"y"), (b"100", b"-1"), (b"nan", b"1")])
def test_rate_limit_headers_that_make_no_sense_are_not_heard(limit: bytes, left: bytes) -> None:
    pool = pool_of()
    pooled = taken(pool)
    pool.record_success(pooled, "tiny", ((b"x-ratelimit-limit-requests", limit), (b"x-ratelimit-remaining-requests", left)))
    pool.release(pooled)
    assert [used(pool), used(pool)] == ["alpha-key-2", "alpha-key-1"], "they take turns as before"


def test_of_equal_keys_the_longest_unused_comes_first() -> None:
    pool = pool_of(keys=3)
    assert [used(pool) for _ in range(4)] == ["alpha-key-1", "alpha-key-2", "alpha-key-3", "alpha-key-1"]


def test_a_request_does_not_get_a_key_that_it_tried_already() -> None:
    pool = pool_of()
    first = taken(pool)
    second = pool.acquire("alpha", "tiny", {first.fingerprint})
    assert second is not None
    assert second is not first
    assert pool.acquire("alpha", "tiny", {first.fingerprint, second.fingerprint}) is None


def test_a_key_in_cooldown_is_skipped_until_it_ends() -> None:
    pool = pool_of()
    fail(pool, RATE_LIMIT, retry_after=10)
    assert {used(pool) for _ in range(4)} == {"alpha-key-2"}
    clock.advance(9.9)
    assert {used(pool) for _ in range(4)} == {"alpha-key-2"}
    clock.advance(0.1)
    assert {used(pool) for _ in range(4)} == {"alpha-key-1", "alpha-key-2"}


def test_a_rate_limit_is_a_cooldown_for_that_model_alone() -> None:
    pool = pool_of(keys=1)
    fail(pool, RATE_LIMIT, retry_after=10)
    assert used(pool) is None
    assert used(pool, "another") == "alpha-key-1"


def test_a_spent_quota_is_a_cooldown_for_every_model() -> None:
    pool = pool_of(keys=1)
    fail(pool, QUOTA)
    assert used(pool) is None
    assert used(pool, "another") is None
    assert pool.active("alpha") is None


@pytest.mark.parametrize("order", [(2, 30), (30, 2)])
def test_of_two_cooldowns_for_a_model_the_later_end_counts(order: tuple[float, float]) -> None:
    pool = pool_of(keys=1)
    pooled = taken(pool)
    for seconds in order:
        pool.record_failure(pooled, "tiny", failure(RATE_LIMIT, retry_after=seconds))
    assert cooldown_of(pool).seconds == 30


@pytest.mark.parametrize(("limited_for", "spent_for"), [(5, 50), (50, 5)])
def test_of_a_cooldown_for_one_model_and_one_for_all_the_later_end_counts(limited_for: float, spent_for: float) -> None:
    pool = pool_of(keys=1)
    pooled = taken(pool)
    pool.record_failure(pooled, "tiny", failure(RATE_LIMIT, retry_after=limited_for))
    pool.record_failure(pooled, "tiny", failure(QUOTA, retry_after=spent_for))
    clock.advance(49)
    assert used(pool) is None
    clock.advance(1)
    assert used(pool) == "alpha-key-1"


def test_rate_limits_without_a_stated_time_double_up_to_a_minute() -> None:
    pool = pool_of(keys=1)
    assert [cooldown_after(pool, RATE_LIMIT) for _ in range(8)] == [1, 2, 4, 8, 16, 32, 60, 60]


def test_the_escalation_is_jittered() -> None:
    assert cooldown_after(pool_of(keys=1, chance=0), RATE_LIMIT) == 0.75
    assert cooldown_after(pool_of(keys=1, chance=0.999), RATE_LIMIT) == pytest.approx(1.25, abs=0.01)


def test_a_stated_time_is_taken_as_it_is() -> None:
    assert cooldown_after(pool_of(keys=1, chance=0), RATE_LIMIT, retry_after=17) == 17


def test_a_success_ends_the_escalation() -> None:
    pool = pool_of(keys=1)
    assert [cooldown_after(pool, RATE_LIMIT) for _ in range(3)] == [1, 2, 4]
    pooled = taken(pool)
    pool.record_success(pooled, "tiny", ())
    pool.release(pooled)
    assert cooldown_after(pool, RATE_LIMIT) == 1


def test_a_success_with_another_model_does_not_end_it() -> None:
    pool = pool_of(keys=1)
    cooldown_after(pool, RATE_LIMIT)
    pooled = taken(pool, "another")
    pool.record_success(pooled, "another", ())
    pool.release(pooled)
    assert cooldown_after(pool, RATE_LIMIT) == 2


def test_many_requests_refused_at_once_escalate_once() -> None:
    pool = pool_of(keys=1)
    under_way = [taken(pool) for _ in range(20)]
    for pooled in under_way:
        pool.record_failure(pooled, "tiny", failure(RATE_LIMIT))
    assert cooldown_of(pool).seconds == 1


def test_a_key_refused_for_weeks_is_still_in_cooldown_for_a_minute() -> None:
    pool = pool_of(keys=1)
    assert [cooldown_after(pool, RATE_LIMIT) for _ in range(1100)][-1] == 60


def test_a_spent_quota_takes_an_hour_or_until_the_stated_reset() -> None:
    assert cooldown_after(pool_of(keys=1), QUOTA) == 3600
    assert cooldown_after(pool_of(keys=1), QUOTA, retry_after=90) == 90


def test_a_forbidden_model_is_in_cooldown_for_ten_minutes_on_that_key() -> None:
    pool = pool_of(keys=1)
    fail(pool, FORBIDDEN)
    assert used(pool, "another") == "alpha-key-1"
    clock.advance(599)
    assert used(pool) is None
    clock.advance(1)
    assert used(pool) == "alpha-key-1"


def test_forbidden_and_rate_limit_escalate_apart() -> None:
    pool = pool_of(keys=1)
    cooldown_after(pool, FORBIDDEN)
    assert cooldown_after(pool, RATE_LIMIT) == 1


def test_an_invalid_key_does_not_come_back_by_itself() -> None:
    pool = pool_of(keys=1)
    pooled = fail(pool, INVALID_KEY)
    view = view_of(pool, pooled)
    assert (view.state, view.cooldown_seconds, view.reason) == (KeyState.INVALID, 60, INVALID_KEY)
    assert pool.due_for_recheck() == []
    clock.advance(100_000)
    assert used(pool) is None
    assert pool.due_for_recheck() == [pooled]
    assert cooldown_of(pool) == Cooldown(1, INVALID_KEY), "what is due is not over"


def test_an_invalid_key_stays_out_when_its_cooldown_for_one_model_ends() -> None:
    pool = pool_of(keys=1)
    pooled = taken(pool)
    pool.record_failure(pooled, "tiny", failure(INVALID_KEY))
    pool.record_failure(pooled, "tiny", failure(RATE_LIMIT, retry_after=61))
    clock.advance(62)
    assert used(pool) is None


def test_requests_that_were_under_way_when_a_key_became_invalid_do_not_put_its_recheck_off() -> None:
    pool = pool_of(keys=1)
    under_way = [taken(pool) for _ in range(10)]
    for pooled in under_way:
        pool.record_failure(pooled, "tiny", failure(INVALID_KEY))
    assert cooldown_of(pool).seconds == 60


def test_an_accepted_key_keeps_the_cooldown_of_its_spent_quota() -> None:
    pool = pool_of(keys=1)
    pooled = taken(pool)
    pool.record_failure(pooled, "tiny", failure(QUOTA))
    pool.record_failure(pooled, "tiny", failure(INVALID_KEY))
    pool.accept(pooled)
    assert cooldown_of(pool) == Cooldown(3600, QUOTA)


def test_a_key_that_only_the_listing_accepts_is_checked_less_and_less_often() -> None:
    pool = pool_of(keys=1)
    waits = []
    for _ in range(3):
        pooled = fail(pool, INVALID_KEY)
        waits.append(cooldown_of(pool).seconds)
        clock.advance(waits[-1])
        pool.accept(pooled)
    assert waits == [60, 120, 240]


def test_a_person_can_restore_a_key_and_all_keys() -> None:
    pool = pool_of()
    first = fail(pool, INVALID_KEY)
    fail(pool, QUOTA)
    pool.restore("alpha", first.fingerprint)
    assert {used(pool) for _ in range(3)} == {"alpha-key-1"}
    pool.restore("alpha")
    assert {used(pool) for _ in range(3)} == {"alpha-key-1", "alpha-key-2"}


def test_a_key_that_is_not_there_cannot_be_restored() -> None:
    with pytest.raises(NotFound, match="0000"):
        pool_of().restore("alpha", "00000000")


def test_with_every_key_in_cooldown_nothing_is_handed_out() -> None:
    pool = pool_of()
    fail(pool, RATE_LIMIT, retry_after=9)
    fail(pool, QUOTA)
    assert pool.acquire("alpha", "tiny") is None


def test_the_soonest_return_is_that_of_the_first_key_to_be_back() -> None:
    pool = pool_of()
    assert pool.cooldown_of("alpha", "tiny") is None
    fail(pool, RATE_LIMIT, retry_after=9)
    assert pool.cooldown_of("alpha", "tiny") is None
    fail(pool, QUOTA)
    assert cooldown_of(pool) == Cooldown(9, RATE_LIMIT)


def test_an_invalid_key_promises_no_return_where_another_does() -> None:
    pool = pool_of()
    fail(pool, INVALID_KEY)
    clock.advance(59)
    fail(pool, RATE_LIMIT, retry_after=2)
    assert cooldown_of(pool).reason is RATE_LIMIT


def test_a_provider_nobody_knows_has_no_key() -> None:
    pool = pool_of()
    assert pool.acquire("nobody", "tiny") is None
    assert pool.cooldown_of("nobody", "tiny") is None
    assert pool.in_flight_per_key("nobody") == 0


def test_a_provider_without_keys_has_one_anonymous_place_with_cooldowns_like_any_other() -> None:
    pool = pool_of(keys=0)
    pooled = taken(pool)
    assert pooled.key is None
    assert pooled.fingerprint is None
    pool.record_failure(pooled, "tiny", failure(RATE_LIMIT, retry_after=3))
    assert used(pool) is None
    clock.advance(3)
    assert used(pool) == "anonymous"


def test_a_provider_whose_key_is_missing_has_no_place_at_all() -> None:
    pool = KeyPool(clock)
    pool.set_providers({"alpha": provider("alpha", keys=0, needs_key=True, is_configured=False)})
    assert pool.acquire("alpha", "tiny") is None


def test_a_reload_keeps_what_surviving_keys_went_through_and_forgets_the_gone() -> None:
    pool = pool_of()
    fail(pool, QUOTA)
    gone = taken(pool)
    pool.set_providers({"alpha": provider("alpha", keys=1)})
    assert [view.state for view in pool.keys_of("alpha")] == [KeyState.COOLDOWN]
    assert used(pool) is None
    pool.set_providers({"alpha": provider("alpha", keys=2)})
    pool.record_failure(gone, "tiny", failure(QUOTA))
    pool.release(gone)
    assert [(view.requests, view.in_flight, view.failures) for view in pool.keys_of("alpha")] == [(1, 0, 1), (0, 0, 0)]


def test_requests_in_flight_are_shared_by_the_keys_that_work() -> None:
    pool = pool_of()
    taken(pool), taken(pool)
    assert pool.in_flight_per_key("alpha") == 1
    pool.record_failure(taken(pool), "tiny", failure(QUOTA))
    assert pool.in_flight_per_key("alpha") == 3


def test_a_failure_that_is_not_the_keys_is_counted_and_is_no_cooldown() -> None:
    pool = pool_of(keys=1)
    assert view_of(pool, fail(pool, FailureClass.SERVER_ERROR)).failures == 1
    assert used(pool) == "alpha-key-1"


def test_a_view_says_how_a_key_is_at_one_moment() -> None:
    pool = pool_of()
    first = taken(pool)
    pool.record_failure(first, "tiny", failure(RATE_LIMIT, retry_after=9))
    pool.record_failure(first, "large", failure(FORBIDDEN))
    pool.record_failure(first, "tiny", failure(QUOTA))
    clock.advance(8)
    view, other = pool.keys_of("alpha")
    assert view == KeyView(
        fingerprint=first.fingerprint,
        last_four=None,
        is_active=False,
        state=KeyState.COOLDOWN,
        cooldown_seconds=3592,
        reason=QUOTA,
        model_cooldowns={"tiny": Cooldown(1, RATE_LIMIT), "large": Cooldown(592, FORBIDDEN)},
        in_flight=1,
        requests=1,
        failures=3,
    )
    assert (other.is_active, other.state, other.cooldown_seconds, other.reason) == (True, KeyState.USABLE, None, None)
    clock.advance(2)
    assert pool.keys_of("alpha")[0].model_cooldowns.keys() == {"large"}
    assert view.model_cooldowns.keys() == {"tiny", "large"}, "a view does not change"


def test_a_key_whose_recheck_is_due_says_so_without_a_cooldown_that_is_left() -> None:
    pool = pool_of(keys=1)
    pooled = fail(pool, INVALID_KEY)
    clock.advance(63)
    view = view_of(pool, pooled)
    assert (view.state, view.cooldown_seconds) == (KeyState.INVALID, -3)
