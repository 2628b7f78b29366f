import asyncio
import logging

import pytest

from ai_engine import app

pytestmark = pytest.mark.anyio


async def test_a_background_task_that_fails_is_told_of_by_its_name_and_begins_again(caplog: pytest.LogCaptureFixture) -> None:
    begun: list[int] = []
    again = asyncio.Event()

    async def look_after_something() -> None:
        begun.append(len(begun))
        if len(begun) == 2:
            again.set()
            await asyncio.Event().wait()
        raise RuntimeError("broken")

    with caplog.at_level(logging.ERROR):
        task = asyncio.create_task(app.kept_running(look_after_something))
        async with asyncio.timeout(10):
            await again.wait()
        task.cancel()

    assert begun == [0, 1]
    assert [record.getMessage() for record in caplog.records] == [
        f"A background task failed ({look_after_something.__qualname__}); it begins again in 0.5 s."
    ]
