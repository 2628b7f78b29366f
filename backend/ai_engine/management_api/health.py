"""`/health`: liveness and readiness."""

from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Depends
from pydantic import BaseModel

from ai_engine import __version__
from ai_engine.access.guards import GuardedRoute, requires
from ai_engine.clock import SystemClock
from ai_engine.database import Database
from ai_engine.errors import Unavailable
from ai_engine.ledger.spool import SpoolWriter
from ai_engine.names import Role
from ai_engine.web.provide import provided

router = APIRouter(prefix="/health", tags=["Health"], dependencies=[requires(Role.PUBLIC)], route_class=GuardedRoute)

_DATABASE_SECONDS = 1
_RETRY_SECONDS = 1


class Health(BaseModel):
    status: Literal["healthy"] = "healthy"
    timestamp: datetime
    version: str = __version__


class Draining:
    """Set while the process shuts down: requests in flight finish, and readiness fails."""

    def __init__(self) -> None:
        self.is_on = False


@router.get("", summary="Liveness")
async def show_health() -> Health:
    """Responds within milliseconds, independent of providers and database."""
    return Health(timestamp=SystemClock().now())


@router.get("/live", summary="Liveness, for probes")
async def show_liveness() -> Health:
    """The same as `/health`."""
    return Health(timestamp=SystemClock().now())


@router.get("/ready", summary="Readiness")
async def show_readiness(
    database: Annotated[Database, Depends(provided(Database))],
    spool: Annotated[SpoolWriter, Depends(provided(SpoolWriter))],
    draining: Annotated[Draining, Depends(provided(Draining))],
) -> Health:
    """200 if the database responds, the ledger records requests and the process is not draining; else 503 with the reason."""
    if draining.is_on:
        raise Unavailable("The gateway is shutting down.", retry_after_seconds=_RETRY_SECONDS, code="draining")
    if database.is_gone:
        raise Unavailable(
            "The database file was deleted or replaced; restart the gateway.",
            retry_after_seconds=_RETRY_SECONDS,
            code="database_file_missing",
        )
    if not await database.is_answering(_DATABASE_SECONDS):
        raise Unavailable("The database does not respond.", retry_after_seconds=_RETRY_SECONDS, code="database_unavailable")
    is_recording, reason = spool.health()
    if not is_recording:
        raise Unavailable(f"Not ready: {reason}.", retry_after_seconds=_RETRY_SECONDS, code="ledger_unavailable")
    return Health(timestamp=SystemClock().now())
