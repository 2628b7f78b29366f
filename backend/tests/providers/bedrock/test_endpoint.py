from dataclasses import replace

import orjson
import pytest

from ai_engine.errors import UnsupportedByProvider
from ai_engine.names import Blame, Operation
from ai_engine.providers.adapter import ListedModel
from ai_engine.providers.failures import FailureClass, KeyScope
from ai_engine.providers.listings import NoListing
from tests.contracts.aws_service_model import check_answer
from tests.providers.bedrock.bedrock_exchange import CLAUDE, CREDENTIALS, HI, NOVA, PROVIDER, Json, adapter, chat, encode

SIGNED = replace(PROVIDER, keys=())


def test_a_key_is_a_bearer_and_the_model_one_segment_of_the_path() -> None:
    request = encode(chat())
    headers = dict(request.headers)
    assert request.url == (
        "https://bedrock-runtime.us-east-1.amazonaws.com/model/us.anthropic.claude-sonnet-4-5-20250929-v1%3A0/converse"
    )
    assert headers[b"authorization"] == b"Bearer bedrock-key-1"
    assert headers[b"accept"] == b"application/json"
    assert headers[b"content-type"] == b"application/json"


def test_a_stream_has_a_method_and_a_media_type_of_its_own() -> None:
    request = encode(chat(stream=True))
    assert request.url.endswith("/converse-stream")
    assert dict(request.headers)[b"accept"] == b"application/vnd.amazon.eventstream"
    assert b"stream" not in request.body


def test_without_a_key_a_request_is_signed_with_the_credentials_in_force() -> None:
    request = adapter(CREDENTIALS).encode(
        Operation.CHAT, chat(), SIGNED, CLAUDE, None, ask_usage=True, extra_headers=((b"via", b"1.1 me"),)
    )
    headers = dict(request.headers)
    scope = b"AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20261123/us-east-1/bedrock/aws4_request"
    assert headers[b"authorization"].startswith(scope + b", SignedHeaders=content-type;host;x-amz-date;x-amz-security-token, ")
    assert headers[b"x-amz-date"] == b"20261123T120000Z"
    assert headers[b"via"] == b"1.1 me"


def test_without_key_and_credentials_nothing_is_claimed() -> None:
    request = adapter().encode(Operation.CHAT, chat(), SIGNED, CLAUDE, None, ask_usage=True)
    assert b"authorization" not in dict(request.headers)


@pytest.mark.parametrize("model", [".", ".."])
def test_a_model_that_means_another_place_is_refused(model: str) -> None:
    with pytest.raises(UnsupportedByProvider):
        encode(chat(), model)


def test_what_is_no_chat_is_refused() -> None:
    bedrock = adapter()
    assert [each for each in Operation if bedrock.speaks(each, PROVIDER, CLAUDE)] == [Operation.CHAT]
    with pytest.raises(UnsupportedByProvider):
        bedrock.encode(Operation.EMBEDDINGS, {"input": "hi"}, PROVIDER, CLAUDE, None, ask_usage=False)


def test_claude_alone_is_told_to_call_one_tool_at_a_time() -> None:
    assert adapter().says_one_call_at_a_time(CLAUDE)
    assert not adapter().says_one_call_at_a_time(NOVA)


@pytest.mark.parametrize(
    ("base_url", "expected"),
    [
        ("https://bedrock-runtime.us-east-1.amazonaws.com", "https://bedrock.us-east-1.amazonaws.com"),
        ("https://bedrock-runtime-fips.us-east-1.amazonaws.com", "https://bedrock-fips.us-east-1.amazonaws.com"),
        ("https://vpce-1.bedrock-runtime.us-east-1.vpce.amazonaws.com", "https://vpce-1.bedrock.us-east-1.vpce.amazonaws.com"),
        ("http://127.0.0.1:8081/v1", "http://127.0.0.1:8081/v1"),
    ],
)
def test_models_are_listed_by_the_control_plane(base_url: str, expected: str) -> None:
    request = adapter(CREDENTIALS).encode_listing(replace(SIGNED, base_url=base_url), None)
    assert request.url == f"{expected}/foundation-models?byOutputModality=TEXT"
    assert b"Signature=" in dict(request.headers)[b"authorization"]


def model(name: str, **fields: object) -> Json:
    arn = f"arn:aws:bedrock:us-east-1::foundation-model/{name}"
    return {"modelArn": arn, "modelId": name, "inferenceTypesSupported": ["ON_DEMAND"], "outputModalities": ["TEXT"], **fields}


def test_those_foundation_models_are_listed_that_can_be_asked_by_their_own_id() -> None:
    page = {
        "modelSummaries": [
            model(NOVA, inputModalities=["TEXT", "IMAGE"]),
            model("meta.llama3-8b-instruct-v1:0", inputModalities=["TEXT"]),
            model("anthropic.claude-sonnet-4-5-20250929-v1:0", inferenceTypesSupported=["INFERENCE_PROFILE"]),
            model("amazon.titan-image-generator-v2:0", outputModalities=["IMAGE"]),
            model("openai.gpt-oss-120b-1:0"),
        ]
    }
    # The service reports `INFERENCE_PROFILE`; its model does not have it.
    asked_by_id = [each for each in page["modelSummaries"] if each["inferenceTypesSupported"] == ["ON_DEMAND"]]
    check_answer("ListFoundationModels", {"modelSummaries": asked_by_id}, "bedrock")
    body = orjson.dumps(page)
    assert list(adapter().decode_listing(body)) == [
        ListedModel(NOVA, takes_images=True, takes_json_schema=False),
        ListedModel("meta.llama3-8b-instruct-v1:0", takes_images=False, takes_json_schema=False),
        ListedModel("openai.gpt-oss-120b-1:0"),
    ]
    following = adapter().encode_next_listing(PROVIDER, PROVIDER.keys[0], body)
    assert following is not None
    assert following.url == "https://bedrock.us-east-1.amazonaws.com/inference-profiles?maxResults=1000&type=SYSTEM_DEFINED"


