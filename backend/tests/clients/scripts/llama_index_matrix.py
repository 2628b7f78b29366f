"""llama-index's model for OpenAI-compatible servers. See reporting.py."""

import functools
import json
from importlib.metadata import version
from typing import Any

import openai
from city import City
from llama_index.core.llms import ChatMessage, ImageBlock, TextBlock
from llama_index.core.prompts import PromptTemplate
from llama_index.core.tools import FunctionTool
from llama_index.llms.openai_like import OpenAILike
from reporting import (
    CITY,
    HELLO,
    PARROT,
    PICTURE,
    PIXEL,
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

WEATHER = FunctionTool.from_defaults(get_weather)


@functools.cache
def model(at: Target) -> Any:
    return OpenAILike(
        model=at.model,
        api_base=at.base_url,
        api_key=at.api_key,
        is_chat_model=True,
        is_function_calling_model=True,
        max_retries=0,
        timeout=20,
    )


def plain(at: Target) -> Any:
    return model(at).complete(HELLO).text


def streamed(at: Target) -> Any:
    return in_pieces(piece.delta for piece in model(at).stream_chat([ChatMessage(HELLO)]))


def usage(at: Target) -> Any:
    counts = model(at).chat([ChatMessage(HELLO)]).additional_kwargs
    return [counts["prompt_tokens"], counts["completion_tokens"]]


def system(at: Target) -> Any:
    return model(at).chat([ChatMessage(PARROT, role="system"), ChatMessage(WHO)]).message.content


def loop(at: Target, text: str) -> Any:
    messages = [ChatMessage(text)]
    is_required = True
    for _ in range(5):
        answer = model(at).chat_with_tools(
            [WEATHER], chat_history=messages, tool_required=is_required, allow_parallel_tool_calls=True
        )
        calls = model(at).get_tool_calls_from_response(answer, error_on_no_tool_call=False)
        if not calls:
            return answer.message.content
        messages.append(answer.message)
        messages += [
            ChatMessage(get_weather(**call.tool_kwargs), role="tool", additional_kwargs={"tool_call_id": call.tool_id})
            for call in calls
        ]
        is_required = False
    raise AssertionError("the loop does not end")


def tool_loop(at: Target) -> Any:
    return loop(at, WEATHER_IN_PARIS)


def parallel_tools(at: Target) -> Any:
    return loop(at, WEATHER_IN_TWO)


def structured_by_tool(at: Target) -> Any:
    return json.loads(model(at).structured_predict(City, PromptTemplate(CITY)).model_dump_json())


def image(at: Target) -> Any:
    picture = ImageBlock(image=PIXEL.encode(), image_mimetype="image/png")
    return model(at).chat([ChatMessage(role="user", blocks=[TextBlock(text=PICTURE), picture])]).message.content


def refused(at: Target) -> Any:
    try:
        model(at).complete(WRONG)
    except openai.APIStatusError as error:
        return refusal(error)
    return "no error"


async def asynchronous(at: Target) -> Any:
    return in_pieces([piece.delta async for piece in await model(at).astream_chat([ChatMessage(HELLO)])])


main(
    "llama-index",
    version("llama-index-llms-openai-like"),
    {"chat": (plain, streamed, usage, system, tool_loop, parallel_tools, structured_by_tool, image, refused, asynchronous)},
)
