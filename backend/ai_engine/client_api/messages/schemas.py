"""The Messages API for OpenAPI: the fields that the gateway reads or writes; all others are allowed."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from ai_engine.client_api.schemas import Open, Steered
from ai_engine.wire.json_types import Json


class MessageParam(Open):
    role: Literal["user", "assistant", "system"]
    content: str | list[Json] = Field(description="A text, or blocks: text, image, document, tool_use, tool_result …")


class CountTokensRequest(Steered):
    """Anthropic's request."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"model": "claude-sonnet-4-5", "messages": [{"role": "user", "content": "Hello!"}]}]}
    )

    messages: list[MessageParam] = Field(min_length=1, examples=[[{"role": "user", "content": "Hello"}]])
    system: str | list[Json] | None = None
    tools: list[Json] | None = None


class MessagesRequest(CountTokensRequest):
    """Anthropic's request.

    Other providers get a translation. 400 names a field that they do not support, if no other provider serves the model.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"model": "claude-sonnet-4-5", "max_tokens": 256, "messages": [{"role": "user", "content": "Hello!"}]},
            ]
        }
    )

    max_tokens: int = Field(ge=0, description="The most that the answer may have, thinking included.", examples=[256])
    stop_sequences: list[str] | None = None
    stream: bool | None = None


class Message(Open):
    """The answer."""

    id: str
    type: Literal["message"] = "message"
    role: Literal["assistant"] = "assistant"
    model: str
    content: list[Json]
    stop_reason: str | None
    stop_sequence: str | None = None
    usage: Json = Field(description="`input_tokens` excludes tokens that were read from or written to a cache.")


class TokenCount(Open):
    input_tokens: int = Field(description="Counted by the provider if it can, else an estimate.")


class AnthropicModel(BaseModel):
    """One model, in Anthropic's format."""

    type: Literal["model"] = "model"
    id: str
    display_name: str
    created_at: str = Field(description="When the gateway first listed it.")
    lifecycle: Literal["active"] = "active"


class AnthropicModelList(BaseModel):
    """One page of the list."""

    data: list[AnthropicModel]
    has_more: bool = Field(description="Whether more follow after `last_id`, or before `first_id` with `before_id`.")
    first_id: str | None
    last_id: str | None


class AnthropicErrorDetail(BaseModel):
    type: str = Field(examples=["invalid_request_error"])
    message: str = Field(examples=["max_tokens must be an integer."])


class AnthropicError(BaseModel):
    """Every error of the Messages API, and of the list of models in Anthropic's format."""

    type: Literal["error"] = "error"
    error: AnthropicErrorDetail
    request_id: str | None = None
