"""`reasoning_effort` and `thinking` of a chat as Anthropic's `thinking` and `output_config.effort`, by the model's generation."""

from typing import NamedTuple

from ai_engine.providers.anthropic.traits import Thinking, Traits
from ai_engine.wire.fields import one_of, optional, required, unsupported
from ai_engine.wire.json_types import Json, JsonMapping

_SMALLEST_BUDGET_TOKENS = 1024
"""https://platform.claude.com/docs/en/build-with-claude/extended-thinking (read 2026-11-28)."""

_LEVELS = ("minimal", "low", "medium", "high", "xhigh", "max")
_BUDGET_TOKENS = {"minimal": 1024, "low": 1024, "medium": 4096, "high": 16_384, "xhigh": 32_768, "max": 32_768}
"""The gateway's own. In the other direction, a budget below 2,048 is low and below 8,192 medium."""


class ThinkingOptions(NamedTuple):
    """The fields of the request, and whether the model thinks with them."""

    thinking: Json | None = None
    effort: str | None = None
    is_on: bool = False


def thinking_options(body: JsonMapping, traits: Traits, most_tokens: int, *, continues_without: bool) -> ThinkingOptions:
    """`most_tokens` is the request's `max_tokens`, which includes thinking. `thinking` takes precedence over `reasoning_effort`.

    `continues_without` is whether the answer continues a turn without thinking: the API refuses a budget then, so it is left out.
    Raises `UnsupportedByProvider` where the model cannot think, always thinks, or `most_tokens` is too small.
    """
    options = _requested(body, traits, most_tokens)
    if continues_without and options.thinking is not None and options.thinking["type"] == "enabled":
        return ThinkingOptions(is_on=traits.thinks_by_default)
    return options


def _requested(body: JsonMapping, traits: Traits, most_tokens: int) -> ThinkingOptions:
    thinking = optional(body, "thinking", dict)
    effort = None if body.get("reasoning_effort") is None else one_of(body, "reasoning_effort", ("none", *_LEVELS))
    if thinking is not None:
        kind = required(thinking, "type", str, "thinking")
        # Beside a budget, `reasoning_effort` repeats the same.
        level = _nearest(effort, traits.efforts) if kind == "adaptive" and effort in _LEVELS else None
        return ThinkingOptions(thinking, level, kind in ("adaptive", "enabled"))
    if effort is None:
        return ThinkingOptions(is_on=traits.thinks_by_default)
    if effort == "none":
        return _off(traits)
    if traits.thinking is Thinking.NEVER:
        raise unsupported("reasoning_effort", "is not supported by this model")
    if traits.thinking is Thinking.ADAPTIVE:
        # From Claude 4.7 on, thinking is left out of the answer by default.
        return ThinkingOptions({"type": "adaptive", "display": "summarized"}, _nearest(effort, traits.efforts), is_on=True)
    if most_tokens <= _SMALLEST_BUDGET_TOKENS:
        problem = f"is not supported by this model with max_tokens of {_SMALLEST_BUDGET_TOKENS} or less"
        raise unsupported("reasoning_effort", problem)
    budget = min(_BUDGET_TOKENS[effort], max(_SMALLEST_BUDGET_TOKENS, most_tokens // 2))
    return ThinkingOptions({"type": "enabled", "budget_tokens": budget}, is_on=True)


def _off(traits: Traits) -> ThinkingOptions:
    if not traits.thinks_by_default:
        return ThinkingOptions()
    if traits.thinking_off is None:
        raise unsupported("reasoning_effort", "must not be none: this model always reasons")
    return ThinkingOptions({"type": traits.thinking_off})


def _nearest(effort: str, accepted: tuple[str, ...]) -> str | None:
    """The level, else the next lower one, else the lowest."""
    if effort in accepted:
        return effort
    below = [level for level in accepted if _LEVELS.index(level) < _LEVELS.index(effort)]
    return below[-1] if below else accepted[0] if accepted else None
