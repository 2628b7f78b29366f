"""Vertex AI's endpoints: one for Google's own models and one for Claude, each with a format from elsewhere.

Sources (read 2026-11-30): https://cloud.google.com/vertex-ai/generative-ai/docs/model-reference/inference ·
https://cloud.google.com/vertex-ai/generative-ai/docs/partner-models/claude/use-claude and count-tokens beside it ·
https://cloud.google.com/vertex-ai/generative-ai/docs/start/api-keys · the discovery document of `aiplatform` v1 (2026-05-31).
"""

from functools import lru_cache
from urllib.parse import quote

from ai_engine.providers.cloud_credentials import GoogleToken, InForce
from ai_engine.providers.endpoint import Call, replaced
from ai_engine.providers.json_requests import KeyedHeaders, keyed_headers, listing_request, post_request
from ai_engine.providers.registry.definition import ProviderDefinition, ProviderKey
from ai_engine.upstream.port import Headers, UpstreamRequest
from ai_engine.wire import openai
from ai_engine.wire.fields import unsupported
from ai_engine.wire.json_types import Json, JsonMapping

ANTHROPIC_VERSION = "vertex-2023-10-16"
"""The only version, in the body."""

_REMEMBERED_KEYS = 64
_DOT_SEGMENTS = (".", "..")
"""Segments that URL parsers remove, quoted or not (https://url.spec.whatwg.org/#path-state, read 2026-11-28)."""


class _VertexEndpoint:
    """The URLs begin with a project and a location, or, with an API key only, with neither.

    Without a key and a token, requests have no authentication, and Google refuses them.
    """

    publisher: str

    def __init__(self, credentials: InForce[GoogleToken]) -> None:
        self._credentials = credentials

    def listing(self, provider: ProviderDefinition, key: ProviderKey | None) -> UpstreamRequest:
        return self.get(f"publishers/{self.publisher}/models?pageSize=300", provider, key)

    def get(self, path: str, provider: ProviderDefinition, key: ProviderKey | None) -> UpstreamRequest:
        """A request about publishers' models, which belong to no project or location; only v1beta1 has it."""
        root = provider.base_url.partition("/projects/")[0].removesuffix("/v1")
        return listing_request(provider, f"{root}/v1beta1/{path}", self._headers(key).listing)

    def _headers(self, key: ProviderKey | None) -> KeyedHeaders:
        return _headers_with(key.secret if key else None, None if key else self._credentials.current)

    def _url(self, provider: ProviderDefinition, model: str, method: str) -> str:
        if model in _DOT_SEGMENTS:
            raise unsupported("model", f"must not be {model!r}, which URLs cannot have")
        return f"{provider.base_url}/publishers/{self.publisher}/models/{quote(model, safe='@')}:{method}"


@lru_cache(_REMEMBERED_KEYS)
def _headers_with(secret: str | None, token: GoogleToken | None) -> KeyedHeaders:
    if secret is not None:
        return keyed_headers((b"x-goog-api-key", secret.encode()))
    if token is None:
        return keyed_headers()
    project = () if token.quota_project is None else ((b"x-goog-user-project", token.quota_project.encode()),)
    return keyed_headers((b"authorization", b"Bearer " + token.token.encode()), *project)


class GoogleModels(_VertexEndpoint):
    """`endpoint.Endpoint` for Gemini's format."""

    publisher = "google"

    def request(
        self, call: Call, provider: ProviderDefinition, key: ProviderKey | None, extra_headers: Headers = ()
    ) -> UpstreamRequest:
        known = self._headers(key)
        headers = known.stream if call.is_stream else known.plain
        body = _without_ids(call.body)
        tier = body.pop("serviceTier", None)
        if isinstance(tier, str):
            # https://cloud.google.com/vertex-ai/generative-ai/docs/flex-paygo (read 2026-11-30)
            headers += ((b"x-vertex-ai-llm-shared-request-type", tier.lower().encode()),)
        url = self._url(provider, google_name(call.model), call.method) + ("?alt=sse" if call.is_stream else "")
        return post_request(provider, url, replaced(headers, extra_headers), openai.encoded(body))


class AnthropicModels(_VertexEndpoint):
    """`endpoint.Endpoint` for Anthropic's format: the version is in the body, the model in the URL."""

    publisher = "anthropic"

    def request(
        self, call: Call, provider: ProviderDefinition, key: ProviderKey | None, extra_headers: Headers = ()
    ) -> UpstreamRequest:
        known, name = self._headers(key), anthropic_name(call.model)
        body = {"anthropic_version": ANTHROPIC_VERSION, **call.body}
        del body["model"]
        body.pop("service_tier", None)  # a hint that Vertex AI has no field for
        if call.method == "messages":
            url = self._url(provider, name, "streamRawPredict" if call.is_stream else "rawPredict")
        else:
            # One URL for all models: the model is in the body, without its version.
            url = self._url(provider, "count-tokens", "rawPredict")
            body["model"] = name.partition("@")[0]
        headers = replaced(known.stream if call.is_stream else known.plain, extra_headers)
        return post_request(provider, url, headers, openai.encoded(body))


def google_name(model: str) -> str:
    """The model's name without any of the prefixes that it may have."""
    for prefix in ("publishers/google/models/", "google/", "models/"):
        model = model.removeprefix(prefix)
    return model


def anthropic_name(model: str) -> str:
    """As `google_name`."""
    return model.removeprefix("publishers/").removeprefix("anthropic/").removeprefix("models/")


def _without_ids(body: JsonMapping) -> Json:
    """Calls and results without ids: Vertex AI has none, and refuses unknown fields. They match by name and order."""
    contents = [{**content, "parts": [_without_id(part) for part in content["parts"]]} for content in body.get("contents", ())]
    return {**body, "contents": contents} if contents else dict(body)


def _without_id(part: JsonMapping) -> JsonMapping:
    for kind in ("functionCall", "functionResponse"):
        if kind in part:
            return {**part, kind: {name: value for name, value in part[kind].items() if name != "id"}}
    return part
