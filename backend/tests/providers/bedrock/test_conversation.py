import pytest

from ai_engine.errors import InvalidRequest, UnsupportedByProvider
from tests.providers.bedrock.bedrock_exchange import (
    CLAUDE,
    HI,
    LLAMA,
    NEW_CLAUDE,
    NOVA,
    PNG,
    WEATHER,
    Json,
    call,
    chat,
    encode,
    result,
    sent,
    turns,
)

IMAGE: Json = {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PNG}"}}
IMAGE_BLOCK: Json = {"image": {"format": "png", "source": {"bytes": PNG}}}
PDF: Json = {"type": "file", "file": {"filename": "My_report (2024).pdf", "file_data": "data:application/pdf;base64,JVBERg=="}}


def text(value: str) -> Json:
    return {"type": "text", "text": value}


def user(*parts: Json) -> Json:
    return {"role": "user", "content": list(parts)}


def test_instructions_join_the_system_wherever_they_stand() -> None:
    developer = {"role": "developer", "content": [text("Be brief."), text("Be kind.")]}
    body = sent(chat({"role": "system", "content": "Be a pirate."}, HI, developer))
    assert body["system"] == [{"text": "Be a pirate."}, {"text": "Be brief."}, {"text": "Be kind."}]
    assert body["messages"] == [{"role": "user", "content": [{"text": "hi"}]}]


def test_messages_of_one_role_in_a_row_are_one_turn() -> None:
    said = {"role": "assistant", "content": "One."}
    assert turns(HI, HI, said, said, HI) == [
        {"role": "user", "content": [{"text": "hi"}, {"text": "hi"}]},
        {"role": "assistant", "content": [{"text": "One."}, {"text": "One."}]},
        {"role": "user", "content": [{"text": "hi"}]},
    ]


def test_blank_texts_are_left_out_and_so_are_turns_of_nothing_else() -> None:
    blank = {"role": "assistant", "content": " \n"}
    assert turns({"role": "system", "content": ""}, user(text(" "), text("hi")), blank, HI) == [
        {"role": "user", "content": [{"text": "hi"}, {"text": "hi"}]}
    ]


@pytest.mark.parametrize(("model", "is_taken"), [(CLAUDE, True), ("qwen.qwen3-32b-v1:0", True), (NOVA, False), (LLAMA, False)])
def test_a_conversation_that_the_assistant_begins_gets_a_beginning_where_the_model_wants_one(model: str, is_taken: bool) -> None:
    *beginning, said, _ = turns({"role": "assistant", "content": "Hello!"}, HI, model=model)
    assert said["content"] == [{"text": "Hello!"}]
    assert [turn["role"] for turn in beginning] == ([] if is_taken else ["user"])


def test_instructions_alone_are_what_the_user_says() -> None:
    body = sent(chat({"role": "system", "content": "Be brief."}))
    assert body == {"messages": [{"role": "user", "content": [{"text": "Be brief."}]}]}
    with pytest.raises(UnsupportedByProvider) as refused:
        encode(chat({"role": "system", "content": " "}))
    assert refused.value.param == "messages"


def test_a_call_without_a_result_gets_one() -> None:
    [_, _, said] = sent({"messages": [HI, call(), HI], "tools": [WEATHER]})["messages"]
    assert "toolResult" in said["content"][0]
    assert said["content"][1] == {"text": "hi"}


@pytest.mark.parametrize(("model", "is_taken"), [(CLAUDE, True), (NOVA, True), (NEW_CLAUDE, False), (LLAMA, False)])
def test_an_assistants_last_word_goes_to_models_alone_that_go_on_from_it(model: str, is_taken: bool) -> None:
    request = chat(HI, {"role": "assistant", "content": "The answer is"})
    if is_taken:
        assert sent(request, model)["messages"][-1] == {"role": "assistant", "content": [{"text": "The answer is"}]}
        return
    with pytest.raises(UnsupportedByProvider):
        encode(request, model)


def test_calls_and_their_results_stand_in_turns_of_their_own() -> None:
    both = call("call_1")
    both["tool_calls"] += call("call_2", arguments="")["tool_calls"]
    assert turns(HI, both, result("rain"), result("sun", "call_2"), HI, tools=[WEATHER])[1:] == [
        {
            "role": "assistant",
            "content": [
                {"toolUse": {"toolUseId": "call_1", "name": "weather", "input": {"city": "Oslo"}}},
                {"toolUse": {"toolUseId": "call_2", "name": "weather", "input": {}}},
            ],
        },
        {
            "role": "user",
            "content": [
                {"toolResult": {"toolUseId": "call_1", "content": [{"text": "rain"}]}},
                {"toolResult": {"toolUseId": "call_2", "content": [{"text": "sun"}]}},
                {"text": "hi"},
            ],
        },
    ]


