"""Whatever JSON comes, the gateway answers it or says what is wrong with it; it never fails over it."""

from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.client_api.refusals import refusal
from tests.fakes.gateway import Gateway

pytestmark = pytest.mark.anyio

# Every example finds the gateway as the last one left it: it keeps nothing between requests.
exploring = settings(max_examples=120, suppress_health_check=[HealthCheck.function_scoped_fixture])

text = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
scalars = st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.floats(allow_nan=False, allow_infinity=False) | text
anything = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(text, inner, max_size=4), max_leaves=15
)

parts = st.dictionaries(st.sampled_from(["type", "text", "image_url", "input_audio"]), anything, max_size=3)
messages = st.dictionaries(
    st.sampled_from(["role", "content", "name", "tool_calls", "tool_call_id", "refusal"]), anything | st.lists(parts, max_size=3)
)
nearly_messages = st.lists(
    st.builds(lambda role, message: {"role": role, **message}, st.sampled_from(["user", "system", "tool", "x"]), messages),
    min_size=1,
    max_size=3,
)
chat_fields = [
    *("stream", "stream_options", "n", "stop", "seed", "tools", "tool_choice", "response_format", "max_tokens", "logprobs"),
    *("max_completion_tokens", "temperature", "autodecide", "models", "provider", "rescue", "hedge", "metadata", "user"),
]
chats = st.builds(
    lambda model, messages, more: {"model": model, "messages": messages, **more},
    text | anything,
    nearly_messages | anything,
    st.dictionaries(st.sampled_from(chat_fields) | text, anything, max_size=6),
)
embeddings = st.builds(
    lambda model, given, more: {"model": model, "input": given, **more},
    text | anything,
    st.lists(text | st.lists(st.integers(-5, 10))) | anything,
    st.dictionaries(
        st.sampled_from(["encoding_format", "dimensions", "user", "models", "provider"]) | text, anything, max_size=4
    ),
)
bodies = st.dictionaries(st.sampled_from(["model", "message", "enabled", "x"]), anything, max_size=4)


async def check(gateway: Gateway, path: str, body: Any, *statuses: int) -> None:
    answer = await gateway.http.post(path, content=orjson.dumps(body), headers={"content-type": "application/json"})
    assert answer.headers["x-request-id"]
    if answer.status_code == 200:
        if not answer.headers["content-type"].startswith("text/event-stream"):
            assert isinstance(answer.json(), dict)
        else:
            assert answer.text.endswith("data: [DONE]\n\n")
    else:
        assert answer.status_code in statuses, answer.text
        refusal(answer, answer.status_code, param=answer.json()["error"]["param"])


@exploring
@given(body=chats | anything)
async def test_any_chat(sandbox: Gateway, body: Any) -> None:
    await check(sandbox, "/v1/chat/completions", body, 400, 404)


@exploring
@given(body=embeddings | anything)
async def test_any_embedding(sandbox: Gateway, body: Any) -> None:
    await check(sandbox, "/v1/embeddings", body, 400, 404)


@exploring
@given(body=bodies | anything, path=st.sampled_from(["/api/autodecide/test", "/api/providers/sandbox/test"]))
async def test_any_management_request(sandbox: Gateway, body: Any, path: str) -> None:
    await check(sandbox, path, body, 400)


async def test_nothing_of_it_is_left_in_flight(sandbox: Gateway) -> None:
    performance = (await sandbox.get("/api/status"))["performance"]
    assert performance["in_flight"] == 0
