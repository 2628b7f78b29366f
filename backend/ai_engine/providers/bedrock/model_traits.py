"""What a model at Bedrock supports, by its id, where Converse leaves it to the model.

Sources (read 2026-11-30), all below https://docs.aws.amazon.com: /bedrock/latest/userguide/structured-output.html ·
/bedrock/latest/userguide/conversation-inference-supported-models-features.html · /bedrock/latest/userguide/prompt-caching.html ·
/bedrock/latest/userguide/model-parameters-openai.html · /nova/latest/nova2-userguide/extended-thinking.html, and the notes on
single fields in the service model of `botocore` 1.44.8 (`toolChoice`, `toolResult`, `outputConfig`). Undocumented refusals:
https://github.com/pydantic/pydantic-ai/tree/main/tests/models/cassettes/test_bedrock.
"""

import re
from enum import Enum, auto
from functools import lru_cache
from typing import NamedTuple

from ai_engine.providers.anthropic import traits as claude_traits

_KNOWN_MODELS = 4096
_SEPARATORS = re.compile(r"[./:@]")
_MAKERS = frozenset(
    {
        "ai21",
        "amazon",
        "anthropic",
        "cohere",
        "deepseek",
        "google",
        "luma",
        "meta",
        "minimax",
        "mistral",
        "moonshot",
        "moonshotai",
    }
    | {"nvidia", "openai", "qwen", "stability", "twelvelabs", "writer", "xai", "zai"}
)
_WITHOUT_SCHEMAS = frozenset({"ai21", "amazon", "cohere", "meta", "twelvelabs", "writer"})
_CLAUDE_WITHOUT_SCHEMAS = ("claude-opus-4-7", "claude-opus-4-8")
"""Anthropic's own API has schemas for them."""
_WITHOUT_FORCED_TOOLS = frozenset({"ai21", "google", "meta", "twelvelabs", "writer"})


_TEXTS, _IMAGES, _DOCUMENTS = frozenset({"text"}), frozenset({"image"}), frozenset({"document"})


class Effort(Enum):
    """The field for how much a model reasons."""

    NO_WORDS = auto()
    CLAUDE = auto()
    """`thinking`, and `outputConfig.effort` from Claude 4.6 on."""
    NOVA = auto()
    """`reasoningConfig`."""
    QWEN = auto()
    """`reasoning_config`, low or high."""
    FLAT = auto()
    """`reasoning_effort`, of OpenAI's open models."""
    NESTED = auto()
    """`reasoning.effort`, of OpenAI's other models."""


class ModelTraits(NamedTuple):
    """One model's. The defaults, for unknown models, refuse as little as possible."""

    claude: claude_traits.Traits | None = None
    """Set for Claude, which has Anthropic's own rules."""
    effort: Effort = Effort.NO_WORDS
    takes_schemas: bool = True
    """JSON Schema for the answer, and `strict` tools."""
    takes_forced_tools: bool = True
    takes_sampling: bool = True
    """`temperature` and `top_p`."""
    takes_prefill: bool = False
    """An assistant's message at the end, which the answer continues."""
    may_begin_with_assistant: bool = False
    says_failure: bool = False
    """Tool results have a status."""
    wants_json_results: bool = False
    """Tool results must be objects, not text."""
    in_results: frozenset[str] = frozenset({"image"})
    """Kinds of blocks that a tool result may have beside text."""
    beside_results: frozenset[str] = frozenset()
    """Kinds of blocks that may be in the same turn as a tool result."""
    has_cache_points: bool = False
    has_tool_cache_points: bool = False
    has_long_cache_points: bool = False
    """A cache point may last an hour."""
    top_k: tuple[str, ...] | None = None
    """The path of `top_k` in `additionalModelRequestFields`; `None` where the model has none."""


@lru_cache(_KNOWN_MODELS)
def traits_of(model: str) -> ModelTraits:
    """By a model's or inference profile's id, or its ARN."""
    name = model.lower()
    if "claude" in name:
        return _claude(name, claude_traits.traits_of(name))
    maker = next((word for word in _SEPARATORS.split(name) if word in _MAKERS), "")
    is_nova = maker == "amazon" and "nova" in name
    return ModelTraits(
        effort=_effort(maker, name),
        takes_schemas=maker not in _WITHOUT_SCHEMAS,
        takes_forced_tools=maker not in _WITHOUT_FORCED_TOOLS,
        takes_sampling=maker != "openai" or "gpt-oss" in name,
        takes_prefill=is_nova,
        may_begin_with_assistant=maker == "qwen",
        says_failure=is_nova,
        wants_json_results=maker == "mistral",
        in_results={"meta": _IMAGES | _DOCUMENTS, "mistral": _DOCUMENTS}.get(maker, _IMAGES),
        beside_results=_IMAGES | _TEXTS if is_nova else frozenset(),
        has_cache_points=is_nova,
        top_k=_top_k(maker),
    )


def _claude(name: str, traits: claude_traits.Traits) -> ModelTraits:
    return ModelTraits(
        claude=traits,
        effort=Effort.CLAUDE,
        takes_schemas=traits.takes_schemas and not any(each in name for each in _CLAUDE_WITHOUT_SCHEMAS),
        takes_forced_tools=traits.takes_forced_tools,
        takes_prefill=traits.takes_prefill,
        may_begin_with_assistant=True,
        says_failure=True,
        in_results=_IMAGES | _DOCUMENTS,
        beside_results=_IMAGES | _TEXTS,
        has_cache_points=True,
        has_tool_cache_points=True,
        has_long_cache_points=traits.takes_schemas,  # both came with Claude 4.5
        top_k=("top_k",),
    )


def _effort(maker: str, name: str) -> Effort:
    if maker == "amazon" and "nova-2" in name:
        return Effort.NOVA
    if "gpt-oss" in name or "deepseek.v3" in name:
        return Effort.FLAT
    return {"openai": Effort.NESTED, "qwen": Effort.QWEN}.get(maker, Effort.NO_WORDS)


def _top_k(maker: str) -> tuple[str, ...] | None:
    return {"amazon": ("inferenceConfig", "topK"), "cohere": ("k",), "mistral": ("top_k",)}.get(maker)
