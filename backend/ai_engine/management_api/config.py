"""`/api/config`: the reload of environment file and YAML file."""

from typing import Annotated

from fastapi import APIRouter, Depends

from ai_engine.access.guards import GuardedRoute, requires
from ai_engine.configuration import LiveConfiguration
from ai_engine.management_api.schemas import Reloaded
from ai_engine.names import Role
from ai_engine.web.provide import provided

router = APIRouter(prefix="/api/config", tags=["Configuration"], dependencies=[requires(Role.ADMIN)], route_class=GuardedRoute)


@router.post("/reload", summary="Read the configuration again")
async def reload_configuration(
    configuration: Annotated[LiveConfiguration, Depends(provided(LiveConfiguration))],
) -> Reloaded:
    """Validates `.env` and `ai-engine.yaml` whole, then swaps them at once. If one is wrong, 400 says what; nothing changes."""
    current = configuration.reload()
    return Reloaded(generation=current.generation, loaded_at=current.loaded_at)
