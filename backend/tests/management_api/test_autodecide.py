from urllib.parse import quote

import pytest

from tests.client_api.refusals import refusal
from tests.fakes.gateway import Gateway, running_gateway
from tests.fakes.scripted_upstream import Answer, ScriptedUpstream, error

pytestmark = pytest.mark.anyio


async def test_the_plan_is_explained_with_scores_and_their_parts(gateway: Gateway) -> None:
    explained = await gateway.get("/api/autodecide/tiny")
    assert (explained["model"], explained["known"], explained["pinned_to"], explained["family"]) == ("tiny", True, None, None)
    assert [(one["provider"], one["model"], one["matched"]) for one in explained["candidates"]] == [
        ("alpha", "tiny", "exact"),
        ("beta", "tiny", "exact"),
    ]
    score = explained["candidates"][0]["score"]
    assert score.keys() == {"total", *explained["weights"]}
    assert all(0 <= part <= 1 for part in score.values())
    weighted = sum(weight * score[part] for part, weight in explained["weights"].items())
    assert score["total"] == pytest.approx(weighted / sum(explained["weights"].values()), abs=0.001), explained["formula"]
    assert explained["fallbacks"] == ["vendor/large"]
    assert explained["catalogue_age_seconds"] >= 0


async def test_excluded_routes_are_shown_with_reason_and_end(gateway: Gateway, alpha: ScriptedUpstream) -> None:
    alpha.on("/chat/completions", Answer(error("No.", code="invalid_api_key"), 401))
    await gateway.chat("alpha/tiny")
    await gateway.post("/api/providers/beta/toggle")
    explained = await gateway.get("/api/autodecide/tiny")
    assert (explained["known"], explained["candidates"]) == (True, [])
    excluded = {one["provider"]: one for one in explained["excluded"]}
    assert (excluded["beta"]["reason"], excluded["beta"]["until"]) == ("disabled", None)
    assert excluded["alpha"]["reason"] in {"keys_in_cooldown", "flagged"}
    assert excluded["alpha"]["cause"] is not None
    assert excluded["alpha"]["until"] is not None


@pytest.mark.parametrize("name", ["vendor/large", "beta/vendor/large"])
@pytest.mark.parametrize("is_encoded", [False, True])
async def test_a_name_may_contain_slashes(gateway: Gateway, name: str, is_encoded: bool) -> None:
    explained = await gateway.get(f"/api/autodecide/{quote(name, safe='') if is_encoded else name}")
    assert explained["model"] == name
    assert [(one["provider"], one["model"]) for one in explained["candidates"]] == [("beta", "vendor/large")]
    assert explained["pinned_to"] == ("beta" if name.startswith("beta/") else None)


@pytest.mark.parametrize(
    "name", ["gpt-unknown", "unknown/tiny", "a b?c#d%e", "模型", "two\nlines", "line\n", "test", "\0", "tiny/", "m" * 512]
)
async def test_an_unknown_model_is_not_known_which_is_an_answer(gateway: Gateway, name: str) -> None:
    explained = await gateway.get(f"/api/autodecide/{quote(name)}")
    assert (explained["model"], explained["known"]) == (name, False)
    assert explained["candidates"] == explained["excluded"] == []


async def test_an_alias_is_explained(gateway: Gateway) -> None:
    explained = await gateway.get("/api/autodecide/small")
    assert {(one["model"], one["matched"]) for one in explained["candidates"]} == {("tiny", "alias")}


@pytest.mark.parametrize("name", ["", "m" * 513])
async def test_a_name_of_no_length_or_without_end_is_a_400(gateway: Gateway, name: str) -> None:
    refusal(await gateway.http.get(f"/api/autodecide/{name}"), 400, param="model")


async def test_explaining_changes_nothing(gateway: Gateway, alpha: ScriptedUpstream) -> None:
    for _ in range(3):
        await gateway.get("/api/autodecide/tiny")
    assert alpha.requests == []
    assert (await gateway.get("/api/status"))["performance"]["requests"] == 0


async def test_the_test_decides_does_it_and_tells(gateway: Gateway, alpha: ScriptedUpstream) -> None:
    alpha.on("/chat/completions", Answer(error("Out of order."), 500))
    result = await gateway.post("/api/autodecide/test", {"model": "tiny", "message": "Who are you?"})
    assert (result["success"], result["provider"], result["model"], result["error"]) == (True, "beta", "tiny", None)
    assert result["response"] == "I am beta"
    assert result["usage"] == {"input_tokens": 7, "output_tokens": 3}
    assert [one["provider"] for one in result["explanation"]["candidates"]] == ["alpha", "beta"]
    first, second = result["attempts"]
    assert (first["provider"], first["succeeded"], first["status"], first["reason"]) == ("alpha", False, 500, "first_candidate")
    assert first["failure"]
    assert first["first_token_ms"] is None
    assert (second["provider"], second["succeeded"], second["status"], second["reason"]) == ("beta", True, 200, "next_candidate")
    assert second["failure"] is None
    assert second["duration_ms"] >= second["first_token_ms"] > 0
    assert result["latency_ms"] >= first["duration_ms"] + second["duration_ms"]


async def test_a_test_without_an_available_route_reports_why(gateway: Gateway) -> None:
    result = await gateway.post("/api/autodecide/test", {"model": "gpt-unknown"})
    assert (result["success"], result["provider"], result["response"], result["attempts"]) == (False, None, None, [])
    assert "gpt-unknown" in result["error"]
    assert result["explanation"]["known"] is False


async def test_the_sandbox_explains_itself(anyio_backend: str) -> None:
    async with running_gateway({}) as gateway:
        explained = await gateway.get("/api/autodecide/any-name")
        assert [one["provider"] for one in explained["candidates"]] == ["sandbox"]
        assert (await gateway.post("/api/autodecide/test", {"model": "claude", "message": "Test message"}))["success"] is True
