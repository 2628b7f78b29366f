from typing import Any

import pytest

from ai_engine.errors import InvalidRequest, UnsupportedByProvider
from ai_engine.wire.json_types import Json
from tests.providers.gemini.gemini_exchange import HI, answer, candidate, of_messages, plain, sent

OLD = "gemini-2.5-flash"


def call(call_id: str, arguments: str = "{}", **fields: Any) -> Json:
    return {"id": call_id, "type": "function", "function": {"name": f"do_{call_id}", "arguments": arguments}, **fields}


def assistant(**fields: Any) -> Json:
    return {"role": "assistant", "content": None, **fields}


def user(*parts: Json) -> Json:
    return {"role": "user", "content": list(parts)}


def result(call_id: str, content: object = "done", **fields: Any) -> Json:
    return {"role": "tool", "tool_call_id": call_id, "content": content, **fields}


def parts_of(*parts: Json) -> list[Json]:
    found: list[Json] = of_messages(user(*parts))[0]["parts"]
    return found


def image(url: str, **fields: Any) -> Json:
    return {"type": "image_url", "image_url": {"url": url, **fields}}


def test_system_messages_become_one_instruction_wherever_they_stand() -> None:
    body = sent(
        {"messages": [{"role": "system", "content": "a"}, HI, {"role": "developer", "content": [{"type": "text", "text": "b"}]}]}
    )
    assert body["systemInstruction"] == {"parts": [{"text": "a"}, {"text": "b"}]}
    assert body["contents"] == [{"role": "user", "parts": [{"text": "hi"}]}]


def test_a_conversation_alternates_and_neighbours_of_one_role_are_joined() -> None:
    said = of_messages(HI, HI, {"role": "assistant", "content": "a"}, assistant(content="b", refusal="no"), HI)
    assert said == [
        {"role": "user", "parts": [{"text": "hi"}, {"text": "hi"}]},
        {"role": "model", "parts": [{"text": "a"}, {"text": "b"}, {"text": "no"}]},
        {"role": "user", "parts": [{"text": "hi"}]},
    ]


def test_a_conversation_begins_and_ends_with_the_user() -> None:
    said = of_messages(assistant(content="a"), HI, assistant(content="b"))
    assert [turn["role"] for turn in said] == ["user", "model", "user", "model", "user"]
    assert sent({"messages": [{"role": "system", "content": "a"}]}) == {"contents": [{"role": "user", "parts": [{"text": "a"}]}]}


def test_blank_texts_are_left_out() -> None:
    said = user({"type": "text", "text": " "}, {"type": "text", "text": "a"})
    body = sent({"messages": [{"role": "system", "content": ""}, said]})
    assert body == {"contents": [{"role": "user", "parts": [{"text": "a"}]}]}


def test_a_call_has_one_response_directly_after_it() -> None:
    said = of_messages(HI, assistant(tool_calls=[call("a"), call("b")]), HI, result("b"))
    assert [part["functionResponse"]["id"] for part in said[2]["parts"][:2]] == ["a", "b"]
    assert said[2]["parts"][2:] == [{"text": "hi"}]


def test_an_assistant_that_said_nothing_is_left_out() -> None:
    assert of_messages(HI, assistant(content=""), HI) == [{"role": "user", "parts": [{"text": "hi"}, {"text": "hi"}]}]


def test_a_field_that_is_null_is_a_field_that_is_absent() -> None:
    assert parts_of({"type": "text", "text": "a", "annotations": None}) == [{"text": "a"}]
    with pytest.raises(UnsupportedByProvider) as refused:
        parts_of({"type": "text", "text": "a", "annotations": None, "odd": 1})
    assert refused.value.param == "messages[0].content[0].odd"
    tool = {"type": "function", "function": {"name": "f", "parameters": None, "examples": None}}
    assert sent({"messages": [HI], "tools": [tool]})["tools"] == [{"functionDeclarations": [{"name": "f"}]}]


