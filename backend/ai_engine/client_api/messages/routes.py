"""`POST /v1/messages` and `/v1/messages/count_tokens` for OpenAPI. `endpoint.RelayedEndpoint` serves them."""

from typing import Annotated

from fastapi import APIRouter, Depends, Header

from ai_engine.access.guards import GuardedRoute, requires
from ai_engine.client_api.endpoint import served_in_front
from ai_engine.client_api.messages.requests import check_version
from ai_engine.client_api.messages.schemas import AnthropicError, CountTokensRequest, Message, MessagesRequest, TokenCount
from ai_engine.client_api.openapi_streams import NAMED_EVENTS, may_be_streamed
from ai_engine.names import Role
from ai_engine.wire.json_types import Json

MESSAGES_PATH = "/v1/messages"
COUNT_TOKENS_PATH = "/v1/messages/count_tokens"


def _version(
    version: Annotated[
        str | None,
        Header(alias="anthropic-version", description="Any date since 2023-01-01; may be left out.", examples=["2023-06-01"]),
    ] = None,
) -> None:
    if version is not None:
        check_version(version.encode("latin-1", "replace"))


router = APIRouter(tags=["Client API"], dependencies=[requires(Role.CLIENT), Depends(_version)], route_class=GuardedRoute)

_ERRORS: dict[int | str, Json] = {
    "4XX": {"model": AnthropicError},
    "5XX": {"model": AnthropicError, "description": "No provider answered. 529 is an overloaded one: a retry may succeed."},
}
_STREAM = may_be_streamed("JSON, or with `stream: true` events from `message_start` to `message_stop`.", NAMED_EVENTS)


@router.post(MESSAGES_PATH, summary="Create a message (Anthropic)", responses={**_ERRORS, **_STREAM})
async def create_message(body: MessagesRequest) -> Message:
    """Anthropic's Messages API over every provider.

    Providers of this API get the request unchanged, others get a translation. Models, failover and the headers of the answer are
    those of chat completions.
    """
    served_in_front(MESSAGES_PATH, body)


@router.post(COUNT_TOKENS_PATH, summary="Count tokens (Anthropic)", responses=_ERRORS)
async def count_message_tokens(body: CountTokensRequest) -> TokenCount:
    """The tokens of the request's input: counted by a provider that can, else estimated."""
    served_in_front(COUNT_TOKENS_PATH, body)
