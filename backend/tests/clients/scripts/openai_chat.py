"""Chat completions through the openai SDK."""

import json
from typing import Any

from city import City
from openai_client import ABOUT_WEATHER, PICTURE_URL, async_client, client, error_of
from reporting import (
    CITY,
    COUNT,
    HELLO,
    MEASURE,
    PARROT,
    PICTURE,
    THINK,
    WEATHER_IN_PARIS,
    WEATHER_IN_TWO,
    WHO,
    WRONG,
    Target,
    get_weather,
    in_pieces,
)

TOOLS: Any = [{"type": "function", "function": ABOUT_WEATHER}]


def create(at: Target, text: Any, **more: Any) -> Any:
    messages = text if isinstance(text, list) else [{"role": "user", "content": text}]
    return client(at).chat.completions.create(model=at.model, messages=messages, **more)


def loop(at: Target, text: str, ask: Any) -> Any:
    """A tool loop, as everybody writes it."""
    messages: list[Any] = [{"role": "user", "content": text}]
    choice: Any = "required"
    for _ in range(5):
        message = ask(at, messages, tools=TOOLS, tool_choice=choice)
        if not message.tool_calls:
            return message.content
        messages.append(message)
        for call in message.tool_calls:
            result = get_weather(**json.loads(call.function.arguments))
            messages.append({"role": "tool", "tool_call_id": call.id, "content": result})
        choice = "auto"
    raise AssertionError("the loop does not end")


def plain(at: Target) -> Any:
    return create(at, HELLO).choices[0].message.content


def streamed(at: Target) -> Any:
    return in_pieces(chunk.choices[0].delta.content for chunk in create(at, HELLO, stream=True) if chunk.choices)


def usage(at: Target) -> Any:
    streamed = list(create(at, HELLO, stream=True, stream_options={"include_usage": True}))[-1].usage
    plain = create(at, HELLO).usage
    assert (plain.prompt_tokens, plain.completion_tokens) == (streamed.prompt_tokens, streamed.completion_tokens)
    return [plain.prompt_tokens, plain.completion_tokens]


def system(at: Target) -> Any:
    messages = [{"role": "system", "content": PARROT}, {"role": "user", "content": WHO}]
    return create(at, messages).choices[0].message.content


def tool_loop(at: Target) -> Any:
    return loop(at, WEATHER_IN_PARIS, lambda *a, **k: create(*a, **k).choices[0].message)


def tool_loop_streamed(at: Target) -> Any:
    def ask(at: Target, messages: Any, **more: Any) -> Any:
        with client(at).chat.completions.stream(model=at.model, messages=messages, **more) as stream:
            return stream.get_final_completion().choices[0].message

    return loop(at, WEATHER_IN_PARIS, ask)


def parallel_tools(at: Target) -> Any:
    return loop(at, WEATHER_IN_TWO, lambda *a, **k: create(*a, **k).choices[0].message)


def structured(at: Target) -> Any:
    answer = client(at).chat.completions.parse(model=at.model, messages=[{"role": "user", "content": CITY}], response_format=City)
    return answer.choices[0].message.parsed.model_dump()


def image(at: Target) -> Any:
    picture = {"type": "image_url", "image_url": {"url": PICTURE_URL}}
    return create(at, [{"role": "user", "content": [{"type": "text", "text": PICTURE}, picture]}]).choices[0].message.content


def thinking(at: Target) -> Any:
    message = create(at, THINK, reasoning_effort="low").choices[0].message
    return [message.reasoning_content, message.content]


def cut_short(at: Target) -> Any:
    choice = create(at, COUNT, max_tokens=4).choices[0]
    return "length" if choice.finish_reason == "length" and choice.message.content else choice.finish_reason


def embeddings(at: Target) -> Any:
    answer = client(at).embeddings.create(model=at.embedding_model, input=MEASURE, encoding_format="float")
    return answer.data[0].embedding


def models(at: Target) -> Any:
    assert client(at).models.retrieve(at.model).id == at.model
    return "listed" if at.model in {model.id for model in client(at).models.list()} else "not listed"


def refused(at: Target) -> Any:
    return error_of(lambda: create(at, WRONG))


def wrong_key(at: Target) -> Any:
    return error_of(lambda: create(at._replace(api_key="sk-wrong"), HELLO))


def unknown_model(at: Target) -> Any:
    return error_of(lambda: create(at._replace(model="nobody-has-this"), HELLO))


async def asynchronous(at: Target) -> Any:
    async with async_client(at) as asked:
        stream = await asked.chat.completions.create(model=at.model, messages=[{"role": "user", "content": HELLO}], stream=True)
        return in_pieces([chunk.choices[0].delta.content async for chunk in stream if chunk.choices])


FEATURES = (
    plain,
    streamed,
    usage,
    system,
    tool_loop,
    tool_loop_streamed,
    parallel_tools,
    structured,
    image,
    thinking,
    cut_short,
    embeddings,
    models,
    refused,
    wrong_key,
    unknown_model,
    asynchronous,
)
