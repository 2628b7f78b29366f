"""Amazon Bedrock and Google Vertex AI through the whole gateway: with the clouds' own credentials, and on bad days."""

import asyncio
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from tests.fakes.eventstream import event, exception
from tests.fakes.gateway import Gateway, running_gateway
from tests.fakes.scripted_upstream import Answer, CutAfter, ReceivedRequest, ScriptedUpstream, Stream
from tests.fakes.service_account import service_account
from tests.patience import eventually

pytestmark = pytest.mark.anyio

CLAUDE = "us.anthropic.claude-sonnet-4-5-20250929-v1:0"
NOVA = "amazon.nova-lite-v1:0"
AWS = {"BEDROCK_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "not-a-secret-key"}
USAGE = {"inputTokens": 7, "outputTokens": 5, "totalTokens": 12}
EVENTS = (
    event("messageStart", {"role": "assistant"}),
    event("contentBlockDelta", {"contentBlockIndex": 0, "delta": {"text": "hello"}}),
    event("contentBlockDelta", {"contentBlockIndex": 0, "delta": {"text": " there"}}),
    event("contentBlockStop", {"contentBlockIndex": 0}),
    event("messageStop", {"stopReason": "end_turn"}),
    event("metadata", {"usage": USAGE, "metrics": {"latencyMs": 1}}),
)
BINARY = {"content-type": "application/vnd.amazon.eventstream"}


def converse(text: str = "hello there") -> Answer:
    message = {"role": "assistant", "content": [{"text": text}]}
    return Answer({"output": {"message": message}, "stopReason": "end_turn", "usage": USAGE, "metrics": {"latencyMs": 1}})


def stream(*events: bytes) -> Stream:
    return Stream(events or EVENTS, done=False, headers=BINARY)


def path(model: str = NOVA, method: str = "converse") -> str:
    return f"/model/{quote(model, safe='')}/{method}"


def yaml(upstream: ScriptedUpstream, name: str = "bedrock", **fields: Any) -> str:
    section = {"name": name, "base_url": upstream.base_url, "models": [NOVA], **fields}
    return f"providers: [{section}]"


def is_signed(request: ReceivedRequest) -> bool:
    """By botocore's own signer, over what arrived."""
    headers = {name: request.headers[name] for name in ("content-type", "host") if name in request.headers}
    url = f"http://{request.headers['host']}{request.path}" + (f"?{request.query}" if request.query else "")
    made = AWSRequest(method=request.method, url=url, data=request.raw_body, headers=headers)
    made.headers["X-Amz-Date"] = made.context["timestamp"] = request.headers["x-amz-date"]
    signer = SigV4Auth(Credentials(AWS["AWS_ACCESS_KEY_ID"], AWS["AWS_SECRET_ACCESS_KEY"]), "bedrock", "us-east-1")
    signature = signer.signature(signer.string_to_sign(made, signer.canonical_request(made)), made)
    return bool(request.headers["authorization"].endswith(f"Signature={signature}"))


async def in_rotation(gateway: Gateway, name: str) -> None:
    """Waits until the provider is usable."""

    async def available() -> list[bool]:
        return [True for row in await gateway.get("/api/providers") if (row["name"], row["status"]) == (name, "available")]

    await eventually(available)


async def test_a_request_is_signed_plain_and_streamed(alpha: ScriptedUpstream) -> None:
    alpha.on(path(), converse())
    alpha.on(path(method="converse-stream"), stream())
    async with running_gateway(AWS, yaml=yaml(alpha)) as gateway:
        await in_rotation(gateway, "bedrock")
        plain, streamed = await gateway.chat("nova-lite"), await gateway.chat("nova-lite", stream=True)
    for reply in (plain, streamed):
        assert (reply.status, reply.text, reply.provider, reply.model) == (200, "hello there", "bedrock", NOVA)
    assert plain.usage["total_tokens"] == 12
    assert [is_signed(request) for request in alpha.requests] == [True, True]
    assert not any(AWS["AWS_SECRET_ACCESS_KEY"] in str(request.headers) for request in alpha.requests)


async def test_models_are_listed_with_their_inference_profiles(alpha: ScriptedUpstream) -> None:
    summary = {"modelId": NOVA, "inferenceTypesSupported": ["ON_DEMAND"], "outputModalities": ["TEXT"]}
    alpha.on("/foundation-models", Answer({"modelSummaries": [summary]}))
    alpha.on("/inference-profiles", Answer({"inferenceProfileSummaries": [{"inferenceProfileId": CLAUDE, "status": "ACTIVE"}]}))
    alpha.on(path(CLAUDE), converse())
    section = f"providers: [{{name: bedrock, base_url: '{alpha.base_url}'}}]"
    async with running_gateway(AWS, yaml=section) as gateway:

        async def listed() -> list[Any]:
            return [row for row in await gateway.get("/api/providers") if row["name"] == "bedrock" and row["models_count"] == 2]

        await eventually(listed)
        reply = await gateway.chat("claude-sonnet-4-5")
    assert (reply.status, reply.model) == (200, CLAUDE)
    assert all(map(is_signed, alpha.requests))


async def test_without_credentials_the_provider_is_out_of_rotation_until_they_come(
    alpha: ScriptedUpstream, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE", "AWS_CONTAINER_CREDENTIALS_FULL_URI"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    alpha.on(path(), converse())
    async with running_gateway({"BEDROCK_REGION": "us-east-1"}, yaml=yaml(alpha)) as gateway:
        reply = await gateway.chat(NOVA)
        assert reply.status in (502, 503), reply.body
        assert alpha.requests == []
        keys = (
            f"[default]\naws_access_key_id = {AWS['AWS_ACCESS_KEY_ID']}\naws_secret_access_key = {AWS['AWS_SECRET_ACCESS_KEY']}\n"
        )
        await asyncio.to_thread((tmp_path / "credentials").write_text, keys)
        assert (await gateway.http.post("/api/config/reload")).status_code == 200
        await in_rotation(gateway, "bedrock")
        assert (await gateway.chat(NOVA)).status == 200
    assert is_signed(alpha.requests[-1])


async def test_an_exception_before_the_first_word_goes_on_elsewhere(alpha: ScriptedUpstream, beta: ScriptedUpstream) -> None:
    alpha.on(path(method="converse-stream"), stream(EVENTS[0], exception("throttlingException", "slow down")))
    beta.on(path(method="converse-stream"), stream())
    section = f"""
providers:
  - {{name: one, protocol: bedrock, base_url: '{alpha.base_url}', models: ['{NOVA}'], priority: 1}}
  - {{name: two, protocol: bedrock, base_url: '{beta.base_url}', models: ['{NOVA}'], priority: 200}}
"""
    async with running_gateway({"ONE_API_KEY": "sk-one-1", "TWO_API_KEY": "sk-two-1"}, yaml=section) as gateway:
        reply = await gateway.chat(NOVA, stream=True)
        assert (reply.text, reply.provider) == ("hello there", "two")
        assert reply.is_ended
    assert beta.requests[0].headers["authorization"] == "Bearer sk-two-1"


@pytest.mark.parametrize(
    "bad",
    [
        stream(*EVENTS[:2], exception("modelStreamErrorException", "it broke")),
        stream(*EVENTS[:2], EVENTS[2][:-1] + b"x"),
        CutAfter(2, stream()),
    ],
    ids=["exception", "checksum", "cut"],
)
async def test_a_stream_that_breaks_after_its_first_word_is_told_in_band(alpha: ScriptedUpstream, bad: Any) -> None:
    alpha.on(path(method="converse-stream"), bad)
    async with running_gateway({"AWS_BEARER_TOKEN_BEDROCK": "abc-key-1", "AWS_REGION": "us-east-1"}, yaml=yaml(alpha)) as gateway:
        reply = await gateway.chat(NOVA, stream=True)
    assert (reply.status, reply.text) == (200, "hello")
    assert reply.error["message"]
    assert reply.is_ended


async def test_claude_at_vertex_is_asked_with_a_service_accounts_token(alpha: ScriptedUpstream, tmp_path: Path) -> None:
    model = "claude-sonnet-4-5@20250929"
    message = {"id": "msg_1", "type": "message", "role": "assistant", "model": "claude-sonnet-4-5-20250929"}
    content = {"content": [{"type": "text", "text": "hello there"}], "stop_reason": "end_turn"}
    alpha.on("/token", Answer({"access_token": "ya29.a-token-of-google", "expires_in": 3600, "token_type": "Bearer"}))
    alpha.on(
        f"/publishers/anthropic/models/{model}:rawPredict",
        Answer({**message, **content, "usage": {"input_tokens": 7, "output_tokens": 5}}),
    )
    file = await asyncio.to_thread(service_account, tmp_path, f"{alpha.base_url}/token")
    environment = {"VERTEX_PROJECT": "mine", "GOOGLE_APPLICATION_CREDENTIALS": file}
    async with running_gateway(environment, yaml=yaml(alpha, "vertex", models=[model])) as gateway:
        await in_rotation(gateway, "vertex")
        chat = await gateway.chat("claude-sonnet-4-5")
        native = {"model": "claude-sonnet-4-5", "max_tokens": 9, "messages": [{"role": "user", "content": "hi"}]}
        messages = await gateway.http.post("/v1/messages", json=native)
    assert (chat.status, chat.text, messages.status_code) == (200, "hello there", 200)
    assert messages.json()["content"] == content["content"]
    sent = [request for request in alpha.requests if "rawPredict" in request.path]
    assert [request.headers["authorization"] for request in sent] == ["Bearer ya29.a-token-of-google"] * 2
    assert [request.body["anthropic_version"] for request in sent] == ["vertex-2023-10-16"] * 2


async def test_an_address_without_a_region_to_sign_for_ends_the_start() -> None:
    section = "providers: [{name: mine, protocol: bedrock, base_url: 'https://proxy.example', auth: aws}]"
    with pytest.raises(Exception, match="BEDROCK_REGION"):
        async with running_gateway({}, yaml=section):
            pass
