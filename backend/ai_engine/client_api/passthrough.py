"""Images, audio, moderations and rankings, passed through to one provider: the one that the model names, or the best for it.

`endpoint.RelayedEndpoint` serves them as all requests: access, provider keys, circuit breaker, errors, ledger. Only they never
fail over to another provider, because generating an image twice costs twice.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, Response

from ai_engine.access.guards import GuardedRoute, requires
from ai_engine.client_api import passthrough_schemas as schemas
from ai_engine.client_api.endpoint import ClientFormat, served_in_front
from ai_engine.client_api.openapi_streams import EVENTS, may_be_streamed
from ai_engine.client_api.steering import OWN_FIELDS, Arrival, steered_request
from ai_engine.names import Operation, Role
from ai_engine.relay.request import ClientRequest
from ai_engine.wire.fields import invalid, optional, parse_object
from ai_engine.wire.json_types import Json
from ai_engine.wire.multipart import Form

_DEFAULT_MODERATION_MODEL = "omni-moderation-latest"
"""https://platform.openai.com/docs/api-reference/moderations/create (read 2026-11-28)."""

router = APIRouter(tags=["Client API"], dependencies=[requires(Role.CLIENT)], route_class=GuardedRoute)


@dataclass(frozen=True, slots=True)
class PassthroughEndpoint:
    """One operation: its fields, files and streams."""

    operation: Operation
    required: Mapping[str, tuple[type[str] | type[list[Any]] | type[Json], ...]]
    """The required fields of a JSON request, and their types."""
    files: tuple[str, ...] = ()
    """The names of a form's file field; without any, the route accepts no forms."""
    may_stream: bool = False
    default_model: str | None = None

    @property
    def client_format(self) -> ClientFormat:
        return ClientFormat(self.parse, parse_form=self.parse_form if self.files else None)

    def parse(self, raw: bytes, arrival: Arrival) -> ClientRequest:
        """`endpoint.ParseRequest`. `AI_ENGINE_AUTODECIDE` does not apply."""
        body = parse_object(raw)
        for field, kinds in self.required.items():
            if not isinstance(body.get(field), kinds):
                raise invalid(field, f"must be {' or '.join(_WORDS[kind] for kind in kinds)}")
        if body.get("autodecide") is True or body.get("models") is not None:
            field = "models" if body.get("models") is not None else "autodecide"
            raise invalid(field, "is not supported for this endpoint; one provider answers, the one that model names")
        if self.default_model is not None and body.get("model") is None:
            body["model"] = self.default_model
        return self._request(body, arrival)

    def parse_form(self, form: Form, arrival: Arrival) -> ClientRequest:
        """`endpoint.ParseForm`."""
        for name in (*form, *form.files):
            if name.partition("[")[0] in OWN_FIELDS:
                raise invalid(name, "is not supported in a form; name the provider in model, as in openai/whisper-1")
        if isinstance(form.get("model"), list):
            raise invalid("model", "must be in the form once")
        if not any(name in form or name in form.files for name in self.files):
            raise invalid(self.files[0], "must be a file in the form")
        return self._request(form, arrival)

    def _request(self, body: Json, arrival: Arrival) -> ClientRequest:
        is_stream = self.may_stream and self._asks_for_stream(body)
        return steered_request(body, self.operation, arrival._replace(autodecide_by_default=False), is_stream=is_stream)

    def _asks_for_stream(self, body: Json) -> bool:
        if self.operation is Operation.SPEECH:
            return body.get("stream_format") == "sse"
        if isinstance(body, Form):
            return str(body.get("stream")).lower() in ("true", "1")
        return optional(body, "stream", bool) or False


_WORDS = {str: "a string", list: "an array", dict: "an object"}
_AUDIO_FILES = ("file", "url")  # `url` instead of a file at Groq: https://console.groq.com/docs/speech-to-text (read 2026-11-28)

