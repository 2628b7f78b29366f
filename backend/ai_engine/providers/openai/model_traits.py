"""What OpenAI's older models support, by their names. Every provider of them refuses the rest with a 400.

Clients of Anthropic's API always send `max_tokens`, and mostly `thinking`, with values for a new Claude: "max_tokens is too
large: 50000. This model supports at most 32768 completion tokens" (https://github.com/opencode-ai/opencode/issues/140),
"Unrecognized request argument supplied: reasoning_effort" (https://github.com/AAswordman/Operit/issues/1048). The largest
outputs: https://platform.openai.com/docs/models (all read 2026-11-28).
"""

from typing import NamedTuple


class Traits(NamedTuple):
    """The traits of one model. The defaults are those of an unknown model, for which nothing is changed."""

    largest_output_tokens: int | None = None
    reasons: bool = True
    """False where the model is known not to reason."""


_UNKNOWN = Traits()
_KNOWN = (
    ("gpt-4o-2024-05-13", Traits(4_096, reasons=False)),
    ("gpt-4o", Traits(16_384, reasons=False)),
    ("chatgpt-4o", Traits(16_384, reasons=False)),
    ("gpt-4.1", Traits(32_768, reasons=False)),
    ("gpt-4-turbo", Traits(4_096, reasons=False)),
    ("gpt-3.5-turbo", Traits(4_096, reasons=False)),
    ("gpt-35-turbo", Traits(4_096, reasons=False)),  # Azure's name
)
"""By prefix; the first match counts."""


def base_name(model: str) -> str:
    """The provider's own name for the model, without a vendor or `ft:` in front."""
    return model.rpartition("/")[2].removeprefix("ft:")


def traits_of(model: str) -> Traits:
    """By the provider's own name for the model."""
    name = base_name(model)
    return next((traits for beginning, traits in _KNOWN if name.startswith(beginning)), _UNKNOWN)
