"""The endpoint port: the address and the authentication of a format's requests.

The format (its codec: `anthropic/`, `gemini/`, `cohere/`, `bedrock/`) is one axis, the endpoint the other: Anthropic's format is
used at Anthropic's own API and at Vertex AI. An adapter is a format at an endpoint.
"""

from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple, Protocol

from ai_engine.providers.json_requests import KeyedHeaders, listing_request, post_request
from ai_engine.providers.registry.definition import ProviderDefinition, ProviderKey
from ai_engine.upstream.port import Headers, UpstreamRequest
from ai_engine.wire import openai
from ai_engine.wire.json_types import JsonMapping

_REMEMBERED_KEYS = 4096


class Call(NamedTuple):
    """A request in a format, without an address yet."""

    method: str
    """Its name in the format's own API: `messages`, `generateContent` …."""
    model: str
    body: JsonMapping
    is_stream: bool = False


class Endpoint(Protocol):
    """An address and its authentication. Pure, as adapters are."""

    def request(
        self, call: Call, provider: ProviderDefinition, key: ProviderKey | None, extra_headers: Headers = ()
    ) -> UpstreamRequest:
        """The complete request. `extra_headers` replace others of the same name."""

    def listing(self, provider: ProviderDefinition, key: ProviderKey | None) -> UpstreamRequest:
        """As `Adapter.encode_listing`."""


class KeyedEndpoint:
    """`Endpoint` of an API with the key in a header and the method below the base URL."""

    def __init__(self, headers_with: Callable[[str | None], KeyedHeaders]) -> None:
        """`headers_with` makes the headers with this key."""
        self._headers_with = lru_cache(_REMEMBERED_KEYS)(headers_with)

    def request(
        self, call: Call, provider: ProviderDefinition, key: ProviderKey | None, extra_headers: Headers = ()
    ) -> UpstreamRequest:
        known = self._headers(key)
        headers = replaced(known.stream if call.is_stream else known.plain, extra_headers)
        return post_request(provider, self._url(call, provider), headers, openai.encoded(self._body(call)))

    def listing(self, provider: ProviderDefinition, key: ProviderKey | None) -> UpstreamRequest:
        return listing_request(provider, self._listing_url(provider), self._headers(key).listing)

    def _headers(self, key: ProviderKey | None) -> KeyedHeaders:
        return self._headers_with(key.secret if key else None)

    def _url(self, call: Call, provider: ProviderDefinition) -> str:
        return f"{provider.base_url}/{call.method}"

    def _body(self, call: Call) -> JsonMapping:
        return call.body

    def _listing_url(self, provider: ProviderDefinition) -> str:
        return f"{provider.base_url}/models"


def replaced(headers: Headers, others: Headers) -> Headers:
    """`headers` and `others`, which replace those of the same name."""
    names = [name for name, _ in others]
    return tuple(header for header in headers if header[0] not in names) + others
