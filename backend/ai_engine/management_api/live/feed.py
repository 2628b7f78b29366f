"""The state behind `/ws`: recent finished requests in a ring buffer, and changes, serialised once for all subscribers.

A subscriber has a position and no queue, so a slow one costs no memory: its next message contains everything since its position,
or, if the ring buffer no longer reaches that far back, a snapshot and the number of requests it missed.
"""

import asyncio
import contextlib
import re
import secrets
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from ai_engine.clock import Clock
from ai_engine.errors import Unavailable
from ai_engine.events import RequestFinished
from ai_engine.management_api.schemas import ProviderView, Status
from ai_engine.management_api.views.requests import request_view

_LONGEST_CURSOR = 64
_read_cursor = re.compile(r"([0-9a-f]+)\.([0-9]{1,15})\.([0-9]{1,15})").fullmatch


@dataclass(frozen=True, slots=True)
class LiveLimits:
    """Intervals and limits of the live feed."""

    tick_seconds: float = 0.25
    status_every_seconds: float = 1
    heartbeat_seconds: float = 15
    """After that long without a change, an empty message is sent."""
    buffered_requests: int = 1000
    """How many finished requests a subscriber may fall behind without missing one."""
    snapshot_requests: int = 50
    """How many of them a snapshot contains."""
    max_connections: int = 256
    send_seconds: float = 20
    """Timeout of sending a message; then the connection is closed."""
    recheck_seconds: float = 1
    """How often a subscriber's authorization is checked while there are no messages."""


class Position(NamedTuple):
    """What a subscriber has received: everything up to here."""

    revision: int
    """Of status and providers."""
    requests: int
    """The number of requests finished since the start."""


class _Published(NamedTuple):
    """A part of the state as JSON, and the revision of its last change."""

    text: str
    revision: int


