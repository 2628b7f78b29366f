"""What requests have found out about routes, for the requests after them."""

from collections.abc import Collection, Hashable
from typing import Generic, TypeVar

from ai_engine.clock import Clock

_STORED_SECONDS = 600
"""Then it is tried again."""
_MOST_SUBJECTS = 1024
"""A server that answers to any name has as many routes as clients think of; the oldest go first."""
_MOST_FACTS = 32
"""Of one subject; further ones are not stored."""

Subject = TypeVar("Subject", bound=Hashable)
Fact = TypeVar("Fact", bound=Hashable)


class Learnt(Generic[Subject, Fact]):
    """Facts about subjects, each for ten minutes. Noted only once a sound answer shows that nothing else was wrong."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.until: dict[Subject, dict[Fact, float]] = {}
        """When each fact is forgotten, in monotonic seconds. Empty until something is learnt: every request looks."""

    def note(self, subject: Subject, fact: Fact) -> None:
        now = self._clock.monotonic()
        facts = {known: until for known, until in self.until.pop(subject, {}).items() if until > now}
        if fact in facts or len(facts) < _MOST_FACTS:
            facts[fact] = now + _STORED_SECONDS
        self.until[subject] = facts
        if len(self.until) > _MOST_SUBJECTS:
            del self.until[next(iter(self.until))]

    def of(self, subject: Subject) -> Collection[Fact]:
        facts = self.until.get(subject)
        if not facts:
            return ()
        now = self._clock.monotonic()
        return [fact for fact, until in facts.items() if until > now]
