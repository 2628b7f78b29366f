import base64
from typing import Any

import pytest

from ai_engine.errors import InvalidRequest, UnsupportedByProvider
from ai_engine.providers.anthropic.conversation import conversation
from ai_engine.providers.anthropic.traits import traits_of
from ai_engine.providers.turn_order import BEGINNING
from ai_engine.wire.json_types import Json

CACHED = {"type": "ephemeral"}
PIXEL = "iVBORw0KGgo="
OLD, NEW = "claude-sonnet-4-5", "claude-opus-5"


def read(*messages: Json, model: str = OLD) -> tuple[list[Json], list[Json]]:
    return conversation({"messages": list(messages)}, traits_of(model))


def turns(*messages: Json, model: str = OLD) -> list[Json]:
    return read(*messages, model=model)[1]


def refused(*messages: Json, model: str = OLD) -> str | None:
    with pytest.raises(UnsupportedByProvider) as caught:
        read(*messages, model=model)
    assert caught.value.message.startswith(f"{caught.value.param} ")
    return caught.value.param


def invalid(*messages: Json) -> str | None:
    with pytest.raises(InvalidRequest) as caught:
        read(*messages)
    assert not isinstance(caught.value, UnsupportedByProvider)
    assert caught.value.message.startswith(f"{caught.value.param} ")
    return caught.value.param


def user(content: object) -> Json:
    return {"role": "user", "content": content}


def assistant(content: object = None, *calls: tuple[str, str], **fields: Any) -> Json:
    made = [{"id": call, "type": "function", "function": {"name": "f", "arguments": arguments}} for call, arguments in calls]
    return {"role": "assistant", "content": content, **({"tool_calls": made} if made else {}), **fields}


def result(call: str, content: object, **fields: Any) -> Json:
    return {"role": "tool", "tool_call_id": call, "content": content, **fields}


def system(content: object, role: str = "system") -> Json:
    return {"role": role, "content": content}


def text(value: str, **more: Any) -> Json:
    return {"type": "text", "text": value, **more}


# Turns


def test_turns_alternate_and_messages_in_a_row_are_one() -> None:
    assert turns(user("a"), user("b"), assistant("c"), assistant("d"), user("e")) == [
        user([text("a"), text("b")]),
        {"role": "assistant", "content": [text("c"), text("d")]},
        user([text("e")]),
    ]


def test_instructions_before_the_conversation_are_the_system_prompt_with_its_hints() -> None:
    parts = [{"type": "text", "text": "Long.", "cache_control": CACHED}]
    made, said = read(system("Be brief."), system(parts, "developer"), user("hi"))
    assert made == [text("Be brief."), text("Long.", cache_control=CACHED)]
    assert len(said) == 1


def test_later_instructions_keep_their_place_where_the_model_takes_that() -> None:
    said = (user("a"), assistant("b"), system("Shout."), user("c"), assistant("d"), user("e"), system("Whisper."))
    made, places = read(*said, model=NEW)
    assert made == []
    assert [(turn["role"], turn["content"][0]["text"]) for turn in places] == [
        ("user", "a"),
        ("assistant", "b"),
        ("user", "c"),
        ("system", "Shout."),
        ("assistant", "d"),
        ("user", "e"),
        ("system", "Whisper."),
    ]


def test_later_instructions_wait_for_an_answer_that_is_not_empty() -> None:
    _, said = read(user("a"), system("b"), assistant(None), user("c"), assistant("d"), user("e"), model=NEW)
    assert [turn["role"] for turn in said] == ["user", "system", "assistant", "user"]


def test_for_other_models_later_instructions_join_the_system_prompt() -> None:
    made, said = read(system("a"), user("b"), system("c"), user("d"))
    assert made == [text("a"), text("c")]
    assert said == [user([text("b"), text("d")])]


def test_instructions_between_two_answers_have_no_place_of_their_own() -> None:
    made, said = read(user("a"), assistant("b"), system("c"), assistant("d"), user("e"), model=NEW)
    assert made == [text("c")]
    assert [turn["role"] for turn in said] == ["user", "assistant", "user"]


def test_blank_text_is_left_out() -> None:
    assert turns(user("a"), assistant(" \n"), user([text(""), text("b")])) == [user([text("a"), text("b")])]


