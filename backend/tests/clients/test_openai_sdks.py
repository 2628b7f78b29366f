"""Unmodified OpenAI SDKs against the whole gateway, in front of a model server that nobody here wrote."""

from typing import Any

import pytest

from tests.clients.servers import ClientSdk, Server

pytestmark = pytest.mark.client_sdk

GREETING = "Hello from the upstream, in words enough for several chunks of a stream."
PARIS_CALL = {
    "id": "call_weather",
    "type": "function",
    "name": "get_weather",
    "arguments": {"city": "Paris"},
    "finish_reason": "tool_calls",
}
PARIS = {"city": "Paris", "inhabitants": 2_100_000}
REFUSED = {
    "class": "BadRequestError",
    "status": 400,
    "message": "Invalid value for 'temperature': it must be at most 2.",
    "type": "invalid_request_error",
    "param": "temperature",
    "code": "invalid_value",
}

Report = dict[str, Any]


def without(result: Any, *names: str) -> dict[str, Any]:
    """The result without its parts that differ from request to request."""
    assert "raised" not in result, result["raised"]
    return {name: value for name, value in result.items() if name not in names}


def test_a_plain_answer_comes_whole(report: Report) -> None:
    assert without(report["plain"], "headers", "request_id") == {
        "content": GREETING,
        "finish_reason": "stop",
        "model": "gpt-4o",
        "object": "chat.completion",
        "usage": [11, 14, 25],
    }


def test_an_answer_says_who_gave_it(report: Report) -> None:
    plain = report["plain"]
    headers = plain["headers"]

    assert plain["request_id"] == headers["x-request-id"]
    assert headers["x-ai-engine-provider"] == "aimock"
    assert headers["x-ai-engine-model"] == "gpt-4o"
    assert headers["x-ai-engine-attempts"] == "1"
    assert "server-timing" in headers


def test_a_stream_comes_in_pieces_and_without_the_usage_that_nobody_asked_for(report: Report) -> None:
    assert without(report["streamed"]) == {
        "content": GREETING,
        "pieces": 4,
        "finish_reasons": ["stop"],
        "usages": [],
        "chunks_without_choices": 0,
        "ids": 1,
    }


def test_a_stream_tells_its_usage_to_a_client_that_asks(report: Report) -> None:
    assert without(report["streamed_with_usage"]) == {
        "content": GREETING,
        "pieces": 4,
        "finish_reasons": ["stop"],
        "usages": [[11, 14, 25]],
        "chunks_without_choices": 1,
        "ids": 1,
    }


def test_tools_are_called(report: Report) -> None:
    assert report["tools"] == PARIS_CALL


def test_tools_are_called_in_a_stream(report: Report) -> None:
    assert report["tools_streamed"] == PARIS_CALL


def test_a_tools_result_goes_back(report: Report) -> None:
    assert report["tool_result"] == "It is 21 degrees in Paris."


def test_a_json_schema_is_honoured(report: Report) -> None:
    assert report["json_schema"] == PARIS


def test_the_parse_helper_gives_an_object(report: Report) -> None:
    assert report["parse_helper"] == PARIS


def test_an_image_is_seen(report: Report) -> None:
    assert report["image"] == "A single red pixel."


def test_embeddings_come_as_floats(report: Report) -> None:
    assert report["embeddings_float"] == [[0.5, -0.25, 0.125, 0.0]] * 2


def test_models_are_listed_plain_and_by_provider(report: Report) -> None:
    models = without(report["models"])

    assert models["gpt-4o"] == models["aimock/gpt-4o"] == "model"


def test_one_model_is_found_by_its_name(report: Report) -> None:
    assert report["one_model"] == "gpt-4o"


@pytest.mark.parametrize("feature", ["bad_request", "bad_request_streamed"])
def test_a_providers_refusal_is_raised_as_the_provider_worded_it(report: Report, feature: str) -> None:
    error = report[feature]

    assert without(error, "headers", "request_id") == REFUSED
    assert error["request_id"] == error["headers"]["x-request-id"]
    assert error["headers"]["x-should-retry"] == "false"


def test_a_wrong_key_is_an_authentication_error(report: Report) -> None:
    error = report["wrong_key"]

    assert (error["class"], error["status"]) == ("AuthenticationError", 401)
    assert error["message"]
    assert error["request_id"]


def test_a_model_that_nobody_has_is_not_found(report: Report) -> None:
    error = report["unknown_model"]

    assert (error["class"], error["status"], error["code"]) == ("NotFoundError", 404, "model_not_found")
    assert "nobody-has-this" in error["message"]


def test_a_request_without_messages_is_refused_with_the_field_named(report: Report) -> None:
    error = report["missing_messages"]

    assert (error["class"], error["status"], error["param"]) == ("BadRequestError", 400, "messages")
    assert error["type"] == "invalid_request_error"


def test_a_rate_limit_is_raised_with_the_time_to_come_back(report: Report) -> None:
    error = report["rate_limited"]

    assert (error["class"], error["status"]) == ("RateLimitError", 429)
    # The later of its `Retry-After`, 30 s, and the reset of its spent tokens, 6 minutes.
    assert 240 < float(error["headers"]["retry-after"]) <= 360
    assert "x-should-retry" not in error["headers"]


def test_a_broken_provider_is_a_server_error(report: Report) -> None:
    error = report["server_error"]

    assert error["class"] == "InternalServerError"
    assert error["status"] in {502, 503}
    assert error["message"]
    assert error["request_id"]


def test_what_the_sdk_sends_reaches_the_provider_unchanged(report: Report, upstream: Server) -> None:
    assert report["image"]
    bodies = [entry["body"] for entry in upstream.get("/__aimock/journal") if entry["path"] == "/v1/chat/completions"]

    pictures = [body["messages"][0]["content"][1] for body in bodies if isinstance(body["messages"][0]["content"], list)]
    assert pictures
    assert all(picture["image_url"]["url"].startswith("data:image/png;base64,iVBORw0KGgo") for picture in pictures)
    assert all(picture["image_url"]["detail"] == "low" for picture in pictures)
    assert any(body.get("response_format", {}).get("type") == "json_schema" for body in bodies)
    assert any(body.get("tools", [{}])[0].get("function", {}).get("name") == "get_weather" for body in bodies)


def test_the_provider_gets_our_key_and_nothing_of_the_client(report: Report, gateway: Server, upstream: Server) -> None:
    assert report["plain"]
    for entry in upstream.get("/__aimock/journal"):
        assert gateway.api_key not in str(entry)
        assert not any(name.startswith("x-stainless") for name in entry["headers"])


def test_the_sandbox_answers_every_sdk_and_says_what_it_is(sandbox_report: Report) -> None:
    assert "sandbox" in sandbox_report["plain"]["content"].lower()
    assert "sandbox" in sandbox_report["streamed"]["content"].lower()
    assert sandbox_report["plain"]["headers"]["x-ai-engine-provider"] == "sandbox"
    assert sandbox_report["streamed"]["pieces"] > 1
    assert len(sandbox_report["streamed_with_usage"]["usages"]) == 1


def test_embeddings_in_base64_are_the_same_numbers_as_in_floats(sdk: ClientSdk, sandbox_report: Report) -> None:
    if "--strict" in sdk.arguments:  # its own types have no base64: it refuses what it asked for, from whatever server
        assert "APIResponseValidationError" in sandbox_report["embeddings"]["raised"]
        return
    assert sandbox_report["embeddings"] == pytest.approx(sandbox_report["embeddings_float"][0], abs=1e-6)
