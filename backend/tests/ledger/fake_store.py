"""An entry store in memory, and loops that run while a test looks on."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from typing import Any

from ai_engine.ledger.lines import Entry
from ai_engine.ledger.store import EntriesRefused, StoreUnavailable


class FakeStore:
    """Keeps entries, once each; what to refuse and whether it is there is up to the test."""

    def __init__(self) -> None:
        self.ids: list[str] = []
        self.batches: list[int] = []
        self.is_away = False
        self.commits_and_then_fails = 0
        self.refuses: set[str] = set()
        self.too_old = 0

    async def store(self, entries: Sequence[Entry]) -> int:
        await asyncio.sleep(0)
        if self.is_away:
            raise StoreUnavailable("away")
        if any(entry.request.id in self.refuses for entry in entries):
            raise EntriesRefused("no")
        self.batches.append(len(entries))
        self.ids = list(dict.fromkeys([*self.ids, *(entry.request.id for entry in entries)]))
        if self.commits_and_then_fails:
            self.commits_and_then_fails -= 1
            raise StoreUnavailable("no answer")
        return self.too_old


@asynccontextmanager
async def running(*loops: Callable[[], Coroutine[Any, Any, None]]) -> AsyncIterator[None]:
    """Raises what a loop raises."""
    tasks = [asyncio.create_task(loop()) for loop in loops]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
        for task in tasks:
            if not task.cancelled():
                task.result()
