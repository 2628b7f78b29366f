import json
from typing import Any

import pytest

from ai_engine.wire.json_types import Json
from tests.client_api.refusals import refusal
from tests.fakes.gateway import Gateway

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("nothing_is_left_behind")]

JSON = {"content-type": "application/json"}
CHAT, EMBEDDINGS = "/v1/chat/completions", "/v1/embeddings"
PROVIDER_TEST, TOGGLE = "/api/providers/alpha/test", "/api/providers/alpha/toggle"
AUTODECIDE_TEST = "/api/autodecide/test"
MESSAGES = [{"role": "user", "content": "hi"}]
SOUND: dict[str, Json] = {CHAT: {"model": "tiny", "messages": MESSAGES}, EMBEDDINGS: {"model": "tiny", "input": "hi"}}


NOT_JSON = {
    "empty": b"",
    "blank": b" \r\n",
    "cut short": b'{"model": "tiny", "messages": [',
    "not a number": b'{"model": "tiny", "temperature": NaN}',
    "infinity": b'{"model": "tiny", "temperature": -Infinity}',
    "two values": b"{}{}",
    "100,000 brackets": b"[" * 100_000,
    "100,000 closed brackets": b"[" * 100_000 + b"]" * 100_000,
    "100,000 objects": b'{"a":' * 100_000,
    "invalid UTF-8": b'{"model": "tiny\xff"}',
    "UTF-16": '{"model": "tiny"}'.encode("utf-16"),
    "a lone surrogate": rb'{"model": "tiny\ud800", "messages": [{"role": "user", "content": "hi"}]}',
    "a lone surrogate in the content": rb'{"model": "tiny", "messages": [{"role": "user", "content": "\udfff"}]}',
    "a lone surrogate in a name": rb'{"model": "tiny", "messages": [{"role": "user", "content": "hi"}], "\ud800": 1}',
    "a surrogate encoded in UTF-8": b'{"model": "\xed\xa0\x80"}',
    "a number beyond doubles": b'{"model": "tiny", "seed": 1e999}',
    "a null byte": b'{"model": "tiny"\x00}',
}


@pytest.mark.parametrize("path", [CHAT, EMBEDDINGS])
@pytest.mark.parametrize("body", NOT_JSON.values(), ids=NOT_JSON.keys())
async def test_a_body_that_is_not_json_is_a_400(gateway: Gateway, path: str, body: bytes) -> None:
    refusal(await gateway.http.post(path, content=body, headers=JSON), 400, code="invalid_json")


# Two of its routes take an empty body, and its parser reads UTF-16.
@pytest.mark.parametrize("path", [PROVIDER_TEST, TOGGLE, AUTODECIDE_TEST])
@pytest.mark.parametrize("name", [name for name in NOT_JSON if name not in {"empty", "UTF-16"}])
async def test_the_management_api_refuses_it_as_well(gateway: Gateway, path: str, name: str) -> None:
    answer = await gateway.http.post(path, content=NOT_JSON[name], headers=JSON)
    refusal(answer, 400, param=answer.json()["error"]["param"])


@pytest.mark.parametrize("path", [CHAT, EMBEDDINGS, PROVIDER_TEST, TOGGLE, AUTODECIDE_TEST])
@pytest.mark.parametrize("value", [[], [{}], "text", 1, 1.5, True])
async def test_a_body_that_is_no_object_is_a_400(gateway: Gateway, path: str, value: Any) -> None:
    refusal(await gateway.http.post(path, json=value), 400)


@pytest.mark.parametrize("path", [CHAT, EMBEDDINGS])
async def test_null_for_a_body_is_a_400(gateway: Gateway, path: str) -> None:
    refusal(await gateway.http.post(path, content=b"null", headers=JSON), 400, code="invalid_json")


OWN_FIELDS: list[tuple[str, str, Any]] = [
    ("autodecide", "autodecide", "true"),
    ("autodecide", "autodecide", 1),
    ("autodecide", "autodecide", []),
    ("models", "models", "tiny"),
    ("models", "models", {"tiny": 1}),
    ("models", "models[0]", [1]),
    ("models", "models[0]", [None]),
    ("models", "models[0]", [""]),
    ("models", "models", ["tiny"] * 11),
    ("models", "models[0]", ["m" * 513]),
    ("provider", "provider", "alpha"),
    ("provider", "provider", ["alpha"]),
    ("provider", "provider.sorts", {"sorts": "price"}),
    ("provider", "provider.sort", {"sort": "beauty"}),
    ("provider", "provider.sort", {"sort": ["price"]}),
    ("provider", "provider.order", {"order": "alpha"}),
    ("provider", "provider.order[0]", {"order": [1]}),
    ("provider", "provider.only", {"only": {"alpha": True}}),
    ("provider", "provider.only", {"only": ["nobody"]}),
    ("provider", "provider.ignore[0]", {"ignore": [None]}),
    ("provider", "provider", {"ignore": ["alpha"]}),
    ("rescue", "rescue", "perhaps"),
    ("rescue", "rescue", True),
    ("rescue", "rescue", []),
    ("hedge", "hedge", "no"),
    ("hedge", "hedge", 0),
    ("model", "model", None),
    ("model", "model", 4),
    ("model", "model", ["tiny"]),
    ("model", "model", {}),
    ("model", "model", ""),
    ("model", "model", " \n"),
    ("model", "model", "m" * 513),
    ("model", "model", "m" * 1_000_000),
]


