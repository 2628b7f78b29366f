import asyncio
import contextlib
import json
import random
import timeit
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest

from ai_engine.errors import Unavailable
from ai_engine.management_api.live.feed import LiveFeed, LiveLimits, Subscriber
from ai_engine.management_api.schemas import ConfigurationView, PerformanceView, ProviderView, Status
from ai_engine.management_api.views.requests import request_view
from tests.fakes.clock import HandTurnedClock
from tests.ledger.builders import a_request
from tests.management_api.live.live_page import Page

pytestmark = pytest.mark.anyio

LIMITS = LiveLimits(buffered_requests=10, snapshot_requests=4, max_connections=3)
TICK = LIMITS.tick_seconds


def provider(name: str, **changes: Any) -> ProviderView:
    chosen: dict[str, Any] = {
        "display_name": name,
        "protocol": "openai",
        "base_url": f"https://{name}.test/v1",
        "enabled": True,
        "status": "available",
        "priority": 100,
        "keys": [],
        "routes": [],
        "models_count": 1,
        **dict.fromkeys(("docs_url", "flag", "default_model", "success_rate", "latency_ms", "last_error", "last_used_at")),
    }
    return ProviderView(name=name, **{**chosen, **changes})


class Engine:
    """A feed of an engine whose state a test sets by hand."""

    def __init__(self, limits: LiveLimits = LIMITS) -> None:
        self.clock = HandTurnedClock()
        self.providers = {name: provider(name) for name in ("alpha", "beta")}
        self.requests_counted = 0
        self.looks = 0
        self.feed = LiveFeed(self._status, self._all, self.clock, limits)

    def _status(self) -> Status:
        performance = PerformanceView(
            **{**dict.fromkeys(PerformanceView.model_fields), "requests": self.requests_counted, "in_flight": 0}
        )
        configuration = ConfigurationView(
            host="127.0.0.1",
            port=8000,
            autodecide=True,
            sandbox=False,
            access="open",
            log_level="INFO",
            max_request_size_bytes=1,
            cors_origins=[],
            config_file=None,
            loaded_at=datetime(2026, 11, 23, tzinfo=UTC),
        )
        counts = ("total_providers", "enabled_providers", "disabled_providers", "available_providers", "flagged_providers")
        return Status(
            status="ok",
            version="3",
            uptime_seconds=self.clock.monotonic(),
            **dict.fromkeys(counts, 0),
            flagged_details=[],
            performance=performance,
            configuration=configuration,
            generation=1,
        )

    def _all(self) -> list[ProviderView]:
        self.looks += 1
        return list(self.providers.values())

    def finish(self, count: int = 1) -> list[str]:
        """So many requests end; their ids."""
        requests = [a_request() for _ in range(count)]
        for request in requests:
            self.feed(request)
        self.requests_counted += count
        return [request.id for request in requests]


@pytest.fixture
async def engine(anyio_backend: str) -> AsyncIterator[Engine]:
    engine = Engine()
    running = asyncio.create_task(engine.feed.run())
    yield engine
    running.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await running


async def message_after(engine: Engine, subscriber: Subscriber, page: Page, after_seconds: float = TICK) -> Any:
    """Lets time pass, and gives the one message that came of it; `None` if none did."""
    waiting = asyncio.create_task(subscriber.next_message())
    await engine.clock.turn(after_seconds)
    if waiting.done():
        return page.take(waiting.result())
    waiting.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await waiting
    return None


async def test_the_first_message_is_the_whole_picture(engine: Engine) -> None:
    ids, page = engine.finish(6), Page()
    with engine.feed.subscribe(None) as subscriber:
        message = page.take(await subscriber.next_message())
    assert (message["type"], message["missed"]) == ("snapshot", 0)
    assert page.requests == ids[-4:]
    assert list(page.providers) == ["alpha", "beta"]
    assert page.status["version"] == "3"
    assert datetime.fromisoformat(message["at"]) == engine.clock.now()


async def test_a_request_is_sent_as_the_list_of_requests_has_it(engine: Engine) -> None:
    request, page = a_request(), Page()
    engine.feed(request)
    with engine.feed.subscribe(None) as subscriber:
        page.take(await subscriber.next_message())
    assert page.latest == [json.loads(request_view(request).model_dump_json())]


async def test_changes_name_only_what_changed(engine: Engine) -> None:
    page = Page()
    with engine.feed.subscribe(None) as subscriber:
        page.take(await subscriber.next_message())
        engine.providers["beta"] = provider("beta", enabled=False, status="disabled")
        message = await message_after(engine, subscriber, page)
        assert (message["type"], message["status"], message["requests"]) == ("changes", None, [])
        assert [view["name"] for view in message["providers"]] == ["beta"]
        assert page.providers["beta"]["status"] == "disabled"
        ids = engine.finish(3)
        message = await message_after(engine, subscriber, page)
        assert (message["providers"], [each["id"] for each in message["requests"]]) == ([], ids)


