"""Signatures against AWS's published test suite, and against botocore's own signer."""

from datetime import UTC, datetime
from urllib.parse import quote, urlencode

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from hypothesis import given
from hypothesis import strategies as st

from ai_engine.providers.bedrock.signature import signed_headers
from ai_engine.providers.cloud_credentials import AwsCredentials
from ai_engine.upstream.port import Headers

CREDENTIALS = AwsCredentials("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")
AT = datetime(2015, 8, 30, 12, 36, tzinfo=UTC)
HOST = "https://example.amazonaws.com"
TOKEN = "AQoDYXdzEPT//////////wEXAMPLEtc764bNrC9SAPBSM22wDOk4x4HIZ8j4FZTwdQWLWsKWHGBuFqwAeMicRXmxfpSPfIeoIYRqTflfKD8YUuwthAx7m=="

# From the suite `aws-sig-v4-test-suite` (https://docs.aws.amazon.com/general/latest/gr/signature-v4-test-suite.html, mirrored at
# https://github.com/awslabs/aws-c-auth/tree/main/tests/aws-signing-test-suite/v4, read 2026-11-30).
SUITE = {
    "get-vanilla": ("GET", "/", (), "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"),
    "post-vanilla": ("POST", "/", (), "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"),
    "get-vanilla-query-order-key-case": (
        "GET",
        "/?Param2=value2&Param1=value1",
        (),
        "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500",
    ),
    "get-header-value-trim": (
        "GET",
        "/",
        ((b"my-header1", b" value1"), (b"my-header2", b' "a   b   c"')),
        "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736",
    ),
}


def sign(
    url: str,
    headers: Headers = (),
    body: bytes = b"",
    credentials: AwsCredentials = CREDENTIALS,
    method: str = "GET",
    service: str = "service",
) -> dict[str, str]:
    added = signed_headers(method, url, headers, body, credentials, region="us-east-1", service=service, at=AT)
    return {name.decode(): value.decode() for name, value in added}


@pytest.mark.parametrize("name", SUITE)
def test_the_published_suite_is_signed_as_it_says(name: str) -> None:
    method, path, headers, signature = SUITE[name]
    signed = sign(HOST + path, headers, method=method)
    assert signed["x-amz-date"] == "20150830T123600Z"
    assert signed["authorization"].startswith("AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, ")
    assert signed["authorization"].endswith(f"Signature={signature}")


def by_botocore(method: str, url: str, headers: dict[str, str], body: bytes, credentials: AwsCredentials) -> str:
    """The signature alone, at our moment."""
    keys = Credentials(credentials.access_key_id, credentials.secret_access_key, credentials.session_token)
    signer = SigV4Auth(keys, "bedrock", "us-east-1")
    request = AWSRequest(method=method, url=url, data=body, headers={"X-Amz-Date": "20150830T123600Z", **headers})
    if credentials.session_token is not None:
        request.headers["X-Amz-Security-Token"] = credentials.session_token
    request.context["timestamp"] = "20150830T123600Z"
    signature: str = signer.signature(signer.string_to_sign(request, signer.canonical_request(request)), request)
    return signature


@pytest.mark.parametrize("token", [None, TOKEN])
@pytest.mark.parametrize(
    "url",
    [
        "https://bedrock-runtime.us-east-1.amazonaws.com/model/us.anthropic.claude-sonnet-4-5-20250929-v1%3A0/converse",
        "https://bedrock-runtime.us-east-1.amazonaws.com/model/arn%3Aaws%3Abedrock%3Aus-east-1%3A1%3Aprovisioned-model%2Fx/converse",
        "https://bedrock-runtime.us-east-1.amazonaws.com/model/a%20b~c/converse-stream",
        "https://bedrock.us-east-1.amazonaws.com/inference-profiles?maxResults=1000&type=SYSTEM_DEFINED&nextToken=a%2Fb%3D%3D",
        "http://127.0.0.1:8081/v1/model/tiny/converse",
    ],
)
def test_botocore_signs_the_same(url: str, token: str | None) -> None:
    credentials = AwsCredentials(CREDENTIALS.access_key_id, CREDENTIALS.secret_access_key, token)
    body = '{"messages":[{"text":"grüße 🦊"}]}'.encode()
    signed = sign(url, ((b"content-type", b"application/json"),), body, credentials, "POST", "bedrock")
    assert signed.get("x-amz-security-token") == token
    expected = by_botocore("POST", url, {"Content-Type": "application/json"}, body, credentials)
    assert signed["authorization"].endswith(f"Signature={expected}")


SEGMENTS = st.text(st.sampled_from("abcXYZ019-_.~%:/@ ü"), min_size=1, max_size=20).filter(lambda text: text not in (".", ".."))


@given(SEGMENTS, st.dictionaries(st.text(max_size=6), st.text(max_size=6), max_size=3), st.binary(max_size=30))
def test_whatever_is_in_the_url_is_signed_as_botocore_signs_it(segment: str, query: dict[str, str], body: bytes) -> None:
    url = f"https://example.amazonaws.com/model/{quote(segment, safe='')}/converse?{urlencode(query)}"
    signed = sign(url, (), body, CREDENTIALS, "POST", "bedrock")
    assert signed["authorization"].endswith(f"Signature={by_botocore('POST', url, {}, body, CREDENTIALS)}")


def test_no_secret_is_in_a_repr() -> None:
    assert repr(AwsCredentials("AKIDEXAMPLE", "secret-key", "a-token")) == "AwsCredentials(access_key_id='AKIDEXAMPLE')"