def test_instructions_alone_are_what_the_user_says() -> None:
    assert read(system("Be brief."), user(" ")) == ([], [user([text("Be brief.")])])


def test_a_conversation_that_the_assistant_begins_gets_a_beginning() -> None:
    [beginning, *rest] = turns(assistant("a"), user("b"))
    assert beginning == user([text(BEGINNING)])
    assert rest == [{"role": "assistant", "content": [text("a")]}, user([text("b")])]


@pytest.mark.parametrize("model", [OLD, NEW])
def test_a_users_last_message_is_never_an_answer_to_continue(model: str) -> None:
    _, said = read(user("a"), assistant("b"), user(" "), model=model)
    assert [turn["role"] for turn in said] == ["user", "assistant", "user"]


def test_a_conversation_needs_a_message() -> None:
    assert refused(user(" ")) == "messages"
    assert invalid() == "messages"
    assert invalid({"role": "robot", "content": "x"}) == "messages[0].role"
    assert refused({"role": "user", "name": "Ann", "content": "x"}) == "messages[0].name"


def test_an_answer_may_be_begun_for_older_models_only() -> None:
    assert turns(user("a"), assistant("b \n"))[-1] == {"role": "assistant", "content": [text("b")]}
    assert refused(user("a"), assistant("b"), model=NEW) == "messages"


# Parts


def test_images_by_data_and_by_address() -> None:
    given = user(
        [
            {
                "type": "image_url",
                "image_url": {"url": f"data:image/png;base64,{PIXEL}", "detail": "low"},
                "cache_control": CACHED,
            },
            {"type": "image_url", "image_url": {"url": "https://example.com/a.png"}},
        ]
    )
    assert turns(given)[0]["content"] == [
        {
            "type": "image",
            "source": {"type": "base64", "media_type": "image/png", "data": PIXEL},
            "cache_control": CACHED,
        },
        {"type": "image", "source": {"type": "url", "url": "https://example.com/a.png"}},
    ]


def test_files_are_documents() -> None:
    words = base64.b64encode("Grüße".encode()).decode()
    files = [
        {"file_data": "data:application/pdf;base64,JVBERi0=", "filename": "a.pdf"},
        {"file_data": f"data:text/csv;charset=utf-8;base64,{words}"},
        {"file_data": f"data:image/webp;base64,{PIXEL}", "filename": "a.webp"},
        {"file_url": "https://example.com/b.pdf", "filename": "b.pdf"},
    ]
    assert turns(user([{"type": "file", "file": file} for file in files]))[0]["content"] == [
        {
            "type": "document",
            "source": {"type": "base64", "media_type": "application/pdf", "data": "JVBERi0="},
            "title": "a.pdf",
        },
        {"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": "Grüße"}},
        {"type": "image", "source": {"type": "base64", "media_type": "image/webp", "data": PIXEL}},
        {"type": "document", "source": {"type": "url", "url": "https://example.com/b.pdf"}, "title": "b.pdf"},
    ]


@pytest.mark.parametrize(
    ("part", "field"),
    [
        ({"type": "image_url", "image_url": {"url": "data:image/tiff;base64,AA=="}}, "image_url.url"),
        ({"type": "image_url", "image_url": {"url": "http://example.com/a.png"}}, "image_url.url"),
        ({"type": "input_audio", "input_audio": {"data": "AA==", "format": "wav"}}, "type"),
        ({"type": "file", "file": {"file_id": "file-1"}}, "file.file_id"),
        ({"type": "file", "file": {"file_data": "data:application/zip;base64,AA=="}}, "file.file_data"),
        ({"type": "file", "file": {"file_url": "ftp://example.com/a"}}, "file.file_url"),
        ({"type": "video_url", "video_url": {"url": "https://example.com"}}, "type"),
    ],
)
def test_unsupported_parts_are_named(part: Json, field: str) -> None:
    assert refused(user("a"), user([text("b"), part])) == f"messages[1].content[1].{field}"


