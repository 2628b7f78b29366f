"""How long a provider key rests after a failure."""

from dataclasses import dataclass

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
    """A key that the provider does not know is asked about again after this, doubling …"""
    longest_recheck: float = 3600
    """… to this."""


@dataclass(frozen=True, slots=True)
class Cooldown:
    """A rest with its end, in monotonic seconds, and its reason."""

    until: float
    reason: FailureClass


def cooldown_seconds(failure: Failure, *, strikes: int, policy: CooldownPolicy, chance: Chance) -> float:
    """How long the key rests. `strikes` counts the failures of this kind before this one, without a success between.

    What the provider stated is taken as it is: coming back early only earns the next refusal.
    """
    doubled = 2.0 ** min(strikes, _MOST_DOUBLINGS)
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
