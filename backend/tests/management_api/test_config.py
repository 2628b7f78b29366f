import os
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from ai_engine.clock import SystemClock
from ai_engine.configuration import Configuration, LiveConfiguration
from ai_engine.management_api.views.configuration import configuration_view, differences, file_in_use, without_credentials
from ai_engine.settings import Settings
from tests.builders import configuration
from tests.fakes.gateway import Gateway, running_gateway

pytestmark = pytest.mark.anyio

YAML = """
providers:
- {name: groq, priority: 5, timeouts: {first_token: 7}}
models:
- {name: smart, candidates: [groq/large]}
aliases: {small: tiny}
fallbacks: {tiny: [large]}
prices: {groq/large: {input: 0.25, output: "1.5"}}
autodecide: {weights: {cost: 2}, rescue: error}
"""


def test_a_file_that_is_found_by_itself_is_in_use(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert file_in_use(LiveConfiguration(dict, SystemClock()).current) is None
    (tmp_path / "ai-engine.yaml").write_text("aliases: {small: tiny}")
    assert file_in_use(LiveConfiguration(dict, SystemClock()).current) == "ai-engine.yaml"


async def test_the_live_configuration_is_shown_whole(anyio_backend: str) -> None:
    async with running_gateway({"GROQ_API_KEY_2": "a-second-key"}, yaml=YAML) as gateway:
        shown = await gateway.get("/api/config")
        assert shown["workers"] == [{"pid": os.getpid(), "generation": 1}]
        assert (shown["generation"], shown["config_file"]) == (1, str(gateway.yaml_file))
        assert datetime.fromisoformat(shown["loaded_at"]).utcoffset() is not None
        (provider,) = shown["providers"]
        assert (provider["name"], provider["priority"], provider["timeouts"]["first_token"]) == ("groq", 5, 7)
        assert shown["models"] == [{"name": "smart", "candidates": ["groq/large"]}]
        assert (shown["aliases"], shown["fallbacks"]) == ({"small": "tiny"}, {"tiny": ["large"]})
        assert shown["prices"] == {"groq/large": {"input": "0.25", "output": "1.5"}}
        assert shown["weights"] == {"priority": 1, "health": 1, "latency": 0.5, "cost": 2, "load": 0.25}
        assert shown["rescue"] == "error"
        gateway.yaml_file.write_text("")
        await gateway.post("/api/config/reload")
        shown = await gateway.get("/api/config")
    # The file is watched as well, and may have been read before.
    assert shown["generation"] == shown["workers"][0]["generation"] > 1
    assert (shown["providers"], shown["models"], shown["aliases"], shown["rescue"]) == ([], [], {}, "continue")


async def test_every_setting_has_its_name_its_meaning_and_whether_it_is_set(gateway: Gateway) -> None:
    settings = {setting["name"]: setting for setting in (await gateway.get("/api/config"))["settings"]}
    assert len(settings) == len(Settings.model_fields)
    assert all(setting["description"].endswith(".") for setting in settings.values())
    assert settings["AI_ENGINE_ACCESS_LOG"] | {"description": ""} == {
        "name": "AI_ENGINE_ACCESS_LOG",
        "description": "",
        "is_set": True,
        "is_secret": False,
        "value": False,
        "default": True,
    }
    assert (settings["AI_ENGINE_DRAIN_SECONDS"]["is_set"], settings["AI_ENGINE_DRAIN_SECONDS"]["value"]) == (False, 30)


async def test_variables_of_providers_are_named_with_their_keys_fingerprints(gateway: Gateway) -> None:
    variables = {one["name"]: one for one in (await gateway.get("/api/config"))["variables"]}
    assert variables["ALPHA_API_KEY"]["provider"] == "alpha"
    assert variables["ALPHA_API_KEY"]["is_set"] is True
    assert len(variables["ALPHA_API_KEY"]["keys"]) == 2
    assert (variables["OPENAI_API_KEY"]["is_set"], variables["OPENAI_API_KEY"]["keys"]) == (False, [])
    assert variables["OPENAI_BASE_URL"]["is_set"] is False


async def test_no_secret_is_shown(anyio_backend: str) -> None:
    secrets = {
        "AI_ENGINE_VIEWER_KEY": "viewer-0123456789abcdef",
        "AI_ENGINE_REDIS_URL": "redis://gateway:rediss-password@127.0.0.1:6379/0",
        "OPENAI_API_KEY": "sk-openai-0123456789abcdef",
    }
    async with running_gateway(secrets) as gateway:
        answer = await gateway.http.get("/api/config")
    assert not any(secret in answer.text for secret in ("viewer-0123", "rediss-password", "sk-openai", "gateway:"))
    settings = {setting["name"]: setting for setting in answer.json()["settings"]}
    assert settings["AI_ENGINE_REDIS_URL"]["value"] == "redis://***@127.0.0.1:6379/0"
    viewer = settings["AI_ENGINE_VIEWER_KEY"]
    assert (viewer["is_secret"], viewer["is_set"], viewer["value"]) == (True, True, None)
    assert (settings["AI_ENGINE_ADMIN_KEY"]["is_secret"], settings["AI_ENGINE_ADMIN_KEY"]["is_set"]) == (True, False)
    assert settings["AI_ENGINE_DATABASE_URL"]["value"].startswith("sqlite+aiosqlite:///")


SECRETS = [name for name, field in Settings.model_fields.items() if "SecretStr" in str(field.annotation)]


def test_whatever_is_declared_a_secret_is_shown_as_one_and_a_reload_tells_only_that_it_changed() -> None:
    assert {"admin_key", "viewer_key", "database_url", "redis_url", "otlp_endpoint"} <= set(SECRETS)

    def with_canaries(word: str) -> Configuration:
        canaries: dict[str, Any] = dict.fromkeys(SECRETS, f"http://user:canary-{word}-0123456789@127.0.0.1:1/x")
        return configuration(**canaries)

    before, after = with_canaries("first"), with_canaries("second")
    settings = {setting.name: setting for setting in configuration_view(after).settings if setting.is_secret}
    assert settings.keys() == {f"AI_ENGINE_{name.upper()}" for name in SECRETS}
    assert {setting.value for setting in settings.values()} == {None, "http://***@127.0.0.1:1/x"}
    assert differences(before, after) == (dict.fromkeys(settings, "***"),) * 2
    assert "canary" not in configuration_view(after).model_dump_json()


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("sqlite+aiosqlite:///data/ai-engine.db", "sqlite+aiosqlite:///data/ai-engine.db"),
        ("postgresql://host/name", "postgresql://host/name"),
        ("postgresql://user:secret@host:5432/name", "postgresql://***@host:5432/name"),
        ("postgresql://user:sec/ret@host/name", "postgresql://***@host/name"),
        ("postgresql://user:sec@ret@host/name", "postgresql://***@host/name"),
        ("postgresql://user:sec?ret@host/name", "postgresql://***"),
        ("postgresql://host/name?user=me&password=secret", "postgresql://host/name?***"),
        ("postgresql://host/name?password=sec@ret", "postgresql://***"),
    ],
)
def test_an_address_is_shown_without_what_may_be_a_secret(url: str, shown: str) -> None:
    assert without_credentials(url) == shown
