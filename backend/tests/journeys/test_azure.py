"""Azure OpenAI as it is addressed today, and in the dated form of before."""

import pytest

from tests.fakes.forms import FORM, field, file, form
from tests.fakes.gateway import Gateway, running_gateway
from tests.fakes.scripted_upstream import Answer, ScriptedUpstream, embeddings, error
from tests.journeys.steps import sound

pytestmark = pytest.mark.anyio

YAML = "providers: [{name: azure, models: [my-gpt, a/b]}]"
VERSION = {"AZURE_OPENAI_API_VERSION": "2024-10-21"}
KEYS = {"azure-1", "azure-2"}
DEPLOYMENT = "/openai/deployments/my-gpt"


def environment(azure: ScriptedUpstream, **more: str) -> dict[str, str]:
    endpoint = azure.base_url.removesuffix("/v1") + "/"
    return {"AZURE_OPENAI_API_KEY": "azure-1", "AZURE_OPENAI_API_KEY_2": "azure-2", "AZURE_OPENAI_ENDPOINT": endpoint, **more}


async def ask(gateway: Gateway) -> list[int]:
    """One request of several kinds each, and their status."""
    chat = await gateway.chat("my-gpt")
    streamed = await gateway.chat("my-gpt", stream=True)
    vectors = await gateway.http.post("/v1/embeddings", json={"model": "my-gpt", "input": "a"})
    parts = form(field("model", "my-gpt"), file("file"))
    sound = await gateway.http.post("/v1/audio/transcriptions", content=parts, headers={"content-type": FORM})
    return [chat.status, streamed.status, vectors.status_code, sound.status_code]


def answer_under(azure: ScriptedUpstream, prefix: str) -> None:
    azure.on(f"{prefix}/chat/completions", sound(stream=False), sound(stream=True))
    azure.on(f"{prefix}/embeddings", Answer(embeddings([0.5])))
    azure.on(f"{prefix}/audio/transcriptions", Answer({"text": "hello"}))


async def test_the_current_form_names_the_deployment_in_the_body(alpha: ScriptedUpstream) -> None:
    answer_under(alpha, "/openai/v1")
    async with running_gateway(environment(alpha), yaml=YAML) as gateway:
        assert await ask(gateway) == [200] * 4
    assert {request.query for request in alpha.requests} == {""}
    assert {request.headers["api-key"] for request in alpha.requests} <= KEYS
    assert not any("authorization" in request.headers for request in alpha.requests)
    assert alpha.requests[0].model == "my-gpt"


async def test_the_dated_form_names_it_in_the_url(alpha: ScriptedUpstream) -> None:
    answer_under(alpha, DEPLOYMENT)
    async with running_gateway(environment(alpha, **VERSION), yaml=YAML) as gateway:
        assert await ask(gateway) == [200] * 4
    assert {request.query for request in alpha.requests} == {"api-version=2024-10-21"}
    assert {request.headers["api-key"] for request in alpha.requests} <= KEYS


async def test_a_deployments_name_stays_one_segment(alpha: ScriptedUpstream) -> None:
    alpha.on("/openai/deployments/a%2Fb/chat/completions", sound(stream=False))
    async with running_gateway(environment(alpha, **VERSION), yaml=YAML) as gateway:
        assert (await gateway.chat("azure/a/b")).status == 200


async def test_a_deployment_that_is_not_there_is_missing_alone(alpha: ScriptedUpstream) -> None:
    gone = error("The API deployment for this resource does not exist.", code="DeploymentNotFound")
    alpha.on(f"{DEPLOYMENT}/chat/completions", Answer(gone, 404))
    alpha.on("/openai/deployments/a%2Fb/chat/completions", sound(stream=False))
    async with running_gateway(environment(alpha, **VERSION), yaml=YAML) as gateway:
        assert (await gateway.chat("my-gpt")).status == 404
        assert [route["model"] for route in (await gateway.provider("azure"))["routes"]] == ["my-gpt"]
        assert (await gateway.chat("a/b")).status == 200


async def test_a_key_that_azure_does_not_know_is_invalid(alpha: ScriptedUpstream) -> None:
    unknown = {"error": {"code": "401", "message": "Access denied due to invalid subscription key or wrong API endpoint."}}
    alpha.on(f"{DEPLOYMENT}/chat/completions", Answer(unknown, 401), sound(stream=False))
    async with running_gateway(environment(alpha, **VERSION), yaml=YAML) as gateway:
        reply = await gateway.chat("my-gpt")
    assert (reply.status, reply.attempts) == (200, 2)
    assert [request.headers["api-key"] for request in alpha.requests] == ["azure-1", "azure-2"]


async def test_responses_are_asked_as_a_chat_in_the_dated_form(alpha: ScriptedUpstream) -> None:
    alpha.on(f"{DEPLOYMENT}/chat/completions", sound(stream=False))
    async with running_gateway(environment(alpha, **VERSION), yaml=YAML) as gateway:
        answer = await gateway.http.post("/v1/responses", json={"model": "my-gpt", "input": "hi"})
    assert (answer.status_code, answer.json()["object"]) == (200, "response")
