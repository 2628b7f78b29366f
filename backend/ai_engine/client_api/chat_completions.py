"""`POST /v1/chat/completions` for OpenAPI. `endpoint.RelayedEndpoint` serves it, in front of FastAPI."""

from fastapi import APIRouter

from ai_engine.access.guards import GuardedRoute, requires
from ai_engine.client_api.endpoint import served_in_front
from ai_engine.client_api.openapi_streams import may_be_streamed
from ai_engine.client_api.schemas import ChatCompletion, ChatCompletionRequest
from ai_engine.names import Role

PATH = "/v1/chat/completions"

router = APIRouter(tags=["Client API"], dependencies=[requires(Role.CLIENT)], route_class=GuardedRoute)

STREAMED = may_be_streamed("JSON, or with `stream: true` events `data: {chunk}`, ended by `data: [DONE]`.")


@router.post(PATH, summary="Create a chat completion", responses=STREAMED)
async def create_chat_completion(body: ChatCompletionRequest) -> ChatCompletion:
    """OpenAI's chat completions over every provider.

    The gateway chooses a provider of the model and a key, and fails over to another. The headers `x-ai-engine-provider`,
    `x-ai-engine-model` and `x-ai-engine-attempts` report the result; the request's `x-ai-engine-timeout` is a deadline in
    seconds.
    """
    served_in_front(PATH, body)
