"""Passthrough requests for OpenAPI: the fields that the gateway reads; all others are allowed.

Forms are described by hand: each field is text or a file.
"""

from typing import Any, Literal

from pydantic import Field

from ai_engine.client_api.schemas import Open, ProviderPreferencesBody
from ai_engine.wire.json_types import Json


class _Passed(Open):
    autodecide: Literal[False] | None = Field(None, description="Not supported here: one provider answers.")
    provider: ProviderPreferencesBody | None = None


class _Named(_Passed):
    model: str = Field(description="A model, `provider/model`, an alias or a configured name.", examples=["openai/gpt-image-1"])


class ImageRequest(_Named):
    """OpenAI's request."""

    prompt: str = Field(examples=["A lighthouse in the fog"])
    stream: bool | None = None


class ImageEditRequest(_Named):
    """The request as JSON, with images by URL or as data; the provider decides what it supports."""

    stream: bool | None = None


class ImageVariationRequest(_Named):
    """As `ImageEditRequest`."""


class Images(Open):
    """The provider's response, unchanged."""

    data: list[Json]


class SpeechRequest(_Named):
    """OpenAI's request."""

    input: str = Field(examples=["Hello!"])
    stream_format: str | None = Field(None, description="`sse`: events with pieces of the audio.")


class TranscriptionRequest(_Named):
    """The request as JSON; most providers need a form."""

    stream: bool | None = None


class TranslationRequest(_Named):
    """As `TranscriptionRequest`."""


class Transcript(Open):
    """The provider's response, unchanged. Formats other than JSON are unchanged."""

    text: str


class ModerationRequest(_Passed):
    """OpenAI's request."""

    model: str | None = Field(
        None, description="As in a chat; `omni-moderation-latest` by default.", examples=["omni-moderation-latest"]
    )
    input: str | list[Any] = Field(examples=["Hello!"])


class Moderation(Open):
    """The provider's response, unchanged."""

    results: list[Json]


class RerankRequest(_Named):
    """The request in the format of Cohere, Jina, Together, vLLM and others."""

    query: str | Json = Field(examples=["What is a lighthouse?"])
    documents: list[Any] = Field(examples=[["A tower with a light.", "A kind of bread."]])


class Ranking(Open):
    """The provider's response, unchanged."""

    results: list[Json]


_FILE = {"type": "string", "format": "binary"}
_STREAM = {"type": "string", "enum": ["true", "false"]}


def _form_of(model: str, file: str, **fields: Json) -> Json:
    """`openapi_extra` of a route for forms with `model` (an example), a file and further fields."""
    schema = {
        "type": "object",
        "required": ["model", file],
        "properties": {"model": {"type": "string", "examples": [model]}, file: _FILE, **fields},
        "additionalProperties": True,
    }
    return {"requestBody": {"content": {"multipart/form-data": {"schema": schema}}}}


EDIT_FORM = _form_of("openai/gpt-image-1", "image", prompt={"type": "string"}, mask=_FILE, stream=_STREAM)
VARIATION_FORM = _form_of("openai/dall-e-2", "image")
TRANSCRIPTION_FORM = _form_of("openai/whisper-1", "file", response_format={"type": "string"}, stream=_STREAM)
TRANSLATION_FORM = _form_of("openai/whisper-1", "file", response_format={"type": "string"})
