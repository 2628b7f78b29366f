"""How long a provider key is in cooldown after a failure."""

from dataclasses import dataclass
from typing import NamedTuple

from ai_engine.clock import Chance, jittered
from ai_engine.providers.failures import Failure, FailureClass, KeyScope

_MOST_DOUBLINGS = 32
"""Every longest time is reached long before; a key that was refused for weeks must not overflow a float."""


@dataclass(frozen=True, slots=True)
class CooldownPolicy:
    """Seconds; the defaults are the contract's."""

    first_rate_limit: float = 1
    """A 429 without `Retry-After`; doubles with each one that follows without a success."""
    longest_rate_limit: float = 60
    quota: float = 3600
    forbidden: float = 600
    first_recheck: float = 60
    """An invalid key is checked again after this, doubling …"""
    longest_recheck: float = 3600
    """… to this."""


class Cooldown(NamedTuple):
    """What is left of a cooldown."""

    seconds: float
    """From now, above 0."""
    reason: FailureClass


def cooldown_seconds(failure: Failure, *, failures_before: int, policy: CooldownPolicy, chance: Chance) -> float:
    """How long the cooldown is. `failures_before` counts those of this kind in a row before this one.

    A time that the provider states is taken as it is: an earlier request is only refused again.
    """
    doubled = 2.0 ** min(failures_before, _MOST_DOUBLINGS)
    if failure.key_scope is KeyScope.INVALID:
        return min(policy.first_recheck * doubled, policy.longest_recheck)
    if failure.retry_after_seconds is not None:
        return failure.retry_after_seconds
    match failure.kind:
        case FailureClass.QUOTA:
            return policy.quota
        case FailureClass.FORBIDDEN:
            return policy.forbidden
        case _:
            return jittered(min(policy.first_rate_limit * doubled, policy.longest_rate_limit), chance)
