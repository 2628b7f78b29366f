"""`/api/status`: the gateway's status."""

from typing import Annotated

from fastapi import APIRouter, Depends

from ai_engine import __version__
from ai_engine.access.guards import Guard, GuardedRoute, requires
from ai_engine.clock import Clock
from ai_engine.management_api.schemas import ConfigurationView, FlaggedProvider, PerformanceView, Status
from ai_engine.management_api.views.configuration import file_in_use
from ai_engine.management_api.views.providers import ProviderViews
from ai_engine.names import Role
from ai_engine.telemetry.performance import PerformanceSnapshot
from ai_engine.web.provide import provided

router = APIRouter(prefix="/api/status", tags=["Status"], dependencies=[requires(Role.VIEWER)], route_class=GuardedRoute)


class Uptime:
    """The time since the process started serving."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._started_at = clock.monotonic()

    @property
    def seconds(self) -> float:
        return self._clock.monotonic() - self._started_at


@router.get("", summary="Show the status")
async def show_status(
    views: Annotated[ProviderViews, Depends(provided(ProviderViews))],
    uptime: Annotated[Uptime, Depends(provided(Uptime))],
    guard: Annotated[Guard, Depends(provided(Guard))],
) -> Status:
    """`ok`: every enabled provider is in rotation. `degraded`: some are flagged. `down`: no provider is available."""
    return status_view(views, uptime, guard)


def status_view(views: ProviderViews, uptime: Uptime, guard: Guard) -> Status:
    """The current status."""
    current, performance = views.configuration.current, views.performance.snapshot()
    rows = list(current.providers.values())
    flags = {row.name: views.flag_of(row) for row in rows}
    states = {row.name: views.state_of(row, flags[row.name]) for row in rows}
    flagged = [name for name, state in states.items() if state == "flagged"]
    available = sum(state == "available" for state in states.values())
    enabled = sum(views.finder.is_usable(row) for row in rows)
    return Status(
        status="down" if not available else "degraded" if flagged else "ok",
        version=__version__,
        uptime_seconds=round(uptime.seconds, 3),
        total_providers=len(rows),
        enabled_providers=enabled,
        disabled_providers=len(rows) - enabled,
        available_providers=available,
        flagged_providers=len(flagged),
        flagged_details=[FlaggedProvider(provider=name, flag=flag) for name in flagged if (flag := flags[name]) is not None],
        performance=_performance_view(performance),
        configuration=ConfigurationView(
            host=current.settings.public_host or current.settings.host,
            port=current.settings.public_port or current.settings.port,
            autodecide=current.settings.autodecide,
            sandbox=any(row.is_sandbox and views.finder.is_usable(row) for row in rows),
            access="open" if guard.is_open else "keys",
            log_level=current.settings.log_level,
            max_request_size_bytes=current.settings.max_request_size,
            cors_origins=list(current.settings.cors_origins),
            config_file=file_in_use(current),
            loaded_at=current.loaded_at,
        ),
        generation=current.generation,
    )


def _performance_view(performance: PerformanceSnapshot) -> PerformanceView:
    fields = PerformanceView.model_fields
    values = {name: getattr(performance, name) for name in fields}
    return PerformanceView(**{name: round(value, 3) if isinstance(value, float) else value for name, value in values.items()})
