"""`/health`: whether the process lives, and whether it should get requests."""

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
    """Set once the process was told to stop: it answers what it has, and wants nothing new."""

    def __init__(self) -> None:
        self.is_on = False


@router.get("", summary="Alive")
async def show_health() -> Health:
    """Answers within milliseconds and touches nothing: a slow provider or database never makes it fail."""
    return Health(timestamp=SystemClock().now())


@router.get("/live", summary="Alive, for liveness probes")
async def show_liveness() -> Health:
    """The same as `/health`."""
    return Health(timestamp=SystemClock().now())


@router.get("/ready", summary="Ready for requests")
async def show_readiness(
    database: Annotated[Database, Depends(provided(Database))],
    spool: Annotated[SpoolWriter, Depends(provided(SpoolWriter))],
    draining: Annotated[Draining, Depends(provided(Draining))],
) -> Health:
    """200 when the database answers, requests are recorded, and the process is not draining; else 503 with the reason."""
    if draining.is_on:
        raise Unavailable("The gateway is shutting down.", retry_after_seconds=_RETRY_SECONDS, code="draining")
    if database.is_gone:
        raise Unavailable(
            "The database's file was deleted or replaced; start the gateway again.",
            retry_after_seconds=_RETRY_SECONDS,
            code="database_gone",
        )
    if not await database.is_answering(_DATABASE_SECONDS):
        raise Unavailable("The database does not answer.", retry_after_seconds=_RETRY_SECONDS, code="database_down")
    is_recording, reason = spool.health()
    if not is_recording:
        raise Unavailable(f"Not ready: {reason}.", retry_after_seconds=_RETRY_SECONDS, code="not_recording")
    return Health(timestamp=SystemClock().now())
