"""Money as the ledger keeps it: whole pico-USD (10⁻¹² USD), so that sums are exact in every database.

A price of up to six decimals per million tokens gives whole pico-USD per token. 64 bits hold 9.2 million USD in one number.
"""

from decimal import ROUND_HALF_EVEN, Context, Decimal

PLACES = 12
LARGEST_USD = 9_000_000

_EXACT = Context(prec=60, rounding=ROUND_HALF_EVEN)
"""Enough digits for every amount here, whatever a caller's own context is."""


def pico_usd(amount: Decimal | None) -> int | None:
    """The amount in pico-USD, what is finer rounded half to even. What no request costs is not believed: `None`, unknown."""
    if not amount:  # nothing, which is most of all amounts, or unknown
        return None if amount is None else 0
    if not amount.is_finite() or abs(amount) > LARGEST_USD:
        return None
    return int(_EXACT.to_integral_value(_EXACT.scaleb(amount, PLACES)))


def usd(pico: int) -> Decimal:
    """The exact amount in USD, without trailing zeros."""
    amount = _EXACT.scaleb(Decimal(pico), -PLACES)
    amount = _EXACT.normalize(amount)
    return _EXACT.quantize(amount, Decimal(1)) if amount == amount.to_integral_value() else amount
