"""Reads the listing of a publisher's models.

Source: https://cloud.google.com/vertex-ai/docs/reference/rest/v1beta1/publishers.models/list (read 2026-11-30).
"""

from collections.abc import Sequence
from urllib.parse import quote

import orjson

from ai_engine.providers.adapter import ListedModel
from ai_engine.providers.anthropic.traits import traits_of
from ai_engine.providers.gemini.listing import is_before_3, thinks_by_budget
from ai_engine.providers.listings import read_entries
from ai_engine.wire.json_types import JsonMapping

_PREFIX = "publishers/"
_SERVED = {"google": ("gemini-", "text-embedding-", "text-multilingual-embedding-"), "anthropic": ("claude-",)}
"""The prefixes of chat and embedding models, by publisher."""
_NOT_SERVED = ("-live", "-tts", "-audio", "computer-use")


def read_listing(body: bytes) -> Sequence[ListedModel]:
    """The models of one page. Raises `ValueError` where the body is not a page."""
    return read_entries(body, "publisherModels", "name", _listed)


def next_path(body: bytes) -> str | None:
    """The path of the publisher's next page, or of Anthropic's first after Google's last; `None` after the last."""
    page = orjson.loads(body)
    models = page.get("publisherModels")
    first = models[0] if isinstance(models, list) and models else None
    publisher = _split(str(first.get("name")))[0] if isinstance(first, dict) else ""
    token = page.get("nextPageToken")
    if publisher and isinstance(token, str) and token:
        return f"publishers/{publisher}/models?pageSize=300&pageToken={quote(token, safe='')}"
    return "publishers/anthropic/models?pageSize=300" if publisher == "google" else None


def _split(path: str) -> tuple[str, str]:
    """Publisher and name, of `publishers/google/models/gemini-2.5-pro`."""
    publisher, _, name = path.removeprefix(_PREFIX).partition("/models/")
    return publisher, name


def _listed(path: str, entry: JsonMapping) -> ListedModel | None:
    publisher, name = _split(path)
    if not name.startswith(_SERVED.get(publisher, ())) or any(part in name for part in _NOT_SERVED):
        return None
    if publisher == "anthropic":
        version = entry.get("versionId")
        is_dated = isinstance(version, str) and len(version) == 8 and version.isdigit() and "@" not in name
        return ListedModel(f"{name}@{version}" if is_dated else name, is_reasoning=traits_of(name).thinks_by_default or None)
    if "embedding" in name:
        return ListedModel(name, takes_tools=False, takes_images=False, takes_json_schema=False, is_reasoning=False)
    return ListedModel(name, is_reasoning=thinks_by_budget(name) or not is_before_3(name))
