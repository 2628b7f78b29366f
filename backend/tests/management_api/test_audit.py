import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ai_engine.access.audit import Action
from ai_engine.database import Database
from tests.client_api.refusals import refusal
from tests.fakes.gateway import Gateway, running_gateway
from tests.fakes.scripted_upstream import ScriptedUpstream
from tests.patience import eventually

pytestmark = pytest.mark.anyio

ADMIN = "admin-0123456789abcdef"


async def entries(gateway: Gateway, **query: Any) -> list[Any]:
    answer = await gateway.http.get("/api/audit", params=query)
    assert answer.status_code == 200, answer.text
    items: list[Any] = answer.json()["items"]
    return items


async def test_a_change_is_listed_with_actor_action_before_after_time_and_address(gateway: Gateway) -> None:
    answer = await gateway.http.post("/api/providers/alpha/toggle", headers={"x-request-id": "mine-1"})
    assert answer.status_code == 200
    (entry,) = await entries(gateway)
    at = datetime.fromisoformat(entry.pop("at"))
    assert abs(at - datetime.now(UTC)) < timedelta(seconds=10)
    assert entry == {
        "id": "1",
        "actor": {"name": "local", "key_id": None, "role": "admin"},
        "action": "provider.toggle",
        "target": "alpha",
        "before": {"enabled": None},
        "after": {"enabled": False},
        "address": "127.0.0.1",
        "request_id": "mine-1",
    }


async def test_a_key_is_listed_by_its_name_and_never_itself(anyio_backend: str) -> None:
    async with running_gateway({"AI_ENGINE_ADMIN_KEY": ADMIN}) as gateway:
        headers = {"authorization": f"Bearer {ADMIN}", "x-forwarded-for": "203.0.113.9"}
        assert (await gateway.http.post("/api/providers/openai/toggle", headers=headers)).status_code == 200
        answer = await gateway.http.get("/api/audit", headers=headers)
    (entry,) = answer.json()["items"]
    assert (entry["actor"]["name"], entry["address"]) == ("admin key", "203.0.113.9")
    assert ADMIN not in answer.text


async def test_every_kind_of_change_leaves_its_entry(gateway: Gateway) -> None:
    await gateway.http.patch("/api/providers/alpha", json={"priority": 3})
    await gateway.post("/api/providers/alpha/toggle", {"enabled": False})
    rolled = await gateway.post("/api/providers/alpha/roll-key")
    await gateway.post("/api/providers/alpha/drain")
    await gateway.post("/api/providers/alpha/restore")
    await gateway.post("/api/config/reload")
    by_action = {entry["action"]: entry for entry in await entries(gateway)}
    assert list(by_action) == [Action.RELOAD, Action.RESTORE, Action.DRAIN, Action.ROLL_KEY, Action.TOGGLE, Action.UPDATE]
    assert by_action[Action.ROLL_KEY]["after"] == {"preferred_key": rolled["preferred_key"]}
    assert rolled["preferred_key"] == hashlib.sha256(b"sk-alpha-2").hexdigest()[:8]
    assert (by_action[Action.RELOAD]["before"], by_action[Action.RELOAD]["after"]) == ({"generation": 1}, {"generation": 2})


async def test_a_reload_tells_what_it_changed_and_of_a_secret_only_that_it_changed(anyio_backend: str) -> None:
    environment = {"AI_ENGINE_VIEWER_KEY": "viewer-0123456789abcdef", "GROQ_API_KEY": "first"}
    async with running_gateway(environment) as gateway:
        environment |= {"AI_ENGINE_VIEWER_KEY": "another-0123456789abcdef", "GROQ_API_KEY": "second"}
        gateway.yaml_file.write_text("aliases: {small: tiny}\n")
        await gateway.post("/api/config/reload")
        answer = await gateway.http.get("/api/audit", params={"action": "config.reload"})
    entry = answer.json()["items"][-1]
    fingerprints = [hashlib.sha256(secret).hexdigest()[:8] for secret in (b"first", b"second")]
    assert entry["before"] == {
        "generation": 1,
        "AI_ENGINE_VIEWER_KEY": "***",
        "GROQ_API_KEY": fingerprints[:1],
        "aliases": None,
    }
    assert entry["after"] == {
        "generation": 2,
        "AI_ENGINE_VIEWER_KEY": "***",
        "GROQ_API_KEY": fingerprints[1:],
        "aliases": {"small": "tiny"},
    }
    assert not any(secret in answer.text for secret in ("viewer-0123", "another-0123"))


