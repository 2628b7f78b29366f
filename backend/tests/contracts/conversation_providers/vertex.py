"""Vertex AI, at the provider's end: Gemini's and Anthropic's protocols, with what is said otherwise there.

Sources (read 2026-11-30): the discovery document of `aiplatform` v1 (2026-05-31), and
https://cloud.google.com/vertex-ai/generative-ai/docs/partner-models/claude/use-claude.
"""

from tests.contracts.conversation_providers.anthropic import Anthropic
from tests.contracts.conversation_providers.gemini import Gemini
from tests.contracts.conversation_script import Asked, Said
from tests.fakes.scripted_upstream import ReceivedRequest, ScriptedUpstream, Step


class VertexGemini(Gemini):
    name = "vertex-gemini"
    protocol = "vertex"
    model = "gemini-3-flash-preview"
    gives_call_ids = False
    models = "/publishers/google/models"
    request_schema = ("vertex", "GoogleCloudAiplatformV1GenerateContentRequest")


class VertexClaude(Anthropic):
    name = "vertex-claude"
    protocol = "vertex"
    model = "claude-sonnet-4-5@20250929"

    def answers(self, upstream: ScriptedUpstream, *steps: Said | Step, stream: bool) -> None:
        path = f"/publishers/anthropic/models/{self.model}:{'streamRawPredict' if stream else 'rawPredict'}"
        upstream.on(path, *(self.step(step, stream=stream) if isinstance(step, Said) else step for step in steps))

    def understands(self, request: ReceivedRequest) -> Asked:
        assert request.headers["x-goog-api-key"] == "sk-alpha-1"
        body = dict(request.body)
        assert body.pop("anthropic_version") == "vertex-2023-10-16"
        assert "model" not in body, "it is in the URL"
        return self._asked({**body, "model": self.model})
