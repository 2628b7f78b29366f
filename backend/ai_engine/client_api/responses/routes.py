"""`/v1/responses`: the routes of kept responses, and the creation of one as OpenAPI shows it.

`endpoint.RelayedEndpoint` serves the latter, in front of FastAPI.
"""

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Path, Query, Request, Response

from ai_engine.access.guards import GuardedRoute, requires
from ai_engine.access.roles import Caller
from ai_engine.client_api.endpoint import served_in_front
from ai_engine.client_api.openapi_streams import NAMED_EVENTS, may_be_streamed
from ai_engine.client_api.responses.background import BackgroundResponses
from ai_engine.client_api.responses.response_store import KeptResponse, KeptResponses, owner_of
from ai_engine.client_api.responses.schemas import DeletedResponse, InputItems, ResponseAnswer, ResponseRequest
from ai_engine.errors import InvalidRequest, NotFound
from ai_engine.names import Role
from ai_engine.web.provide import provided
from ai_engine.wire import responses as wire
from ai_engine.wire.json_types import Json

PATH = "/v1/responses"

router = APIRouter(tags=["Client API"], dependencies=[requires(Role.CLIENT)], route_class=GuardedRoute)

Kept = Annotated[KeptResponses, Depends(provided(KeptResponses))]
Background = Annotated[BackgroundResponses, Depends(provided(BackgroundResponses))]
ResponseId = Annotated[str, Path(max_length=200, description="A response's `id`.", examples=["resp_0123456789abcdef"])]

_STREAM = may_be_streamed(
    "The response: JSON, or with `stream: true` OpenAI's events, ended by `response.completed` or its like.", NAMED_EVENTS
)


@router.post(PATH, summary="Create a response", responses=_STREAM)
async def create_response(body: ResponseRequest) -> ResponseAnswer:
    """OpenAI's Responses API over every provider.

    Providers that speak it get the request as it is; others get it as a chat. Responses are kept for an hour in this process's
    memory, unless `store` is false, and `previous_response_id` goes on from one of them at any provider.
    """
    served_in_front(PATH, body)


@router.get(PATH + "/{response_id}", summary="Show a response", response_model=ResponseAnswer)
async def show_response(
    request: Request,
    response_id: ResponseId,
    kept: Kept,
    background: Background,
    stream: Annotated[
        bool | None, Query(description="Only false: what is kept is whole, and has no events.", examples=[False])
    ] = None,
) -> Response:
    """A response that is kept, or that is being worked on in the background."""
    if stream:
        raise InvalidRequest("A kept response has no events any more; leave stream out.", param="stream")
    owner = _owner(request)
    under_way = background.find(owner, response_id)
    return _as_it_is(under_way.snapshot() if under_way is not None else _kept(kept, owner, response_id).answer)


@router.delete(PATH + "/{response_id}", summary="Delete a response")
async def delete_response(request: Request, response_id: ResponseId, kept: Kept, background: Background) -> DeletedResponse:
    """Forgets it. Later responses of its conversation keep what they need of it."""
    owner = _owner(request)
    was_under_way = await background.cancel(owner, response_id) is not None
    if not kept.forget(owner, response_id) and not was_under_way:
        raise _not_found(response_id)
    return DeletedResponse(id=response_id)


@router.get(PATH + "/{response_id}/input_items", summary="List a response's input")
async def list_input_items(
    request: Request,
    response_id: ResponseId,
    kept: Kept,
    limit: Annotated[int, Query(ge=1, le=100, description="How many at most.", examples=[20])] = 20,
    order: Annotated[Literal["asc", "desc"], Query(description="The oldest first, or the newest.", examples=["asc"])] = "desc",
    after: Annotated[
        str | None, Query(max_length=200, description="The `last_id` of the page before.", examples=["msg_0123456789abcdef"])
    ] = None,
) -> InputItems:
    """The whole conversation that went to the model, without its answer."""
    found = _kept(kept, _owner(request), response_id).input_items()
    items = [_listed(item, response_id, number) for number, item in enumerate(found)]
    if order == "desc":
        items.reverse()
    if after is not None:
        places = [place for place, item in enumerate(items) if item["id"] == after]
        if not places:
            raise InvalidRequest(f"after is {after!r}, and no item has that id.", param="after")
        items = items[places[0] + 1 :]
    return InputItems(**wire.item_list(items[:limit], has_more=len(items) > limit))


@router.post(PATH + "/{response_id}/cancel", summary="Cancel a response", response_model=ResponseAnswer)
async def cancel_response(request: Request, response_id: ResponseId, kept: Kept, background: Background) -> Response:
    """Ends one that is being worked on in the background, and its request to the provider with it."""
    owner = _owner(request)
    cancelled = await background.cancel(owner, response_id)
    if cancelled is not None:
        return _as_it_is(cancelled)
    found = _kept(kept, owner, response_id)
    state = found.state()
    if not state.get("background"):
        raise InvalidRequest("Cannot cancel a synchronous response.", param="response_id")
    if state.get("status") == "cancelled":  # whoever asks twice has what it asked for
        return _as_it_is(found.answer)
    raise InvalidRequest(f"Cannot cancel a {state.get('status')} response.", param="response_id")


def _owner(request: Request) -> str:
    caller: Caller = request.state.caller
    return owner_of(caller)


def _kept(kept: KeptResponses, owner: str, response_id: str) -> KeptResponse:
    found = kept.find(owner, response_id)
    if found is None:
        raise _not_found(response_id)
    return found


def _not_found(response_id: str) -> NotFound:
    return NotFound(f"Response with id '{response_id}' not found.", param="response_id")


def _as_it_is(answer: bytes) -> Response:
    """The JSON that is kept, byte for byte: FastAPI lets a `Response` through."""
    return Response(answer, media_type="application/json")


def _listed(item: Json, response_id: str, number: int) -> Json:
    """An input item as lists have it: with an id, a type, and its content in parts."""
    listed = {"type": "message", **item} if "role" in item else dict(item)
    kind = str(listed.get("type"))
    if not isinstance(listed.get("id"), str):
        prefix = "msg" if kind == "message" else "fco" if kind.endswith("_output") else "item"
        listed["id"] = f"{prefix}_{response_id.removeprefix('resp_')}i{number:02x}"
    if kind == "message" and isinstance(listed.get("content"), str):
        part = wire.text_part(listed["content"]) if listed.get("role") == "assistant" else _input_text(listed["content"])
        listed["content"] = [part]
    listed.setdefault("status", wire.COMPLETED)
    return listed


def _input_text(text: str) -> Json:
    return {"type": "input_text", "text": text}
