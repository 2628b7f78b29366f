"""Bedrock's hosts, and its two kinds of authentication: an API key as a bearer token, or a signature with AWS credentials.

Sources (read 2026-11-30): https://docs.aws.amazon.com/bedrock/latest/userguide/api-keys-use.html ·
https://docs.aws.amazon.com/general/latest/gr/bedrock.html (hosts).
"""

import re
from urllib.parse import quote

from ai_engine.clock import Clock
from ai_engine.providers.bedrock.signature import signed_headers
from ai_engine.providers.cloud_credentials import AwsCredentials, InForce
from ai_engine.providers.endpoint import Call
from ai_engine.providers.json_requests import COMMON_HEADERS, listing_request, post_request
from ai_engine.providers.registry.definition import ProviderDefinition, ProviderKey
from ai_engine.upstream.port import Headers, UpstreamRequest
from ai_engine.wire import openai
from ai_engine.wire.fields import unsupported

_SERVICE = "bedrock"
"""The service in signatures, at both hosts."""
_JSON: Headers = ((b"accept", b"application/json"),)
_EVENT_STREAM: Headers = ((b"accept", b"application/vnd.amazon.eventstream"),)
_CONTENT_TYPE: Headers = ((b"content-type", b"application/json"),)
_RUNTIME_HOST = re.compile(r"(?<=[/.])bedrock-runtime(?=[-.])")
_DOT_SEGMENTS = (".", "..")
"""Segments that URL parsers remove, quoted or not (https://url.spec.whatwg.org/#path-state, read 2026-11-28)."""


class BedrockEndpoint:
    """`endpoint.Endpoint`. Without a key and credentials, requests are unsigned, and AWS refuses them."""

    def __init__(self, clock: Clock, credentials: InForce[AwsCredentials]) -> None:
        self._clock = clock
        self._credentials = credentials

    def request(
        self, call: Call, provider: ProviderDefinition, key: ProviderKey | None, extra_headers: Headers = ()
    ) -> UpstreamRequest:
        if call.model in _DOT_SEGMENTS:
            raise unsupported("model", f"must not be {call.model!r}, which URLs cannot have")
        url = f"{provider.base_url}/model/{quote(call.model, safe='')}/{call.method}"
        body = openai.encoded(call.body)
        accept = _EVENT_STREAM if call.is_stream else _JSON
        authentication = self._authentication("POST", url, _CONTENT_TYPE, body, provider, key)
        return post_request(provider, url, (*accept, *_CONTENT_TYPE, *authentication, *COMMON_HEADERS, *extra_headers), body)

    def listing(self, provider: ProviderDefinition, key: ProviderKey | None) -> UpstreamRequest:
        return self.get("foundation-models?byOutputModality=TEXT", provider, key)

    def get(self, path: str, provider: ProviderDefinition, key: ProviderKey | None) -> UpstreamRequest:
        """A request to the control plane, which is at another host than chats."""
        url = f"{_RUNTIME_HOST.sub('bedrock', provider.base_url, count=1)}/{path}"
        authentication = self._authentication("GET", url, (), b"", provider, key)
        return listing_request(provider, url, (*_JSON, *authentication, *COMMON_HEADERS))

    def _authentication(
        self, method: str, url: str, headers: Headers, body: bytes, provider: ProviderDefinition, key: ProviderKey | None
    ) -> Headers:
        if key is not None:
            return ((b"authorization", b"Bearer " + key.secret.encode()),)
        credentials = self._credentials.current
        if credentials is None or provider.region is None:
            return ()
        return signed_headers(
            method, url, headers, body, credentials, region=provider.region, service=_SERVICE, at=self._clock.now()
        )
