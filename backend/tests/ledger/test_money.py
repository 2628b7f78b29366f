from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ai_engine.ledger.money import pico_usd, usd


@given(st.integers(-(9 * 10**18), 9 * 10**18))
def test_every_amount_of_whole_pico_usd_comes_back_exactly(pico: int) -> None:
    assert pico_usd(usd(pico)) == pico


def test_a_token_at_a_price_of_six_decimals_a_million_is_exact() -> None:
    cost = Decimal("0.018750") / 1_000_000 * 3

    assert usd(pico_usd(cost) or 0) == cost == Decimal("0.00000005625")


def test_zero_is_an_amount_and_unknown_is_none() -> None:
    assert pico_usd(Decimal("0.00")) == 0
    assert str(usd(0)) == "0"
    assert pico_usd(None) is None


@pytest.mark.parametrize("amount", ["NaN", "Infinity", "1e30", "-1e30"])
def test_what_64_bits_cannot_hold_is_unknown(amount: str) -> None:
    assert pico_usd(Decimal(amount)) is None