@pytest.mark.parametrize(
    ("part", "expected"),
    [
        (image("data:image/png;base64,AAAA", detail="low"), {"inlineData": {"mimeType": "image/png", "data": "AAAA"}}),
        (image("data:text/plain,a%20b"), {"inlineData": {"mimeType": "text/plain", "data": "YSBi"}}),
        (image("https://x.test/a.jpg?w=1"), {"fileData": {"fileUri": "https://x.test/a.jpg?w=1", "mimeType": "image/jpeg"}}),
        (image("https://x.test/a"), {"fileData": {"fileUri": "https://x.test/a"}}),
        (image("gs://bucket/a.png"), {"fileData": {"fileUri": "gs://bucket/a.png", "mimeType": "image/png"}}),
        (
            {"type": "input_audio", "input_audio": {"data": "UklG", "format": "wav"}},
            {"inlineData": {"mimeType": "audio/wav", "data": "UklG"}},
        ),
        (
            {"type": "file", "file": {"file_data": "data:application/pdf;base64,JVBE", "filename": "a.pdf"}},
            {"inlineData": {"mimeType": "application/pdf", "data": "JVBE"}},
        ),
        (
            {"type": "file", "file": {"file_data": "JVBE", "filename": "a.pdf"}},
            {"inlineData": {"mimeType": "application/pdf", "data": "JVBE"}},
        ),
        (
            {"type": "file", "file": {"file_data": "data:;base64,JVBE", "filename": "a.pdf"}},
            {"inlineData": {"mimeType": "application/pdf", "data": "JVBE"}},
        ),
        (
            {"type": "file", "file": {"file_id": "https://generativelanguage.googleapis.com/v1beta/files/abc"}},
            {"fileData": {"fileUri": "https://generativelanguage.googleapis.com/v1beta/files/abc"}},
        ),
        (
            {"type": "file", "file": {"file_url": "https://x.test/paper.pdf"}},
            {"fileData": {"fileUri": "https://x.test/paper.pdf", "mimeType": "application/pdf"}},
        ),
    ],
)
def test_images_audio_and_files(part: Json, expected: Json) -> None:
    assert parts_of(part) == [expected]


def test_parallel_calls_and_their_results_carry_their_ids_and_names() -> None:
    said = of_messages(
        HI,
        assistant(content="I do.", tool_calls=[call("a", '{"x":1}'), call("b", "")]),
        result("b"),
        result("a", name="do_a"),
        HI,
        model=OLD,
    )
    assert said[1:] == [
        {
            "role": "model",
            "parts": [
                {"text": "I do."},
                {"functionCall": {"id": "a", "name": "do_a", "args": {"x": 1}}},
                {"functionCall": {"id": "b", "name": "do_b", "args": {}}},
            ],
        },
        {
            "role": "user",
            "parts": [
                {"functionResponse": {"id": "a", "name": "do_a", "response": {"output": "done"}}},
                {"functionResponse": {"id": "b", "name": "do_b", "response": {"output": "done"}}},
                {"text": "hi"},
            ],
        },
    ]


def test_a_failed_tool_and_one_with_several_texts() -> None:
    said = of_messages(
        HI, assistant(tool_calls=[call("a"), call("b")]), result("a", "no", is_error=True), result("b", [text("1"), text("2")])
    )
    responses = [part["functionResponse"]["response"] for part in said[2]["parts"]]
    assert responses == [{"error": "no"}, {"output": "1\n2"}]


def text(words: str) -> Json:
    return {"type": "text", "text": words}


def test_what_a_tool_shows_is_in_its_result_from_gemini_3_on_and_behind_it_before() -> None:
    inline, stored = image("data:image/png;base64,AAAA"), image("https://x.test/a.png")
    messages = (HI, assistant(tool_calls=[call("a"), call("b")]), result("a", [text("see"), inline, stored]), result("b"))
    png = {"inlineData": {"mimeType": "image/png", "data": "AAAA"}}
    page = {"fileData": {"fileUri": "https://x.test/a.png", "mimeType": "image/png"}}
    first = {"id": "a", "name": "do_a", "response": {"output": "see"}}
    second = {"functionResponse": {"id": "b", "name": "do_b", "response": {"output": "done"}}}
    assert of_messages(*messages)[2]["parts"] == [{"functionResponse": {**first, "parts": [png]}}, page, second]
    assert of_messages(*messages, model=OLD)[2]["parts"] == [{"functionResponse": first}, png, page, second]


# Signatures


def signed(*, calls: list[Json], details: list[Json] | None = None, model: str = "gemini-3-flash-preview") -> list[Any]:
    said = of_messages(HI, assistant(tool_calls=calls, reasoning_details=details), model=model)
    return [part.get("thoughtSignature") for part in said[1]["parts"]]


def encrypted(data: str, **fields: Any) -> Json:
    return {"type": "reasoning.encrypted", "data": data, "format": "google-gemini-v1", "index": 0, **fields}


def test_a_calls_signature_goes_back_from_either_place() -> None:
    extra: Json = {"extra_content": {"google": {"thought_signature": "S1"}}}
    assert signed(calls=[call("a", **extra), call("b")]) == ["S1", None]
    assert signed(calls=[call("a"), call("b")], details=[encrypted("S2", id="b"), encrypted("S1", id="a")]) == ["S1", "S2"]


def test_gemini_3_gets_the_documented_stand_in_for_the_first_call_of_another_model() -> None:
    foreign = [encrypted("S", id="a") | {"format": "anthropic-claude-v1"}, {"type": "reasoning.text", "text": "t", "index": 1}]
    assert signed(calls=[call("a"), call("b")], details=foreign) == ["skip_thought_signature_validator", None]
    assert signed(calls=[call("a"), call("b")], model=OLD) == [None, None]


