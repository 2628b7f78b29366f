"""What outlives the process, and how it ends. Here the gateway is a process of its own."""

import asyncio
import signal
from pathlib import Path

import pytest

from ai_engine.providers.registry.definition import ProviderKey
from tests.fakes.gateway import Provider, chat_body, environment_of, gateway_process, yaml_of
from tests.fakes.scripted_upstream import Answer, ScriptedUpstream, Stream, chunks, models
from tests.journeys.steps import CHAT, sound
from tests.patience import PATIENCE_SECONDS, eventually

pytestmark = pytest.mark.anyio


async def test_toggles_the_preferred_key_and_the_catalogue_survive_a_restart(
    alpha: ScriptedUpstream, beta: ScriptedUpstream, tmp_path: Path
) -> None:
    for upstream in (alpha, beta):
        upstream.on("/models", Answer(models("listed-model")))
        upstream.on(CHAT, sound(stream=False))
    one = Provider("alpha", alpha.base_url, models=None, key_count=3)
    other = Provider("beta", beta.base_url, models=None)
    environment, yaml = environment_of(one, other), yaml_of(one, other)
    async with gateway_process(tmp_path, environment, yaml=yaml) as gateway:
        await eventually(lambda: gateway.provider("alpha"), until=lambda seen: seen["models_count"] == 1)
        await eventually(lambda: gateway.provider("beta"), until=lambda seen: seen["models_count"] == 1)
        await gateway.post("/api/providers/alpha/roll-key")
        preferred = (await gateway.post("/api/providers/alpha/roll-key"))["preferred_key"]
        await gateway.post("/api/providers/beta/toggle", {"enabled": False})
    # The providers' listings are down now: what is known was kept.
    for upstream in (alpha, beta):
        upstream.on("/models", Answer(b"", 503))
    before = len(alpha.requests)
    async with gateway_process(tmp_path, environment, yaml=yaml) as gateway:
        names = [model["id"] for model in (await gateway.get("/v1/models"))["data"]]
        assert "alpha/listed-model" in names
        assert "beta/listed-model" not in names
        assert (await gateway.provider("beta"))["status"] == "disabled"
        replies = [await gateway.chat("Listed_Model") for _ in range(3)]
    assert [(reply.provider, reply.text) for reply in replies] == [("alpha", "hello there")] * 3
    used = [request.key for request in alpha.requests[before:] if request.path.endswith(CHAT)]
    assert {ProviderKey.of(key or "").fingerprint for key in used} == {preferred}
    assert preferred != ProviderKey.of(one.key(1)).fingerprint


async def test_sigterm_lets_a_running_stream_come_to_its_end(alpha: ScriptedUpstream, tmp_path: Path) -> None:
    goes_on = asyncio.Event()
    alpha.on(CHAT, Stream(chunks("one two"), gates={2: goes_on}))
    provider = Provider("alpha", alpha.base_url)
    async with (
        gateway_process(tmp_path, environment_of(provider), yaml=yaml_of(provider)) as gateway,
        gateway.raw(chat_body(stream=True)) as (reader, _),
        asyncio.timeout(PATIENCE_SECONDS),
    ):
        await reader.readuntil(b'"content": "one"')
        gateway.send_signal(signal.SIGTERM)
        await eventually(lambda: _read(tmp_path / "log.txt"), until=lambda log: "Shutting down" in log)
        goes_on.set()
        rest = await reader.readuntil(b"data: [DONE]\n\n")
    assert b'"content": " two"' in rest
    assert b"error" not in rest


async def test_sighup_takes_a_rotated_key_over_and_keeps_the_old_one_where_the_new_is_wrong(
    alpha: ScriptedUpstream, tmp_path: Path
) -> None:
    alpha.on(CHAT, sound(stream=False))
    # Only a signal or a person makes the gateway look at this file again: what it watches itself is the YAML file and `.env`.
    secret = tmp_path / "alpha.key"
    secret.write_text("first-key\n")
    yaml = yaml_of(Provider("alpha", alpha.base_url))
    async with gateway_process(tmp_path, {"ALPHA_API_KEY_FILE": str(secret)}, yaml=yaml) as gateway:
        await gateway.chat()
        secret.write_text("second-key\n")
        gateway.send_signal(signal.SIGHUP)
        await eventually(lambda: gateway.get("/api/status"), until=lambda seen: seen["generation"] == 2)
        await gateway.chat()
        secret.write_text("no key at all\n")
        gateway.send_signal(signal.SIGHUP)
        await eventually(lambda: _read(tmp_path / "log.txt"), until=lambda log: "Reload (SIGHUP) failed" in log)
        await gateway.chat()
        assert (await gateway.get("/api/status"))["generation"] == 2
    assert [request.key for request in alpha.requests] == ["first-key", "second-key", "second-key"]
    assert "no key at all" not in await _read(tmp_path / "log.txt")


async def _read(file: Path) -> str:
    return await asyncio.to_thread(file.read_text)
