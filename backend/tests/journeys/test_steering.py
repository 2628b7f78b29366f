"""What an operator steers by hand while requests go on, and what is left of it after a restart."""

import asyncio
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ai_engine.access.keys import create_access_key
from ai_engine.access.repository import AccessKeyRepository
from ai_engine.clock import SystemClock
from ai_engine.database import Database
from ai_engine.names import Role
from tests.fakes.gateway import (
    Client,
    Gateway,
    Provider,
    environment_of,
    gateway_in_front_of,
    gateway_process,
    running_gateway,
    yaml_of,
)
from tests.fakes.scripted_upstream import Answer, ScriptedUpstream, Stream, chunks, completion
from tests.journeys.steps import CHAT, asked, sound
from tests.patience import eventually

pytestmark = pytest.mark.anyio


async def patch(gateway: Client, name: str, **changes: Any) -> Any:
    answer = await gateway.http.patch(f"/api/providers/{name}", json=changes)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_a_request_in_flight_on_a_provider_that_is_drained_comes_to_its_end(
    alpha: ScriptedUpstream, beta: ScriptedUpstream
) -> None:
    goes_on = asyncio.Event()
    alpha.on(CHAT, Stream(chunks("one two"), gates={2: goes_on}))
    beta.on(CHAT, sound("from beta", stream=True))
    async with gateway_in_front_of(Provider("alpha", alpha.base_url), Provider("beta", beta.base_url)) as gateway:
        asking = asyncio.create_task(gateway.chat(stream=True))
        await alpha.received(1)
        assert (await gateway.post("/api/providers/alpha/drain"))["status"] == "drained"
        assert (await gateway.chat(stream=True)).text == "from beta"
        goes_on.set()
        reply = await asking
    assert (reply.provider, reply.text, reply.error, reply.is_ended) == ("alpha", "one two", None, True)
    assert asked(alpha) == ["tiny"]


async def test_a_plain_request_in_flight_comes_to_its_end_too(alpha: ScriptedUpstream) -> None:
    goes_on = asyncio.Event()
    alpha.on(CHAT, Answer(completion("one two"), gate=goes_on))
    async with gateway_in_front_of(Provider("alpha", alpha.base_url)) as gateway:
        asking = asyncio.create_task(gateway.chat())
        await alpha.received(1)
        await gateway.post("/api/providers/alpha/drain")
        assert (await gateway.chat()).status == 503
        goes_on.set()
        reply = await asking
    assert (reply.status, reply.text) == (200, "one two")


STEERING: dict[str, Callable[[Gateway, bool], Any]] = {
    "drained": lambda gateway, there: gateway.post(f"/api/providers/alpha/{'drain' if there else 'restore'}"),
    "deferred": lambda gateway, there: patch(gateway, "alpha", priority=5000 if there else None),
}


@pytest.mark.parametrize("steer", STEERING.values(), ids=STEERING)
async def test_steering_in_traffic_loses_no_request_and_the_very_next_one_obeys(
    alpha: ScriptedUpstream, beta: ScriptedUpstream, steer: Callable[[Gateway, bool], Any], *, stream: bool
) -> None:
    for upstream in (alpha, beta):
        slowly = Stream(chunks("one two three"), pause_seconds=0.004) if stream else Answer(completion("one two three"))
        upstream.on(CHAT, slowly)
    async with gateway_in_front_of(Provider("alpha", alpha.base_url), Provider("beta", beta.base_url)) as gateway:
        done = asyncio.Event()

        async def load() -> list[tuple[int, str, bool]]:
            seen = []
            while not done.is_set():
                reply = await gateway.chat(stream=stream)
                seen.append((reply.status, reply.text, reply.is_ended))
            return seen

        loads = [asyncio.create_task(load()) for _ in range(4)]
        for there in (True, False) * 8:
            await steer(gateway, there)
            assert (await gateway.chat(stream=stream)).provider == ("beta" if there else "alpha")
        done.set()
        replies = [reply for loaded in await asyncio.gather(*loads) for reply in loaded]
    assert set(replies) == {(200, "one two three", True)}


async def test_drains_priorities_and_default_models_survive_a_restart_with_who_did_it(
    alpha: ScriptedUpstream, beta: ScriptedUpstream, tmp_path: Path
) -> None:
    for upstream in (alpha, beta):
        upstream.on(CHAT, sound(stream=False))
    one = Provider("alpha", alpha.base_url, models=("tiny", "large"))
    other, third = Provider("beta", beta.base_url), Provider("gamma", beta.base_url)
    environment, yaml = environment_of(one, other, third), yaml_of(one, other, third)
    async with gateway_process(tmp_path, environment, yaml=yaml) as gateway:
        await patch(gateway, "alpha", default_model="large")
        await patch(gateway, "gamma", priority=0)
        await gateway.post("/api/providers/alpha/drain")
        before = [await gateway.provider(name) for name in ("alpha", "beta", "gamma")]
        entries = await gateway.get("/api/audit")
    async with gateway_process(tmp_path, environment, yaml=yaml) as gateway:
        assert [await gateway.provider(name) for name in ("alpha", "beta", "gamma")] == before
        assert await gateway.get("/api/audit") == entries
        alpha_now = await gateway.provider("alpha")
        assert (alpha_now["status"], alpha_now["default_model"]) == ("drained", "large")
        assert (await gateway.chat()).provider == "gamma"
        assert asked(alpha) == []
        await gateway.post("/api/providers/alpha/restore")
        await patch(gateway, "alpha", default_model=None)
        await patch(gateway, "gamma", priority=None)
    async with gateway_process(tmp_path, environment, yaml=yaml) as gateway:
        assert (await gateway.chat()).provider == "alpha"
        assert (await gateway.provider("alpha"))["default_model"] is None
        gateway.send_signal(signal.SIGHUP)
        (reload, *earlier) = await eventually(lambda: _entries(gateway), until=lambda seen: seen[0]["action"] == "config.reload")
    assert reload["actor"] == {"name": "SIGHUP", "key_id": None, "role": "system"}
    assert [(entry["action"], entry["target"]) for entry in earlier] == [
        ("provider.update", "gamma"),
        ("provider.update", "alpha"),
        ("provider.restore", "alpha"),
        ("provider.drain", "alpha"),
        ("provider.update", "gamma"),
        ("provider.update", "alpha"),
    ]


async def _entries(gateway: Client) -> Any:
    return (await gateway.get("/api/audit"))["items"]


async def test_a_key_that_is_issued_while_the_gateway_runs_opens_it_and_one_taken_back_closes_it(anyio_backend: str) -> None:
    async with running_gateway({"AI_ENGINE_ADMIN_KEY": "admin-0123456789abcdef"}) as gateway:
        keys = AccessKeyRepository(gateway.engine.state.services[Database], SystemClock())
        headers = {"authorization": f"Bearer {await create_access_key(keys, 'shop', Role.VIEWER)}"}

        async def answers(status: int) -> bool:
            return (await gateway.http.get("/api/status", headers=headers)).status_code == status

        await eventually(lambda: answers(200))
        (key,) = await keys.all()
        await keys.remove(key.id)
        await eventually(lambda: answers(401))