def test_a_texts_signature_goes_back_on_the_last_text() -> None:
    said = of_messages(HI, assistant(content="a", reasoning_content="hm", reasoning_details=[encrypted("S")]))
    assert said[1]["parts"] == [{"text": "a", "thoughtSignature": "S"}]
    assert of_messages(HI, assistant(reasoning_details=[encrypted("S")])) == [{"role": "user", "parts": [{"text": "hi"}]}]


def test_reasoning_without_a_signature_is_not_sent() -> None:
    thought = {"type": "reasoning.text", "text": "hm", "format": "google-gemini-v1", "index": 0}
    assert of_messages(HI, assistant(content="a", reasoning_details=[thought, 7]), HI)[1]["parts"] == [{"text": "a"}]


def test_an_answer_of_gemini_goes_back_as_it_came() -> None:
    """Text, a picture and calls, signed; only thoughts stay behind."""
    came: list[Json] = [
        {"text": "hm", "thought": True},
        {"text": "Look:"},
        {"inlineData": {"mimeType": "image/png", "data": "AAAA"}, "thoughtSignature": "S0"},
        {"functionCall": {"id": "g1", "name": "f", "args": {"x": [1, None]}}, "thoughtSignature": "S1"},
        {"functionCall": {"id": "g2", "name": "f", "args": {}}},
    ]
    message = plain(answer(candidate(*came)))["choices"][0]["message"]
    assert of_messages(HI, message)[1]["parts"] == came[1:]


# Bad input


@pytest.mark.parametrize(
    ("messages", "param"),
    [
        (None, "messages"),
        ([], "messages"),
        ([7], "messages[0]"),
        ([{"content": "x"}], "messages[0].role"),
        ([{"role": "narrator", "content": "x"}], "messages[0].role"),
        ([HI, {"role": "user", "content": 7}], "messages[1].content"),
        ([user({"text": "x"})], "messages[0].content[0].type"),
        ([user({"type": "text"})], "messages[0].content[0].text"),
        ([user({"type": "refusal", "refusal": "no"})], "messages[0].content[0].type"),
        ([user({"type": "image_url"})], "messages[0].content[0].image_url"),
        ([user(image("data:image/png"))], "messages[0].content[0].image_url.url"),
        ([user(image("http://[::1"))], "messages[0].content[0].image_url.url"),
        ([user({"type": "input_audio", "input_audio": {"data": "x"}})], "messages[0].content[0].input_audio.format"),
        ([user({"type": "file", "file": {}})], "messages[0].content[0].file"),
        ([assistant(tool_calls=7)], "messages[0].tool_calls"),
        ([assistant(tool_calls=[{"id": 7, "function": {"name": "f"}}])], "messages[0].tool_calls[0].id"),
        ([assistant(tool_calls=[{"id": "a"}])], "messages[0].tool_calls[0].function"),
        ([assistant(tool_calls=[{"function": {"name": "f", "arguments": 7}}])], "messages[0].tool_calls[0].function.arguments"),
        ([assistant(images=[7])], "messages[0].images[0]"),
        ([HI, result("never")], "messages[1].tool_call_id"),
        ([{"role": "tool", "content": "x"}], "messages[0].tool_call_id"),
    ],
)
def test_a_malformed_message_names_its_field(messages: object, param: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        sent({"messages": messages})
    assert refused.value.param == param
    assert refused.value.message.startswith(f"{param} ")
    assert not isinstance(refused.value, UnsupportedByProvider)


@pytest.mark.parametrize(
    ("messages", "param"),
    [
        ([{"role": "system", "content": " "}], "messages"),
        ([user(image("data:image/gif;base64,AAAA"))], "messages[0].content[0].image_url.url"),
        ([{"role": "function", "name": "f", "content": "x"}], "messages[0].role"),
        ([HI | {"name": "Ada"}], "messages[0].name"),
        ([{"role": "system", "content": [image("https://x.test/a")]}], "messages[0].content[0].type"),
        ([user({"type": "video_url", "video_url": {}})], "messages[0].content[0].type"),
        ([user({"type": "text", "text": "x", "odd": 1})], "messages[0].content[0].odd"),
        ([user(image("ftp://x.test/a"))], "messages[0].content[0].image_url.url"),
        ([user(image("data:;base64,AAAA"))], "messages[0].content[0].image_url.url"),
        ([user({"type": "file", "file": {"file_id": "file-abc"}})], "messages[0].content[0].file.file_id"),
        ([user({"type": "file", "file": {"file_data": "AAAA"}})], "messages[0].content[0].file.file_data"),
        ([assistant(audio={"id": "a"})], "messages[0].audio"),
        ([assistant(tool_calls=[call("a") | {"type": "hosted"}])], "messages[0].tool_calls[0].type"),
    ],
)
def test_a_message_that_gemini_does_not_support_is_named(messages: list[Json], param: str) -> None:
    with pytest.raises(UnsupportedByProvider) as refused:
        sent({"messages": messages})
    assert refused.value.param == param
    assert refused.value.message.startswith(f"{param} ")
