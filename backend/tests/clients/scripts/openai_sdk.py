"""Asks an OpenAI-compatible server everything that the tests look at, through the unmodified SDK, and prints a JSON report.

`python openai_sdk.py BASE_URL API_KEY [--strict]`. It runs in an environment that holds the SDK and nothing of ours. Each entry
of the report is what one feature gave, or `{"raised": …}`. `--strict` has the SDK validate every answer against its own types.
"""

import json
import sys
import traceback
from collections.abc import Callable
from typing import Any

import openai
from pydantic import BaseModel

BASE_URL, API_KEY = sys.argv[1:3]
CLIENT = openai.OpenAI(
    base_url=BASE_URL, api_key=API_KEY, max_retries=0, timeout=60, _strict_response_validation="--strict" in sys.argv
)
MODEL = "gpt-4o"
PIXEL = "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8DwHwAFBQIAX8jx0gAAAABJRU5ErkJggg=="
WEATHER = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "The weather in a city.",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    },
}
CITY_SCHEMA = {
    "type": "object",
    "properties": {"city": {"type": "string"}, "inhabitants": {"type": "integer"}},
    "required": ["city", "inhabitants"],
    "additionalProperties": False,
}


class City(BaseModel):
    city: str
    inhabitants: int


def says(text: str) -> list[Any]:
    return [{"role": "user", "content": text}]


def plain() -> Any:
    raw = CLIENT.chat.completions.with_raw_response.create(model=MODEL, messages=says("Say hello."))
    answer = raw.parse()
    return {
        "content": answer.choices[0].message.content,
        "finish_reason": answer.choices[0].finish_reason,
        "model": answer.model,
        "object": answer.object,
        "usage": [answer.usage.prompt_tokens, answer.usage.completion_tokens, answer.usage.total_tokens],
        "request_id": answer._request_id,
        "headers": {name.lower(): value for name, value in raw.headers.items()},
    }


def read_stream(**options: Any) -> Any:
    chunks = list(CLIENT.chat.completions.create(model=MODEL, messages=says("Say hello."), stream=True, **options))
    choices = [chunk.choices[0] for chunk in chunks if chunk.choices]
    usages = [chunk.usage for chunk in chunks if chunk.usage]
    return {
        "content": "".join(choice.delta.content or "" for choice in choices),
        "pieces": sum(bool(choice.delta.content) for choice in choices),
        "finish_reasons": [choice.finish_reason for choice in choices if choice.finish_reason],
        "usages": [[usage.prompt_tokens, usage.completion_tokens, usage.total_tokens] for usage in usages],
        "chunks_without_choices": sum(not chunk.choices for chunk in chunks),
        "ids": len({chunk.id for chunk in chunks}),
    }


def streamed() -> Any:
    return read_stream()


def streamed_with_usage() -> Any:
    return read_stream(stream_options={"include_usage": True})


def tool_call(call: Any, finish_reason: Any) -> Any:
    return {
        "id": call.id,
        "type": call.type,
        "name": call.function.name,
        "arguments": json.loads(call.function.arguments),
        "finish_reason": finish_reason,
    }


def tools() -> Any:
    choice = CLIENT.chat.completions.create(model=MODEL, messages=says("What is the weather in Paris?"), tools=[WEATHER]).choices[
        0
    ]
    return tool_call(choice.message.tool_calls[0], choice.finish_reason)


def tools_streamed() -> Any:
    """With the SDK's own accumulating helper: it refuses a first delta without index, id, type or name."""
    with CLIENT.chat.completions.stream(
        model=MODEL,
        messages=says("What is the weather in Paris?"),
        tools=[{**WEATHER, "function": {**WEATHER["function"], "strict": True}}],
    ) as stream:
        choice = stream.get_final_completion().choices[0]
    return tool_call(choice.message.tool_calls[0], choice.finish_reason)