def profile(name: str) -> Json:
    arn = f"arn:aws:bedrock:us-east-1:123456789012:inference-profile/{name}"
    models = [{"modelArn": f"arn:aws:bedrock:us-east-1::foundation-model/{name.partition('.')[2].split(':')[0]}"}]
    return {
        "inferenceProfileName": "A profile",
        "inferenceProfileArn": arn,
        "models": models,
        "inferenceProfileId": name,
        "status": "ACTIVE",
        "type": "SYSTEM_DEFINED",
    }


def test_inference_profiles_are_listed_page_by_page_those_of_this_part_of_the_world_first() -> None:
    page = {"inferenceProfileSummaries": [profile("global.anthropic.claude-opus-4-6-v1"), profile(CLAUDE)], "nextToken": "a/b=="}
    check_answer("ListInferenceProfiles", page, "bedrock")
    body = orjson.dumps(page)
    assert [each.name for each in adapter().decode_listing(body)] == [CLAUDE, "global.anthropic.claude-opus-4-6-v1"]
    following = adapter().encode_next_listing(PROVIDER, PROVIDER.keys[0], body)
    assert following is not None
    assert following.url.endswith("&nextToken=a%2Fb%3D%3D")
    assert adapter().encode_next_listing(PROVIDER, None, orjson.dumps({"inferenceProfileSummaries": []})) is None


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"modelSummaries":{}}', b'{"inferenceProfileSummaries":7}'])
def test_what_is_no_listing_is_told_so(body: bytes) -> None:
    with pytest.raises((orjson.JSONDecodeError, NoListing)):
        adapter().decode_listing(body)


@pytest.mark.parametrize(
    ("status", "name", "kind", "blame", "scope"),
    [
        (400, "ValidationException", FailureClass.BAD_REQUEST, Blame.REQUEST, None),
        (403, "AccessDeniedException", FailureClass.FORBIDDEN, Blame.KEY, KeyScope.MODEL),
        (403, "UnrecognizedClientException", FailureClass.INVALID_KEY, Blame.KEY, KeyScope.INVALID),
        (403, "ExpiredTokenException", FailureClass.INVALID_KEY, Blame.KEY, KeyScope.INVALID),
        (403, "InvalidSignatureException", FailureClass.INVALID_KEY, Blame.KEY, KeyScope.INVALID),
        (403, "MissingAuthenticationTokenException", FailureClass.INVALID_KEY, Blame.KEY, KeyScope.INVALID),
        (404, "ResourceNotFoundException", FailureClass.MODEL_NOT_FOUND, Blame.ROUTE, None),
        (408, "ModelTimeoutException", FailureClass.SERVER_ERROR, Blame.ROUTE, None),
        (424, "ModelErrorException", FailureClass.SERVER_ERROR, Blame.ROUTE, None),
        (429, "ModelNotReadyException", FailureClass.SERVER_ERROR, Blame.ROUTE, None),
        (429, "ThrottlingException", FailureClass.RATE_LIMIT, Blame.KEY, KeyScope.MODEL),
        (400, "ServiceQuotaExceededException", FailureClass.QUOTA, Blame.KEY, KeyScope.MODEL),
        (500, "InternalServerException", FailureClass.SERVER_ERROR, Blame.ROUTE, None),
        (503, "ServiceUnavailableException", FailureClass.SERVER_ERROR, Blame.ROUTE, None),
    ],
)
def test_errors_are_known_by_the_name_in_their_header(
    status: int, name: str, kind: FailureClass, blame: Blame, scope: KeyScope | None
) -> None:
    headers = ((b"x-amzn-errortype", f"{name}:http://internal.amazon.com/coral/".encode()),)
    failure = adapter().classify(status, headers, b'{"message":"too hot"}')
    assert (failure.kind, failure.blame, failure.key_scope) == (kind, blame, scope)
    assert (failure.type, failure.message, failure.status) == (name, "too hot", status)


def test_errors_of_awss_front_have_their_message_in_capitals() -> None:
    failure = adapter().classify(403, (), b'{"Message":"no"}')
    assert (failure.kind, failure.message) == (FailureClass.FORBIDDEN, "no")


def test_what_was_signed_is_in_no_failure() -> None:
    said = (
        f"The Canonical String should have been ... x-amz-security-token:{CREDENTIALS.session_token} {CREDENTIALS.access_key_id}"
    )
    failure = adapter(CREDENTIALS).classify(403, (), orjson.dumps({"message": said}))
    assert CREDENTIALS.access_key_id not in failure.message
    assert CREDENTIALS.session_token is not None
    assert CREDENTIALS.session_token not in failure.message


def test_a_stream_that_is_not_asked_for_is_none() -> None:
    assert encode({"messages": [HI], "stream": False}).url.endswith("/converse")