class LiveFeed:
    """A `RequestObserver` that publishes status, providers and requests. Without subscribers it only fills the ring buffer."""

    def __init__(
        self, status: Callable[[], Status], providers: Callable[[], Sequence[ProviderView]], clock: Clock, limits: LiveLimits
    ) -> None:
        self.limits = limits
        self._show_status = status
        self._show_providers = providers
        self._clock = clock
        self._run = secrets.token_hex(4)
        """Part of each cursor: cursors of another run are invalid."""
        self._ring: deque[RequestFinished] = deque(maxlen=limits.buffered_requests)
        self._finished = 0
        self._request_texts: dict[int, str] = {}
        """Serialised requests by number."""
        self._status = _Published("null", 0)
        self._compared_status = ""
        self._status_at = float("-inf")
        self._providers: dict[str, _Published] = {}
        self._complete_since = 0
        """The first revision since which changes alone are sufficient; older positions need a snapshot."""
        self._published_at = float("-inf")
        self._published_time = ""
        self._published_before = Position(0, 0)
        self._shared: str | None = None
        """The message with the changes since `_published_before`, which most subscribers get."""
        self._snapshot: str | None = None
        self._subscribers = 0
        self._has_subscribers = asyncio.Event()
        self._published = asyncio.Event()
        self.position = Position(0, 0)
        """The position of a subscriber that is up to date."""

    def __call__(self, request: RequestFinished) -> None:
        """Records a finished request. On the request path: an append and a count."""
        self._ring.append(request)
        self._finished += 1

    @contextlib.contextmanager
    def subscribe(self, cursor: str | None) -> Iterator["Subscriber"]:
        """A subscription from `cursor` on, or with a snapshot first. Raises `Unavailable` at the connection limit."""
        if self._subscribers >= self.limits.max_connections:
            raise Unavailable(
                f"Connection limit reached: {self.limits.max_connections}. Close unused connections, or retry later.",
                retry_after_seconds=self.limits.heartbeat_seconds,
                code="too_many_connections",
            )
        if not self._subscribers:
            self._update()  # there were no updates without subscribers
        self._subscribers += 1
        self._has_subscribers.set()
        try:
            yield Subscriber(self, cursor)
        finally:
            self._subscribers -= 1
            if not self._subscribers:
                self._has_subscribers.clear()
                self._request_texts.clear()
                self._shared = self._snapshot = None

    async def run(self) -> None:
        """Publishes changes while there are subscribers, until it is cancelled."""
        while True:
            await self._has_subscribers.wait()
            await self._clock.sleep(self.limits.tick_seconds)
            if self._subscribers:
                self._update()

    async def next_update(self) -> None:
        """Waits for the next change or heartbeat."""
        await self._published.wait()

    def position_of(self, cursor: str) -> Position | None:
        """`None` for an invalid cursor, or one of another run."""
        read = _read_cursor(cursor) if len(cursor) <= _LONGEST_CURSOR else None
        if read is None or read[1] != self._run:
            return None
        position = Position(int(read[2]), int(read[3]))
        is_past = position.revision <= self.position.revision and position.requests <= self.position.requests
        return position if is_past else None

    def reaches(self, position: Position) -> bool:
        """Whether all changes since `position` are still known."""
        return position.revision >= self._complete_since and position.requests >= self._oldest

    def changes(self, since: Position) -> str:
        """The message for a subscriber whose position is within reach (`reaches`)."""
        if self._shared is not None and since == self._published_before:
            return self._shared
        status = self._status.text if self._status.revision > since.revision else "null"
        providers = ",".join(published.text for published in self._providers.values() if published.revision > since.revision)
        requests = self._requests_since(since.requests)
        text = f'{self._head("changes")},"status":{status},"providers":[{providers}],"requests":[{requests}]}}'
        if since == self._published_before:
            self._shared = text
        return text

    def snapshot(self, since: Position | None) -> tuple[str, int]:
        """The snapshot message without its end, and how many requests a subscriber at `since` has missed."""
        first = max(self.position.requests - self.limits.snapshot_requests, self._oldest, 0)
        if self._snapshot is None:
            providers = ",".join(published.text for published in self._providers.values())
            parts = f'"status":{self._status.text},"providers":[{providers}],"requests":[{self._requests_since(first)}]'
            self._snapshot = f"{self._head('snapshot')},{parts}"
        return self._snapshot, max(0, min(first, self.position.requests) - since.requests) if since else 0

    @property
    def _oldest(self) -> int:
        return self._finished - len(self._ring)

    def _head(self, kind: str) -> str:
        cursor = f"{self._run}.{self.position.revision}.{self.position.requests}"
        return f'{{"type":"{kind}","cursor":"{cursor}","at":"{self._published_time}"'

    def _requests_since(self, number: int) -> str:
        return ",".join(self._request_text(each) for each in range(number, self.position.requests))

    def _request_text(self, number: int) -> str:
        text = self._request_texts.get(number)
        if text is None:
            text = request_view(self._ring[number - self._oldest]).model_dump_json()
            self._request_texts[number] = text
        return text

    def _update(self) -> None:
        """Compares the state with what was published, and publishes the changes."""
        now, revision = self._clock.monotonic(), self.position.revision + 1
        has_changed = [self._update_providers(revision), self._update_status(revision, now)]
        published = Position(revision if any(has_changed) else self.position.revision, self._finished)
        if published == self.position and now - self._published_at < self.limits.heartbeat_seconds:
            return
        for number in [number for number in self._request_texts if number < self._oldest]:
            del self._request_texts[number]
        self._published_before, self.position, self._published_at = self.position, published, now
        self._published_time = self._clock.now().isoformat().replace("+00:00", "Z")
        self._shared = self._snapshot = None
        event, self._published = self._published, asyncio.Event()
        event.set()

    def _update_providers(self, revision: int) -> bool:
        before, has_changed = self._providers, False
        self._providers = {}
        for view in self._show_providers():
            published = before.get(view.name)
            text = view.model_dump_json()
            if published is None or published.text != text:
                published, has_changed = _Published(text, revision), True
            self._providers[view.name] = published
        if before.keys() - self._providers.keys():
            # Change messages cannot express that a provider is gone; a snapshot simply does not contain it.
            self._complete_since, has_changed = revision, True
        return has_changed

    def _update_status(self, revision: int, now: float) -> bool:
        if now - self._status_at < self.limits.status_every_seconds:
            return False
        status = self._show_status()
        compared = status.model_dump_json(exclude={"uptime_seconds"})
        if compared == self._compared_status:
            return False
        self._compared_status, self._status_at = compared, now
        self._status = _Published(status.model_dump_json(), revision)
        return True


class Subscriber:
    """One connection's position in the feed."""

    def __init__(self, feed: LiveFeed, cursor: str | None) -> None:
        self._feed = feed
        self._position = None if cursor is None else feed.position_of(cursor)
        self._has_invalid_cursor = cursor is not None and self._position is None
        """What it received before is unknown."""
        self._has_started = False

    async def next_message(self) -> str:
        """The next message: at once if the subscriber is behind, else with the next change or heartbeat."""
        feed = self._feed
        if self._has_started and self._position == feed.position:
            await feed.next_update()
        self._has_started = True
        before, self._position = self._position, feed.position
        if before is not None and feed.reaches(before):
            return feed.changes(before)
        snapshot, missed = feed.snapshot(before)
        is_unknown, self._has_invalid_cursor = self._has_invalid_cursor, False
        return f'{snapshot},"missed":{"null" if is_unknown else missed}}}'
