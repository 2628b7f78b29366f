"""LiteLLM as a client, over each of the three APIs. See reporting.py."""

import json
import os
from importlib.metadata import version
from typing import Any

from reporting import (
    CITY,
    CITY_ARGUMENTS,
    HELLO,
    MEASURE,
    NOT_OFFERED,
    PARROT,
    PICTURE,
    PIXEL,
    THINK,
    WEATHER_IN_PARIS,
    WEATHER_IN_TWO,
    WHO,
    WRONG,
    Target,
    get_weather,
    in_pieces,
    main,
)

# It would fetch newer lists.
os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = os.environ["LITELLM_LOCAL_ANTHROPIC_BETA_HEADERS"] = "True"

import litellm
from city import City

litellm.telemetry = False
litellm.suppress_debug_info = True  # it would print into the report
TOOLS = [
    {
        "type": "function",
        "function": {"name": "get_weather", "description": "The weather in a city.", "parameters": CITY_ARGUMENTS},
    }
]


class LiteLLM:
    """One way to a gateway; its methods are features."""

    def __init__(self, prefix: str) -> None:
        self._prefix = prefix

    def ask(self, at: Target, said: Any, **more: Any) -> Any:
        messages = said if isinstance(said, list) else [{"role": "user", "content": said}]
        return litellm.completion(**({"messages": messages} | self._way(at) | more))

    def _way(self, at: Target) -> dict[str, Any]:
        is_anthropic = self._prefix == "anthropic"
        return {
            "model": f"{self._prefix}/{at.model}",
            "api_base": at.address if is_anthropic else at.base_url,
            "api_key": at.api_key,
            "max_retries": 0,
            "timeout": 20,
        }

    def plain(self, at: Target) -> Any:
        return self.ask(at, HELLO).choices[0].message.content

    def streamed(self, at: Target) -> Any:
        return in_pieces(chunk.choices[0].delta.content for chunk in self.ask(at, HELLO, stream=True))

    def usage(self, at: Target) -> Any:
        usage = self.ask(at, HELLO).usage
        return [usage.prompt_tokens, usage.completion_tokens]

    def system(self, at: Target) -> Any:
        messages = [{"role": "system", "content": PARROT}, {"role": "user", "content": WHO}]
        return self.ask(at, messages).choices[0].message.content

    def _loop(self, at: Target, text: str, *, is_streamed: bool = False) -> Any:
        messages: list[Any] = [{"role": "user", "content": text}]
        choice = "required"
        for _ in range(5):
            answer = self.ask(at, messages, tools=TOOLS, tool_choice=choice, stream=is_streamed)
            if is_streamed:
                answer = litellm.stream_chunk_builder(list(answer), messages=messages)
            message = answer.choices[0].message
            if not message.tool_calls:
                return message.content
            messages.append(message.model_dump(exclude_none=True))
            for call in message.tool_calls:
                result = get_weather(**json.loads(call.function.arguments))
                messages.append({"role": "tool", "tool_call_id": call.id, "content": result})
            choice = "auto"
        raise AssertionError("the loop does not end")

    def tool_loop(self, at: Target) -> Any:
        return self._loop(at, WEATHER_IN_PARIS)

    def tool_loop_streamed(self, at: Target) -> Any:
        return self._loop(at, WEATHER_IN_PARIS, is_streamed=True)

    def parallel_tools(self, at: Target) -> Any:
        return self._loop(at, WEATHER_IN_TWO)

    def structured(self, at: Target) -> Any:
        return json.loads(self.ask(at, CITY, response_format=City).choices[0].message.content)

    def image(self, at: Target) -> Any:
        picture = {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PIXEL}"}}
        messages = [{"role": "user", "content": [{"type": "text", "text": PICTURE}, picture]}]
        return self.ask(at, messages).choices[0].message.content

    def thinking(self, at: Target) -> Any:
        try:
            message = self.ask(at, THINK, reasoning_effort="low", max_tokens=4000).choices[0].message
        except litellm.UnsupportedParamsError:  # as it knows, over messages only Claude thinks
            return NOT_OFFERED
        return [message.reasoning_content, message.content]

    def refused(self, at: Target) -> Any:
        try:
            self.ask(at, WRONG)
        except litellm.BadRequestError as error:
            return error.status_code
        return "no error"

    async def asynchronous(self, at: Target) -> Any:
        messages = [{"role": "user", "content": HELLO}]
        stream = await litellm.acompletion(messages=messages, stream=True, **self._way(at))
        return in_pieces([chunk.choices[0].delta.content async for chunk in stream])

    def features(self) -> tuple[Any, ...]:
        return (
            self.plain, self.streamed, self.usage, self.system, self.tool_loop, self.tool_loop_streamed, self.parallel_tools,
            self.structured, self.image, self.thinking, self.refused, self.asynchronous,
        )  # fmt: skip


def embeddings(at: Target) -> Any:
    answer = litellm.embedding(
        model=f"openai/{at.embedding_model}", input=[MEASURE], api_base=at.base_url, api_key=at.api_key, max_retries=0
    )
    return answer.data[0]["embedding"]


def plain(at: Target) -> Any:
    answer = litellm.responses(model=f"openai/{at.model}", input=HELLO, api_base=at.base_url, api_key=at.api_key)
    return answer.output_text


def streamed(at: Target) -> Any:
    stream = litellm.responses(model=f"openai/{at.model}", input=HELLO, stream=True, api_base=at.base_url, api_key=at.api_key)
    return in_pieces(event.delta for event in stream if event.type == "response.output_text.delta")


main(
    "litellm",
    version("litellm"),
    {
        "chat": (*LiteLLM("openai").features(), embeddings),
        "responses": (plain, streamed),
        "messages": LiteLLM("anthropic").features(),
    },
)
