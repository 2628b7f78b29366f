import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from ai_engine.app import AIEngine
from ai_engine.clock import SystemClock
from ai_engine.configuration import LiveConfiguration
from ai_engine.errors import ConfigurationError
from ai_engine.telemetry.logs import configure
from ai_engine.wire.redaction import redact
from tests.fakes.gateway import Gateway, running_gateway
from tests.patience import eventually

pytestmark = pytest.mark.anyio


@pytest.fixture
async def gateway(anyio_backend: str) -> AsyncIterator[Gateway]:
    async with running_gateway({}) as gateway:
        yield gateway


async def test_a_file_that_changes_is_read_again_by_itself(gateway: Gateway) -> None:
    gateway.yaml_file.write_text("aliases: {mine: gpt-4}\n")
    await eventually(lambda: gateway.get("/api/status"), until=lambda status: status["generation"] == 2)


async def test_a_reload_reaches_what_stands_in_front_of_the_routes() -> None:
    environment: dict[str, str] = {}
    page, forwarded = {"origin": "https://app.example"}, {"x-forwarded-for": "203.0.113.7"}
    async with running_gateway(environment) as gateway:

        async def statuses() -> tuple[str | None, int, int]:
            seen = (await gateway.http.get("/health", headers=page)).headers.get("access-control-allow-origin")
            large = await gateway.http.post("/api/autodecide/test", json={"model": "m", "message": "x" * 2000})
            proxied = await gateway.http.get("/api/status", headers=forwarded)
            return seen, large.status_code, proxied.status_code

        assert await statuses() == (None, 200, 403)
        environment["AI_ENGINE_CORS_ORIGINS"] = '["https://app.example"]'
        environment["AI_ENGINE_MAX_REQUEST_SIZE"] = "1024"
        environment["AI_ENGINE_TRUSTED_PROXIES"] = '["10.0.0.0/8"]'
        await gateway.post("/api/config/reload")
        assert await statuses() == ("https://app.example", 413, 200)


async def test_a_file_that_became_wrong_changes_nothing(gateway: Gateway, caplog: pytest.LogCaptureFixture) -> None:
    gateway.yaml_file.write_text("alias: {}\n")
    await eventually(lambda: any("failed" in message and "line 1" in message for message in caplog.messages))
    assert (await gateway.get("/api/status"))["generation"] == 1


async def test_a_start_that_is_refused_says_why_in_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    environment = {"AI_ENGINE_DATABASE_URL": f"sqlite:///{tmp_path}/file/below/x.db"}
    configuration = LiveConfiguration(lambda: environment, SystemClock())
    engine = AIEngine(configuration, configure(configuration.current.settings, redact))
    said: list[Any] = []

    async def receive() -> dict[str, str]:
        return {"type": "lifespan.startup"}

    async def send(message: Any) -> None:
        said.append(message)

    with pytest.raises(ConfigurationError):
        await engine({"type": "lifespan", "state": {}}, receive, send)
    engine.logs.close()
    (message,) = said
    assert message["type"] == "lifespan.startup.failed"
    assert message["message"].startswith("AI_ENGINE_DATABASE_URL is invalid: ")
    assert "\n" not in message["message"]


async def test_a_hot_endpoint_is_asked_by_method_and_path_alone(gateway: Gateway) -> None:
    asked: list[tuple[str, str]] = []

    class Endpoint:
        async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
            asked.append((scope["method"], scope["path"]))
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": b"{}"})

    hot: dict[tuple[str, str], Any] = {("POST", "/v1/chat/completions"): Endpoint()}
    gateway.engine.hot = hot
    await gateway.post("/v1/chat/completions?x=1")
    assert (await gateway.http.get("/v1/chat/completions")).status_code == 405
    assert (await gateway.http.get("/v1/models")).status_code == 200
    assert asked == [("POST", "/v1/chat/completions")]


async def test_after_its_end_nothing_of_it_runs_on(anyio_backend: str) -> None:
    before = asyncio.all_tasks()
    async with running_gateway({}) as gateway:
        await gateway.chat(stream=True)
    left = {task for task in asyncio.all_tasks() - before if not task.done()}
    assert left == set()


async def test_ids_of_requests_are_unique(gateway: Gateway) -> None:
    answers = await asyncio.gather(*(gateway.chat() for _ in range(50)))
    ids = {answer.headers["x-request-id"] for answer in answers}
    assert len(ids) == 50
    assert all(json.loads(answer.body)["object"] == "chat.completion" for answer in answers)