@pytest.mark.parametrize(
    ("part", "field"),
    [
        ({"type": "image_url", "image_url": "https://example.com"}, "image_url"),
        ({"type": "file"}, "file"),
        ({"type": "file", "file": {}}, "file.file_data"),
        ({"type": "file", "file": {"file_data": "JVBERi0="}}, "file.file_data"),
        ({"type": "file", "file": {"file_data": "data:text/plain;base64,//8="}}, "file.file_data"),
        ({"type": "text"}, "text"),
        ({"text": "a"}, "type"),
    ],
)
def test_malformed_parts_are_the_clients_error(part: Json, field: str) -> None:
    assert invalid(user([part])) == f"messages[0].content[0].{field}"


def test_only_text_is_said_by_assistants_and_in_instructions() -> None:
    image = {"type": "image_url", "image_url": {"url": "https://example.com/a.png"}}
    assert refused(user("a"), assistant([image])) == "messages[1].content[0].type"
    assert refused(user("a"), assistant("Look:", images=[image])) == "messages[1].images"
    assert refused(system([image]), user("a")) == "messages[0].content[0].type"


def test_a_refusal_is_what_was_said() -> None:
    said = turns(user("a"), assistant(None, refusal="No."), user("b"), assistant([{"type": "refusal", "refusal": "Never."}]))
    assert [turn["content"] for turn in said if turn["role"] == "assistant"] == [[text("No.")], [text("Never.")]]


# Tools


def test_a_tool_round_trip_is_an_answer_and_a_users_turn() -> None:
    said = turns(user("a"), assistant("b", ("c1", '{"x":1}'), ("c2", "")), result("c1", "one"), result("c2", ""), user("d"))
    assert said[1:] == [
        {
            "role": "assistant",
            "content": [
                text("b"),
                {"type": "tool_use", "id": "c1", "name": "f", "input": {"x": 1}},
                {"type": "tool_use", "id": "c2", "name": "f", "input": {}},
            ],
        },
        user(
            [
                {"type": "tool_result", "tool_use_id": "c1", "content": "one"},
                {"type": "tool_result", "tool_use_id": "c2"},
                text("d"),
            ]
        ),
    ]


def test_a_result_may_be_a_failure_and_hold_pictures() -> None:
    image = {"type": "image_url", "image_url": {"url": "https://example.com/a.png"}}
    said = turns(user("a"), assistant(None, ("c1", "{}")), result("c1", [text("no"), image], is_error=True, name="f"))
    assert said[-1]["content"] == [
        {
            "type": "tool_result",
            "tool_use_id": "c1",
            "content": [text("no"), {"type": "image", "source": {"type": "url", "url": "https://example.com/a.png"}}],
            "is_error": True,
        }
    ]


def test_ids_of_other_providers_fit_on_both_sides() -> None:
    said = turns(user("a"), assistant(None, ("functions.f:0", "{}")), result("functions.f:0", "one"))
    assert said[1]["content"][0]["id"] == said[2]["content"][0]["tool_use_id"] == "functions_f_0"


def test_repeated_missing_and_unlike_ids_become_different_ones_on_both_sides() -> None:
    for ids in (("call_0", "call_0"), ("", ""), ("f.0", "f_0")):
        said = turns(
            user("a"),
            assistant(None, (ids[0], "{}")),
            result(ids[0], "one"),
            assistant(None, (ids[1], "{}"), (ids[1], "{}")),
            result(ids[1], "two"),
            result(ids[1], "three"),
        )
        made = [block["id"] for turn in said[1::2] for block in turn["content"]]
        answered = [(block["tool_use_id"], block["content"]) for turn in said[2::2] for block in turn["content"]]
        assert answered == list(zip(made, ["one", "two", "three"], strict=True))
        assert len(set(made)) == 3


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ("null", {}),
        ("", {}),
        (None, {}),
        ({"a": 1}, {"a": 1}),
        ('{"a', {"unreadable_arguments": '{"a'}),
        ("[1]", {"unreadable_arguments": "[1]"}),
    ],
)
def test_arguments_are_an_object_whatever_they_were(arguments: Any, expected: Json) -> None:
    said = turns(user("a"), assistant(None, ("c1", arguments)), result("c1", "one"))
    assert said[1]["content"][0]["input"] == expected


def test_arguments_of_another_type_are_refused() -> None:
    for arguments in (7, True, ["{}"]):
        calls: Any = ("c1", arguments)
        assert invalid(user("a"), assistant(None, calls)) == "messages[1].tool_calls[0].function.arguments"


