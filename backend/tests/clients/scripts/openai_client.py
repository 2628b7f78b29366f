"""What the scripts about the openai SDK have in common."""

import functools
from typing import Any

import openai
from reporting import CITY_ARGUMENTS, PIXEL, Target, refusal

PICTURE_URL = f"data:image/png;base64,{PIXEL}"
ABOUT_WEATHER = {"name": "get_weather", "description": "The weather in a city.", "parameters": CITY_ARGUMENTS, "strict": True}


@functools.cache
def client(at: Target) -> openai.OpenAI:
    return openai.OpenAI(
        base_url=at.base_url, api_key=at.api_key, max_retries=0, timeout=20, _strict_response_validation=at.is_strict
    )


def async_client(at: Target) -> openai.AsyncOpenAI:
    return openai.AsyncOpenAI(base_url=at.base_url, api_key=at.api_key, max_retries=0, timeout=20)


def error_of(ask: Any) -> Any:
    try:
        ask()
    except openai.APIStatusError as error:
        return refusal(error)
    return "no error"
