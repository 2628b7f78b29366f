"""What happened for one request so far: its attempts, which of them answers, which are paid for, and the time spent on them."""

from ai_engine.events import AttemptFinished


class Journal:
    """The attempts of one request. Each has a number, from 1, in the order in which they began."""

    __slots__ = ("_busy_seconds", "_busy_since", "_under_way", "begun", "client_seconds", "finished", "payable", "winner")

    def __init__(self) -> None:
        self.begun = 0
        self.finished: list[AttemptFinished] = []
        """In the order in which they ended."""
        self.winner: int | None = None
        """The attempt that the client's answer comes from; of several that continue one another, the last."""
        self.payable: tuple[int, ...] = ()
        """The attempts that the client pays for. What the others cost is absorbed."""
        self.client_seconds = 0.0
        """How long a slow client held attempts up, which is no time of the providers'."""
        self._busy_seconds = 0.0
        self._busy_since = 0.0
        self._under_way = 0

    def enter(self, now: float) -> None:
        """An attempt, or a wait that a provider asked for, begins at `now` on the monotonic clock."""
        if not self._under_way:
            self._busy_since = now
        self._under_way += 1

    def leave(self, now: float) -> None:
        """One of them ends."""
        self._under_way -= 1
        if not self._under_way:
            self._busy_seconds += now - self._busy_since

    def upstream_seconds(self, now: float) -> float:
        """Time spent on providers until now, as the union of intervals: what runs side by side counts once."""
        busy = self._busy_seconds + (now - self._busy_since if self._under_way else 0.0)
        return busy - self.client_seconds

    def begin(self, now: float) -> int:
        """The number of an attempt that begins."""
        self.begun += 1
        self.enter(now)
        return self.begun

    def end(self, finished: AttemptFinished, client_seconds: float, now: float) -> None:
        """Every attempt that began ends here, once."""
        self.client_seconds += client_seconds
        self.leave(now)
        self.finished.append(finished)

    def answer_with(self, number: int) -> None:
        """This attempt's answer goes to the client, and is charged to it."""
        self.winner = number
        self.payable += (number,)

    def attempts(self) -> tuple[AttemptFinished, ...]:
        """All that ended, in the order in which they began."""
        if len(self.finished) < 2:
            return tuple(self.finished)
        return tuple(sorted(self.finished, key=lambda attempt: attempt.number))
