"""What one provider key has been through: its cooldowns, counters, and share of the rate limit.

Moments are monotonic seconds of this process and stay in this package; readers get durations.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

from ai_engine.clock import Chance
from ai_engine.provider_keys.cooldown import Cooldown, CooldownPolicy, cooldown_seconds
from ai_engine.providers.failures import Failure, FailureClass, KeyScope
from ai_engine.providers.registry.definition import ProviderKey
from ai_engine.upstream.port import Headers, header

_RATE_LIMIT_NEWS_SECONDS = 60
"""`x-ratelimit-*` older than this says nothing any more: most providers count by the minute."""

_MOST_MODELS = 1000
"""Beyond it what a key learnt model by model begins anew: names that clients make up must not fill the memory."""


class KeyState(StrEnum):
    """Whether a key can be used, single models apart."""

    USABLE = "usable"
    COOLDOWN = "cooldown"
    INVALID = "invalid"
    """The provider does not accept the key; only a successful listing, or a person, brings it back."""


class KeyView(NamedTuple):
    """A key as readers see it at one moment."""

    fingerprint: str | None
    """`None` for a provider that takes no key."""
    last_four: str | None
    is_active: bool
    """The next request gets it, single models apart."""
    state: KeyState
    cooldown_seconds: float | None
    """What is left of the cooldown for all models, of an invalid key until its next check; `None` where it is usable.

    An invalid key whose check is due has 0 or less.
    """
    reason: FailureClass | None
    """Why it is not usable."""
    model_cooldowns: Mapping[str, Cooldown]
    in_flight: int
    requests: int
    """Since the start, as `failures`."""
    failures: int


class CooldownEnd(NamedTuple):
    """When a cooldown is over; for this package alone."""

    at: float
    reason: FailureClass


@dataclass(slots=True)
class KeyRecord:
    """One key's mutable state."""

    in_flight: int = 0
    requests: int = 0
    failures: int = 0
    last_turn: int = 0
    """The pool's turn at which it was used last."""
    is_invalid: bool = False
    recheck_at: float = 0
    """When an invalid key is checked again."""
    _cooldowns: dict[str | None, CooldownEnd] = field(default_factory=dict)
    """By model; `None` is for all of them."""
    _consecutive_failures: dict[tuple[FailureClass, str | None], int] = field(default_factory=dict)
    """Of each kind, by model as above."""
    _shares_left: dict[str, tuple[float, float]] = field(default_factory=dict)
    """By model: the share of the rate limit that is left, and when the provider said so."""

    def cooldown_end(self, model: str | None, now: float) -> CooldownEnd | None:
        """The end of what keeps the key from this model, the later of two; an invalid key's may be past.

        `None` as a model asks for what keeps it from all of them.
        """
        if not self._cooldowns:
            return None
        whole, own = self._cooldowns.get(None), self._cooldowns.get(model)
        ends = [end for end in (whole, own) if end is not None and (end.at > now or (end is whole and self.is_invalid))]
        return max(ends, default=None)

    def share_left(self, model: str, now: float) -> float:
        """Of the rate limit, as the provider said within the last minute; else 1."""
        share, said_at = self._shares_left.get(model, (1.0, now))
        return share if now - said_at < _RATE_LIMIT_NEWS_SECONDS else 1.0

    def record_success(self, model: str) -> None:
        """Ends the escalation for this model."""
        if self._consecutive_failures:
            kept = {of: count for of, count in self._consecutive_failures.items() if of[1] not in (model, None)}
            self._consecutive_failures = kept

    def record_rate_limit(self, model: str, headers: Headers, now: float) -> None:
        """Takes what an answer says of the rate limit, where it makes sense."""
        limit, left = header(headers, b"x-ratelimit-limit-requests"), header(headers, b"x-ratelimit-remaining-requests")
        try:
            share = float(left or "") / float(limit or "")
        except (ValueError, ZeroDivisionError):
            return
        if 0 <= share <= 1:  # Azure answers -1 for "not counted"
            if len(self._shares_left) >= _MOST_MODELS:
                self._shares_left.clear()
            self._shares_left[model] = (share, now)

    def record_failure(self, model: str, failure: Failure, now: float, policy: CooldownPolicy, chance: Chance) -> None:
        """Counts the failure, and starts a cooldown where it is the key's. Of two cooldowns the later end counts."""
        self.failures += 1
        is_invalid = failure.key_scope is KeyScope.INVALID
        if failure.key_scope in (None, KeyScope.REQUEST) or (is_invalid and self.is_invalid and self.recheck_at > now):
            return
        scope = model if failure.key_scope is KeyScope.MODEL else None
        self._cooldowns = {known: end for known, end in self._cooldowns.items() if end.at > now or known is None}
        running = self._cooldowns.get(scope)
        is_running = running is not None and running.at > now
        failures_before = self._count(failure.kind, scope, escalates=is_invalid or not is_running)
        seconds = cooldown_seconds(failure, failures_before=failures_before, policy=policy, chance=chance)
        end = CooldownEnd(now + seconds, failure.kind)
        if is_invalid:
            self.is_invalid, self.recheck_at = True, end.at
        if running is None or running.at <= end.at:
            self._cooldowns[scope] = end

    def _count(self, kind: FailureClass, scope: str | None, *, escalates: bool) -> int:
        """How many of the kind came in a row before this one.

        One of an attempt from before the running cooldown does not escalate it: it counts as the same.
        """
        of = kind, scope
        before = self._consecutive_failures.get(of, 0)
        if before and not escalates:
            return before - 1
        if len(self._consecutive_failures) >= _MOST_MODELS:
            self._consecutive_failures.clear()
        self._consecutive_failures[of] = before + 1
        return before

    def accept(self) -> None:
        """The provider accepts an invalid key again.

        Its other cooldowns stay, and so does its escalation, until a request succeeds: some listings are free for every key.
        """
        self.is_invalid = False
        whole = self._cooldowns.get(None)
        if whole is not None and whole.reason is FailureClass.INVALID_KEY:
            del self._cooldowns[None]

    def restore(self) -> None:
        """Ends every cooldown and every escalation."""
        self.is_invalid = False
        self._cooldowns.clear()
        self._consecutive_failures.clear()

    def view(self, key: ProviderKey | None, now: float, *, is_active: bool) -> KeyView:
        end = self.cooldown_end(None, now)
        return KeyView(
            fingerprint=key.fingerprint if key else None,
            last_four=key.last_four if key else None,
            is_active=is_active,
            state=KeyState.INVALID if self.is_invalid else KeyState.COOLDOWN if end else KeyState.USABLE,
            cooldown_seconds=end.at - now if end else None,
            reason=end.reason if end else None,
            model_cooldowns={
                model: Cooldown(end.at - now, end.reason)
                for model, end in self._cooldowns.items()
                if model is not None and end.at > now
            },
            in_flight=self.in_flight,
            requests=self.requests,
            failures=self.failures,
        )
