"""Reads Bedrock's two listings: foundation models, and the inference profiles that newer models are used through.

Sources (read 2026-11-30): https://docs.aws.amazon.com/bedrock/latest/APIReference/API_ListFoundationModels.html and
https://docs.aws.amazon.com/bedrock/latest/APIReference/API_ListInferenceProfiles.html.
"""

from collections.abc import Sequence
from urllib.parse import quote

import orjson

from ai_engine.providers.adapter import ListedModel
from ai_engine.providers.anthropic.traits import traits_of
from ai_engine.providers.bedrock.model_traits import traits_of as bedrock_traits_of
from ai_engine.providers.listings import read_entries
from ai_engine.wire.json_types import JsonMapping

_MODELS, _PROFILES = "modelSummaries", "inferenceProfileSummaries"
PROFILES_PATH = "inference-profiles?maxResults=1000&type=SYSTEM_DEFINED"


def read_listing(body: bytes) -> Sequence[ListedModel]:
    """The models of either listing. Raises `ValueError` where the body is neither.

    A model may have several profiles in a region; the one that keeps requests in this part of the world comes first.
    """
    if _has_profiles(body):
        profiles = read_entries(body, _PROFILES, "inferenceProfileId", _profile)
        return sorted(profiles, key=lambda model: model.name.startswith("global."))
    return read_entries(body, _MODELS, "modelId", _model)


def next_path(body: bytes) -> str | None:
    """The path of the page after this one; `None` after the last. Raises `ValueError` where the body is not a page."""
    if not _has_profiles(body):
        return PROFILES_PATH
    token = orjson.loads(body).get("nextToken")
    return f"{PROFILES_PATH}&nextToken={quote(token, safe='')}" if isinstance(token, str) and token else None


def _has_profiles(body: bytes) -> bool:
    page = orjson.loads(body)
    return isinstance(page, dict) and _PROFILES in page


def _model(name: str, entry: JsonMapping) -> ListedModel | None:
    """A model that can be used by its own id. Others have inference profiles only."""
    types, outputs, inputs = (
        _texts(entry, field) for field in ("inferenceTypesSupported", "outputModalities", "inputModalities")
    )
    if (types and "ON_DEMAND" not in types) or (outputs and "TEXT" not in outputs):
        return None
    return _listed(name, takes_images="IMAGE" in inputs if inputs else None)


def _profile(name: str, entry: JsonMapping) -> ListedModel | None:
    return _listed(name) if entry.get("status") in (None, "ACTIVE") else None


def _listed(name: str, takes_images: bool | None = None) -> ListedModel:
    traits = bedrock_traits_of(name)
    return ListedModel(
        name,
        takes_images=takes_images,
        takes_json_schema=None if traits.takes_schemas else False,
        # Others reason only where a request says so.
        is_reasoning=(traits_of(name).thinks_by_default or None) if traits.claude is not None else None,
    )


def _texts(entry: JsonMapping, name: str) -> frozenset[str]:
    values = entry.get(name)
    return frozenset(value for value in values if isinstance(value, str)) if isinstance(values, list) else frozenset()
