"""What `/ws` tells: the last finished requests in a ring, and what changed since, worked out once for everybody who follows.

Each follower has a position in it and no queue, so that a slow one costs nobody anything: it is told of everything since its
position, or, where the ring no longer reaches back that far, how it stands now and how much it missed.
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
class LivePace:
    """How often and how much is told."""

    tick_seconds: float = 0.25
    status_every_seconds: float = 1
    heartbeat_seconds: float = 15
    """After that long without a change everybody gets an empty message."""
    remembered_requests: int = 1000
    """How far back a follower may fall without missing one."""
    shown_requests: int = 50
    """How many of them a snapshot begins with."""
    most_followers: int = 256
    send_seconds: float = 20
    """For a follower to make room for its next message; then its connection ends."""
    admission_seconds: float = 1
    """How often it is looked whether a follower still may, also where there is nothing to tell."""


class Position(NamedTuple):
    """What a follower has been told: everything up to here."""

    revision: int
    """Of status and providers."""
    requests: int
    """How many had finished since the start."""


class _Published(NamedTuple):
    """A part of the picture, as JSON, and the revision that brought it."""

    text: str
    revision: int


class LiveFeed:
    """A `RequestObserver`, and the picture that its followers are told of. Without followers it only fills the ring."""

    def __init__(
        self, status: Callable[[], Status], providers: Callable[[], Sequence[ProviderView]], clock: Clock, pace: LivePace
    ) -> None:
        self.pace = pace
        self._show_status = status
        self._show_providers = providers
        self._clock = clock
        self._run = secrets.token_hex(4)
        """Cursors of another run mean nothing here."""
        self._ring: deque[RequestFinished] = deque(maxlen=pace.remembered_requests)
        self._finished = 0
        self._request_texts: dict[int, str] = {}
        """By number, of those that somebody was told of."""
        self._status = _Published("null", 0)
        self._compared_status = ""
        self._status_at = float("-inf")
        self._providers: dict[str, _Published] = {}
        self._complete_since = 0
        """The first revision from which the changes alone lead to the picture."""
        self._published_at = float("-inf")
        self._published_time = ""
        self._published_before = Position(0, 0)
        self._shared: str | None = None
        """The changes since then, which most followers are told of."""
        self._picture: str | None = None
        self._followers = 0
        self._is_followed = asyncio.Event()
        self._news = asyncio.Event()
        self.position = Position(0, 0)
        """What whoever is up to date has been told."""

    def __call__(self, request: RequestFinished) -> None:
        """Takes what happened. On the request path: an append and a count."""
        self._ring.append(request)
        self._finished += 1

    @contextlib.contextmanager
    def follow(self, cursor: str | None) -> Iterator["Follower"]:
        """Lets somebody follow from `cursor` on, or from the start of the picture. Raises `Unavailable` if there are too many."""
        if self._followers >= self.pace.most_followers:
            raise Unavailable(
                f"{self.pace.most_followers} connections follow already; close one that nobody looks at.",
                retry_after_seconds=self.pace.heartbeat_seconds,
                code="too_many_followers",
            )
        if not self._followers:
            self._look()  # since nobody has for a while
        self._followers += 1
        self._is_followed.set()
        try:
            yield Follower(self, cursor)
        finally:
            self._followers -= 1
            if not self._followers:
                self._is_followed.clear()
                self._request_texts.clear()
                self._shared = self._picture = None

    async def run(self) -> None:
        """Looks for changes as long as somebody follows, until it is cancelled."""
        while True:
            await self._is_followed.wait()
            await self._clock.sleep(self.pace.tick_seconds)
            if self._followers:
                self._look()

    async def news(self) -> None:
        """Waits until there is something to tell, or for the heartbeat."""
        await self._news.wait()

    def position_of(self, cursor: str) -> Position | None:
        """`None` for a cursor of another run, and for what is none."""
        read = _read_cursor(cursor) if len(cursor) <= _LONGEST_CURSOR else None
        if read is None or read[1] != self._run:
            return None
        position = Position(int(read[2]), int(read[3]))
        is_past = position.revision <= self.position.revision and position.requests <= self.position.requests
        return position if is_past else None

    def reaches(self, position: Position) -> bool:
        """Whether the changes since `position` can be told, every one of them."""
        return position.revision >= self._complete_since and position.requests >= self._oldest

    def changes(self, since: Position) -> str:
        """The message for a follower that `reaches` reaches."""
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
        """The picture without its end, and how many requests were missed by whoever stood at `since`."""
        first = max(self.position.requests - self.pace.shown_requests, self._oldest, 0)
        if self._picture is None:
            providers = ",".join(published.text for published in self._providers.values())
            parts = f'"status":{self._status.text},"providers":[{providers}],"requests":[{self._requests_since(first)}]'
            self._picture = f"{self._head('snapshot')},{parts}"
        return self._picture, max(0, min(first, self.position.requests) - since.requests) if since else 0

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

    def _look(self) -> None:
        """Compares everything with what was told, and tells what is new."""
        now, revision = self._clock.monotonic(), self.position.revision + 1
        is_new = [self._look_at_providers(revision), self._look_at_status(revision, now)]
        published = Position(revision if any(is_new) else self.position.revision, self._finished)
        if published == self.position and now - self._published_at < self.pace.heartbeat_seconds:
            return
        for number in [number for number in self._request_texts if number < self._oldest]:
            del self._request_texts[number]
        self._published_before, self.position, self._published_at = self.position, published, now
        self._published_time = self._clock.now().isoformat().replace("+00:00", "Z")
        self._shared = self._picture = None
        heard, self._news = self._news, asyncio.Event()
        heard.set()

    def _look_at_providers(self, revision: int) -> bool:
        before, is_new = self._providers, False
        self._providers = {}
        for view in self._show_providers():
            published = before.get(view.name)
            text = view.model_dump_json()
            if published is None or published.text != text:
                published, is_new = _Published(text, revision), True
            self._providers[view.name] = published
        if before.keys() - self._providers.keys():
            # Changes have no word for a provider that is gone; a snapshot simply lacks it.
            self._complete_since, is_new = revision, True
        return is_new

    def _look_at_status(self, revision: int, now: float) -> bool:
        if now - self._status_at < self.pace.status_every_seconds:
            return False
        status = self._show_status()
        compared = status.model_dump_json(exclude={"uptime_seconds"})
        if compared == self._compared_status:
            return False
        self._compared_status, self._status_at = compared, now
        self._status = _Published(status.model_dump_json(), revision)
        return True


class Follower:
    """One connection's place in the feed."""

    def __init__(self, feed: LiveFeed, cursor: str | None) -> None:
        self._feed = feed
        self._position = None if cursor is None else feed.position_of(cursor)
        self._is_lost = cursor is not None and self._position is None
        """It was told things, and nobody knows which."""
        self._has_begun = False

    async def next_message(self) -> str:
        """The next message: at once if this follower is behind, else when something has changed, or for the heartbeat."""
        feed = self._feed
        if self._has_begun and self._position == feed.position:
            await feed.news()
        self._has_begun = True
        before, self._position = self._position, feed.position
        if before is not None and feed.reaches(before):
            return feed.changes(before)
        picture, missed = feed.snapshot(before)
        is_lost, self._is_lost = self._is_lost, False
        return f'{picture},"missed":{"null" if is_lost else missed}}}'
