"""smolagents' model for OpenAI-compatible servers. See reporting.py."""

import functools
from importlib.metadata import version
from typing import Any

import openai
from reporting import HELLO, PARROT, WEATHER_IN_PARIS, WHO, WRONG, Target, get_weather, in_pieces, main, refusal
from smolagents import ChatMessage, OpenAIModel, tool


@tool
def weather(city: str) -> str:
    """The weather in a city.

    Args:
        city: The name of the city.
    """
    return get_weather(city)


weather.name = "get_weather"


@functools.cache
def model(at: Target) -> Any:
    return OpenAIModel(
        model_id=at.model, api_base=at.base_url, api_key=at.api_key, client_kwargs={"max_retries": 0, "timeout": 20}, retry=False
    )


def said(role: str, text: str) -> ChatMessage:
    return ChatMessage(role=role, content=[{"type": "text", "text": text}])


def plain(at: Target) -> Any:
    return model(at).generate([said("user", HELLO)]).content


def streamed(at: Target) -> Any:
    return in_pieces(delta.content for delta in model(at).generate_stream([said("user", HELLO)]))


def usage(at: Target) -> Any:
    usage = model(at).generate([said("user", HELLO)]).token_usage
    return [usage.input_tokens, usage.output_tokens]


def system(at: Target) -> Any:
    return model(at).generate([said("system", PARROT), said("user", WHO)]).content


def tool_loop(at: Target) -> Any:
    """What its agents do with a model: a call that is insisted on, then what it gave as an observation in words."""
    [call] = model(at).generate([said("user", WEATHER_IN_PARIS)], tools_to_call_from=[weather]).tool_calls
    arguments = model(at).parse_tool_calls(ChatMessage(role="assistant", content=None, tool_calls=[call])).tool_calls[0].function
    asked = said("user", WEATHER_IN_PARIS)
    called = said("tool-call", f"Calling tools: {arguments}")
    observed = said("tool-response", f"Observation: {weather(**arguments.arguments)}")
    return model(at).generate([asked, called, observed]).content


def refused(at: Target) -> Any:
    try:
        model(at).generate([said("user", WRONG)])
    except openai.APIStatusError as error:
        return refusal(error)
    return "no error"


main("smolagents", version("smolagents"), {"chat": (plain, streamed, usage, system, tool_loop, refused)})
