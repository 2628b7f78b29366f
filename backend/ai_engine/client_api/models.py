"""`GET /v1/models` and `/v1/models/{id}`: the available models.

All of them in OpenAI's format; in pages in Anthropic's format with the header `anthropic-version`, which its SDKs always send
(https://platform.claude.com/docs/en/api/models-list, read 2026-11-28).
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Header, Path, Query

from ai_engine.access.guards import GuardedRoute, requires
from ai_engine.autodecide.candidates import CandidateFinder
from ai_engine.catalogue.live import LiveCatalogue
from ai_engine.catalogue.snapshot import LONGEST_NAME
from ai_engine.client_api.messages.requests import check_version
from ai_engine.client_api.messages.schemas import AnthropicError, AnthropicModel, AnthropicModelList
from ai_engine.client_api.schemas import ErrorResponse, Model, ModelList
from ai_engine.configuration import LiveConfiguration
from ai_engine.errors import ModelNotFound, NotFound
from ai_engine.names import Role
from ai_engine.web.provide import provided
from ai_engine.wire.fields import invalid

_ERRORS = {"model": ErrorResponse | AnthropicError}

router = APIRouter(
    prefix="/v1/models",
    tags=["Client API"],
    dependencies=[requires(Role.CLIENT)],
    route_class=GuardedRoute,
    responses={"4XX": _ERRORS, "5XX": _ERRORS},
)

Catalogue = Annotated[LiveCatalogue, Depends(provided(LiveCatalogue))]
Configuration = Annotated[LiveConfiguration, Depends(provided(LiveConfiguration))]
Finder = Annotated[CandidateFinder, Depends(provided(CandidateFinder))]


AnthropicVersion = Annotated[
    str | None,
    Header(
        alias="anthropic-version",
        description="Any date since 2023-01-01: the answer, and any error, is in Anthropic's format.",
        examples=["2023-06-01"],
    ),
]
Limit = Annotated[int, Query(ge=1, le=1000, description="Anthropic's format: models in a page.", examples=[20])]
AfterId = Annotated[
    str | None,
    Query(max_length=LONGEST_NAME, description="Anthropic's format: the page after this model.", examples=["gpt-4o"]),
]
BeforeId = Annotated[
    str | None,
    Query(max_length=LONGEST_NAME, description="Anthropic's format: the page before this model.", examples=["gpt-4o"]),
]


@router.get("", summary="List the models")
async def list_models(
    catalogue: Catalogue,
    configuration: Configuration,
    finder: Finder,
    version: AnthropicVersion = None,
    limit: Limit = 20,
    after_id: AfterId = None,
    before_id: BeforeId = None,
) -> ModelList | AnthropicModelList:
    """Plain names and `provider/model`, of every configured and enabled provider."""
    models = list(_models(catalogue, configuration, finder))
    if version is None:
        return ModelList(data=models)
    check_version(version.encode("latin-1", "replace"))
    return _page(models, limit, after_id, before_id)


@router.get("/{model_id:path}", summary="Show one model")
async def show_model(
    model_id: Annotated[
        str, Path(max_length=LONGEST_NAME, description="A model's name, which may contain `/`.", examples=["openai/gpt-4o"])
    ],
    catalogue: Catalogue,
    configuration: Configuration,
    finder: Finder,
    version: AnthropicVersion = None,
) -> Model | AnthropicModel:
    """One model, by its name in the list or any other name that requests may use."""
    if version is not None:
        check_version(version.encode("latin-1", "replace"))
    model = _found(model_id, catalogue, configuration, finder)
    return model if version is None else _in_anthropic_format(model)


def _found(model_id: str, catalogue: LiveCatalogue, configuration: LiveConfiguration, finder: CandidateFinder) -> Model:
    if not model_id.strip():
        raise NotFound("The model's name is missing; GET /v1/models, without a slash at the end, lists the available models.")
    for model in _models(catalogue, configuration, finder):
        if model.id == model_id:
            return model
    usable = [candidate for candidate in finder.matches(model_id).candidates if finder.is_usable(candidate.definition)]
    if not usable:
        raise ModelNotFound(
            f"No provider serves the model {model_id!r}; GET /v1/models lists the available models.",
            param="model",
            code="model_not_found",
        )
    owners = ", ".join(sorted({candidate.route.provider for candidate in usable}))
    return Model(id=model_id, created=_created(catalogue), owned_by=owners)


def _page(models: Sequence[Model], limit: int, after_id: str | None, before_id: str | None) -> AnthropicModelList:
    if after_id is not None and before_id is not None:
        raise invalid("before_id", "cannot be combined with after_id")
    start, end = 0, len(models)
    if after_id is not None:
        start = _place(models, after_id, "after_id") + 1
        end = min(start + limit, end)
    elif before_id is not None:
        end = _place(models, before_id, "before_id")
        start = max(end - limit, 0)
    else:
        end = min(limit, end)
    page = [_in_anthropic_format(model) for model in models[start:end]]
    return AnthropicModelList(
        data=page,
        has_more=start > 0 if before_id is not None else end < len(models),
        first_id=page[0].id if page else None,
        last_id=page[-1].id if page else None,
    )


def _place(models: Sequence[Model], model_id: str, field: str) -> int:
    for place, model in enumerate(models):
        if model.id == model_id:
            return place
    raise invalid(field, "must be the name of a model in the list")


def _in_anthropic_format(model: Model) -> AnthropicModel:
    created_at = datetime.fromtimestamp(model.created, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return AnthropicModel(id=model.id, display_name=model.id, created_at=created_at)


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
