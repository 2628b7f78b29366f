"""The anthropic SDK. See reporting.py."""

import functools
from typing import Any

import anthropic
from city import City
from reporting import (
    CITY,
    CITY_ARGUMENTS,
    COUNT,
    HELLO,
    PARROT,
    PICTURE,
    PIXEL,
    THINK,
    THINK_AND_LOOK,
    WEATHER_IN_PARIS,
    WEATHER_IN_TWO,
    WHO,
    WRONG,
    Target,
    get_weather,
    in_pieces,
    main,
    refusal,
)

TOOLS: Any = [{"name": "get_weather", "description": "The weather in a city.", "input_schema": CITY_ARGUMENTS}]
THINKING = {"type": "enabled", "budget_tokens": 1024}


@functools.cache
def client(at: Target) -> anthropic.Anthropic:
    return anthropic.Anthropic(
        base_url=at.address, api_key=at.api_key, max_retries=0, timeout=20, _strict_response_validation=at.is_strict
    )


def create(at: Target, said: Any, **more: Any) -> Any:
    messages = said if isinstance(said, list) else [{"role": "user", "content": said}]
    return client(at).messages.create(**({"model": at.model, "max_tokens": 100, "messages": messages} | more))


def text(message: Any) -> str:
    return "".join(block.text for block in message.content if block.type == "text")


def loop(at: Target, said: str, ask: Any, **more: Any) -> Any:
    messages: list[Any] = [{"role": "user", "content": said}]
    choice = "auto" if "thinking" in more else "any"  # the API takes no forced tool beside thinking
    for _ in range(5):
        message = ask(at, messages, tools=TOOLS, tool_choice={"type": choice}, **more)
        results = [
            {"type": "tool_result", "tool_use_id": block.id, "content": get_weather(**block.input)}
            for block in message.content
            if block.type == "tool_use"
        ]
        if not results:
            return text(message)
        assert message.stop_reason == "tool_use"
        messages += [{"role": "assistant", "content": message.content}, {"role": "user", "content": results}]
        choice = "auto"
    raise AssertionError("the loop does not end")


def final_message(at: Target, messages: Any, **more: Any) -> Any:
    with client(at).messages.stream(**({"model": at.model, "max_tokens": 100, "messages": messages} | more)) as stream:
        return stream.get_final_message()


def plain(at: Target) -> Any:
    message = create(at, HELLO)
    assert (message.type, message.role, message.stop_reason) == ("message", "assistant", "end_turn")
    return text(message)


def streamed(at: Target) -> Any:
    with client(at).messages.stream(model=at.model, max_tokens=100, messages=[{"role": "user", "content": HELLO}]) as stream:
        said = in_pieces(stream.text_stream)
        assert text(stream.get_final_message()) == said
        return said


def usage(at: Target) -> Any:
    plain = create(at, HELLO).usage
    streamed = final_message(at, [{"role": "user", "content": HELLO}]).usage
    assert (plain.input_tokens, plain.output_tokens) == (streamed.input_tokens, streamed.output_tokens)
    return [plain.input_tokens, plain.output_tokens]


def system(at: Target) -> Any:
    parts = [{"type": "text", "text": PARROT, "cache_control": {"type": "ephemeral"}}]
    return text(create(at, WHO, system=parts))


def tool_loop(at: Target) -> Any:
    return loop(at, WEATHER_IN_PARIS, create)


def tool_loop_streamed(at: Target) -> Any:
    return loop(at, WEATHER_IN_PARIS, final_message)


def parallel_tools(at: Target) -> Any:
    return loop(at, WEATHER_IN_TWO, create)


def tool_runner(at: Target) -> Any:
    """The SDK's own loop."""
    runner = client(at).beta.messages.tool_runner(
        model=at.model,
        max_tokens=100,
        tools=[anthropic.beta_tool(get_weather)],
        messages=[{"role": "user", "content": WEATHER_IN_PARIS}],
    )
    return text(runner.until_done())


def structured(at: Target) -> Any:
    message = client(at).messages.parse(
        model=at.model, max_tokens=100, messages=[{"role": "user", "content": CITY}], output_format=City
    )
    return message.parsed_output.model_dump()


def image(at: Target) -> Any:
    source = {"type": "base64", "media_type": "image/png", "data": PIXEL}
    return text(
        create(at, [{"role": "user", "content": [{"type": "text", "text": PICTURE}, {"type": "image", "source": source}]}])
    )


def thinking(at: Target) -> Any:
    message = create(at, THINK, thinking=THINKING, max_tokens=2000)
    return ["".join(block.thinking for block in message.content if block.type == "thinking"), text(message)]


def thinking_streamed(at: Target) -> Any:
    with client(at).messages.stream(
        model=at.model, max_tokens=2000, thinking=THINKING, messages=[{"role": "user", "content": THINK}]
    ) as stream:
        thoughts = [event.thinking for event in stream if event.type == "thinking"]
        return ["".join(thoughts), text(stream.get_final_message())]


def thinking_tool_loop(at: Target) -> Any:
    """The thinking goes back with its signature."""
    return loop(at, THINK_AND_LOOK, create, thinking=THINKING, max_tokens=2000)


def cut_short(at: Target) -> Any:
    message = create(at, COUNT, max_tokens=4)
    return "length" if message.stop_reason == "max_tokens" and text(message) else message.stop_reason


def count_tokens(at: Target) -> Any:
    counted = client(at).messages.count_tokens(model=at.model, messages=[{"role": "user", "content": HELLO}])
    return "counted" if counted.input_tokens > 0 else counted.input_tokens


def models(at: Target) -> Any:
    assert client(at).models.retrieve(at.model).id == at.model
    return "listed" if at.model in {model.id for model in client(at).models.list(limit=2)} else "not listed"


def error_of(ask: Any) -> Any:
    try:
        ask()
    except anthropic.APIStatusError as error:
        return refusal(error) if error.body["type"] == "error" else error.body
    return "no error"


def refused(at: Target) -> Any:
    return error_of(lambda: create(at, WRONG))


def wrong_key(at: Target) -> Any:
    return error_of(lambda: create(at._replace(api_key="sk-wrong"), HELLO))


def unknown_model(at: Target) -> Any:
    return error_of(lambda: create(at._replace(model="nobody-has-this"), HELLO))


async def asynchronous(at: Target) -> Any:
    async with (
        anthropic.AsyncAnthropic(base_url=at.address, auth_token=at.api_key, max_retries=0, timeout=20) as asked,
        asked.messages.stream(model=at.model, max_tokens=100, messages=[{"role": "user", "content": HELLO}]) as stream,
    ):
        return in_pieces([piece async for piece in stream.text_stream])


FEATURES = (
    plain, streamed, usage, system, tool_loop, tool_loop_streamed, parallel_tools, tool_runner, structured, image, thinking,
    thinking_streamed, thinking_tool_loop, cut_short, count_tokens, models, refused, wrong_key, unknown_model, asynchronous,
)  # fmt: skip

main("anthropic-python", anthropic.__version__, {"messages": FEATURES})