@pytest.mark.parametrize("call_id", ["functions.weather:0", "fc_" + "x" * 90, "grüß dich", "", " "])
def test_ids_of_other_providers_calls_are_made_sound_and_stay_together(call_id: str) -> None:
    _, called, answered = turns(HI, call(call_id), result("rain", call_id), tools=[WEATHER])
    (use,), (outcome,) = called["content"], answered["content"]
    assert use["toolUse"]["toolUseId"] == outcome["toolResult"]["toolUseId"]


def test_ids_that_differ_in_odd_characters_alone_stay_different() -> None:
    both = call("a:1")
    both["tool_calls"] += call("a.1")["tool_calls"]
    called = turns(HI, both, result("", "a:1"), result("", "a.1"), tools=[WEATHER])[1]
    assert len({block["toolUse"]["toolUseId"] for block in called["content"]}) == 2


def test_an_empty_result_is_told_as_such() -> None:
    outcome = turns(HI, call(), result(""), tools=[WEATHER])[2]["content"][0]["toolResult"]
    assert outcome["content"] == [{"text": "(no output)"}]


def test_that_a_tool_failed_is_told_as_each_model_takes_it() -> None:
    request = (HI, call(), result("no such city", is_error=True))
    claude = turns(*request, tools=[WEATHER])[2]["content"][0]["toolResult"]
    llama = turns(*request, tools=[WEATHER], model=LLAMA)[2]["content"][0]["toolResult"]
    assert (claude["content"], claude["status"]) == ([{"text": "no such city"}], "error")
    assert llama == {"toolUseId": "call_1", "content": [{"text": '{"error":"no such city"}'}]}


MISTRAL = "mistral.mistral-large-3-675b-instruct"
PAUSE: Json = {"role": "assistant", "content": [{"text": "."}]}


def test_pictures_that_a_tool_shows_stand_in_its_result_where_the_model_takes_them() -> None:
    for model in (CLAUDE, NOVA, LLAMA):
        answered = turns(HI, call(), result([text("a map"), IMAGE]), tools=[WEATHER], model=model)[2:]
        expected = {"toolResult": {"toolUseId": "call_1", "content": [{"text": "a map"}, IMAGE_BLOCK]}}
        assert answered == [{"role": "user", "content": [expected]}]


def test_what_no_result_may_hold_follows_the_last_one_of_the_round() -> None:
    both = call()
    both["tool_calls"] += call("call_2")["tool_calls"]
    messages = (HI, both, result([text("a map"), IMAGE]), result("sun", "call_2"))
    results = [
        {"toolResult": {"toolUseId": each, "content": [{"json": {"output": said}}]}}
        for each, said in (("call_1", "a map"), ("call_2", "sun"))
    ]
    assert turns(*messages, tools=[WEATHER], model=MISTRAL)[2:] == [
        {"role": "user", "content": results},
        PAUSE,
        {"role": "user", "content": [IMAGE_BLOCK]},
    ]


@pytest.mark.parametrize(("model", "is_beside"), [(CLAUDE, True), (NOVA, True), (LLAMA, False), (MISTRAL, False)])
def test_a_users_words_stand_beside_a_result_where_the_model_takes_that(model: str, is_beside: bool) -> None:
    answered = turns(HI, call(), result(), HI, tools=[WEATHER], model=model)[2:]
    said = {"text": "hi"}
    if is_beside:
        (turn,) = answered
        assert turn["content"][1:] == [said]
    else:
        assert [list(answered[0]["content"][0]), *answered[1:]] == [["toolResult"], PAUSE, {"role": "user", "content": [said]}]


def test_a_document_never_stands_beside_a_result() -> None:
    answered = turns(HI, call(), result(), user(text("Read this."), PDF), tools=[WEATHER])[2:]
    assert [[list(block) for block in turn["content"]] for turn in answered] == [
        [["toolResult"], ["text"]],
        [["text"]],
        [["document"]],
    ]


def test_a_hint_inside_a_result_becomes_a_cache_point_behind_it() -> None:
    hinted = {**text("rain"), "cache_control": {"type": "ephemeral"}}
    assert turns(HI, call(), result([hinted]), tools=[WEATHER])[2]["content"] == [
        {"toolResult": {"toolUseId": "call_1", "content": [{"text": "rain"}]}},
        {"cachePoint": {"type": "default"}},
    ]


def test_calls_are_told_as_text_where_no_tools_are_offered() -> None:
    assert turns(HI, call(), result([text("a map"), IMAGE], is_error=True)) == [
        {"role": "user", "content": [{"text": "hi"}]},
        {"role": "assistant", "content": [{"text": '[Called the tool weather with {"city":"Oslo"}]'}]},
        {"role": "user", "content": [{"text": "[The tool weather failed: a map]"}, IMAGE_BLOCK]},
    ]


