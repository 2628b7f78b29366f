"""The responses API through the openai SDK."""

import json
from typing import Any

from city import City
from openai_client import ABOUT_WEATHER, PICTURE_URL, async_client, client, error_of
from reporting import (
    CITY,
    COUNT,
    HELLO,
    PARROT,
    PICTURE,
    THINK,
    THINK_AND_LOOK,
    WEATHER_IN_PARIS,
    WEATHER_IN_TWO,
    WHO,
    WRONG,
    Target,
    get_weather,
    in_pieces,
)

TOOLS: Any = [{"type": "function", **ABOUT_WEATHER}]


def create(at: Target, text: Any, **more: Any) -> Any:
    return client(at).responses.create(model=at.model, input=text, **more)


def tool_results(response: Any) -> list[Any]:
    return [
        {"type": "function_call_output", "call_id": item.call_id, "output": get_weather(**json.loads(item.arguments))}
        for item in response.output
        if item.type == "function_call"
    ]


def loop(at: Target, text: str, ask: Any, **more: Any) -> Any:
    items: list[Any] = [{"role": "user", "content": text}]
    choice = "required"
    for _ in range(5):
        response = ask(at, items, tools=TOOLS, tool_choice=choice, **more)
        results = tool_results(response)
        if not results:
            return response.output_text
        items += [*response.output, *results]
        choice = "auto"
    raise AssertionError("the loop does not end")


def plain(at: Target) -> Any:
    response = create(at, HELLO)
    assert response.status == "completed", response.status
    return response.output_text


def streamed(at: Target) -> Any:
    events = list(create(at, HELLO, stream=True))
    assert (events[0].type, events[-1].type) == ("response.created", "response.completed")
    assert [event.sequence_number for event in events] == sorted({event.sequence_number for event in events})
    text = in_pieces(event.delta for event in events if event.type == "response.output_text.delta")
    assert events[-1].response.output_text == text
    return text


def usage(at: Target) -> Any:
    plain = create(at, HELLO).usage
    streamed = list(create(at, HELLO, stream=True))[-1].response.usage
    assert (plain.input_tokens, plain.output_tokens) == (streamed.input_tokens, streamed.output_tokens)
    return [plain.input_tokens, plain.output_tokens]


def system(at: Target) -> Any:
    return create(at, WHO, instructions=PARROT).output_text


def tool_loop(at: Target) -> Any:
    return loop(at, WEATHER_IN_PARIS, create)


def tool_loop_streamed(at: Target) -> Any:
    def ask(at: Target, items: Any, **more: Any) -> Any:
        with client(at).responses.stream(model=at.model, input=items, **more) as stream:
            return stream.get_final_response()

    return loop(at, WEATHER_IN_PARIS, ask)


def parallel_tools(at: Target) -> Any:
    return loop(at, WEATHER_IN_TWO, create)


def previous_response(at: Target) -> Any:
    """Only what is new is sent: the gateway knows the rest."""
    first = create(at, WEATHER_IN_PARIS, tools=TOOLS, tool_choice="required")
    results = tool_results(first)
    assert results
    second = create(at, results, tools=TOOLS, previous_response_id=first.id)
    assert second.previous_response_id == first.id
    assert client(at).responses.retrieve(second.id).output_text == second.output_text
    client(at).responses.delete(second.id)
    return second.output_text


def structured(at: Target) -> Any:
    return client(at).responses.parse(model=at.model, input=CITY, text_format=City).output_parsed.model_dump()


def structured_streamed(at: Target) -> Any:
    with client(at).responses.stream(model=at.model, input=CITY, text_format=City) as stream:
        return stream.get_final_response().output_parsed.model_dump()


def image(at: Target) -> Any:
    parts = [
        {"type": "input_text", "text": PICTURE},
        {"type": "input_image", "image_url": PICTURE_URL, "detail": "low"},
    ]
    return create(at, [{"role": "user", "content": parts}]).output_text


def thinking(at: Target) -> Any:
    response = create(at, THINK, reasoning={"effort": "low", "summary": "auto"})
    summaries = [part.text for item in response.output if item.type == "reasoning" for part in item.summary]
    return ["".join(summaries), response.output_text]


def thinking_tool_loop(at: Target) -> Any:
    """Without a state on the server: the client sends the reasoning items back."""
    more = {"reasoning": {"effort": "low"}, "include": ["reasoning.encrypted_content"], "store": False}
    return loop(at, THINK_AND_LOOK, create, **more)


def cut_short(at: Target) -> Any:
    response = create(at, COUNT, max_output_tokens=16)
    return "length" if response.status == "incomplete" and response.output_text else response.status


def refused(at: Target) -> Any:
    return error_of(lambda: create(at, WRONG))


def wrong_key(at: Target) -> Any:
    return error_of(lambda: create(at._replace(api_key="sk-wrong"), HELLO))


def unknown_model(at: Target) -> Any:
    return error_of(lambda: create(at._replace(model="nobody-has-this"), HELLO))


async def asynchronous(at: Target) -> Any:
    async with async_client(at) as asked:
        stream = await asked.responses.create(model=at.model, input=HELLO, stream=True)
        return in_pieces([event.delta async for event in stream if event.type == "response.output_text.delta"])


FEATURES = (
    plain,
    streamed,
    usage,
    system,
    tool_loop,
    tool_loop_streamed,
    parallel_tools,
    previous_response,
    structured,
    structured_streamed,
    image,
    thinking,
    thinking_tool_loop,
    cut_short,
    refused,
    wrong_key,
    unknown_model,
    asynchronous,
)
