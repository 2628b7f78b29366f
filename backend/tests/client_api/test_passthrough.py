"""What a client may get wrong with forms and with what is passed through; and what the sandbox has none of."""

from typing import Any

import httpx
import pytest

from ai_engine.client_api.passthrough import PASSED
from ai_engine.wire.json_types import Json
from tests.client_api.refusals import refusal
from tests.fakes.forms import BOUNDARY, FORM, field, file, form
from tests.fakes.gateway import Gateway, Provider, gateway_in_front_of
from tests.fakes.scripted_upstream import Answer, ScriptedUpstream

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("nothing_is_left_behind")]

FORMS = {path: passed.files for path, passed in PASSED.items() if passed.files}
JSON: dict[str, Json] = {
    "/v1/images/generations": {"prompt": "p"},
    "/v1/images/edits": {},
    "/v1/images/variations": {},
    "/v1/audio/speech": {"input": "p"},
    "/v1/audio/transcriptions": {},
    "/v1/audio/translations": {},
    "/v1/moderations": {"input": "p"},
    "/v1/rerank": {"query": "q", "documents": ["a"]},
}


async def upload(gateway: Gateway, path: str, raw: bytes, content_type: str = FORM) -> httpx.Response:
    return await gateway.http.post(path, content=raw, headers={"content-type": content_type})


def test_the_tables_are_of_the_same_paths() -> None:
    assert PASSED.keys() == JSON.keys()


@pytest.mark.parametrize("path", FORMS)
async def test_a_form_without_its_file_is_refused_by_name(gateway: Gateway, path: str) -> None:
    refusal(await upload(gateway, path, form(field("model", "tiny"), field("prompt", "p"))), 400, param=FORMS[path][0])


@pytest.mark.parametrize("path", FORMS)
@pytest.mark.parametrize("parts", [[], [field("model", "")], [field("model", " ")], [file("model")]])
async def test_a_form_without_a_model_is_refused_by_name(gateway: Gateway, path: str, parts: list[bytes]) -> None:
    refusal(await upload(gateway, path, form(file(FORMS[path][0]), *parts)), 400, param="model")


async def test_a_form_with_two_models_is_refused(gateway: Gateway) -> None:
    parts = field("model", "tiny"), field("model", "vendor/large"), file("file")
    refusal(await upload(gateway, "/v1/audio/transcriptions", form(*parts)), 400, param="model")


@pytest.mark.parametrize("name", ["autodecide", "models", "models[]", "provider", "provider[only][]", "rescue", "hedge"])
async def test_our_own_fields_are_not_taken_in_a_form(gateway: Gateway, name: str) -> None:
    parts = field("model", "tiny"), file("file"), field(name, "x")
    refusal(await upload(gateway, "/v1/audio/transcriptions", form(*parts)), 400, param=name)


@pytest.mark.parametrize("path", FORMS)
@pytest.mark.parametrize("raw", [b"", b"hello", form(field("model", "tiny"))[:-6], form(b"\r\nx")])
async def test_a_broken_form_is_a_400(gateway: Gateway, path: str, raw: bytes) -> None:
    refusal(await upload(gateway, path, raw), 400, code="invalid_form")


async def test_a_form_without_its_boundary_is_a_400(gateway: Gateway) -> None:
    raw = form(field("model", "tiny"), file("file"))
    refusal(await upload(gateway, "/v1/audio/transcriptions", raw, "multipart/form-data"), 400, code="invalid_form")
    refusal(await upload(gateway, "/v1/audio/transcriptions", raw, "multipart/form-data; boundary=x"), 400, code="invalid_form")


async def test_a_field_that_is_not_text_is_named(gateway: Gateway) -> None:
    parts = field("model", b"\xff\xfe"), file("file")
    refusal(await upload(gateway, "/v1/audio/transcriptions", form(*parts)), 400, param="model")


async def test_a_form_over_the_limit_is_a_413(gateway: Gateway) -> None:
    raw = form(field("model", "tiny"), file("file", b"\0" * (11 * 1024 * 1024)))
    refusal(await upload(gateway, "/v1/audio/transcriptions", raw), 413)


@pytest.mark.parametrize("path", FORMS)
@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", "multipart/mixed; boundary=x", "x"])
async def test_neither_json_nor_a_form_is_a_415(gateway: Gateway, path: str, content_type: str) -> None:
    error = refusal(await upload(gateway, path, b"a=b", content_type), 415)
    assert "multipart/form-data" in error["message"]


