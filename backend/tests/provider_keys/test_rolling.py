import pytest

from ai_engine.errors import Conflict
from ai_engine.providers.failures import FailureClass
from tests.builders import key
from tests.provider_keys.key_pools import fail, pool_of, used

QUOTA, INVALID_KEY = FailureClass.QUOTA, FailureClass.INVALID_KEY


def test_rolling_goes_to_the_next_usable_key() -> None:
    pool = pool_of(keys=3)
    assert pool.next_to_roll_to("alpha") == key("alpha-key-2").fingerprint
    fail(pool, QUOTA)
    pool.set_preferred("alpha", key("alpha-key-3").fingerprint)
    assert pool.next_to_roll_to("alpha") == key("alpha-key-2").fingerprint


def test_rolling_does_not_penalise_the_old_key() -> None:
    pool = pool_of()
    pool.set_preferred("alpha", pool.next_to_roll_to("alpha"))
    assert used(pool) == "alpha-key-2"
    pool.set_preferred("alpha", pool.next_to_roll_to("alpha"))
    assert used(pool) == "alpha-key-1"
    assert [pooled.failures for pooled in pool.keys_of("alpha")] == [0, 0]


@pytest.mark.parametrize("keys", [0, 1])
def test_rolling_where_there_is_no_other_key_is_a_conflict(keys: int) -> None:
    with pytest.raises(Conflict):
        pool_of(keys=keys).next_to_roll_to("alpha")


def test_rolling_is_a_conflict_while_the_other_key_is_invalid() -> None:
    pool = pool_of()
    fail(pool, INVALID_KEY)
    with pytest.raises(Conflict):
        pool.next_to_roll_to("alpha")
    pool.restore("alpha")
    assert pool.next_to_roll_to("alpha")
