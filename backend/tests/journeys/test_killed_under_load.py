"""`kill -9` while clients ask: what they received in full is in the ledger, once, however often the gateway died."""

import asyncio
import contextlib
import logging
import os
import random
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from tests.contracts.databases import DATABASES, fresh_database_url
from tests.fakes.gateway import CHAT as CHAT_URL
from tests.fakes.gateway import Provider, chat_body, environment_of, gateway_process, yaml_of
from tests.fakes.ports import free_port
from tests.fakes.quick_gateway import quick_gateway
from tests.fakes.scripted_upstream import Answer, ScriptedUpstream, Stream, chunks, completion
from tests.journeys.ledger_counts import all_rows, assert_summary_equals
from tests.journeys.steps import CHAT
from tests.patience import PATIENCE_SECONDS, eventually

pytestmark = pytest.mark.anyio

KILLS = int(os.environ.get("AI_ENGINE_TEST_KILLS", "8"))
"""`make kill-test` asks for a hundred."""
CLIENTS = 8
MOST_ANSWERS_BETWEEN_KILLS = 60
_AWAY_SECONDS = 0.15

_log = logging.getLogger(__name__)


class Clients:
    """They ask without end, plain and streamed in turn, and note what they received in full."""

    def __init__(self, port: int) -> None:
        self.answered: set[str] = set()
        self.asked = 0
        self._url = f"http://127.0.0.1:{port}{CHAT_URL}"
        self._answer_came = asyncio.Condition()

    async def ask_for_ever(self) -> None:
        """Until it is cancelled. A gateway that is away is asked again."""
        async with httpx.AsyncClient(trust_env=False) as http:
            while True:
                self.asked += 1
                request_id = f"asked.{self.asked}"
                if await self._is_answered(http, request_id, stream=self.asked % 2 == 0):
                    self.answered.add(request_id)
                    async with self._answer_came:
                        self._answer_came.notify_all()
                else:
                    await asyncio.sleep(_AWAY_SECONDS)

    async def answers(self, count: int) -> None:
        """Waits until there are that many more."""
        wanted = len(self.answered) + count
        async with asyncio.timeout(PATIENCE_SECONDS), self._answer_came:
            await self._answer_came.wait_for(lambda: len(self.answered) >= wanted)

    async def _is_answered(self, http: httpx.AsyncClient, request_id: str, *, stream: bool) -> bool:
        received = b""
        is_whole = False
        body, headers = chat_body("streamed" if stream else "plain", stream=stream), {"x-request-id": request_id}
        with contextlib.suppress(httpx.TransportError):
            async with http.stream("POST", self._url, json=body, headers=headers) as answer:
                assert answer.status_code == httpx.codes.OK
                async for piece in answer.aiter_raw():
                    received += piece
                is_whole = True
        # Of a stream, the connection may have been cut just behind its end.
        return received.endswith(b"data: [DONE]\n\n") if stream else is_whole


@pytest.fixture(params=DATABASES)
async def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[str]:
    async with fresh_database_url(request.param, tmp_path) as url:
        yield url


async def test_every_answer_that_was_received_in_full_is_in_the_ledger_exactly_once(
    alpha: ScriptedUpstream, database_url: str, tmp_path: Path
) -> None:
    alpha.on(CHAT, Answer(completion("hello")), model="plain")
    alpha.on(CHAT, Stream(chunks("one two three")), model="streamed")
    chance = random.Random(9)
    provider = Provider("alpha", alpha.base_url, ["plain", "streamed"])
    environment = {**environment_of(provider), "AI_ENGINE_DATABASE_URL": database_url}
    yaml = yaml_of(provider)
    port = free_port()
    clients = Clients(port)
    async with quick_gateway(tmp_path, port, environment, yaml) as gateway:
        asking = [asyncio.create_task(clients.ask_for_ever()) for _ in range(CLIENTS)]
        for _ in range(KILLS):
            await gateway.start()
            await clients.answers(chance.randrange(1, MOST_ANSWERS_BETWEEN_KILLS))
            await asyncio.sleep(chance.random() * 0.02)  # at any moment, not only when an answer has just come
            gateway.kill()
        for task in asking:
            task.cancel()
        await asyncio.gather(*asking, return_exceptions=True)

    async with gateway_process(tmp_path, environment, yaml=yaml) as last:
        await eventually(lambda: spool_files(tmp_path), until=lambda files: files == [0])
        rows = await all_rows(last)
        statistics = await assert_summary_equals(rows, last)
    times = Counter(row["request_id"] for row in rows)
    assert clients.answered <= times.keys()
    assert set(times.values()) == {1}
    assert len(rows) - len(clients.answered) <= KILLS * CLIENTS, "what nobody received in full was under way when it died"
    assert statistics["provider_stats"]["alpha"]["attempts"] == len(rows)
    assert len(clients.answered) >= KILLS
    asked, answered = clients.asked, len(clients.answered)
    _log.warning("%d kills, %d requests, %d answered in full, %d rows in the ledger", KILLS, asked, answered, len(rows))


async def spool_files(folder: Path) -> list[int]:
    """The sizes of all spool files: one empty one, once everything is in the database."""
    return await asyncio.to_thread(lambda: [file.stat().st_size for file in (folder / "spool").iterdir()])
