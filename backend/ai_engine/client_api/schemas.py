"""The client API for OpenAPI.

Requests and answers are OpenAI's and pass through whole: the models have the fields that the gateway reads or writes, and allow
all others.
"""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from ai_engine.wire.json_types import Json


class Open(BaseModel):
    """A body with the fields that the gateway reads or writes; all others are allowed."""

    model_config = ConfigDict(extra="allow")


class ProviderPreferencesBody(BaseModel):
    """Which providers may answer, and in which order."""

    model_config = ConfigDict(extra="forbid")

    order: list[str] | None = Field(None, description="These providers first, in this order.")
    only: list[str] | None = Field(None, description="No provider but these.")
    ignore: list[str] | None = Field(None, description="None of these.")
    sort: Literal["price", "latency", "throughput"] | None = Field(None, description="Order by this fact instead of the score.")
    require_parameters: bool | None = Field(
        None, description="Ask only providers that have every parameter of the request, even those that only give a hint."
    )


class Steered(Open):
    """The routing fields of every request."""

    model: str = Field(description="A model, `provider/model`, an alias, a configured name, or `auto`.", examples=["gpt-4"])
    autodecide: bool | None = Field(None, description="True: every route of the model is a candidate. False: only the preferred.")
    models: list[str] | None = Field(None, description="Further models to try, in order; replaces the configured fallbacks.")
    provider: ProviderPreferencesBody | None = None
    rescue: Literal["continue", "error"] | None = Field(
        None,
        description="What to do with a stream that breaks. Accepted, not in effect yet: it always ends with an error.",
    )
    hedge: bool | None = Field(
        None, description="Whether a slow attempt may be hedged with a second one. Accepted, not in effect yet."
    )


class ChatMessage(Open):
    role: str
    content: str | list[Json] | None = None


class ChatCompletionRequest(Steered):
    """OpenAI's request; the provider gets all fields unchanged."""

    # Without an example, Swagger UI generates an invalid one with every field.
    model_config = ConfigDict(
        json_schema_extra={"examples": [{"model": "gpt-4", "messages": [{"role": "user", "content": "Hello!"}]}]}
    )

    messages: list[ChatMessage] = Field(min_length=1, examples=[[{"role": "user", "content": "Hello"}]])
    stream: bool | None = None
    stream_options: Json | None = None


class ChatCompletion(Open):
    """The provider's response, unchanged."""

    object: str = "chat.completion"
    model: str | None = None
    choices: list[Json]
    usage: Json | None = None


class TextCompletionRequest(Steered):
    """OpenAI's request."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"model": "gpt-4", "prompt": "Once upon a time"}]})

    prompt: str | list[str] | list[int] | list[list[int]] = Field(examples=["Once upon a time"])
    stream: bool | None = None
    stream_options: Json | None = None


class TextCompletion(Open):
    """The provider's answer, or a chat completion as a text completion."""

    object: str = "text_completion"
    model: str | None = None
    choices: list[Json]
    usage: Json | None = None


class EmbeddingsRequest(Steered):
    """OpenAI's request."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"model": "text-embedding-3-small", "input": "Hello!"}]})

    input: str | list[str] | list[int] | list[list[int]] = Field(examples=["Hello"])
    encoding_format: Literal["float", "base64"] | None = None


class Embeddings(Open):
    """The provider's response, unchanged."""

    object: str = "list"
    data: list[Json]
    model: str | None = None
    usage: Json | None = None


class Model(BaseModel):
    """One model, in OpenAI's format."""

    id: str
    object: Literal["model"] = "model"
    created: int = Field(description="Seconds since 1970: when the gateway first listed it.")
    owned_by: str = Field(description="The provider, or the providers, comma-separated, of a plain name.")


class ModelList(BaseModel):
    object: Literal["list"] = "list"
    data: list[Model]


class ErrorDetail(BaseModel):
    message: str = Field(
        description="What happened and what to do.",
        examples=["model must be the name of a model; GET /v1/models lists them."],
    )
    type: str = Field(examples=["invalid_request_error"])
    param: str | None = Field(description="The full path of the field that is wrong, if one is.", examples=["model"])
    code: str | None = Field(description="A stable code for programs.", examples=["model_not_found"])


class ErrorResponse(BaseModel):
    """Every error, except in Anthropic's format."""

    error: ErrorDetail
