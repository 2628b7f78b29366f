import orjson
import pytest

from ai_engine.names import Blame
from ai_engine.providers.failures import (
    FailureClass,
    KeyScope,
    classify,
    classify_error_object,
    classify_error_value,
    classify_exception,
)
from ai_engine.upstream.port import (
    AnswerTooLarge,
    ConnectFailed,
    ConnectionCut,
    ConnectionReset,
    UpstreamError,
    UpstreamTimeout,
)

SECRET = "sk-proj-AbCdEfGhIjKlMnOpQrStUvWx"


def openai_error(**fields: object) -> bytes:
    return orjson.dumps({"error": {"message": "The provider's words.", "type": "invalid_request_error", "param": None, **fields}})


@pytest.mark.parametrize("status", [400, 409, 413, 415, 418, 422])
def test_an_ordinary_invalid_request_is_the_clients_error(status: int) -> None:
    """The first AI Engine read `invalid_request_error` as a bad key, and flagged every provider for an hour."""
    failure = classify(status, (), openai_error(param="temperature", code="invalid_value"))
    assert (failure.kind, failure.blame) == (FailureClass.BAD_REQUEST, Blame.REQUEST)
    assert (failure.message, failure.status, failure.param) == ("The provider's words.", status, "temperature")
    assert (failure.code, failure.type) == ("invalid_value", "invalid_request_error")
    assert failure.key_scope is None
    assert not failure.is_worth_repeating


def test_the_text_of_a_message_decides_nothing() -> None:
    """The first AI Engine guessed from words."""
    words = "invalid api key, quota exceeded, rate limit, model not found, maximum context length, unauthorized"
    assert classify(400, (), openai_error(message=words)).blame is Blame.REQUEST


@pytest.mark.parametrize(
    ("status", "code"),
    [(401, None), (401, "whatever"), (400, "invalid_api_key"), (403, "invalid_api_key"), (401, "wrong_api_key")],
)
def test_an_unknown_key_is_invalid(status: int, code: str | None) -> None:
    failure = classify(status, (), openai_error(code=code))
    assert (failure.kind, failure.blame, failure.key_scope) == (FailureClass.INVALID_KEY, Blame.KEY, KeyScope.INVALID)


@pytest.mark.parametrize(
    ("status", "fields"),
    [
        (402, {}),
        (429, {"code": "insufficient_quota", "type": "insufficient_quota"}),
        (429, {"code": None, "type": "insufficient_quota"}),
        (400, {"code": "billing_hard_limit_reached"}),
        (403, {"type": "exceeded_current_quota_error"}),
        (429, {"code": "1113"}),
        (403, {"code": "INSUFFICIENT_BALANCE"}),
    ],
)
def test_a_spent_quota_cools_the_key_for_all_models_even_under_a_429(status: int, fields: dict[str, object]) -> None:
    failure = classify(status, (), openai_error(**fields))
    assert (failure.kind, failure.blame, failure.key_scope) == (FailureClass.QUOTA, Blame.KEY, KeyScope.ALL_MODELS)
    assert not failure.is_worth_repeating


def test_a_spent_quota_keeps_its_stated_reset() -> None:
    assert classify(402, ((b"retry-after", b"3600"),), b"").retry_after_seconds == 3600


def test_a_rate_limit_cools_the_key_for_this_model_until_the_stated_time() -> None:
    failure = classify(429, ((b"retry-after", b"2"),), openai_error(code="rate_limit_exceeded"))
    assert (failure.kind, failure.blame, failure.key_scope) == (FailureClass.RATE_LIMIT, Blame.KEY, KeyScope.MODEL)
    assert failure.retry_after_seconds == 2
    assert failure.is_worth_repeating


def test_googles_daily_limit_is_a_spent_quota_of_this_model_despite_its_retry_delay() -> None:
    quotas = ("GenerateRequestsPerMinutePerProjectPerModel-FreeTier", "GenerateRequestsPerDayPerProjectPerModel-FreeTier")
    violations: list[object] = [{"quotaId": quota} for quota in quotas]
    details = [{"violations": [*violations, 7]}, {"retryDelay": "47s"}, {"violations": 7}]
    fields = {"code": 429, "status": "RESOURCE_EXHAUSTED", "message": "x", "details": details}
    failure = classify(429, (), orjson.dumps({"error": fields}))
    assert (failure.kind, failure.key_scope) == (FailureClass.QUOTA, KeyScope.MODEL)
    assert (failure.retry_after_seconds, failure.is_worth_repeating) == (None, False)
    assert classify(429, ((b"retry-after", b"60"),), orjson.dumps({"error": fields})).retry_after_seconds == 60
    of_a_minute = fields | {"details": [{"violations": violations[:1]}, {"retryDelay": "47s"}]}
    failure = classify(429, (), orjson.dumps({"error": of_a_minute}))
    assert (failure.kind, failure.retry_after_seconds) == (FailureClass.RATE_LIMIT, 47)


