"""`/api/providers/{provider}/…`: manual changes of the rotation."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path

from ai_engine.access.audit import Action, AuditContext
from ai_engine.access.guards import GuardedRoute, requires
from ai_engine.health.breaker import Breaker, Outage
from ai_engine.management_api.audit import By, Trail
from ai_engine.management_api.providers import Keys, Known, Preferences, Views
from ai_engine.management_api.schemas import ProviderKeyView, ProviderView
from ai_engine.names import Role
from ai_engine.web.provide import provided

router = APIRouter(
    prefix="/api/providers/{provider}", tags=["Providers"], dependencies=[requires(Role.ADMIN)], route_class=GuardedRoute
)

Circuits = Annotated[Breaker, Depends(provided(Breaker))]


@router.post("/unflag", summary="Clear a provider's flag")
async def unflag_provider(definition: Known, keys: Keys, breaker: Circuits, views: Views, trail: Trail, by: By) -> ProviderView:
    """Closes the provider's circuit breakers and ends the cooldowns of its keys, so that neither it nor its routes are flagged.

    If the next request fails, it is flagged again. A drain is not changed.
    """
    before = _flags_and_cooldowns(views.view(definition), breaker.provider_outage(definition.name))
    breaker.restore(definition.name)
    keys.restore(definition.name)
    after = views.view(definition)
    if before:
        await trail.record(by, Action.UNFLAG, definition.name, before, dict.fromkeys(before))
    return after


@router.post("/drain", summary="Drain a provider")
async def drain_provider(definition: Known, preferences: Preferences, views: Views, by: By) -> ProviderView:
    """Takes the provider out of rotation for new requests until it is restored; requests in flight finish. Kept at restarts."""
    await preferences.set(definition.name, AuditContext(Action.DRAIN, by), drained=True)
    return views.view(definition)


@router.post("/restore", summary="End a drain")
async def restore_provider(definition: Known, preferences: Preferences, views: Views, by: By) -> ProviderView:
    """Puts a drained provider back into rotation. Without effect if it is not drained."""
    await preferences.set(definition.name, AuditContext(Action.RESTORE, by), drained=False)
    return views.view(definition)


@router.post("/keys/{fingerprint}/restore", summary="End the cooldowns of one key")
async def restore_key(
    definition: Known,
    fingerprint: Annotated[str, Path(max_length=64, description="The provider key's fingerprint.", examples=["9f86d081"])],
    keys: Keys,
    views: Views,
    trail: Trail,
    by: By,
) -> ProviderView:
    """Makes the key usable at once, for every model. If the provider refuses it again, a new cooldown starts."""
    before = {key.fingerprint: _cooldown(key) for key in views.view(definition).keys}.get(fingerprint)
    keys.restore(definition.name, fingerprint)
    if before:
        await trail.record(by, Action.RESTORE_KEY, f"{definition.name}/{fingerprint}", before, dict.fromkeys(before))
    return views.view(definition)


def _flags_and_cooldowns(view: ProviderView, outage: Outage | None) -> dict[str, Any]:
    """What clearing the flag ends; empty if there is nothing."""
    held: dict[str, Any] = {}
    if outage is not None:
        held["flag"] = outage.reason
    elif view.status == "flagged" and view.flag is not None:
        held["flag"] = view.flag.reason
    if view.routes:
        held["routes"] = {route.model: route.reason for route in view.routes}
    keys = {key.fingerprint: cooldown for key in view.keys if (cooldown := _cooldown(key))}
    if keys:
        held["keys"] = keys
    return held


def _cooldown(key: ProviderKeyView) -> dict[str, Any]:
    cooldown: dict[str, Any] = {}
    if key.state != "usable":
        cooldown |= {"state": key.state, "reason": key.reason}
    if key.model_cooldowns:
        cooldown["model_cooldowns"] = sorted(key.model_cooldowns)
    return cooldown
