"""`GET /v1/models` and `/v1/models/{id}`: every name that a request may use now."""

from collections.abc import Iterator
from typing import Annotated

from fastapi import APIRouter, Depends, Path

from ai_engine.access.guards import GuardedRoute, requires
from ai_engine.autodecide.candidates import CandidateFinder
from ai_engine.catalogue.live import LiveCatalogue
from ai_engine.catalogue.snapshot import LONGEST_NAME
from ai_engine.client_api.schemas import Model, ModelList
from ai_engine.configuration import LiveConfiguration
from ai_engine.errors import ModelNotFound, NotFound
from ai_engine.names import Role
from ai_engine.web.provide import provided

router = APIRouter(prefix="/v1/models", tags=["Client API"], dependencies=[requires(Role.CLIENT)], route_class=GuardedRoute)

Catalogue = Annotated[LiveCatalogue, Depends(provided(LiveCatalogue))]
Configuration = Annotated[LiveConfiguration, Depends(provided(LiveConfiguration))]
Finder = Annotated[CandidateFinder, Depends(provided(CandidateFinder))]


@router.get("", summary="List the models")
async def list_models(catalogue: Catalogue, configuration: Configuration, finder: Finder) -> ModelList:
    """Plain names and `provider/model`, of every provider that is configured and switched on."""
    return ModelList(data=list(_models(catalogue, configuration, finder)))


@router.get("/{model_id:path}", summary="Show one model")
async def show_model(
    model_id: Annotated[
        str, Path(max_length=LONGEST_NAME, description="A model's name, which may contain `/`.", examples=["openai/gpt-4o"])
    ],
    catalogue: Catalogue,
    configuration: Configuration,
    finder: Finder,
) -> Model:
    """One model by the name that the list gives it, or any name that a request could use for it."""
    if not model_id.strip():
        raise NotFound("A model's name is missing; GET /v1/models, without a slash at its end, lists them all.")
    for model in _models(catalogue, configuration, finder):
        if model.id == model_id:
            return model
    usable = [possible for possible in finder.matches(model_id).possible if finder.is_usable(possible.definition)]
    if not usable:
        raise ModelNotFound(
            f"No provider serves a model named {model_id!r}; GET /v1/models lists those that are.",
            param="model",
            code="model_not_found",
        )
    owners = ", ".join(sorted({possible.route.provider for possible in usable}))
    return Model(id=model_id, created=_created(catalogue), owned_by=owners)


def _models(catalogue: LiveCatalogue, configuration: LiveConfiguration, finder: CandidateFinder) -> Iterator[Model]:
    created = _created(catalogue)
    owners: dict[str, list[str]] = {model.name: ["ai-engine"] for model in configuration.current.file.models}
    pinned: list[Model] = []
    for entry in catalogue.current.entries:
        provider, name = entry.route
        definition = configuration.current.providers.get(provider)
        if definition is not None and finder.is_usable(definition):
            owners.setdefault(name, []).append(provider)
            pinned.append(Model(id=f"{provider}/{name}", created=created, owned_by=provider))
    for name, providers in owners.items():
        yield Model(id=name, created=created, owned_by=", ".join(providers))
    yield from pinned


def _created(catalogue: LiveCatalogue) -> int:
    return int(catalogue.current.built_at.timestamp())