def test_a_rate_limit_without_a_time_leaves_it_unknown() -> None:
    assert classify(429, (), b"").retry_after_seconds is None


def test_a_request_above_the_limit_of_the_key_is_not_repeated_with_it() -> None:
    failure = classify(413, (), openai_error(code="rate_limit_exceeded", type="tokens"))
    assert (failure.kind, failure.key_scope, failure.is_worth_repeating) == (FailureClass.RATE_LIMIT, KeyScope.REQUEST, False)


def test_a_403_is_about_this_key_and_model() -> None:
    failure = classify(403, (), openai_error())
    assert (failure.kind, failure.blame, failure.key_scope) == (FailureClass.FORBIDDEN, Blame.KEY, KeyScope.MODEL)


@pytest.mark.parametrize(
    ("status", "fields"),
    [
        (400, {"code": "content_policy_violation"}),
        (400, {"code": "content_filter"}),
        (400, {"code": "moderation_blocked"}),
        (400, {"innererror": {"code": "ResponsibleAIPolicyViolation"}}),
        (403, {"code": 403, "metadata": {"reasons": ["violence"], "flagged_input": "…"}}),
        (403, {"code": "content_policy_violation"}),
    ],
)
def test_a_content_filter_is_the_clients_own_fault(status: int, fields: dict[str, object]) -> None:
    failure = classify(status, (), openai_error(**fields))
    assert (failure.kind, failure.blame) == (FailureClass.CONTENT_FILTER, Blame.REQUEST)


@pytest.mark.parametrize(
    ("status", "fields"),
    [
        (400, {"code": "context_length_exceeded"}),
        (413, {"code": "tokens_limit_reached"}),
        (500, {"code": 500, "type": "exceed_context_size_error"}),
        (400, {"type": "BadRequestError", "param": "input_tokens", "code": 400}),
        (400, {"code": 400, "metadata": {"raw": '{"error":{"code":"context_length_exceeded"}}', "provider_name": "OpenAI"}}),
    ],
)
def test_a_too_long_conversation_blames_the_model(status: int, fields: dict[str, object]) -> None:
    failure = classify(status, (), openai_error(**fields))
    assert (failure.kind, failure.blame) == (FailureClass.CONTEXT_LENGTH, Blame.MODEL)


def test_the_bad_key_of_an_aggregators_upstream_is_not_the_gateways() -> None:
    raw = {"raw": '{"error":{"code":"invalid_api_key"}}', "provider_name": "OpenAI"}
    assert classify(502, (), openai_error(code=502, metadata=raw)).kind is FailureClass.SERVER_ERROR


@pytest.mark.parametrize(
    ("status", "fields"),
    [
        (404, {"code": "model_not_found"}),
        (404, {}),
        (400, {"code": "model_not_found"}),
        (400, {"type": "invalid_model", "code": "1500"}),
        (400, {"code": "model_decommissioned"}),
        (404, {"code": "DeploymentNotFound"}),
        (400, {"code": "1211"}),
    ],
)
def test_a_missing_model_or_endpoint_blames_the_route(status: int, fields: dict[str, object]) -> None:
    failure = classify(status, (), openai_error(**fields))
    assert (failure.kind, failure.blame) == (FailureClass.MODEL_NOT_FOUND, Blame.ROUTE)


@pytest.mark.parametrize("param", ["model", "input", "previous_response_id"])
def test_a_404_about_a_field_that_names_no_missing_model_is_of_this_request_at_this_route(param: str) -> None:
    failure = classify(404, (), openai_error(type="invalid_request_error", param=param, code=None))
    assert (failure.kind, failure.blame, failure.is_worth_repeating) == (FailureClass.BAD_REQUEST, Blame.FIT, False)


@pytest.mark.parametrize("status", [301, 302, 307, 405, 407])
def test_a_redirect_or_a_wrong_method_is_no_answer_and_the_routes_fault(status: int) -> None:
    failure = classify(status, (), b"")
    assert (failure.kind, failure.blame, failure.is_worth_repeating) == (FailureClass.MALFORMED_RESPONSE, Blame.ROUTE, False)


