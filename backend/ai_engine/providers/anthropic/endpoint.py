"""Anthropic's own API: its address, its key and its version."""

from ai_engine.providers.anthropic.listing import LARGEST_PAGE
from ai_engine.providers.endpoint import KeyedEndpoint
from ai_engine.providers.json_requests import KeyedHeaders, keyed_headers
from ai_engine.providers.registry.definition import ProviderDefinition
from ai_engine.wire.anthropic import VERSION


class AnthropicEndpoint(KeyedEndpoint):
    """A client that uses the format itself may replace the version with its own header."""

    def __init__(self) -> None:
        super().__init__(_headers_with)

    def _listing_url(self, provider: ProviderDefinition) -> str:
        return f"{provider.base_url}/models?limit={LARGEST_PAGE}"


def _headers_with(secret: str | None) -> KeyedHeaders:
    key = () if secret is None else ((b"x-api-key", secret.encode()),)
    return keyed_headers(*key, (b"anthropic-version", VERSION.encode()))
