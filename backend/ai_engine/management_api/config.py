"""`/api/config`: the configuration in force, and its reload."""

from typing import Annotated

from fastapi import APIRouter, Depends

from ai_engine.access.audit import Action, Actor, AuditTrail
from ai_engine.access.guards import GuardedRoute, requires
from ai_engine.configuration import Configuration, LiveConfiguration
from ai_engine.management_api.audit import By
from ai_engine.management_api.schemas import Reloaded
from ai_engine.management_api.views.configuration import LiveConfigurationView, configuration_view, differences
from ai_engine.names import Role
from ai_engine.web.provide import provided

router = APIRouter(prefix="/api/config", tags=["Configuration"], route_class=GuardedRoute)


class Reloads:
    """Reloads the configuration and records it in the audit, whether triggered by a route, a signal or a file change."""

    def __init__(self, configuration: LiveConfiguration, trail: AuditTrail) -> None:
        self._configuration = configuration
        self._trail = trail

    async def reload(self, by: Actor) -> Configuration:
        """As `LiveConfiguration.reload`. On a `ConfigurationError` nothing is changed or recorded."""
        before = self._configuration.current
        current = self._configuration.reload()
        old, new = differences(before, current)
        await self._trail.record(
            by,
            Action.RELOAD,
            "configuration",
            {"generation": before.generation, **old},
            {"generation": current.generation, **new},
        )
        return current


@router.get("", summary="Show the configuration", dependencies=[requires(Role.VIEWER)])
async def show_configuration(
    configuration: Annotated[LiveConfiguration, Depends(provided(LiveConfiguration))],
) -> LiveConfigurationView:
    """All settings, the variables that are set, and the content of the YAML file, without secrets."""
    return configuration_view(configuration.current)


@router.post("/reload", summary="Reload the configuration", dependencies=[requires(Role.ADMIN)])
async def reload_configuration(reloads: Annotated[Reloads, Depends(provided(Reloads))], by: By) -> Reloaded:
    """Validates `.env` and `ai-engine.yaml`, then applies both atomically. If one is invalid: 400, and no change."""
    current = await reloads.reload(by)
    return Reloaded(generation=current.generation, loaded_at=current.loaded_at)
