"""`POST /v1/embeddings` for OpenAPI. `endpoint.RelayedEndpoint` serves it, in front of FastAPI."""

from fastapi import APIRouter

from ai_engine.access.guards import GuardedRoute, requires
from ai_engine.client_api.endpoint import served_in_front
from ai_engine.client_api.schemas import Embeddings, EmbeddingsRequest
from ai_engine.names import Role

PATH = "/v1/embeddings"

router = APIRouter(tags=["Client API"], dependencies=[requires(Role.CLIENT)], route_class=GuardedRoute)


@router.post(PATH, summary="Create embeddings")
async def create_embeddings(body: EmbeddingsRequest) -> Embeddings:
    """OpenAI's embeddings over every provider, with the same routing and failover as chat completions."""
    served_in_front(PATH, body)
