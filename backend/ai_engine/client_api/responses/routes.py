"""`/v1/responses`: the routes of stored responses, and the creation of one for OpenAPI (`endpoint.RelayedEndpoint` serves it)."""

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from starlette.exceptions import HTTPException

from ai_engine.access.guards import GuardedRoute, requires
from ai_engine.access.roles import Caller
from ai_engine.client_api.endpoint import served_in_front
from ai_engine.client_api.openapi_streams import NAMED_EVENTS, may_be_streamed
from ai_engine.client_api.responses.background import BackgroundResponses
from ai_engine.client_api.responses.response_store import ResponseStore, StoredResponse, owner_of
from ai_engine.client_api.responses.schemas import DeletedResponse, InputItems, ResponseObject, ResponseRequest
from ai_engine.errors import InvalidRequest, MethodNotAllowed, NotFound
from ai_engine.names import Role
from ai_engine.web.provide import provided
from ai_engine.wire import responses as wire
from ai_engine.wire.fields import invalid
from ai_engine.wire.json_types import Json

PATH = "/v1/responses"

router = APIRouter(tags=["Client API"], dependencies=[requires(Role.CLIENT)], route_class=GuardedRoute)

Store = Annotated[ResponseStore, Depends(provided(ResponseStore))]
Background = Annotated[BackgroundResponses, Depends(provided(BackgroundResponses))]
ResponseId = Annotated[str, Path(max_length=200, description="A response's `id`.", examples=["resp_0123456789abcdef"])]

_STREAM = may_be_streamed(
    "The response: JSON, or with `stream: true` OpenAI's events, ended by `response.completed`, `.incomplete` or `.failed`.",
    NAMED_EVENTS,
)


@router.post(PATH, summary="Create a response", responses=_STREAM)
async def create_response(body: ResponseRequest) -> ResponseObject:
    """OpenAI's Responses API over every provider.

    Providers of this API get the request unchanged, others get a chat. Responses are stored for an hour in this process's memory,
    unless `store` is false, and `previous_response_id` continues one of them at any provider. There is no WebSocket: a handshake
    at this path is answered with 426.
    """
    served_in_front(PATH, body)


@router.get(PATH, include_in_schema=False)
async def refuse_websocket(request: Request) -> None:
    """Refuses OpenAI's WebSocket mode.

    At 426 Codex sends its requests by `POST` at once; after any other status it first repeats the handshake for seconds
    (https://github.com/openai/codex/blob/main/codex-rs/core/src/client.rs, `FallbackToHttp`, read 2026-11-30).
    """
    if "websocket" not in request.headers.get("upgrade", "").lower():
        raise MethodNotAllowed(f"{PATH} does not support GET; it supports POST.", allowed=("POST",))
    headers = {"upgrade": "HTTP/1.1", "connection": "upgrade"}
    raise HTTPException(426, f"There is no WebSocket at {PATH}; send each request by POST.", headers)


@router.get(PATH + "/{response_id}", summary="Show a response", response_model=ResponseObject)
async def show_response(
    request: Request,
    response_id: ResponseId,
    store: Store,
    background: Background,
    stream: Annotated[bool | None, Query(description="Only false: stored responses have no events.", examples=[False])] = None,
) -> Response:
    """A response that is stored, or running in the background."""
    if stream:
        raise invalid("stream", "is not supported: a stored response has no events")
    owner = _owner(request)
    running = background.find(owner, response_id)
    return _unchanged(running.snapshot() if running is not None else _stored(store, owner, response_id).answer)


@router.delete(PATH + "/{response_id}", summary="Delete a response")
async def delete_response(request: Request, response_id: ResponseId, store: Store, background: Background) -> DeletedResponse:
    """Deletes a response. Later responses of its conversation keep the parts that they need."""
    owner = _owner(request)
    was_running = await background.cancel(owner, response_id) is not None
    if not store.forget(owner, response_id) and not was_running:
        raise _not_found(response_id)
    return DeletedResponse(id=response_id)


@router.get(PATH + "/{response_id}/input_items", summary="List a response's input")
async def list_input_items(
    request: Request,
    response_id: ResponseId,
    store: Store,
    limit: Annotated[int, Query(ge=1, le=100, description="How many at most.", examples=[20])] = 20,
    order: Annotated[Literal["asc", "desc"], Query(description="The oldest first, or the newest.", examples=["asc"])] = "desc",
    after: Annotated[
        str | None, Query(max_length=200, description="The `last_id` of the page before.", examples=["msg_0123456789abcdef"])
    ] = None,
) -> InputItems:
    """The whole conversation, without the answer."""
    found = _stored(store, _owner(request), response_id).input_items()
    items = [_listed(item, response_id, number) for number, item in enumerate(found)]
    if order == "desc":
        items.reverse()
    if after is not None:
        places = [place for place, item in enumerate(items) if item["id"] == after]
        if not places:
            raise invalid("after", "must be the id of an item")
        items = items[places[0] + 1 :]
    return InputItems(**wire.item_list(items[:limit], has_more=len(items) > limit))


@router.post(PATH + "/{response_id}/cancel", summary="Cancel a response", response_model=ResponseObject)
async def cancel_response(request: Request, response_id: ResponseId, store: Store, background: Background) -> Response:
    """Ends a response in the background, and its request to the provider. The errors are OpenAI's."""
    owner = _owner(request)
    cancelled = await background.cancel(owner, response_id)
    if cancelled is not None:
        return _unchanged(cancelled)
    found = _stored(store, owner, response_id)
    state = found.state()
    if not state.get("background"):
        raise InvalidRequest("Cannot cancel a synchronous response.", param="response_id")
    if state.get("status") == "cancelled":
        return _unchanged(found.answer)
    raise InvalidRequest(f"Cannot cancel a {state.get('status')} response.", param="response_id")


def _owner(request: Request) -> str:
    caller: Caller = request.state.caller
    return owner_of(caller)


def _stored(store: ResponseStore, owner: str, response_id: str) -> StoredResponse:
    found = store.find(owner, response_id)
    if found is None:
        raise _not_found(response_id)
    return found


def _not_found(response_id: str) -> NotFound:
    return NotFound(f"Response with id '{response_id}' not found.", param="response_id")


def _unchanged(answer: bytes) -> Response:
    """The stored JSON, unchanged."""
    return Response(answer, media_type="application/json")


def _listed(item: Json, response_id: str, number: int) -> Json:
    """An input item as in lists: with an id, a type, and its content in parts."""
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
