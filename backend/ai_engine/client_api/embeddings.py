"""`POST /v1/embeddings`, as OpenAPI shows it. `endpoint.RelayedEndpoint` serves it, in front of FastAPI."""

from fastapi import APIRouter

from ai_engine.access.guards import GuardedRoute, requires
from ai_engine.client_api.endpoint import served_in_front
from ai_engine.client_api.schemas import Embeddings, EmbeddingsRequest
from ai_engine.names import Role

PATH = "/v1/embeddings"

router = APIRouter(tags=["Client API"], dependencies=[requires(Role.CLIENT)], route_class=GuardedRoute)


@router.post(PATH, summary="Embed texts")
async def create_embeddings(body: EmbeddingsRequest) -> Embeddings:
    """OpenAI's embeddings over every provider; decided, tried and failed over as chat completions are."""
    served_in_front(PATH, body)
