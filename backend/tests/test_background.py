import asyncio
import logging

import pytest

from ai_engine import app
from tests.patience import within

pytestmark = pytest.mark.anyio


async def test_a_background_task_that_fails_is_logged_by_name_and_restarted(caplog: pytest.LogCaptureFixture) -> None:
    runs: list[int] = []
    restarted = asyncio.Event()

    async def work() -> None:
        runs.append(len(runs))
        if len(runs) == 2:
            restarted.set()
            await asyncio.Event().wait()
        raise RuntimeError("broken")

    with caplog.at_level(logging.ERROR):
        task = asyncio.create_task(app.restarted_on_failure(work))
        async with within(10):
            await restarted.wait()
        task.cancel()

    assert runs == [0, 1]
    assert [record.getMessage() for record in caplog.records] == [
        f"A background task failed ({work.__qualname__}); restarting it in 0.5 s."
    ]