PASSED: Mapping[str, PassthroughEndpoint] = {
    "/v1/images/generations": PassthroughEndpoint(Operation.IMAGE_GENERATIONS, {"prompt": (str,)}, may_stream=True),
    "/v1/images/edits": PassthroughEndpoint(Operation.IMAGE_EDITS, {}, ("image", "image[]"), may_stream=True),
    "/v1/images/variations": PassthroughEndpoint(Operation.IMAGE_VARIATIONS, {}, ("image",)),
    "/v1/audio/speech": PassthroughEndpoint(Operation.SPEECH, {"input": (str,)}, may_stream=True),
    "/v1/audio/transcriptions": PassthroughEndpoint(Operation.TRANSCRIPTIONS, {}, _AUDIO_FILES, may_stream=True),
    "/v1/audio/translations": PassthroughEndpoint(Operation.TRANSLATIONS, {}, _AUDIO_FILES),
    "/v1/moderations": PassthroughEndpoint(
        Operation.MODERATIONS, {"input": (str, list)}, default_model=_DEFAULT_MODERATION_MODEL
    ),
    "/v1/rerank": PassthroughEndpoint(Operation.RERANK, {"query": (str, dict), "documents": (list,)}),
}
"""By path."""

_STREAM = may_be_streamed("JSON, or events for a stream.")
_TRANSCRIPT = may_be_streamed(
    "JSON, text by `response_format`, or events for a stream.",
    {"text/plain": {"schema": {"type": "string"}}, **EVENTS},
)
_AUDIO = may_be_streamed(
    "The audio in the requested `response_format`, or with `stream_format: sse` events.",
    {"audio/mpeg": {"schema": {"type": "string", "format": "binary"}}, **EVENTS},
)


@router.post("/v1/images/generations", summary="Create images", responses=_STREAM)
async def create_image(body: schemas.ImageRequest) -> schemas.Images:
    """OpenAI's image generation, passed through to one provider: the one that the model names, or the best for it."""
    served_in_front("/v1/images/generations", body)


@router.post("/v1/images/edits", summary="Edit images", responses=_STREAM, openapi_extra=schemas.EDIT_FORM)
async def edit_image(body: schemas.ImageEditRequest) -> schemas.Images:
    """OpenAI's image editing, as a form with files or as JSON, passed through to one provider."""
    served_in_front("/v1/images/edits", body)


@router.post("/v1/images/variations", summary="Create image variations", openapi_extra=schemas.VARIATION_FORM)
async def vary_image(body: schemas.ImageVariationRequest) -> schemas.Images:
    """OpenAI's image variations, passed through to one provider."""
    served_in_front("/v1/images/variations", body)


@router.post("/v1/audio/speech", summary="Create speech", response_class=Response, responses=_AUDIO)
async def create_speech(body: schemas.SpeechRequest) -> Response:
    """OpenAI's speech, passed through to one provider; the answer is audio."""
    served_in_front("/v1/audio/speech", body)


@router.post(
    "/v1/audio/transcriptions", summary="Transcribe speech", responses=_TRANSCRIPT, openapi_extra=schemas.TRANSCRIPTION_FORM
)
async def create_transcription(body: schemas.TranscriptionRequest) -> schemas.Transcript:
    """OpenAI's transcriptions, a form with a file, passed through to one provider."""
    served_in_front("/v1/audio/transcriptions", body)


@router.post(
    "/v1/audio/translations",
    summary="Translate speech into English",
    responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}}},
    openapi_extra=schemas.TRANSLATION_FORM,
)
async def create_translation(body: schemas.TranslationRequest) -> schemas.Transcript:
    """OpenAI's translations of speech, a form with a file, passed through to one provider."""
    served_in_front("/v1/audio/translations", body)


@router.post("/v1/moderations", summary="Moderate texts and images")
async def create_moderation(body: schemas.ModerationRequest) -> schemas.Moderation:
    """OpenAI's moderations, passed through to one provider; `omni-moderation-latest` is the default model."""
    served_in_front("/v1/moderations", body)


@router.post("/v1/rerank", summary="Rank documents")
async def rerank(body: schemas.RerankRequest) -> schemas.Ranking:
    """Ranks documents by a query, in Cohere's format, passed through to one provider."""
    served_in_front("/v1/rerank", body)
