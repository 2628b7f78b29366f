"""Headers and timeouts of requests with a JSON body and a key in one header."""

from typing import NamedTuple

from ai_engine import __version__
from ai_engine.providers.registry.definition import ProviderDefinition
from ai_engine.upstream.port import Headers, UpstreamRequest

COMMON_HEADERS: Headers = ((b"accept-encoding", b"identity"), (b"user-agent", f"ai-engine/{__version__}".encode()))

_LISTING_SILENCE_SECONDS = 20.0


class KeyedHeaders(NamedTuple):
    """The headers of all requests with one key."""

    plain: Headers
    stream: Headers
    listing: Headers


def keyed_headers(*own: tuple[bytes, bytes]) -> KeyedHeaders:
    """`own` are the protocol's headers: key, version."""
    common = (*own, *COMMON_HEADERS)
    json_body = ((b"content-type", b"application/json"), *common)
    return KeyedHeaders(
        ((b"accept", b"application/json"), *json_body),
        ((b"accept", b"text/event-stream"), *json_body),
        ((b"accept", b"application/json"), *common),
    )


def post_request(provider: ProviderDefinition, url: str, headers: Headers, body: bytes) -> UpstreamRequest:
    timeouts = provider.timeouts
    # An upper bound. The relay has finer timeouts, per model.
    silence_seconds = max(timeouts.plain_answer, timeouts.first_token)
    return UpstreamRequest("POST", url, headers, body, timeouts.connect, silence_seconds)


def listing_request(provider: ProviderDefinition, url: str, headers: Headers) -> UpstreamRequest:
    return UpstreamRequest("GET", url, headers, b"", provider.timeouts.connect, _LISTING_SILENCE_SECONDS)
