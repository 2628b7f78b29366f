"""What a Claude model supports, by its name. The API refuses the rest with a 400.

Sources (read 2026-11-28): https://platform.claude.com/docs/en/build-with-claude/thinking-troubleshooting (thinking, by model) ·
https://platform.claude.com/docs/en/build-with-claude/effort · https://platform.claude.com/docs/en/about-claude/models/overview
(largest outputs) · https://platform.claude.com/docs/en/models/opus-5-5/migration-guide and haiku-5-5/migration-guide (sampling,
prefill, forced tools) · https://platform.claude.com/docs/build-with-claude/mid-conversation-system-messages ·
https://github.com/anthropics/skills/blob/main/skills/claude-api/SKILL.md (all of it in one table).
"""

import re
from enum import Enum, auto
from functools import lru_cache
from typing import NamedTuple


class Thinking(Enum):
    """How thinking is requested from a model."""

    NEVER = auto()
    BUDGET = auto()
    """With a budget of tokens: up to Claude 4.5."""
    ADAPTIVE = auto()
    """Adaptive, within `output_config.effort`: from Claude 4.6 on."""


class Traits(NamedTuple):
    """The traits of one model. The defaults are those of an unknown model, and refuse as little as possible."""

    largest_output_tokens: int = 8_192
    """The largest `max_tokens`; the API requires the field, and chat clients seldom send one."""
    thinking: Thinking = Thinking.BUDGET
    thinks_by_default: bool = False
    thinking_off: str | None = "disabled"
    """The `thinking.type` that turns it off; `None` where it cannot be turned off."""
    efforts: tuple[str, ...] = ()
    """Levels of `output_config.effort`, in ascending order."""
    takes_sampling: bool = True
    """`temperature`, `top_p` and `top_k`."""
    takes_two_samplings: bool = True
    """`temperature` and `top_p` in one request."""
    takes_forced_tools: bool = True
    takes_later_instructions: bool = False
    """Messages with the role `system` after the first turn."""
    takes_prefill: bool = True
    """An assistant's message at the end, which the answer continues."""
    takes_schemas: bool = True
    """JSON Schema for the answer, and `strict` tools."""


UNKNOWN = Traits()

_FAMILIES = frozenset({"opus", "sonnet", "haiku", "fable", "mythos", "instant"})
_SEPARATORS = re.compile(r"[-._@:/]+")
_ALL_EFFORTS = ("low", "medium", "high", "xhigh", "max")
_KNOWN_MODELS = 4096


@lru_cache(_KNOWN_MODELS)
def traits_of(model: str) -> Traits:
    """By the provider's own name for the model; future versions count as the newest."""
    family, version = _parsed(model)
    if version is None:
        return UNKNOWN
    is_mythic = family in ("fable", "mythos")
    is_late_five = version >= (5, 5) or (is_mythic and version >= (5, 1))
    is_restrained = version >= (4, 7)
    return Traits(
        largest_output_tokens=_largest_output_tokens(family, version),
        thinking=Thinking.ADAPTIVE if version >= (4, 6) else Thinking.BUDGET if version >= (3, 7) else Thinking.NEVER,
        thinks_by_default=version >= (5, 0) or is_mythic,
        thinking_off=_thinking_off(family, version),
        efforts=_efforts(family, version),
        takes_sampling=not is_restrained,
        takes_two_samplings=version < (4, 1),
        takes_forced_tools=not is_late_five or family == "haiku",
        takes_later_instructions=version >= (4, 8) and not (family == "sonnet" and version < (5, 5)),
        takes_prefill=version < (4, 6),
        takes_schemas=version >= (4, 5),
    )


def _parsed(model: str) -> tuple[str, tuple[int, int] | None]:
    """`claude-opus-4-6` is (`opus`, (4, 6)), `claude-3-7-sonnet-20250219` (`sonnet`, (3, 7)); dates are not versions."""
    words = _SEPARATORS.split(model.lower())
    if "claude" not in words:
        return "", None
    words = words[words.index("claude") + 1 :]
    family = next((word for word in words if word in _FAMILIES), "")
    numbers = [int(word) for word in words if word.isascii() and word.isdigit() and len(word) <= 2]
    if numbers:
        return family, (numbers[0], numbers[1] if len(numbers) > 1 else 0)
    # Mythos Preview has no number; it supports what Claude 4.7 supports.
    return family, (4, 7) if family == "mythos" else None


def _largest_output_tokens(family: str, version: tuple[int, int]) -> int:
    if version >= (4, 6):
        return 128_000
    if version >= (4, 0):
        return 32_000 if family == "opus" and version < (4, 5) else 64_000
    if version >= (3, 7):
        return 64_000
    return 8_192 if version >= (3, 5) else 4_096


def _thinking_off(family: str, version: tuple[int, int]) -> str | None:
    if family in ("fable", "mythos") or (family == "opus" and version >= (5, 5)):
        return None
    return "between_tools" if family == "sonnet" and version >= (5, 5) else "disabled"


def _efforts(family: str, version: tuple[int, int]) -> tuple[str, ...]:
    if version >= (4, 7):
        return _ALL_EFFORTS
    if version >= (4, 6):
        return ("low", "medium", "high", "max")
    return ("low", "medium", "high") if family == "opus" and version == (4, 5) else ()
