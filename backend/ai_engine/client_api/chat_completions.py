"""`POST /v1/chat/completions`, as OpenAPI shows it. `relayed.RelayedEndpoint` serves it, in front of FastAPI."""

from typing import Any

from fastapi import APIRouter

from ai_engine.access.guards import GuardedRoute, requires
from ai_engine.client_api.relayed import served_in_front
from ai_engine.client_api.schemas import ChatCompletion, ChatCompletionRequest
from ai_engine.names import Role

PATH = "/v1/chat/completions"

router = APIRouter(tags=["Client API"], dependencies=[requires(Role.CLIENT)], route_class=GuardedRoute)

EVENT = {"type": "object", "properties": {"data": {"type": "string"}}, "required": ["data"]}
STREAMED: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The answer: JSON, or with `stream: true` events `data: {chunk}`, ended by `data: [DONE]`.",
        # OpenAPI 3.2's word, which FastAPI uses as well: what one event is, since no schema can describe a stream.
        "content": {"text/event-stream": {"itemSchema": EVENT}},
    }
}


@router.post(PATH, summary="Answer a chat", responses=STREAMED)
async def create_chat_completion(body: ChatCompletionRequest) -> ChatCompletion:
    """OpenAI's chat completions over every provider.

    The engine finds who serves the model, picks a key, and goes on elsewhere when a provider fails. The headers
    `x-ai-engine-provider`, `x-ai-engine-model` and `x-ai-engine-attempts` say what happened; `x-ai-engine-timeout: seconds` on
    the request is the client's own deadline.
    """
    served_in_front(PATH, body)