@pytest.mark.parametrize("path", [*sorted(JSON.keys() - FORMS.keys()), "/v1/completions"])
async def test_where_no_forms_are_taken_one_is_a_415(gateway: Gateway, path: str) -> None:
    refusal(await upload(gateway, path, form(field("model", "tiny"))), 415)


@pytest.mark.parametrize("path", JSON)
@pytest.mark.parametrize(("name", "value"), [("autodecide", True), ("models", ["tiny"]), ("models", [])])
async def test_who_else_may_answer_cannot_be_said(gateway: Gateway, path: str, name: str, value: Any) -> None:
    refusal(await gateway.http.post(path, json={"model": "tiny", **JSON[path], name: value}), 400, param=name)


@pytest.mark.parametrize("path", sorted(JSON.keys() - {"/v1/moderations"}))
async def test_json_without_a_model_is_refused_by_name(gateway: Gateway, path: str) -> None:
    refusal(await gateway.http.post(path, json=JSON[path]), 400, param="model")


@pytest.mark.parametrize(("path", "name"), [(path, name) for path, fields in JSON.items() for name in fields])
@pytest.mark.parametrize("value", [None, 7, True])
async def test_a_field_that_is_needed_is_named(gateway: Gateway, path: str, name: str, value: Any) -> None:
    refusal(await gateway.http.post(path, json={"model": "tiny", **JSON[path], name: value}), 400, param=name)


@pytest.mark.parametrize("value", ["true", 1, []])
async def test_stream_is_true_or_false(gateway: Gateway, value: Any) -> None:
    body = {"model": "tiny", "prompt": "p", "stream": value}
    refusal(await gateway.http.post("/v1/images/generations", json=body), 400, param="stream")


@pytest.mark.parametrize("path", JSON)
async def test_an_unknown_model_is_a_404(gateway: Gateway, path: str) -> None:
    body = {**JSON[path], "model": "alpha/nobody-has-it"}
    refusal(await gateway.http.post(path, json=body), 404, param="model", code="model_not_found")


@pytest.mark.parametrize("path", JSON)
async def test_the_sandbox_names_what_it_supports_and_stays_in_rotation(sandbox: Gateway, path: str) -> None:
    for _ in range(2):
        error = refusal(await sandbox.http.post(path, json={"model": "tiny", **JSON[path]}), 400)
        assert "supports chats, embeddings" in error["message"]
    assert (await sandbox.provider("sandbox"))["routes"] == []
    assert (await sandbox.chat("tiny")).status == 200


async def test_a_form_meets_the_sandbox_too(sandbox: Gateway) -> None:
    raw = form(field("model", "whisper-1"), file("file"))
    refusal(await upload(sandbox, "/v1/audio/transcriptions", raw), 400)
    assert BOUNDARY.encode() in raw


@pytest.mark.parametrize("wish", [{}, {"provider": {"order": ["claude"]}}])
async def test_the_best_provider_that_has_it_is_asked(wish: Json) -> None:
    async with ScriptedUpstream() as claude, ScriptedUpstream() as alpha:
        alpha.on("/images/generations", Answer({"data": [{"b64_json": "aGk="}]}))
        providers = Provider("claude", claude.base_url, fields={"protocol": "anthropic"}), Provider("alpha", alpha.base_url)
        async with gateway_in_front_of(*providers) as gateway:
            answer = await gateway.http.post("/v1/images/generations", json={"model": "tiny", "prompt": "p", **wish})
            pinned = await gateway.http.post("/v1/images/generations", json={"model": "claude/tiny", "prompt": "p"})
    assert (answer.status_code, answer.headers["x-ai-engine-provider"]) == (200, "alpha")
    refusal(pinned, 400, param="model", code="unsupported_by_provider")
    assert not claude.requests


async def test_a_protocol_without_the_operation_names_the_model() -> None:
    async with ScriptedUpstream() as claude:
        provider = Provider("claude", claude.base_url, fields={"protocol": "anthropic"})
        async with gateway_in_front_of(provider) as gateway:
            answer = await gateway.http.post("/v1/images/generations", json={"model": "tiny", "prompt": "p"})
    error = refusal(answer, 400, param="model", code="unsupported_by_provider")
    assert "claude" in error["message"]
    assert not claude.requests
