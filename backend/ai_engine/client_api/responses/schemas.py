"""The Responses API as OpenAPI shows it: the fields that the engine itself reads or writes. Every other is allowed."""

from pydantic import BaseModel, ConfigDict, Field

from ai_engine.client_api.schemas import Open, Steered
from ai_engine.wire.json_types import Json


class ResponseRequest(Steered):
    """OpenAI's request, whole: fields that are not listed reach a provider that speaks the Responses API untouched.

    Other providers get it translated. 400 names a field that has no words there, if nobody else serves the model.
    """

    model_config = ConfigDict(json_schema_extra={"examples": [{"model": "gpt-4", "input": "Hello!"}]})

    input: str | list[Json] | None = Field(None, description="A text, or items.", examples=["Hello!"])
    instructions: str | None = None
    previous_response_id: str | None = Field(
        None, description="A response that is still kept: the conversation goes on from it, at whichever provider."
    )
    store: bool | None = Field(None, description="False: the response is not kept. It is for an hour otherwise.")
    stream: bool | None = None
    background: bool | None = Field(None, description="Answer at once and work on; `GET` tells how far it is.")
    tools: list[Json] | None = None


class ResponseAnswer(Open):
    """OpenAI's response object."""

    id: str
    object: str = "response"
    status: str | None = Field(None, examples=["completed"])
    model: str | None = None
    output: list[Json]
    usage: Json | None = None


class DeletedResponse(BaseModel):
    """What is left of a response."""

    id: str
    object: str = "response"
    deleted: bool = True


class InputItems(BaseModel):
    """A page of the items that went to the model."""

    object: str = "list"
    data: list[Json]
    first_id: str | None
    last_id: str | None
    has_more: bool
