"""What goes in through Anthropic's protocol and comes out through its inverse is the same conversation."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from ai_engine.providers.anthropic.requests import messages_request
from ai_engine.wire.anthropic import continues_without_thinking
from ai_engine.wire.json_types import Json
from tests.client_api.messages.message_requests import assistant, chat, user

WORDS = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), min_size=1, max_size=8).filter(str.strip)
HINTS: st.SearchStrategy[Json] = st.just({}) | st.just({"cache_control": {"type": "ephemeral", "ttl": "1h"}})
TEXTS = st.builds(lambda words, hint: {"type": "text", "text": words, **hint}, WORDS, HINTS)
IMAGES = st.builds(
    lambda source, hint: {"type": "image", "source": source, **hint},
    st.sampled_from(
        [{"type": "base64", "media_type": "image/png", "data": "aGk="}, {"type": "url", "url": "https://example.org/a.png"}]
    ),
    HINTS,
)
DOCUMENTS = st.builds(
    lambda source, title: {"type": "document", "source": source, **title},
    st.sampled_from(
        [{"type": "base64", "media_type": "application/pdf", "data": "JVBE"}, {"type": "url", "url": "https://example.org/a.pdf"}]
    ),
    st.just({}) | st.builds(lambda title: {"title": title}, WORDS),
)
SHOWN = st.lists(TEXTS | IMAGES | DOCUMENTS, min_size=1, max_size=3)
THOUGHTS = st.lists(
    st.builds(lambda words: {"type": "thinking", "thinking": words, "signature": "EqQB"}, WORDS)
    | st.just({"type": "redacted_thinking", "data": "EmwK"}),
    max_size=2,
)
VALUES = WORDS | st.integers(-9, 9) | st.booleans() | st.none() | st.lists(WORDS, max_size=2)
INPUTS = st.dictionaries(WORDS, VALUES, max_size=2)
RESULTS = st.builds(
    lambda content, failed: {"type": "tool_result", "content": content, **({"is_error": True} if failed else {})},
    WORDS | SHOWN,
    st.booleans(),
)
TOOLS = [
    {"name": "weather", "description": "Tells it.", "input_schema": {"type": "object"}, "cache_control": {"type": "ephemeral"}}
]


@st.composite
def conversations(draw: st.DrawFn) -> list[Json]:
    turns = [user(*draw(SHOWN))]
    for turn in range(draw(st.integers(0, 3))):
        inputs = draw(st.lists(INPUTS, max_size=3))
        said = draw(st.lists(TEXTS, min_size=0 if inputs else 1, max_size=2))
        uses = [
            {"type": "tool_use", "id": f"toolu_{turn}_{place}", "name": "weather", "input": given}
            for place, given in enumerate(inputs)
        ]
        turns.append(assistant(*draw(THOUGHTS), *said, *uses))
        results = [{**draw(RESULTS), "tool_use_id": use["id"]} for use in uses]
        turns.append(user(*results, *draw(SHOWN if not results else SHOWN | st.just([]))))
    return turns


def plain(block: Any) -> Any:
    """A text in a list by itself is the same as the text."""
    if not isinstance(block, dict) or block.get("type") != "tool_result":
        return block
    content = block["content"]
    return {**block, "content": [{"type": "text", "text": content}] if isinstance(content, str) else content}


@given(conversations(), st.none() | st.lists(TEXTS, min_size=1, max_size=2))
def test_a_conversation_comes_back_as_it_went_in(turns: list[Json], system: list[Json] | None) -> None:
    fields: Json = {"thinking": {"type": "enabled", "budget_tokens": 2048}, "stop_sequences": ["END"], "stream": True}
    translated = chat(messages=turns, system=system, tools=TOOLS, max_tokens=4000, **fields)
    back = messages_request(translated, "claude-sonnet-4-5")
    assert [{**turn, "content": [plain(block) for block in turn["content"]]} for turn in back["messages"]] == [
        {**turn, "content": [plain(block) for block in turn["content"]]} for turn in turns
    ]
    assert back.get("system") == system
    assert back["tools"] == TOOLS
    if continues_without_thinking(turns):
        del fields["thinking"]
    assert {field: value for field, value in back.items() if field in (*fields, "thinking")} == fields
    assert back["max_tokens"] == 4000


@given(SHOWN)
def test_the_form_of_the_answer_comes_back(shown: list[Json]) -> None:
    schema = {"type": "object", "properties": {"a": {"type": "string"}}, "additionalProperties": False}
    fields: Json = {
        "output_config": {"format": {"type": "json_schema", "schema": schema}},
        "tool_choice": {"type": "tool", "name": "weather", "disable_parallel_tool_use": True},
        "metadata": {"user_id": "u-1"},
        "temperature": 0.5,
        "top_k": 3,
    }
    translated = chat(messages=[user(*shown)], tools=TOOLS, **fields)
    back = messages_request(translated, "claude-sonnet-4-5")
    assert {field: back[field] for field in fields} == fields
