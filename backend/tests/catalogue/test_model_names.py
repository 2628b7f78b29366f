from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ai_engine.catalogue.families import FAMILIES, VENDORS
from ai_engine.catalogue.model_names import MatchKind, NormalName, family_of, match_between, normalise


@pytest.mark.parametrize(
    "name",
    [
        "claude-sonnet-4-5",
        "Claude-Sonnet-4.5",
        " claude_sonnet_4_5 ",
        "Claude Sonnet 4.5",
        "anthropic/claude-sonnet-4.5",
        "~anthropic/claude-sonnet-4.5",
        "claude-sonnet-4-5-latest",
        "claude-sonnet-4-5:latest",
        "models/claude-sonnet-4-5",
        "@cf/anthropic/claude-sonnet-4-5",
        "@cf/claude-sonnet-4-5",
        "accounts/fireworks/models/claude-sonnet-4-5",
        "models/anthropic/claude-sonnet-4.5-latest",
        "claude-sonnet-4-5@default",
        "publishers/anthropic/models/claude-sonnet-4-5",
        "anthropic.claude-sonnet-4-5",
        "global.anthropic.claude-sonnet-4-5-v1",
        "us.anthropic.claude-sonnet-4-5-v2:0",
    ],
)
def test_case_punctuation_vendor_wrapping_and_latest_make_no_difference(name: str) -> None:
    assert normalise(name) == NormalName("claude-sonnet-4-5", "", None)


@pytest.mark.parametrize(
    ("name", "base", "stated"),
    [
        ("gpt-4o-2024-08-06", "gpt-4o", "2024-08-06"),
        ("claude-sonnet-4-5-20250929", "claude-sonnet-4-5", "2025-09-29"),
        ("claude-sonnet-4-5@20250929", "claude-sonnet-4-5", "2025-09-29"),
        ("us.anthropic.claude-sonnet-4-5-20250929-v1:0", "claude-sonnet-4-5", "2025-09-29"),
        ("mistral.mistral-large-2407-v1:0", "mistral-large", "2024-07"),
        ("gpt-4-0613", "gpt-4", "--06-13"),
        ("gpt-3.5-turbo-1106", "gpt-3-5-turbo", "--11-06"),
        ("gpt-3.5-turbo-0125", "gpt-3-5-turbo", "--01-25"),
        ("grok-4-0709", "grok-4", "--07-09"),
        ("deepseek-v4.1-flash-1017", "deepseek-v4-1-flash", "--10-17"),
        ("mistral-large-2512", "mistral-large", "2025-12"),
        ("qwen/qwen3-235b-a22b-2507", "qwen3-235b-a22b", "2025-07"),
        ("command-r-08-2024", "command-r", "2024-08"),
        ("gemini-2.5-flash-preview-09-2025", "gemini-2-5-flash-preview", "2025-09"),
        ("gemini-2.5-flash-preview-05-20", "gemini-2-5-flash-preview", "--05-20"),
        ("gemini-2.5-pro-exp-03-25", "gemini-2-5-pro-exp", "--03-25"),
    ],
)
def test_a_trailing_date_in_each_of_its_spellings_is_set_apart(name: str, base: str, stated: str) -> None:
    assert normalise(name) == NormalName(base, "", stated)


@pytest.mark.parametrize(
    ("name", "base"),
    [
        ("gpt-4.1", "gpt-4-1"),
        ("amazon.nova-pro-v1:0", "nova-pro"),
        ("us.meta.llama3-3-70b-instruct-v1:0", "llama-3-3-70b-instruct"),
        ("openai.gpt-oss-120b-1:0", "gpt-oss-120b"),
        ("us.deepseek.r1-v1:0", "deepseek-r1"),
        ("zai.glm-4.7", "glm-4-7"),
        ("anthropic.claude-v2", "claude-v2"),
        ("somebody.gpt-4", "somebody-gpt-4"),
        ("gpt-4-32k", "gpt-4-32k"),
        ("llama-3.1-8b-instruct", "llama-3-1-8b-instruct"),
        ("llama2-70b-4096", "llama2-70b-4096"),
        ("mixtral-8x7b-32768", "mixtral-8x7b-32768"),
        ("text-embedding-ada-002", "text-embedding-ada-002"),
        ("gemini-2.0-flash-001", "gemini-2-0-flash-001"),
        ("grok-4.20", "grok-4-20"),
        ("qwen3.5-flash-02-23", "qwen3-5-flash-02-23"),
        ("gpt-4-1106-preview", "gpt-4-1106-preview"),
        ("x-2024-13-01", "x-2024-13-01"),
        ("2024-08-06", "2024-08-06"),
        ("20240806", "20240806"),
        ("0613", "0613"),
        ("thebloke/llama-2-7b", "thebloke/llama-2-7b"),
        ("models/", "models/"),
        ("openai/", "openai/"),
    ],
)
def test_numbers_other_than_dates_and_unknown_vendors_stay_in_the_name(name: str, base: str) -> None:
    assert normalise(name) == NormalName(base, "", None)


