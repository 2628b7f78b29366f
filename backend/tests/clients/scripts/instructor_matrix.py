"""instructor over the openai SDK. See reporting.py."""

from importlib.metadata import version
from typing import Any

import instructor
import openai
from city import City
from reporting import CITY, Target, main


def client(at: Target, mode: instructor.Mode) -> Any:
    asked = openai.OpenAI(base_url=at.base_url, api_key=at.api_key, max_retries=0, timeout=20)
    return instructor.from_openai(asked, mode=mode)


def ask(at: Target, mode: instructor.Mode) -> Any:
    answer = client(at, mode).chat.completions.create(
        model=at.model, messages=[{"role": "user", "content": CITY}], response_model=City, max_retries=0
    )
    return answer.model_dump()


def structured(at: Target) -> Any:
    return ask(at, instructor.Mode.JSON_SCHEMA)


def structured_by_tool(at: Target) -> Any:
    return ask(at, instructor.Mode.TOOLS)


def structured_streamed(at: Target) -> Any:
    """Object after object, each knowing more. (By a tool, instructor 1.17 gives none, whoever answers.)"""
    answers = client(at, instructor.Mode.JSON_SCHEMA).chat.completions.create_partial(
        model=at.model, messages=[{"role": "user", "content": CITY}], response_model=City, max_retries=0
    )
    *_, last = answers
    return last.model_dump()


async def structured_asynchronous(at: Target) -> Any:
    asked = openai.AsyncOpenAI(base_url=at.base_url, api_key=at.api_key, max_retries=0, timeout=20)
    answer = await instructor.from_openai(asked, mode=instructor.Mode.TOOLS).chat.completions.create(
        model=at.model, messages=[{"role": "user", "content": CITY}], response_model=City, max_retries=0
    )
    return answer.model_dump()


main(
    "instructor", version("instructor"), {"chat": (structured, structured_by_tool, structured_streamed, structured_asynchronous)}
)