async def test_without_changes_only_heartbeats_are_sent(engine: Engine) -> None:
    page = Page()
    with engine.feed.subscribe(None) as subscriber:
        page.take(await subscriber.next_message())
        assert await message_after(engine, subscriber, page, LIMITS.heartbeat_seconds - TICK) is None
        message = await message_after(engine, subscriber, page, 2 * TICK)
        assert (message["type"], message["status"], message["providers"], message["requests"]) == ("changes", None, [], [])


async def test_the_status_comes_at_most_once_a_second_and_is_then_the_latest(engine: Engine) -> None:
    page = Page()
    with engine.feed.subscribe(None) as subscriber:
        page.take(await subscriber.next_message())
        seen = []
        for _ in range(8):
            engine.finish()
            seen.append((await message_after(engine, subscriber, page))["status"])
        assert [status is not None for status in seen] == [False, False, False, True] * 2
        assert seen[-1]["performance"]["requests"] == 8


async def test_without_subscribers_nothing_is_compared(engine: Engine) -> None:
    await engine.clock.turn(60)
    assert engine.looks == engine.clock.sleepers == 0
    with engine.feed.subscribe(None) as subscriber:
        await subscriber.next_message()
        await engine.clock.turn(TICK)
        assert engine.looks == 2
    await engine.clock.turn(60)
    assert (engine.looks, engine.clock.sleepers) == (2, 0)


async def test_a_resume_begins_with_everything_since_the_cursor(engine: Engine) -> None:
    page = Page()
    with engine.feed.subscribe(None) as subscriber:
        page.take(await subscriber.next_message())
    ids = engine.finish(3)
    engine.providers["alpha"] = provider("alpha", priority=5)
    await engine.clock.turn(60)
    with engine.feed.subscribe(page.cursor) as subscriber:
        message = page.take(await subscriber.next_message())
        assert message["type"] == "changes"
        assert (page.requests, list(page.providers)) == (ids, ["alpha", "beta"])
        assert [view["name"] for view in message["providers"]] == ["alpha"]
        assert message["status"]["performance"]["requests"] == 3
        assert await message_after(engine, subscriber, page) is None


async def test_a_resume_when_nothing_happened_says_so_at_once(engine: Engine) -> None:
    page = Page()
    with engine.feed.subscribe(None) as subscriber:
        page.take(await subscriber.next_message())
    with engine.feed.subscribe(page.cursor) as subscriber:
        message = page.take(await subscriber.next_message())
    assert (message["type"], message["status"], message["providers"], message["requests"]) == ("changes", None, [], [])


@pytest.mark.parametrize("cursor", ["", "nonsense", "0.0.0", "x" * 100_000, "é.1.1", "1.1", "00000000.1.1", "ff.-1.2"])
async def test_a_cursor_that_means_nothing_here_gets_the_picture(engine: Engine, cursor: str) -> None:
    engine.finish(6)
    with engine.feed.subscribe(cursor) as subscriber:
        message = json.loads(await subscriber.next_message())
    assert (message["type"], message["missed"], len(message["requests"])) == ("snapshot", None, 4)


async def test_a_cursor_from_the_future_or_of_another_run_gets_the_picture(engine: Engine) -> None:
    other, page = Engine(), Page()
    other.finish(2)
    with other.feed.subscribe(None) as subscriber:
        page.take(await subscriber.next_message())
    _, revision, requests = str(page.cursor).split(".")
    with engine.feed.subscribe(None) as subscriber:
        own_run = json.loads(await subscriber.next_message())["cursor"].partition(".")[0]
    for cursor in (page.cursor, f"{own_run}.{int(revision) + 1}.0", f"{own_run}.1.{requests}"):
        with engine.feed.subscribe(cursor) as subscriber:
            message = json.loads(await subscriber.next_message())
        assert (message["type"], message["missed"]) == ("snapshot", None)


async def test_a_subscriber_beyond_the_ring_buffer_gets_the_number_of_missed_requests(engine: Engine) -> None:
    page = Page()
    with engine.feed.subscribe(None) as slow, engine.feed.subscribe(None) as quick:
        other = Page()
        page.take(await slow.next_message())
        other.take(await quick.next_message())
        ids: list[str] = []
        for _ in range(5):
            ids += engine.finish(5)
            await message_after(engine, quick, other)
        message = page.take(await slow.next_message())
        assert (message["type"], message["missed"], page.requests) == ("snapshot", 21, ids[-4:])
        ids += engine.finish()
        assert (await message_after(engine, slow, page))["type"] == "changes"
        assert page.requests == ids[-5:]
    assert (other.requests, other.missed) == (ids[:25], 0)


