import pytest

from ai_engine.providers.anthropic.traits import UNKNOWN, Thinking, Traits, traits_of


@pytest.mark.parametrize(
    ("model", "thinking", "most"),
    [
        ("claude-3-haiku-20240307", Thinking.NEVER, 4_096),
        ("claude-3-5-sonnet-latest", Thinking.NEVER, 8_192),
        ("claude-3-7-sonnet-20250219", Thinking.BUDGET, 64_000),
        ("claude-opus-4-20250514", Thinking.BUDGET, 32_000),
        ("claude-opus-4-1", Thinking.BUDGET, 32_000),
        ("claude-sonnet-4-0", Thinking.BUDGET, 64_000),
        ("claude-haiku-4-5-20251001", Thinking.BUDGET, 64_000),
        ("claude-sonnet-4-6", Thinking.ADAPTIVE, 128_000),
        ("anthropic/claude-opus-4.8", Thinking.ADAPTIVE, 128_000),
        ("anthropic.claude-opus-4-7-v1:0", Thinking.ADAPTIVE, 128_000),
        ("claude-fable-5-2", Thinking.ADAPTIVE, 128_000),
        ("claude-sonnet-9", Thinking.ADAPTIVE, 128_000),
    ],
)
def test_the_version_in_a_name_decides_thinking_and_the_largest_output(model: str, thinking: Thinking, most: int) -> None:
    assert (traits_of(model).thinking, traits_of(model).largest_output_tokens) == (thinking, most)


def the_models(names: str, trait: str) -> dict[str, object]:
    return {name: getattr(traits_of(f"claude-{name}"), trait) for name in names.split()}


def test_only_some_models_think_without_being_asked() -> None:
    assert the_models("opus-4-8 sonnet-4-6 haiku-4-5", "thinks_by_default") == {
        "opus-4-8": False,
        "sonnet-4-6": False,
        "haiku-4-5": False,
    }
    models = the_models("opus-5 sonnet-5 haiku-5-5 fable-5 mythos-preview", "thinks_by_default")
    assert set(models.values()) == {True}


def test_some_models_cannot_be_kept_from_thinking() -> None:
    assert the_models("opus-5 opus-5-5 sonnet-5 sonnet-5-5 haiku-5-5 fable-5-1 mythos-preview", "thinking_off") == {
        "opus-5": "disabled",
        "opus-5-5": None,
        "sonnet-5": "disabled",
        "sonnet-5-5": "between_tools",
        "haiku-5-5": "disabled",
        "fable-5-1": None,
        "mythos-preview": None,
    }


def test_levels_of_effort_grew_with_the_generations() -> None:
    assert the_models("sonnet-4-5 opus-4-5 opus-4-6 opus-4-7", "efforts") == {
        "sonnet-4-5": (),
        "opus-4-5": ("low", "medium", "high"),
        "opus-4-6": ("low", "medium", "high", "max"),
        "opus-4-7": ("low", "medium", "high", "xhigh", "max"),
    }


@pytest.mark.parametrize(
    ("trait", "last_with", "first_without"),
    [
        ("takes_sampling", "sonnet-4-6", "opus-4-7"),
        ("takes_sampling", "haiku-4-5", "haiku-5-5"),
        ("takes_two_samplings", "sonnet-4-20250514", "opus-4-1"),
        ("takes_forced_tools", "opus-5", "opus-5-5"),
        ("takes_forced_tools", "sonnet-5", "sonnet-5-5"),
        ("takes_forced_tools", "fable-5", "fable-5-1"),
        ("takes_forced_tools", "haiku-5-5", "mythos-5-1"),
        ("takes_prefill", "opus-4-5", "opus-4-6"),
    ],
)
def test_what_newer_models_no_longer_take(trait: str, last_with: str, first_without: str) -> None:
    assert the_models(f"{last_with} {first_without}", trait) == {last_with: True, first_without: False}


@pytest.mark.parametrize(
    ("trait", "last_without", "first_with"),
    [
        ("takes_later_instructions", "opus-4-7", "opus-4-8"),
        ("takes_later_instructions", "sonnet-5", "sonnet-5-5"),
        ("takes_schemas", "opus-4-20250514", "sonnet-4-5"),
    ],
)
def test_what_newer_models_have_learnt(trait: str, last_without: str, first_with: str) -> None:
    assert the_models(f"{last_without} {first_with}", trait) == {last_without: False, first_with: True}


@pytest.mark.parametrize("model", ["tiny", "kimi-k2-0905", "my-claude-model", "", "claude"])
def test_of_an_unknown_model_as_little_as_possible_is_refused(model: str) -> None:
    assert traits_of(model) == UNKNOWN == Traits()
