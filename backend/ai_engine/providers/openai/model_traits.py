"""What OpenAI's older models take, told from their names; whoever serves them refuses the same with a 400.

Programs that speak Anthropic's API always say how long an answer may be, and mostly that the model shall think, as if every model
were a new Claude: "max_tokens is too large: 50000. This model supports at most 32768 completion tokens"
(https://github.com/opencode-ai/opencode/issues/140), "Unrecognized request argument supplied: reasoning_effort"
(https://github.com/AAswordman/Operit/issues/1048). The largest outputs: https://platform.openai.com/docs/models (all read
2026-11-28).
"""

from typing import NamedTuple


class Traits(NamedTuple):
    """One model's. The defaults are those of a model that we do not know: nothing is changed for it."""

    largest_output_tokens: int | None = None
    reasons: bool = True
    """It may, or is not known not to."""


_UNKNOWN = Traits()
_KNOWN = (
    ("gpt-4o-2024-05-13", Traits(4_096, reasons=False)),
    ("gpt-4o", Traits(16_384, reasons=False)),
    ("chatgpt-4o", Traits(16_384, reasons=False)),
    ("gpt-4.1", Traits(32_768, reasons=False)),
    ("gpt-4-turbo", Traits(4_096, reasons=False)),
    ("gpt-3.5-turbo", Traits(4_096, reasons=False)),
    ("gpt-35-turbo", Traits(4_096, reasons=False)),  # as Azure calls it
)
"""By how their names begin; the first that fits."""


def base_name(model: str) -> str:
    """The provider's own name for the model, without a vendor's in front, or that it was tuned further (`ft:`)."""
    return model.rpartition("/")[2].removeprefix("ft:")


def traits_of(model: str) -> Traits:
    """By the name that the provider has for the model."""
    name = base_name(model)
    return next((traits for beginning, traits in _KNOWN if name.startswith(beginning)), _UNKNOWN)