@pytest.mark.parametrize(
    ("messages", "param"),
    [
        ([HI, result()], "messages[1].tool_call_id"),
        ([], "messages"),
    ],
)
def test_a_conversation_that_is_none_is_the_requests_own_fault(messages: list[Json], param: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        encode({"messages": messages, "tools": [WEATHER]})
    assert (refused.value.param, refused.value.code) == (param, None)


def test_signed_reasoning_goes_back_to_claude_where_it_was() -> None:
    details = [
        {"type": "reasoning.text", "text": "Let me", "format": "anthropic-claude-v1", "index": 0},
        {"type": "reasoning.text", "text": " see.", "signature": "c2ln", "format": "anthropic-claude-v1", "index": 0},
        {"type": "reasoning.encrypted", "data": "cmVk", "format": "aws-bedrock-v1", "index": 1},
        {"type": "reasoning.encrypted", "data": "not ours", "format": "anthropic-claude-v1", "index": 2},
        {"type": "reasoning.text", "text": "unsigned", "format": "unknown", "index": 3},
    ]
    request = (HI, call(reasoning_details=details), result())
    called = turns(*request, tools=[WEATHER])[1]["content"]
    assert called[:2] == [
        {"reasoningContent": {"reasoningText": {"text": "Let me see.", "signature": "c2ln"}}},
        {"reasoningContent": {"redactedContent": "cmVk"}},
    ]
    assert [list(block) for block in called[2:]] == [["toolUse"]]
    assert [list(block) for block in turns(*request, tools=[WEATHER], model=NOVA)[1]["content"]] == [["toolUse"]]


@pytest.mark.parametrize(
    ("part", "block"),
    [
        (IMAGE, IMAGE_BLOCK),
        (
            {"type": "image_url", "image_url": {"url": f"data:image/jpg;base64,{PNG}"}},
            {"image": {"format": "jpeg", "source": {"bytes": PNG}}},
        ),
        (
            {"type": "image_url", "image_url": {"url": "s3://my-bucket/a.webp"}},
            {"image": {"format": "webp", "source": {"s3Location": {"uri": "s3://my-bucket/a.webp"}}}},
        ),
        (PDF, {"document": {"format": "pdf", "name": "My report (2024) 1", "source": {"bytes": "JVBERg=="}}}),
        (
            {"type": "file", "file": {"file_data": "data:text/x-python;base64,cGFzcw"}},
            {"document": {"format": "txt", "name": "document 1", "source": {"bytes": "cGFzcw=="}}},
        ),
        (
            {"type": "file", "file": {"filename": "a.csv", "file_url": "s3://my-bucket/a.csv"}},
            {"document": {"format": "csv", "name": "a 1", "source": {"s3Location": {"uri": "s3://my-bucket/a.csv"}}}},
        ),
        (
            {"type": "file", "file": {"filename": "a.gif", "file_data": f"data:;base64,{PNG}"}},
            {"image": {"format": "gif", "source": {"bytes": PNG}}},
        ),
        (
            {"type": "input_audio", "input_audio": {"data": "UklGRg==", "format": "wav"}},
            {"audio": {"format": "wav", "source": {"bytes": "UklGRg=="}}},
        ),
    ],
)
def test_parts_become_blocks(part: Json, block: Json) -> None:
    assert turns(user(text("hi"), part)) == [{"role": "user", "content": [{"text": "hi"}, block]}]


def test_a_document_alone_has_its_name_beside_it() -> None:
    content = turns(user(PDF, PDF))[0]["content"]
    assert content[0] == {"text": "My report (2024) 1, My report (2024) 2"}
    assert [list(block) for block in content[1:]] == [["document"], ["document"]]


@pytest.mark.parametrize(
    ("part", "field"),
    [
        ({"type": "image_url", "image_url": {"url": "https://example.com/a.png"}}, "image_url.url"),
        ({"type": "image_url", "image_url": {"url": f"data:image/bmp;base64,{PNG}"}}, "image_url.url"),
        ({"type": "file", "file": {"file_id": "file-1"}}, "file.file_id"),
        ({"type": "file", "file": {"file_url": "https://example.com/a.pdf"}}, "file.file_url"),
        ({"type": "file", "file": {"file_data": "data:application/zip;base64,UEs="}}, "file.file_data"),
        ({"type": "input_audio", "input_audio": {"data": "UklGRg==", "format": "midi"}}, "input_audio.format"),
    ],
)
def test_what_bedrock_cannot_be_shown_is_refused_by_its_path(part: Json, field: str) -> None:
    with pytest.raises(UnsupportedByProvider) as refused:
        encode(chat(user(text("hi"), part)))
    assert refused.value.param == f"messages[0].content[1].{field}"
    assert field in refused.value.message


@pytest.mark.parametrize(
    "part",
    [
        {"type": "image_url", "image_url": {"url": "data:image/png;base64,!!!!!"}},
        {"type": "image_url", "image_url": {"url": "data:image/png;base64,"}},
        {"type": "file", "file": {"file_data": "JVBERg=="}},
        {"type": "file", "file": "mine"},
    ],
)
def test_a_part_that_holds_nothing_sound_is_the_requests_own_fault(part: Json) -> None:
    with pytest.raises(InvalidRequest) as refused:
        encode(chat(user(part)))
    assert refused.value.code is None
