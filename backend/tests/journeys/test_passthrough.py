"""Images, sound, moderations and rankings go to one provider as they are, and come back as they are."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import httpx
import pytest

from tests.fakes.forms import FORM, field, file, form
from tests.fakes.gateway import Gateway, Provider, gateway_in_front_of
from tests.fakes.scripted_upstream import Answer, CutAfter, Reset, ScriptedUpstream, Stream
from tests.journeys.ledger_counts import NO_TOKENS, UNKNOWN_TOKENS, Row, rows_once_there_are
from tests.journeys.steps import CHAT, refused, sound

pytestmark = pytest.mark.anyio

IMAGES, SPEECH, TRANSCRIPTIONS = "/images/generations", "/audio/speech", "/audio/transcriptions"
EDITS, RERANK, MODERATIONS = "/images/edits", "/rerank", "/moderations"
ANSWERS: Mapping[str, tuple[dict[str, Any], dict[str, Any]]] = {
    IMAGES: ({"prompt": "a lighthouse"}, {"created": 1, "data": [{"b64_json": "aGk="}]}),
    EDITS: ({"images": [{"image_url": "https://images.test/a.png"}]}, {"created": 1, "data": [{"b64_json": "aGk="}]}),
    MODERATIONS: ({"input": "hello"}, {"id": "modr-1", "model": "tiny", "results": [{"flagged": False}]}),
    RERANK: ({"query": "q", "documents": ["a"]}, {"results": [{"index": 0, "relevance_score": 0.5}]}),
}


async def ask(gateway: Gateway, path: str, body: Mapping[str, Any] | None = None, **more: Any) -> httpx.Response:
    return await gateway.http.post(f"/v1{path}", json={"model": "tiny", **(body or {}), **more})


async def upload(gateway: Gateway, path: str, *parts: bytes) -> httpx.Response:
    return await gateway.http.post(f"/v1{path}", content=form(*parts), headers={"content-type": FORM})


async def only_row(gateway: Gateway) -> Row:
    (row,) = await rows_once_there_are(1, gateway)
    return row


@pytest.mark.parametrize("path", ANSWERS)
async def test_json_goes_through_and_comes_back_byte_for_byte(alpha: ScriptedUpstream, path: str) -> None:
    fields, answer = ANSWERS[path]
    said = str(answer).replace("'", '"').replace("False", "false").replace(": ", ":  ").encode()
    alpha.on(path, Answer(said, headers={"content-type": "application/json; charset=utf-8"}))
    async with gateway_in_front_of(Provider("alpha", alpha.base_url), aliases={"small": "tiny"}) as gateway:
        reply = await ask(gateway, path, fields, model="small", vendor={"deep": [1]}, provider={"only": ["alpha"]})
    assert (reply.status_code, reply.content) == (200, said)
    assert alpha.requests[0].body == {"model": "tiny", **fields, "vendor": {"deep": [1]}}
    assert alpha.requests[0].key == "sk-alpha-1"
    assert (reply.headers["x-ai-engine-provider"], reply.headers["x-ai-engine-model"]) == ("alpha", "tiny")
    assert (reply.headers["x-ai-engine-attempts"], "gateway;dur=" in reply.headers["server-timing"]) == ("1", True)


async def test_a_form_reaches_the_provider_with_another_models_name_and_no_other_change(alpha: ScriptedUpstream) -> None:
    alpha.on(TRANSCRIPTIONS, Answer({"text": "hello"}))
    rest = file("file"), field("timestamp_granularities[]", "word"), field("timestamp_granularities[]", "segment")
    async with gateway_in_front_of(Provider("alpha", alpha.base_url), aliases={"a-longer-name": "tiny"}) as gateway:
        reply = await upload(gateway, TRANSCRIPTIONS, field("model", "a-longer-name"), *rest)
        pinned = await upload(gateway, TRANSCRIPTIONS, *rest, field("model", "alpha/tiny"))
    assert (reply.status_code, reply.json()) == (200, {"text": "hello"})
    assert pinned.status_code == 200
    assert alpha.requests[0].raw_body == form(field("model", "tiny"), *rest)
    assert alpha.requests[1].raw_body == form(*rest, field("model", "tiny"))
    assert {request.headers["content-type"] for request in alpha.requests} == {FORM}
    assert alpha.requests[0].headers["authorization"] == "Bearer sk-alpha-1"


@pytest.mark.parametrize("kind", ["audio/mpeg", "audio/wav", "application/octet-stream"])
async def test_sound_comes_back_as_it_is(alpha: ScriptedUpstream, kind: str) -> None:
    audio = bytes(range(256)) * 500
    alpha.on(SPEECH, Answer(audio, headers={"content-type": kind}))
    async with gateway_in_front_of(Provider("alpha", alpha.base_url)) as gateway:
        reply = await ask(gateway, SPEECH, input="hello", voice="alloy", response_format="mp3")
        row = await only_row(gateway)
    assert (reply.status_code, reply.headers["content-type"], reply.content) == (200, kind, audio)
    assert reply.headers["content-length"] == str(len(audio))
    assert alpha.requests[0].headers["accept"] == "*/*"
    assert (row["operation"], row["tokens"], row["tokens_estimated"], row["cost_usd"]) == ("speech", UNKNOWN_TOKENS, False, None)


async def test_a_transcript_may_be_plain_text(alpha: ScriptedUpstream) -> None:
    alpha.on(TRANSCRIPTIONS, Answer(b"1\n00:00 --> 00:01\nhello\n", headers={"content-type": "text/plain; charset=utf-8"}))
    async with gateway_in_front_of(Provider("alpha", alpha.base_url)) as gateway:
        reply = await upload(gateway, TRANSCRIPTIONS, field("model", "tiny"), file("file"), field("response_format", "srt"))
    assert (reply.headers["content-type"], reply.text) == ("text/plain; charset=utf-8", "1\n00:00 --> 00:01\nhello\n")


USAGE: dict[str, tuple[str, dict[str, Any], dict[str, Any], str | None]] = {
    "images": (
        IMAGES,
        {"usage": {"input_tokens": 50, "input_tokens_details": {"text_tokens": 10, "image_tokens": 40}, "output_tokens": 1000}},
        {"input": 50, "output": 1000},
        "0.001050",
    ),
    "nothing said of an image": (IMAGES, {}, {}, None),
    "transcription by tokens": (
        TRANSCRIPTIONS,
        {"usage": {"type": "tokens", "input_tokens": 14, "input_token_details": {"audio_tokens": 14}, "output_tokens": 45}},
        {"input": 14, "output": 45},
        "0.000059",
    ),
    "transcription by seconds": (TRANSCRIPTIONS, {"usage": {"type": "duration", "seconds": 9}}, {}, None),
    "ranking with a sum": (RERANK, {"usage": {"total_tokens": 20}}, {"input": 20, "output": 0}, "0.00002"),
    "ranking in OpenAI's words": (
        RERANK,
        {"usage": {"prompt_tokens": 20, "total_tokens": 20}},
        {"input": 20, "output": 0},
        "0.00002",
    ),
    "ranking by search units": (RERANK, {"meta": {"billed_units": {"search_units": 1}}}, {}, None),
    "ranking by tokens": (
        RERANK,
        {"meta": {"billed_units": {"input_tokens": 7, "output_tokens": 0}}},
        {"input": 7, "output": 0},
        "0.000007",
    ),
    "nonsense": (RERANK, {"usage": "much", "meta": []}, {}, None),
}


@pytest.mark.parametrize(("path", "reported", "tokens", "cost"), USAGE.values(), ids=USAGE)
async def test_usage_is_the_providers_own_and_never_estimated(
    alpha: ScriptedUpstream, path: str, reported: dict[str, Any], tokens: dict[str, int], cost: str | None
) -> None:
    alpha.on(path, Answer({"data": [{}], "results": [{}], "text": "a", **reported}))
    prices = {"alpha/tiny": {"input": 1, "output": 1}}
    async with gateway_in_front_of(Provider("alpha", alpha.base_url), prices=prices) as gateway:
        if path == TRANSCRIPTIONS:
            await upload(gateway, path, field("model", "tiny"), file("file"))
        else:
            await ask(gateway, path, ANSWERS[path][0])
        row = await only_row(gateway)
    assert (row["tokens"], row["tokens_estimated"]) == ({**UNKNOWN_TOKENS, **tokens}, False)
    assert row["cost_usd"] == cost if cost is None else Decimal(row["cost_usd"]) == Decimal(cost)


async def test_a_moderation_needs_no_model_and_costs_nothing_at_openai(alpha: ScriptedUpstream) -> None:
    alpha.on(MODERATIONS, Answer(ANSWERS[MODERATIONS][1]))
    openai = Provider("openai", alpha.base_url, ["omni-moderation-latest"])
    async with gateway_in_front_of(openai) as gateway:
        reply = await gateway.http.post("/v1/moderations", json={"input": ["hello", "there"]})
        row = await only_row(gateway)
    assert reply.json()["results"] == [{"flagged": False}]
    assert alpha.requests[0].body == {"input": ["hello", "there"], "model": "omni-moderation-latest"}
    assert (row["tokens"], row["cost_usd"]) == (UNKNOWN_TOKENS, "0")


def image_event(kind: str, **fields: Any) -> str:
    return f'event: {kind}\ndata: {{"type":"{kind}","b64_json":"aGk="{"".join(fields.values())}}}\n\n'


async def test_a_stream_of_images_is_relayed_event_by_event(alpha: ScriptedUpstream) -> None:
    usage = ',"usage":{"input_tokens":5,"output_tokens":70}'
    events = [
        image_event("image_generation.partial_image"),
        ": keep alive\n\n",
        image_event("image_generation.completed", usage=usage),
        image_event("image_generation.completed", usage=usage),
    ]
    alpha.on(IMAGES, Stream(events, done=False))
    async with gateway_in_front_of(Provider("alpha", alpha.base_url)) as gateway:
        reply = await ask(gateway, IMAGES, prompt="p", stream=True, partial_images=1, n=2)
        row = await only_row(gateway)
    assert reply.headers["content-type"].startswith("text/event-stream")
    assert reply.text == events[0] + events[2] + events[3]
    assert "stream_options" not in alpha.requests[0].body
    assert (row["stream"], row["ending"]) == (True, "completed")
    assert row["tokens"] == {**UNKNOWN_TOKENS, "input": 10, "output": 140}


async def test_a_stream_of_a_transcript_ends_as_the_providers_does(alpha: ScriptedUpstream) -> None:
    events = [
        {"type": "transcript.text.delta", "delta": "hel", "logprobs": []},
        {"type": "transcript.text.done", "text": "hello"},
    ]
    alpha.on(TRANSCRIPTIONS, Stream(events), then="start over")
    async with gateway_in_front_of(Provider("alpha", alpha.base_url)) as gateway:
        parts = field("model", "tiny"), file("file"), field("stream", "true")
        reply = await upload(gateway, TRANSCRIPTIONS, *parts)
        row = await only_row(gateway)
    assert [line.removeprefix("data: ") for line in reply.text.split("\n\n")][-2:] == ["[DONE]", ""]
    assert reply.text.count('"type": "transcript.text.') == 2
    assert row["tokens"] == UNKNOWN_TOKENS


async def test_a_stream_of_speech(alpha: ScriptedUpstream) -> None:
    usage = {"input_tokens": 9, "output_tokens": 30, "total_tokens": 39}
    events = [{"type": "speech.audio.delta", "audio": "aGk="}, {"type": "speech.audio.done", "usage": usage}]
    alpha.on(SPEECH, Stream(events, done=False))
    async with gateway_in_front_of(Provider("alpha", alpha.base_url)) as gateway:
        reply = await ask(gateway, SPEECH, input="hello", voice="alloy", stream_format="sse")
        row = await only_row(gateway)
    assert reply.text.count("data: {") == 2
    assert "event:" not in reply.text
    assert row["tokens"] == {**UNKNOWN_TOKENS, "input": 9, "output": 30}


async def test_a_stream_that_breaks_ends_with_an_error(alpha: ScriptedUpstream) -> None:
    alpha.on(IMAGES, CutAfter(1, Stream([image_event("image_generation.partial_image")] * 2)))
    async with gateway_in_front_of(Provider("alpha", alpha.base_url)) as gateway:
        reply = await ask(gateway, IMAGES, prompt="p", stream=True)
        row = await only_row(gateway)
    assert "upstream_cut" in reply.text
    assert (row["ending"], row["tokens"]) == ("upstream_cut", UNKNOWN_TOKENS)


async def test_a_model_that_does_not_stream_is_the_requests_fault(alpha: ScriptedUpstream) -> None:
    """whisper-1 ignores `stream` and answers whole."""
    alpha.on(TRANSCRIPTIONS, Answer({"text": "hello"}))
    async with gateway_in_front_of(Provider("alpha", alpha.base_url)) as gateway:
        reply = await upload(gateway, TRANSCRIPTIONS, field("model", "tiny"), file("file"), field("stream", "true"))
        assert (reply.status_code, reply.json()["error"]["param"]) == (400, "stream")
        assert (await gateway.provider("alpha"))["routes"] == []


async def test_a_failing_key_is_replaced_by_another(alpha: ScriptedUpstream) -> None:
    alpha.on(TRANSCRIPTIONS, refused(401, "invalid_api_key"), key="sk-alpha-1")
    alpha.on(TRANSCRIPTIONS, Answer({"text": "hello"}), key="sk-alpha-2")
    async with gateway_in_front_of(Provider("alpha", alpha.base_url, key_count=2)) as gateway:
        reply = await upload(gateway, TRANSCRIPTIONS, field("model", "tiny"), file("file"))
        again = await upload(gateway, TRANSCRIPTIONS, field("model", "tiny"), file("file"))
        assert (await gateway.provider("alpha"))["status"] == "available"
    assert [answer.json() for answer in (reply, again)] == [{"text": "hello"}] * 2
    assert [request.key for request in alpha.requests] == ["sk-alpha-1", "sk-alpha-2", "sk-alpha-2"]
    assert alpha.requests[0].raw_body == alpha.requests[1].raw_body


@pytest.mark.parametrize("fault", [refused(503), Reset(), refused(429, retry_after="60")], ids=["503", "reset", "429"])
async def test_no_other_provider_and_no_fallback_is_asked(alpha: ScriptedUpstream, beta: ScriptedUpstream, fault: Any) -> None:
    alpha.on(IMAGES, fault)
    beta.on(IMAGES, Answer(ANSWERS[IMAGES][1]))
    providers = Provider("alpha", alpha.base_url), Provider("beta", beta.base_url, ["tiny", "other"])
    async with gateway_in_front_of(*providers, fallbacks={"tiny": ["other"]}) as gateway:
        reply = await ask(gateway, IMAGES, prompt="p")
        assert reply.status_code in (429, 502, 503)
        assert not beta.requests
        named = await ask(gateway, IMAGES, prompt="p", model="beta/tiny")
        preferred = await ask(gateway, IMAGES, prompt="p", provider={"order": ["beta"]})
    assert (named.status_code, preferred.status_code) == (200, 200)


@pytest.mark.parametrize("status", [404, 405, 501])
async def test_a_path_that_a_provider_does_not_have_takes_nothing_out_of_rotation(alpha: ScriptedUpstream, status: int) -> None:
    alpha.on(IMAGES, refused(status, "unknown_url"))
    alpha.on(CHAT, sound(stream=False))
    async with gateway_in_front_of(Provider("alpha", alpha.base_url)) as gateway:
        for _ in range(8):
            reply = await ask(gateway, IMAGES, prompt="p")
            assert (reply.status_code, reply.json()["error"]["message"]) == (status, f"refused with {status}")
        seen = await gateway.provider("alpha")
        assert (seen["status"], seen["routes"], seen["keys"][0]["state"]) == ("available", [], "usable")
        assert (await gateway.chat()).text == "hello there"


async def test_a_model_that_a_provider_does_not_know_is_out_alone(alpha: ScriptedUpstream) -> None:
    alpha.on(IMAGES, refused(404, "model_not_found"), model="tiny")
    alpha.on(CHAT, sound(stream=False))
    async with gateway_in_front_of(Provider("alpha", alpha.base_url, ["tiny", "other"])) as gateway:
        assert (await ask(gateway, IMAGES, prompt="p")).status_code == 404
        seen = await gateway.provider("alpha")
        assert (seen["status"], [route["model"] for route in seen["routes"]]) == ("available", ["tiny"])
        assert (await gateway.chat("other")).status == 200


NO_ANSWERS: dict[str, tuple[str, Answer]] = {
    "an error under a 200": (IMAGES, Answer({"error": {"message": "out of order", "type": "server_error"}})),
    "nothing": (IMAGES, Answer(b"")),
    "another object": (MODERATIONS, Answer({"hello": "there"})),
    "a web page for sound": (SPEECH, Answer(b"<html></html>", headers={"content-type": "text/html"})),
    "silence": (SPEECH, Answer(b"", headers={"content-type": "audio/mpeg"})),
    "JSON for sound, with an error": (SPEECH, Answer({"detail": "no such voice"})),
}


@pytest.mark.parametrize(("path", "answer"), NO_ANSWERS.values(), ids=NO_ANSWERS)
async def test_what_is_no_answer_is_no_success(alpha: ScriptedUpstream, path: str, answer: Answer) -> None:
    alpha.on(path, answer)
    async with gateway_in_front_of(Provider("alpha", alpha.base_url)) as gateway:
        reply = await ask(gateway, path, {**ANSWERS.get(path, ({},))[0], "input": "hello"})
    assert reply.status_code == 502, reply.text


async def test_an_overload_under_a_200_may_be_retried(alpha: ScriptedUpstream) -> None:
    alpha.on(IMAGES, Answer({"error": {"message": "overloaded", "type": "overloaded_error"}}))
    async with gateway_in_front_of(Provider("alpha", alpha.base_url)) as gateway:
        reply = await ask(gateway, IMAGES, prompt="p")
    assert (reply.status_code, reply.json()["error"]["code"]) == (503, "overloaded")
    assert "x-should-retry" not in reply.headers


async def test_a_refusal_by_the_provider_comes_back_in_its_words_and_costs_nothing(alpha: ScriptedUpstream) -> None:
    alpha.on(IMAGES, refused(400, "moderation_blocked"))
    async with gateway_in_front_of(Provider("alpha", alpha.base_url)) as gateway:
        reply = await ask(gateway, IMAGES, prompt="p")
        row = await only_row(gateway)
    assert (reply.status_code, reply.json()["error"]["code"]) == (400, "moderation_blocked")
    assert (row["tokens"], row["cost_usd"]) == (NO_TOKENS, "0")
