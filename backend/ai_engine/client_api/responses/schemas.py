"""The Responses API for OpenAPI: the fields that the gateway reads or writes; all others are allowed."""

from pydantic import BaseModel, ConfigDict, Field

from ai_engine.client_api.schemas import Open, Steered
from ai_engine.wire.json_types import Json


class ResponseRequest(Steered):
    """OpenAI's request; a provider of the Responses API gets all fields unchanged.

    Other providers get a translation. 400 names a field that they do not support, if no other provider serves the model.
    """

    model_config = ConfigDict(json_schema_extra={"examples": [{"model": "gpt-4", "input": "Hello!"}]})

    input: str | list[Json] | None = Field(None, description="A text, or items.", examples=["Hello!"])
    instructions: str | None = None
    previous_response_id: str | None = Field(None, description="A stored response that this request continues, at any provider.")
    store: bool | None = Field(None, description="False: the response is not stored. It is stored for an hour otherwise.")
    stream: bool | None = None
    background: bool | None = Field(None, description="Answer at once and run in the background; `GET` returns its state.")
    tools: list[Json] | None = None


class ResponseObject(Open):
    """OpenAI's response object."""

    id: str
    object: str = "response"
    status: str | None = Field(None, examples=["completed"])
    model: str | None = None
    output: list[Json]
    usage: Json | None = None


class DeletedResponse(BaseModel):
    """The confirmation."""

    id: str
    object: str = "response"
    deleted: bool = True


class InputItems(BaseModel):
    """A page of the conversation's items."""

    object: str = "list"
    data: list[Json]
    first_id: str | None
    last_id: str | None
    has_more: bool