@pytest.mark.parametrize("path", [CHAT, EMBEDDINGS])
@pytest.mark.parametrize(
    ("field", "param", "value"), OWN_FIELDS, ids=[f"{field}-{n}" for n, (field, _, _) in enumerate(OWN_FIELDS)]
)
async def test_an_invalid_field_of_the_gateway_is_named(gateway: Gateway, path: str, field: str, param: str, value: Any) -> None:
    error = refusal(await gateway.http.post(path, json={**SOUND[path], field: value}), 400, param=param)
    assert len(error["message"]) < 500
    assert param.partition(".")[0] in error["message"]


@pytest.mark.parametrize(
    ("field", "param", "value"),
    [
        ("messages", "messages", None),
        ("messages", "messages", []),
        ("messages", "messages", "hi"),
        ("messages", "messages", {"role": "user", "content": "hi"}),
        ("messages", "messages[0]", ["hi"]),
        ("messages", "messages[0]", [None]),
        ("messages", "messages[0]", [[]]),
        ("messages", "messages[0].role", [{"content": "hi"}]),
        ("messages", "messages[0].role", [{"role": 1, "content": "hi"}]),
        ("messages", "messages[1]", [*MESSAGES, 7]),
        ("stream", "stream", "true"),
        ("stream", "stream", 1),
        ("stream", "stream", {}),
        ("stream_options", "stream_options", True),
        ("stream_options", "stream_options", []),
        ("stream_options", "stream_options", "include_usage"),
    ],
)
async def test_a_wrong_field_of_a_chat_is_named(gateway: Gateway, field: str, param: str, value: Any) -> None:
    error = refusal(await gateway.http.post(CHAT, json={**SOUND[CHAT], field: value}), 400, param=param)
    assert error["message"].startswith(f"{param} ")


@pytest.mark.parametrize("value", [None, "", [], {}, 1, True])
async def test_an_input_that_is_nothing_to_embed_is_named(gateway: Gateway, value: Any) -> None:
    refusal(await gateway.http.post(EMBEDDINGS, json={"model": "tiny", "input": value}), 400, param="input")


@pytest.mark.parametrize("missing", ["model", "messages"])
async def test_a_missing_field_is_named(gateway: Gateway, missing: str) -> None:
    body = {name: value for name, value in SOUND[CHAT].items() if name != missing}
    refusal(await gateway.http.post(CHAT, json=body), 400, param=missing)


@pytest.mark.parametrize("levels", [260, 900])
async def test_a_body_that_no_provider_could_read_is_refused_before_one_is_asked(gateway: Gateway, levels: int) -> None:
    nested = b'{"model": "tiny", "messages": [{"role": "user", "content": "hi"}], "x": %s%s}' % (b"[" * levels, b"]" * levels)
    refusal(await gateway.http.post(CHAT, content=nested, headers=JSON), 400)


@pytest.mark.parametrize("path", [CHAT, EMBEDDINGS])
@pytest.mark.parametrize(
    "model", ["gpt-nobody-has", "alpha/gpt-nobody-has", "nobody/tiny", "a\r\nx-evil: 1", "\0", "tiny\0", "∞"]
)
async def test_a_model_without_a_provider_is_a_404(gateway: Gateway, path: str, model: str) -> None:
    answer = await gateway.http.post(path, json={**SOUND[path], "model": model})
    refusal(answer, 404, param="model", code="model_not_found")
    assert "x-evil" not in answer.headers


@pytest.mark.parametrize("path", [CHAT, EMBEDDINGS, PROVIDER_TEST, TOGGLE, AUTODECIDE_TEST])
@pytest.mark.parametrize(
    "content_type", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/xml", "x"]
)
async def test_a_body_that_calls_itself_something_else_is_a_415(gateway: Gateway, path: str, content_type: str) -> None:
    body = json.dumps(SOUND.get(path, {"enabled": True})).encode()
    error = refusal(await gateway.http.post(path, content=body, headers={"content-type": content_type}), 415)
    assert "application/json" in error["message"]


@pytest.mark.parametrize("value", ["", "soon", "nan", "inf", "-1", "0", "1e400", "1,5", "\xff"])
async def test_a_deadline_that_is_no_number_of_seconds_is_a_400(gateway: Gateway, value: str) -> None:
    headers = [(b"x-ai-engine-timeout", value.encode("latin-1"))]
    refusal(await gateway.http.post(CHAT, json=SOUND[CHAT], headers=headers), 400, param="x-ai-engine-timeout")


@pytest.mark.parametrize("path", [PROVIDER_TEST, TOGGLE, AUTODECIDE_TEST])
async def test_an_unknown_field_of_the_management_api_is_named(gateway: Gateway, path: str) -> None:
    bodies: dict[str, Json] = {PROVIDER_TEST: {}, TOGGLE: {"enabled": True}, AUTODECIDE_TEST: {"model": "tiny"}}
    refusal(await gateway.http.post(path, json={**bodies[path], "surprise": 1}), 400, param="surprise")


@pytest.mark.parametrize(
    ("path", "body", "param"),
    [
        (TOGGLE, {"enabled": "perhaps"}, "enabled"),
        (TOGGLE, {}, "enabled"),
        (AUTODECIDE_TEST, {}, "model"),
        (AUTODECIDE_TEST, {"model": ""}, "model"),
        (AUTODECIDE_TEST, {"model": "m" * 513}, "model"),
        (AUTODECIDE_TEST, {"model": "tiny", "message": ""}, "message"),
        (AUTODECIDE_TEST, {"model": "tiny", "message": 1}, "message"),
        (PROVIDER_TEST, {"message": None}, "message"),
        (PROVIDER_TEST, {"model": 1}, "model"),
    ],
)
async def test_a_wrong_field_of_the_management_api_is_named(gateway: Gateway, path: str, body: Any, param: str) -> None:
    refusal(await gateway.http.post(path, json=body), 400, param=param)
