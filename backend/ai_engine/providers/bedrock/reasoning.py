"""`reasoning_effort` and `thinking` of a chat as the fields that the model's maker defines."""

from collections.abc import Sequence

from ai_engine.providers.anthropic.reasoning import ThinkingOptions, thinking_options
from ai_engine.providers.bedrock.content import PROVIDER
from ai_engine.providers.bedrock.model_traits import Effort, ModelTraits
from ai_engine.providers.chat_parameters import most_output_tokens
from ai_engine.wire.fields import optional, unsupported
from ai_engine.wire.json_types import Json, JsonMapping

_LEVELS = {"minimal": "low", "low": "low", "medium": "medium", "high": "high", "xhigh": "high"}
"""For models with at most three."""


def claudes_thinking(body: JsonMapping, traits: ModelTraits, turns: Sequence[Json]) -> ThinkingOptions:
    """Nothing for other models."""
    claude = traits.claude
    if claude is None:
        return ThinkingOptions()
    most = most_output_tokens(body)
    most = most if most is not None else claude.largest_output_tokens
    return thinking_options(body, claude, most, continues_without=_continues_without_thinking(turns))


def _continues_without_thinking(turns: Sequence[Json]) -> bool:
    """As `wire.anthropic.continues_without_thinking`."""
    if turns[-1]["role"] == "assistant":
        return True
    if len(turns) < 2 or not any("toolResult" in block for block in turns[-1]["content"]):
        return False
    return "reasoningContent" not in turns[-2]["content"][0]


def add_effort(request: Json, additional: Json, body: JsonMapping, traits: ModelTraits, thinking: ThinkingOptions) -> None:
    """`request` has its `inferenceConfig` already; `additional` are its additional fields. Raises `UnsupportedByProvider`."""
    if traits.effort is Effort.CLAUDE:
        if thinking.thinking is not None:
            additional["thinking"] = thinking.thinking
        if thinking.effort is not None:
            request["outputConfig"] = {"effort": thinking.effort}
        return
    effort = optional(body, "reasoning_effort", str)
    if effort is None:
        return
    level = _LEVELS.get(effort)
    if traits.effort is Effort.NESTED:
        additional["reasoning"] = {"effort": effort}
    elif traits.effort is Effort.QWEN and level is not None:
        additional["reasoning_config"] = "low" if level == "low" else "high"
    elif traits.effort is Effort.FLAT and level is not None:
        additional["reasoning_effort"] = level
    elif traits.effort is Effort.NOVA and level is not None:
        # The highest level supports neither a limit nor sampling.
        level = "medium" if level == "high" and "inferenceConfig" in request else level
        additional["reasoningConfig"] = {"type": "enabled", "maxReasoningEffort": level}
    elif effort != "none" or traits.effort in (Effort.FLAT, Effort.QWEN):
        raise unsupported("reasoning_effort", f"is {effort[:60]!r}, which is not supported by this model at {PROVIDER}")