@pytest.mark.parametrize("status", [408, 500, 502, 503, 504, 520, 524, 529])
def test_a_server_error_blames_the_route_and_has_its_stated_wait(status: int) -> None:
    failure = classify(status, ((b"retry-after", b"3"),), b"")
    assert (failure.kind, failure.blame) == (FailureClass.SERVER_ERROR, Blame.ROUTE)
    assert failure.is_worth_repeating
    assert failure.retry_after_seconds == 3


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b'{"detail":"Not allowed"}', "Not allowed"),
        (b'{"detail":[{"loc":["body","top_p"],"msg":"too big"},{"loc":["body"],"msg":"odd"}]}', "top_p: too big; odd"),
        (b'{"object":"error","message":{"detail":[{"loc":["body","n"],"msg":"no"}]},"type":"invalid_request_error"}', "n: no"),
        (b'{"error":"just text","code":"odd"}', "just text"),
        (b'{"message":"flat","type":"x","code":"y"}', "flat"),
        (b'{"errors":[{"code":10000,"message":"cloudflare"}],"success":false}', "cloudflare"),
        (b'[{"error":{"code":400,"message":"a list","status":"INVALID_ARGUMENT"}}]', "a list"),
        (b'{"base_resp":{"status_code":2013,"status_msg":"minimax"}}', "minimax"),
        (b"  upstream connect error\nreset  ", "upstream connect error reset"),
        (b"<html><head><title>400 Bad\nRequest</title></head><body>x</body></html>", "400 Bad Request"),
        (b"<html><body>nothing</body></html>", "The provider answered with status 400 and no message."),
        (b"", "The provider answered with status 400 and no message."),
        (b"null", "The provider answered with status 400 and no message."),
        (b"[]", "The provider answered with status 400 and no message."),
        (b"17", "The provider answered with status 400 and no message."),
        (b'"only a string"', "only a string"),
        (b'{"error":{"message":null}}', "The provider answered with status 400 and no message."),
        (b"\xff\xfe", "\ufffd\ufffd"),
    ],
)
def test_every_shape_of_error_is_read(body: bytes, message: str) -> None:
    failure = classify(400, (), body)
    assert (failure.message, failure.blame) == (message, Blame.REQUEST)


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        (500, b'{"error":{"message":"cannot answer: my diary"}}', "The provider answered with status 500."),
        (500, b"", "The provider answered with status 500 and no message."),
    ],
)
def test_a_providers_wording_which_may_repeat_the_request_is_not_for_others(status: int, body: bytes, expected: str) -> None:
    assert classify(status, (), body).message_for_others == expected


def test_an_error_inside_an_answer_is_not_quoted_to_other_clients() -> None:
    assert classify_error_value({"error": "my diary is too much"}).message_for_others == "The provider reported an error."


def test_the_gateways_own_message_is_for_all_clients() -> None:
    assert classify_exception(ConnectFailed("Connection refused.")).message_for_others == "Connection refused."


def test_an_odd_place_in_a_validation_error_is_its_param() -> None:
    assert classify(422, (), b'{"detail":[{"loc":["body","store"],"msg":"Extra inputs"}]}').param == "store"


def test_a_numeric_code_is_kept_as_text() -> None:
    assert classify(400, (), openai_error(code=1234)).code == "1234"


@pytest.mark.parametrize(
    ("error", "kind", "status"),
    [
        ({"message": "m", "code": 429}, FailureClass.RATE_LIMIT, 429),
        ({"message": "m", "code": "429"}, FailureClass.RATE_LIMIT, 429),
        ({"message": "m", "status": 503}, FailureClass.SERVER_ERROR, 503),
        ({"message": "m", "code": "rate_limit_exceeded"}, FailureClass.RATE_LIMIT, 429),
        ({"message": "m", "type": "authentication_error"}, FailureClass.INVALID_KEY, 401),
        ({"message": "m", "type": "invalid_request_error"}, FailureClass.BAD_REQUEST, 400),
        ({"message": "m", "code": "content_filter"}, FailureClass.CONTENT_FILTER, 400),
        ({"message": "m", "code": "server_error"}, FailureClass.SERVER_ERROR, None),
        ({"message": "m", "code": True}, FailureClass.SERVER_ERROR, None),
        ({}, FailureClass.SERVER_ERROR, None),
    ],
)
def test_an_error_inside_a_success_has_the_status_that_it_names(
    error: dict[str, object], kind: FailureClass, status: int | None
) -> None:
    failure = classify_error_object(error)
    assert (failure.kind, failure.status) == (kind, status)