def test_a_suffix_after_a_colon_is_part_of_the_identity() -> None:
    assert normalise("qwen/Qwen3-32B:Free") == NormalName("qwen3-32b", "free", None)
    assert normalise("qwen-plus-2025-07-28:thinking") == NormalName("qwen-plus", "thinking", "2025-07-28")
    assert normalise("llama3:8b-instruct-q4_0").variant == "8b-instruct-q4-0"
    assert match_between(normalise("x"), normalise("x:free")) is None
    assert match_between(normalise("x:free"), normalise("x")) is None
    assert match_between(normalise("x:free"), normalise("qwen/x:free")) is MatchKind.NORMALISED


@pytest.mark.parametrize(
    ("requested", "listed", "kind"),
    [
        ("gpt-4o", "GPT-4o", MatchKind.NORMALISED),
        ("gpt-4o", "gpt-4o-2024-08-06", MatchKind.DATED),
        ("gpt-4o-2024-08-06", "gpt-4o-20240806", MatchKind.NORMALISED),
        ("mistral-large-2507", "mistral-large-07-2025", MatchKind.NORMALISED),
        ("gpt-4o-2024-08-06", "gpt-4o-2024-05-13", None),
        ("gpt-4o-2024-08-06", "gpt-4o", None),
        ("gpt-4o-2024-08-06", "gpt-4o-latest", None),
        ("gpt-4o-latest", "gpt-4o-2024-08-06", MatchKind.DATED),
        ("gpt-4", "gpt-4-0613", MatchKind.DATED),
    ],
)
def test_an_undated_request_matches_a_dated_id_and_a_dated_one_only_its_own_date(
    requested: str, listed: str, kind: MatchKind | None
) -> None:
    assert match_between(normalise(requested), normalise(listed)) is kind


@pytest.mark.parametrize(
    "other",
    [
        "gpt-4o-mini",
        "gpt-4o",
        "gpt-4-turbo",
        "gpt-4.1",
        "gpt-4.1-mini",
        "gpt-4-32k",
        "gpt-4.5-preview",
        "gpt-4-vision-preview",
        "gpt-4-1106-preview",
        "gpt-4-turbo-2024-04-09",
        "openai/gpt-4.1-2025-04-14",
        "gpt-4:extended",
        "gpt-40",
        "gpt-5",
    ],
)
def test_gpt_4_is_never_another_model_nor_the_other_way_round(other: str) -> None:
    for asked in ("gpt-4", "openai/gpt-4", "GPT 4", "gpt-4-latest", "gpt-4-0613"):
        assert match_between(normalise(asked), normalise(other)) is None
        assert match_between(normalise(other), normalise(asked)) is None


words = st.from_regex(r"[a-z][a-z0-9]{0,6}", fullmatch=True).filter(lambda word: word != "latest")
bases = st.lists(words, min_size=1, max_size=4).map("-".join)
dates = st.dates(min_value=date(2020, 1, 1), max_value=date(2039, 12, 31))


@given(base=bases, vendor=st.sampled_from(sorted(VENDORS)), joint=st.sampled_from(["-", "_", ".", " "]), shout=st.booleans())
def test_however_it_is_spelled_a_name_matches_itself(base: str, vendor: str, joint: str, shout: bool) -> None:
    spelled = f"{vendor}/{base.replace('-', joint)}-latest"

    assert match_between(normalise(base), normalise(spelled.upper() if shout else spelled)) is MatchKind.NORMALISED


@given(base=bases, more=words)
def test_a_name_never_matches_a_longer_one(base: str, more: str) -> None:
    assert match_between(normalise(base), normalise(f"{base}-{more}")) is None
    assert match_between(normalise(f"{base}-{more}"), normalise(base)) is None
    assert match_between(normalise("gpt-4"), normalise(f"gpt-4{more}")) is None


@given(base=bases, one=dates, other=dates)
def test_two_dates_match_exactly_if_they_are_the_same_day(base: str, one: date, other: date) -> None:
    asked, there = normalise(f"{base}-{one}"), normalise(f"{base}-{str(other).replace('-', '')}")

    assert (match_between(asked, there) is MatchKind.NORMALISED) is (one == other)
    assert match_between(normalise(base), there) is MatchKind.DATED
    assert ((asked.date or "") < (there.date or "")) is (str(one) < str(other))


@given(st.text(max_size=40))
def test_any_text_has_an_identity_and_matches_itself(text: str) -> None:
    name = normalise(text)

    assert match_between(name, name) is MatchKind.NORMALISED


def test_a_family_is_asked_for_by_its_bare_name_only() -> None:
    assert family_of(normalise("Claude Sonnet")) == "claude-sonnet"
    assert family_of(normalise("google/gemini-flash-latest")) == "gemini-flash"
    assert family_of(normalise("gemini-flash:free")) is None
    assert family_of(normalise("claude-20250101")) is None
    assert family_of(normalise("gpt-4")) is None


def test_families_hold_undated_models_each_once_and_none_of_another_make() -> None:
    for family, members in FAMILIES.items():
        names = [normalise(member) for member in members]
        assert normalise(family) == NormalName(family, "", None)
        assert len(set(names)) == len(names)
        assert all(name.date is None and not name.variant for name in names)
        assert all(name.base.startswith(family.partition("-")[0]) for name in names)
