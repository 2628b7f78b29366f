from ai_engine.wire import openai


def test_an_error_has_all_four_fields_even_where_they_are_unknown() -> None:
    assert openai.error("no", kind="invalid_request_error") == {
        "error": {"message": "no", "type": "invalid_request_error", "param": None, "code": None}
    }


def test_a_completion_says_what_it_is_and_how_much_it_was() -> None:
    completion = openai.chat_completion(
        completion_id="c1",
        created=7,
        model="m",
        choices=[openai.choice(0, content="hi", finish_reason="stop")],
        usage=openai.usage(3, 4),
    )
    assert completion["object"] == "chat.completion"
    assert completion["choices"][0]["message"] == {"role": "assistant", "content": "hi", "refusal": None}
    assert completion["usage"] == {"prompt_tokens": 3, "completion_tokens": 4, "total_tokens": 7}


def test_a_choice_that_calls_a_tool_has_its_calls() -> None:
    call = openai.tool_call("call_1", "look_up", "{}")
    choice = openai.choice(0, content=None, finish_reason="tool_calls", tool_calls=[call])
    assert choice["message"]["tool_calls"] == [
        {"id": "call_1", "type": "function", "function": {"name": "look_up", "arguments": "{}"}}
    ]


def test_a_chunk_has_usage_only_when_it_is_given() -> None:
    chunk = openai.chat_chunk(completion_id="c1", created=7, model="m", choices=[openai.chunk_choice(0, {"content": "hi"})])
    assert "usage" not in chunk
    last = openai.chat_chunk(completion_id="c1", created=7, model="m", choices=[], usage=openai.usage(1, 1))
    assert last["choices"] == []
    assert last["usage"]["total_tokens"] == 2


def test_embeddings_are_numbered_in_order() -> None:
    answer = openai.embeddings(model="m", vectors=[[0.5], "AAAAPw=="], input_tokens=2)
    assert [(entry["index"], entry["embedding"]) for entry in answer["data"]] == [(0, [0.5]), (1, "AAAAPw==")]


def test_a_listing_is_a_list_of_models() -> None:
    listing = openai.model_list([openai.model("m", created=1, owned_by="us")])
    assert listing == {"object": "list", "data": [{"id": "m", "object": "model", "created": 1, "owned_by": "us"}]}