async def test_a_reload_by_a_trigger_is_listed(gateway: Gateway) -> None:
    gateway.yaml_file.write_text(gateway.yaml_file.read_text().replace("small:", "smaller:"))
    (entry,) = await eventually(lambda: entries(gateway))
    assert entry["actor"] == {"name": "file change", "key_id": None, "role": "system"}
    assert (entry["address"], entry["request_id"]) == (None, None)
    assert (entry["before"]["aliases"], entry["after"]["aliases"]) == ({"small": "tiny"}, {"smaller": "tiny"})


async def test_failed_changes_and_those_without_effect_are_not_listed(gateway: Gateway) -> None:
    await gateway.post("/api/providers/alpha/toggle", {"enabled": False})
    before = await entries(gateway)
    await gateway.post("/api/providers/alpha/toggle", {"enabled": False})
    await gateway.http.post("/api/providers/beta/roll-key")
    await gateway.http.post("/api/providers/unknown/drain")
    gateway.yaml_file.write_text("surprise: 1\n")
    await gateway.http.post("/api/config/reload")
    await gateway.http.post("/api/providers/alpha/test")
    assert await entries(gateway) == before


async def test_pages_follow_one_another(gateway: Gateway) -> None:
    for enabled in (False, True) * 3:
        await gateway.post("/api/providers/alpha/toggle", {"enabled": enabled})
    seen: list[str] = []
    query: dict[str, Any] = {"limit": 4}
    while True:
        page = await gateway.http.get("/api/audit", params=query)
        seen += [entry["id"] for entry in page.json()["items"]]
        query["cursor"] = page.json()["next_cursor"]
        if query["cursor"] is None:
            break
    assert seen == ["6", "5", "4", "3", "2", "1"]


async def test_filters_leave_the_others_out(gateway: Gateway) -> None:
    for path in ("alpha/toggle", "beta/toggle", "beta/drain"):
        await gateway.post(f"/api/providers/{path}")
    assert [entry["target"] for entry in await entries(gateway, action="provider.toggle")] == ["beta", "alpha"]
    assert [entry["action"] for entry in await entries(gateway, target="beta")] == ["provider.drain", "provider.toggle"]
    assert len(await entries(gateway, target="beta", action="provider.drain")) == 1
    assert await entries(gateway, target="unknown") == []


@pytest.mark.parametrize(
    ("query", "param"),
    [
        ("limit=0", "limit"),
        ("limit=-1", "limit"),
        ("limit=201", "limit"),
        ("limit=many", "limit"),
        (f"limit={10**400}", "limit"),
        ("action=provider.explode", "action"),
        ("target=", "target"),
        ("cursor=", "cursor"),
        ("cursor=%00", "cursor"),
        ("cursor=bW9kZWxzOjQy", "cursor"),  # models:42
        ("cursor=YXVkaXQ6NDI%3D", "cursor"),  # as we write it, with its padding
        ("cursor=YXVkaXQ6MA", "cursor"),  # audit:0
        ("cursor=YXVkaXQ6LTE", "cursor"),  # audit:-1
        ("cursor=" + "A" * 2001, "cursor"),
    ],
)
async def test_what_cannot_be_asked_is_a_400_that_names_it(gateway: Gateway, query: str, param: str) -> None:
    refusal(await gateway.http.get(f"/api/audit?{query}"), 400, param=param)


async def test_a_change_that_the_database_does_not_take_is_a_503_and_no_change(gateway: Gateway, alpha: ScriptedUpstream) -> None:
    database: Database = gateway.engine.state.services[Database]
    async with database.engine.begin() as connection:
        await connection.exec_driver_sql("ALTER TABLE audit_entries RENAME TO out_of_reach")
    before = await gateway.provider("alpha")
    for path in ("toggle", "drain", "roll-key"):
        answer = await gateway.http.post(f"/api/providers/alpha/{path}")
        assert (answer.status_code, answer.json()["error"]["code"]) == (503, "database_unavailable")
    assert await gateway.provider("alpha") == before
    assert (await gateway.http.get("/api/audit")).status_code == 503
    assert (await gateway.post("/api/config/reload"))["generation"] == 2, "what memory alone holds goes on without"
