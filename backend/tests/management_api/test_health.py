import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from ai_engine import __version__
from ai_engine.database import Database
from tests.fakes.gateway import Gateway, Provider, chat_body, gateway_in_front_of, running_gateway
from tests.fakes.scripted_upstream import ScriptedUpstream, Silence
from tests.patience import within

pytestmark = pytest.mark.anyio

WAITING = 50


@pytest.fixture
async def gateway(anyio_backend: str) -> AsyncIterator[Gateway]:
    async with running_gateway({}) as gateway:
        yield gateway


@pytest.mark.parametrize("path", ["/health", "/health/live", "/health/ready"])
async def test_a_healthy_gateway_says_so(gateway: Gateway, path: str) -> None:
    health = await gateway.get(path)
    assert health.keys() == {"status", "timestamp", "version"}
    assert (health["status"], health["version"]) == ("healthy", __version__)
    assert abs(datetime.fromisoformat(health["timestamp"]) - datetime.now(UTC)) < timedelta(seconds=10)


async def test_it_answers_in_milliseconds_while_requests_hang_on_a_provider(anyio_backend: str) -> None:
    async with ScriptedUpstream() as silent:
        silent.on("/chat/completions", Silence())
        provider = Provider("silent", silent.base_url)
        async with gateway_in_front_of(provider) as gateway, asyncio.TaskGroup() as hanging:
            tasks = [
                hanging.create_task(gateway.http.post("/v1/chat/completions", json=chat_body("silent/tiny", stream=bool(n % 2))))
                for n in range(WAITING)
            ]
            await silent.received(WAITING)
            async with within(20 * 0.02):
                for _ in range(20):
                    await gateway.get("/health")
            assert (await gateway.get("/api/status"))["performance"]["in_flight"] == WAITING
            for task in tasks:
                task.cancel()


@pytest.fixture
async def without_database(gateway: Gateway) -> Gateway:
    """Its file is gone. The connections that hold it open still work, on rows that are lost."""
    database: Database = gateway.engine.state.services[Database]
    assert database.sqlite_file is not None
    for file in database.sqlite_file.parent.glob(database.sqlite_file.name + "*"):
        file.unlink()
    return gateway


async def test_without_its_database_it_lives_and_is_not_ready(without_database: Gateway) -> None:
    answer = await without_database.http.get("/health/ready")
    assert answer.status_code == 503
    assert answer.json()["error"]["code"] == "database_file_missing"
    assert "database file was deleted" in answer.json()["error"]["message"]
    assert answer.headers["retry-after"] == "1"
    for path in ("/health", "/health/live"):
        assert (await without_database.get(path))["status"] == "healthy"


async def test_without_its_database_it_still_answers_chats(without_database: Gateway) -> None:
    assert (await without_database.chat()).status == 200


async def test_while_it_drains_it_lives_and_is_not_ready(gateway: Gateway) -> None:
    gateway.engine.draining.is_on = True
    answer = await gateway.http.get("/health/ready")
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "draining")
    assert (await gateway.get("/health"))["status"] == "healthy"
    assert (await gateway.chat()).status == 200, "who still comes is still served"
