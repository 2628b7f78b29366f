"""`/api/config`: the live configuration, and the reload of environment file and YAML file."""

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
    """Reloads the configuration and tells the audit, whoever asks for it: a route, a signal, or a file that changed."""

    def __init__(self, configuration: LiveConfiguration, trail: AuditTrail) -> None:
        self._configuration = configuration
        self._trail = trail

    async def reload(self, by: Actor) -> Configuration:
        """As `LiveConfiguration.reload`. Raises `ConfigurationError`, and then nothing changed and nothing is noted."""
        before = self._configuration.current
        current = self._configuration.reload()
        was, became = differences(before, current)
        await self._trail.note(
            by,
            Action.RELOAD,
            "configuration",
            {"generation": before.generation, **was},
            {"generation": current.generation, **became},
        )
        return current


@router.get("", summary="Show the live configuration", dependencies=[requires(Role.VIEWER)])
async def show_configuration(
    configuration: Annotated[LiveConfiguration, Depends(provided(LiveConfiguration))],
) -> LiveConfigurationView:
    """Every setting with its meaning, which variables are set, and what the YAML file says; no secret is shown."""
    return configuration_view(configuration.current)


@router.post("/reload", summary="Read the configuration again", dependencies=[requires(Role.ADMIN)])
async def reload_configuration(reloads: Annotated[Reloads, Depends(provided(Reloads))], by: By) -> Reloaded:
    """Validates `.env` and `ai-engine.yaml` whole, then swaps them at once. If one is wrong, 400 says what; nothing changes."""
    current = await reloads.reload(by)
    return Reloaded(generation=current.generation, loaded_at=current.loaded_at)
