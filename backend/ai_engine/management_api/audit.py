"""`/api/audit`: changes made at run time, with actor, time and values before and after."""

import re
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, Field

from ai_engine.access.audit import Action, Actor, AuditTrail, StoredEntry
from ai_engine.access.guards import GuardedRoute, actor_of, requires
from ai_engine.management_api.schemas import Name
from ai_engine.names import Role
from ai_engine.web.paging import PageQuery, cursor_after, invalid_cursor, position_of
from ai_engine.web.provide import provided

router = APIRouter(prefix="/api/audit", tags=["Audit"], dependencies=[requires(Role.VIEWER)], route_class=GuardedRoute)

By = Annotated[Actor, Depends(actor_of)]
"""The caller of a route that changes something, for the audit."""
Trail = Annotated[AuditTrail, Depends(provided(AuditTrail))]

_LIST = "audit"


class AuditQuery(PageQuery):
    """Filters of the audit."""

    action: Action | None = Field(None, description="Only this action.", examples=[Action.TOGGLE])
    target: Name | None = Field(None, min_length=1, max_length=600, description="Only this target.", examples=["openai"])


class ActorView(BaseModel):
    """The actor of a change."""

    name: str = Field(
        description="The access key's name, `local` if no key was needed, or the trigger `SIGHUP` or `file change`.",
        examples=["admin key"],
    )
    key_id: str | None = Field(description="The issued key's id; `null` for keys from the configuration.")
    role: str = Field(description="`system` for triggers.", examples=["admin"])


class AuditEntryView(BaseModel):
    """A change."""

    id: str = Field(examples=["42"])
    at: datetime
    actor: ActorView
    action: str = Field(examples=[Action.TOGGLE])
    target: str = Field(
        description="A provider, `provider/fingerprint` for a provider key, `*` for all providers, or `configuration`.",
        examples=["openai"],
    )
    before: dict[str, Any] = Field(
        description="The changed fields before. `null` in a preference is the configured value.", examples=[{"enabled": None}]
    )
    after: dict[str, Any] = Field(description="The changed fields after.", examples=[{"enabled": False}])
    address: str | None = Field(description="The client's address; `null` for triggers.", examples=["127.0.0.1"])
    request_id: str | None = Field(description="The `x-request-id` of the request.", examples=["req-5f2c1a-7"])


class AuditPage(BaseModel):
    """A page of changes, newest first."""

    items: list[AuditEntryView]
    next_cursor: str | None


@router.get("", summary="List changes")
async def list_audit(trail: Trail, query: Annotated[AuditQuery, Query()]) -> AuditPage:
    """Changes made at run time, newest first. The last 100,000 are kept."""
    position = position_of(_LIST, query.cursor)
    if position is not None and not re.fullmatch("[1-9][0-9]{0,17}", position):
        raise invalid_cursor()
    found = await trail.page(query.limit + 1, int(position) if position else None, query.action, query.target)
    shown = found[: query.limit]
    return AuditPage(
        items=[_view(stored) for stored in shown],
        next_cursor=cursor_after(_LIST, str(shown[-1].id)) if len(found) > query.limit else None,
    )


def _view(stored: StoredEntry) -> AuditEntryView:
    entry = stored.entry
    return AuditEntryView(
        id=str(stored.id),
        at=entry.at,
        actor=ActorView(name=entry.actor.name, key_id=entry.actor.key_id, role=entry.actor.role),
        action=entry.action,
        target=entry.target,
        before=dict(entry.before),
        after=dict(entry.after),
        address=entry.actor.address,
        request_id=entry.actor.request_id,
    )
