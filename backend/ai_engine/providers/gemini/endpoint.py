"""The Gemini API: its address and its key."""

from functools import lru_cache
from urllib.parse import quote

from ai_engine.providers.endpoint import Call, KeyedEndpoint
from ai_engine.providers.json_requests import KeyedHeaders, keyed_headers
from ai_engine.providers.registry.definition import ProviderDefinition

_REMEMBERED_MODELS = 4096


class GeminiEndpoint(KeyedEndpoint):
    """The model is in the URL, and streams are requested as server-sent events."""

    def __init__(self) -> None:
        super().__init__(_headers_with)
        self._path = lru_cache(_REMEMBERED_MODELS)(_path)

    def _url(self, call: Call, provider: ProviderDefinition) -> str:
        return f"{provider.base_url}/{self._path(call.model)}:{call.method}{'?alt=sse' if call.is_stream else ''}"

    def _listing_url(self, provider: ProviderDefinition) -> str:
        # The API's largest page, far above the number of models.
        return f"{provider.base_url}/models?pageSize=1000"


def _headers_with(secret: str | None) -> KeyedHeaders:
    # In a header, since URLs end up in logs: https://ai.google.dev/gemini-api/docs/api-key (read 2026-11-28).
    return keyed_headers() if secret is None else keyed_headers((b"x-goog-api-key", secret.encode()))


def _path(model: str) -> str:
    """`models/` and the name, quoted into one segment; tuned models are in a collection of their own."""
    name = model.removeprefix("models/")
    if name.startswith("tunedModels/"):
        return "tunedModels/" + quote(name.removeprefix("tunedModels/"), safe="")
    return "models/" + quote(name, safe="")