def test_calls_and_results_belong_together() -> None:
    assert invalid(user("a"), result("c1", "one")) == "messages[1].tool_call_id"


def test_a_late_result_is_moved_to_its_call_and_a_missing_one_is_made_up() -> None:
    calls = assistant(None, ("c1", "{}"), ("c2", "{}"))
    [_, _, said] = turns(user("a"), calls, user("b"), result("c2", "late"))
    assert [block.get("tool_use_id") for block in said["content"]] == ["c1", "c2", None]
    assert said["content"][0]["content"]
    assert said["content"][1]["content"] == "late"
    assert said["content"][2] == text("b")
    assert [turn["role"] for turn in turns(user("a"), calls)] == ["user", "assistant", "user"]


def test_a_second_result_joins_the_first() -> None:
    [*_, said] = turns(user("a"), assistant(None, ("c1", "{}")), result("c1", "one"), user("b"), result("c1", [text("two")]))
    assert said["content"] == [{"type": "tool_result", "tool_use_id": "c1", "content": [text("one"), text("two")]}, text("b")]


def test_a_blank_result_is_a_result_without_content() -> None:
    for content in ("", " ", None, [], [text(" ")]):
        [*_, said] = turns(user("a"), assistant(None, ("c1", "{}")), result("c1", content))
        assert said["content"] == [{"type": "tool_result", "tool_use_id": "c1"}]


# Reasoning


def thought(value: str, index: int, signature: str | None = "sig", form: str = "anthropic-claude-v1") -> Json:
    detail = {"type": "reasoning.text", "text": value, "format": form, "index": index}
    return detail if signature is None else {**detail, "signature": signature}


def answer_of(said: Json, *rest: Json) -> list[Json]:
    content = turns(user("a"), said, *(rest or (user("b"),)))[1]["content"]
    assert isinstance(content, list)
    return content


def test_signed_thinking_goes_back_before_what_it_led_to() -> None:
    hidden = {"type": "reasoning.encrypted", "data": "ZW5j", "format": "anthropic-claude-v1", "index": 1}
    said = assistant("b", reasoning_content="hm", reasoning_details=[thought("hm", 0), hidden])
    assert answer_of(said) == [
        {"type": "thinking", "thinking": "hm", "signature": "sig"},
        {"type": "redacted_thinking", "data": "ZW5j"},
        text("b"),
    ]


def test_thinking_between_text_and_tools_goes_back_to_its_place() -> None:
    said = assistant("b", ("c1", "{}"), reasoning_details=[thought("one", 0), thought("two", 2)])
    kinds = [block["type"] for block in answer_of(said, result("c1", "x"))]
    assert kinds == ["thinking", "text", "thinking", "tool_use"]


def test_thinking_never_ends_an_answer() -> None:
    said = assistant("b", ("c1", "{}"), reasoning_details=[thought("one", 9), thought("two", 99)])
    assert [block["type"] for block in answer_of(said, result("c1", "x"))] == ["text", "thinking", "thinking", "tool_use"]


def test_the_pieces_of_a_stream_are_put_together() -> None:
    pieces = [thought("h", 0, None), thought("m", 0, None), thought("", 0), thought("next", 2, None), thought("", 2, "second")]
    assert answer_of(assistant("b", ("c1", "{}"), reasoning_details=pieces), result("c1", "x"))[::2] == [
        {"type": "thinking", "thinking": "hm", "signature": "sig"},
        {"type": "thinking", "thinking": "next", "signature": "second"},
    ]


@pytest.mark.parametrize(
    "details",
    [
        [thought("hm", 0, None)],
        [thought("hm", 0, "sig", "google-gemini-v1")],
        [{"type": "reasoning.summary", "summary": "hm", "format": "openai-responses-v1", "index": 0}],
        [{"type": "reasoning.encrypted", "format": "anthropic-claude-v1", "index": 0}],
        ["hm", None, 7],
        "hm",
        None,
    ],
)
def test_what_anthropic_did_not_sign_is_not_sent_to_it(details: object) -> None:
    assert answer_of(assistant("b", reasoning_details=details)) == [text("b")]