def test_the_http_status_counts_before_the_one_in_the_body() -> None:
    assert classify(400, (), openai_error(code=429)).kind is FailureClass.BAD_REQUEST
    assert classify(200, (), openai_error(code=429)).kind is FailureClass.RATE_LIMIT


@pytest.mark.parametrize(
    ("number", "kind"),
    [
        (1002, FailureClass.RATE_LIMIT),
        (1004, FailureClass.INVALID_KEY),
        (1008, FailureClass.QUOTA),
        (1026, FailureClass.CONTENT_FILTER),
        (1000, FailureClass.SERVER_ERROR),
    ],
)
def test_minimax_puts_its_errors_into_a_success(number: int, kind: FailureClass) -> None:
    assert classify_error_value({"choices": None, "base_resp": {"status_code": number, "status_msg": "m"}}).kind is kind


def test_a_message_holds_no_key_no_control_characters_and_at_most_a_thousand_characters() -> None:
    failure = classify(
        401, (), openai_error(message=f"Wrong key {SECRET}\x1b[31m\r\n" + "word " * 1000, code=SECRET, type=SECRET)
    )
    assert SECRET not in repr(failure)
    assert failure.message.isprintable()
    assert len(failure.message) == 1000


def test_a_key_in_a_plain_text_body_is_taken_out() -> None:
    assert SECRET not in classify(500, (), f"boom {SECRET}".encode()).message


@pytest.mark.parametrize(
    ("error", "kind", "blame", "is_worth_repeating"),
    [
        (ConnectFailed("refused"), FailureClass.CONNECTION_FAILED, Blame.NETWORK, True),
        (ConnectionReset("reset"), FailureClass.CONNECTION_RESET, Blame.ROUTE, True),
        (ConnectionCut("cut"), FailureClass.INCOMPLETE_STREAM, Blame.ROUTE, True),
        (UpstreamTimeout("silent"), FailureClass.TIMEOUT, Blame.ROUTE, False),
        (AnswerTooLarge("large"), FailureClass.MALFORMED_RESPONSE, Blame.ROUTE, False),
        (UpstreamError("something new"), FailureClass.CONNECTION_RESET, Blame.ROUTE, True),
    ],
)
def test_an_exchange_that_failed_is_classified(
    error: UpstreamError, kind: FailureClass, blame: Blame, is_worth_repeating: bool
) -> None:
    failure = classify_exception(error)
    assert (failure.kind, failure.blame, failure.is_worth_repeating) == (kind, blame, is_worth_repeating)
    assert failure.message == error.message


def test_a_scope_is_set_exactly_when_a_key_is_blamed() -> None:
    for status in range(300, 600):
        failure = classify(status, (), b"")
        assert (failure.key_scope is not None) == (failure.blame is Blame.KEY)


@pytest.mark.parametrize(
    ("kind", "expected", "status"),
    [
        ("billing_error", FailureClass.QUOTA, 402),
        ("request_too_large", FailureClass.BAD_REQUEST, 413),
        ("api_error", FailureClass.SERVER_ERROR, 500),
        ("timeout_error", FailureClass.SERVER_ERROR, 504),
        ("overloaded_error", FailureClass.SERVER_ERROR, 529),
        ("authentication_error", FailureClass.INVALID_KEY, 401),
        ("not_found_error", FailureClass.MODEL_NOT_FOUND, 404),
    ],
)
def test_anthropics_error_types_imply_a_status(kind: str, expected: FailureClass, status: int) -> None:
    failure = classify_error_value({"type": "error", "error": {"type": kind, "message": "x"}, "request_id": "req_1"})
    assert (failure.kind, failure.status, failure.type) == (expected, status, kind)


def test_a_code_in_anthropics_details_takes_precedence_over_the_status() -> None:
    error = {"type": "rate_limit_error", "message": "x", "details": {"error_code": "contract_spend_limit_reached"}}
    failure = classify(429, (), orjson.dumps({"type": "error", "error": error}))
    assert (failure.kind, failure.key_scope, failure.code) == (
        FailureClass.QUOTA,
        KeyScope.ALL_MODELS,
        "contract_spend_limit_reached",
    )