def tool_result() -> Any:
    messages = says("What is the weather in Paris?")
    message = CLIENT.chat.completions.create(model=MODEL, messages=messages, tools=[WEATHER]).choices[0].message
    messages += [message, {"role": "tool", "tool_call_id": message.tool_calls[0].id, "content": '{"celsius": 21}'}]
    return CLIENT.chat.completions.create(model=MODEL, messages=messages, tools=[WEATHER]).choices[0].message.content


def json_schema() -> Any:
    format_ = {"type": "json_schema", "json_schema": {"name": "city", "strict": True, "schema": CITY_SCHEMA}}
    answer = CLIENT.chat.completions.create(model=MODEL, messages=says("Name a city."), response_format=format_)
    return json.loads(answer.choices[0].message.content)


def parse_helper() -> Any:
    answer = CLIENT.chat.completions.parse(model=MODEL, messages=says("Name a city."), response_format=City)
    return answer.choices[0].message.parsed.model_dump()


def image() -> Any:
    parts = [
        {"type": "text", "text": "What is in this picture?"},
        {"type": "image_url", "image_url": {"url": PIXEL, "detail": "low"}},
    ]
    answer = CLIENT.chat.completions.create(model=MODEL, messages=[{"role": "user", "content": parts}])
    return answer.choices[0].message.content


def embeddings() -> Any:
    return CLIENT.embeddings.create(model="text-embedding-3-small", input="measure me").data[0].embedding


def embeddings_float() -> Any:
    answer = CLIENT.embeddings.create(model="text-embedding-3-small", input=["measure me", "measure me"], encoding_format="float")
    return [item.embedding for item in answer.data]


def models() -> Any:
    return {model.id: model.object for model in CLIENT.models.list()}


def one_model() -> Any:
    return CLIENT.models.retrieve(MODEL).id


def error_of(ask: Callable[[], Any]) -> Any:
    try:
        ask()
    except openai.APIStatusError as error:
        return {
            "class": type(error).__name__,
            "status": error.status_code,
            "message": error.body.get("message") if isinstance(error.body, dict) else error.message,
            "type": error.type,
            "param": error.param,
            "code": error.code,
            "request_id": error.request_id,
            "headers": {name.lower(): value for name, value in error.response.headers.items()},
        }
    return "no error"


def bad_request() -> Any:
    return error_of(lambda: CLIENT.chat.completions.create(model=MODEL, messages=says("Be wrong."), temperature=3))


def bad_request_streamed() -> Any:
    return error_of(lambda: CLIENT.chat.completions.create(model=MODEL, messages=says("Be wrong."), temperature=3, stream=True))


def wrong_key() -> Any:
    return error_of(
        lambda: CLIENT.with_options(api_key="sk-wrong").chat.completions.create(model=MODEL, messages=says("Say hello."))
    )


def unknown_model() -> Any:
    return error_of(lambda: CLIENT.chat.completions.create(model="nobody-has-this", messages=says("Say hello.")))


def missing_messages() -> Any:
    return error_of(lambda: CLIENT.chat.completions.create(model=MODEL, messages=None))


def rate_limited() -> Any:
    return error_of(lambda: CLIENT.chat.completions.create(model="always-limited", messages=says("Say hello.")))


def server_error() -> Any:
    return error_of(lambda: CLIENT.chat.completions.create(model="always-broken", messages=says("Say hello.")))


FEATURES = (
    plain, streamed, streamed_with_usage, tools, tools_streamed, tool_result, json_schema, parse_helper, image, embeddings,
    embeddings_float, models, one_model, bad_request, bad_request_streamed, wrong_key, unknown_model, missing_messages,
    rate_limited, server_error,
)  # fmt: skip


def report() -> dict[str, Any]:
    results = {"sdk": f"openai-python {openai.__version__}"}
    for feature in FEATURES:
        try:
            results[feature.__name__] = feature()
        except Exception:  # noqa: BLE001 - whatever it is, it belongs in the report, and the next feature is still tried
            results[feature.__name__] = {"raised": traceback.format_exc()}
    return results


print(json.dumps(report(), default=str))