async def test_a_burst_beyond_the_ring_buffer_is_reported_to_all_as_missed(engine: Engine) -> None:
    page = Page()
    with engine.feed.subscribe(None) as subscriber:
        page.take(await subscriber.next_message())
        ids = engine.finish(25)
        message = await message_after(engine, subscriber, page)
    assert (message["type"], message["missed"], page.requests) == ("snapshot", 21, ids[-4:])


async def test_a_provider_that_is_gone_is_gone_from_every_picture(engine: Engine) -> None:
    page = Page()
    with engine.feed.subscribe(None) as subscriber:
        page.take(await subscriber.next_message())
        before = page.cursor
        del engine.providers["alpha"]
        message = await message_after(engine, subscriber, page)
        assert (message["type"], message["missed"], list(page.providers)) == ("snapshot", 0, ["beta"])
        engine.providers["beta"] = provider("beta", priority=1)
        assert (await message_after(engine, subscriber, page))["type"] == "changes"
    with engine.feed.subscribe(before) as late:
        message = json.loads(await late.next_message())
        assert (message["type"], message["missed"], len(message["providers"])) == ("snapshot", 0, 1)


async def test_a_subscriber_over_the_connection_limit_is_refused(engine: Engine) -> None:
    with contextlib.ExitStack() as subscribers:
        for _ in range(LIMITS.max_connections):
            subscribers.enter_context(engine.feed.subscribe(None))
        with pytest.raises(Unavailable, match="Connection limit reached: 3"), engine.feed.subscribe(None):
            pass
    with engine.feed.subscribe(None) as subscriber:
        assert json.loads(await subscriber.next_message())["type"] == "snapshot"


async def test_subscribers_that_are_up_to_date_share_one_text(engine: Engine) -> None:
    with engine.feed.subscribe(None) as one, engine.feed.subscribe(None) as other:
        await asyncio.gather(one.next_message(), other.next_message())
        engine.finish()
        waiting = asyncio.gather(one.next_message(), other.next_message())
        await engine.clock.turn(TICK)
        first, second = await waiting
        assert first is second


async def test_a_subscriber_that_is_a_little_behind_gets_what_it_lacks_and_so_do_the_others(engine: Engine) -> None:
    quick_page, late_page = Page(), Page()
    with engine.feed.subscribe(None) as quick, engine.feed.subscribe(None) as late:
        quick_page.take(await quick.next_message())
        late_page.take(await late.next_message())
        ids = engine.finish(2)
        await message_after(engine, quick, quick_page)
        ids += engine.finish(2)
        await message_after(engine, quick, quick_page)
        late_page.take(await late.next_message())
    assert quick_page.requests == late_page.requests == ids
    assert late_page.kinds == ["snapshot", "changes"]


@pytest.mark.parametrize("seed", range(20))
async def test_with_subscribers_that_come_and_go_no_update_is_lost_or_repeated(engine: Engine, seed: int) -> None:
    chance, page, finished = random.Random(seed), Page(), 0
    with engine.feed.subscribe(None) as subscriber:
        page.take(await subscriber.next_message())
    for _ in range(12):
        finished += len(engine.finish(chance.choice((0, 1, 7, 30))))
        with engine.feed.subscribe(page.cursor) as subscriber:
            page.take(await subscriber.next_message())
            for _ in range(chance.randrange(6)):
                finished += len(engine.finish(chance.choice((0, 0, 1, 4, 9, 15))))
                name = chance.choice(("alpha", "beta", "gamma"))
                if chance.random() < 0.3:
                    engine.providers.pop(name, None)
                elif chance.random() < 0.5:
                    engine.providers[name] = provider(name, priority=chance.randrange(5))
                await message_after(engine, subscriber, page, chance.choice((TICK, 4 * TICK)))
            while not str(page.cursor).endswith(f".{engine.feed.position.revision}.{engine.feed.position.requests}"):
                page.take(await subscriber.next_message())
        assert page.providers == {name: json.loads(view.model_dump_json()) for name, view in engine.providers.items()}
        assert page.known == finished
    assert {"snapshot", "changes"} <= set(page.kinds)


async def test_an_event_costs_the_request_next_to_nothing(engine: Engine) -> None:
    request = a_request()
    best = min(timeit.repeat(lambda: engine.feed(request), number=2_000, repeat=5)) / 2_000
    assert best < 5e-6, "0.13 µs on the machine of docs/performance.md; the rest is room for a busy one"
