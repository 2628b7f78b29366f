"""pydantic-ai, over each of the three APIs. See reporting.py."""

import base64
import functools
from importlib.metadata import version
from typing import Any

from city import City
from pydantic_ai import Agent, BinaryContent, ModelHTTPError, NativeOutput, UserError
from pydantic_ai.models.anthropic import AnthropicModel
from pydantic_ai.models.openai import OpenAIChatModel, OpenAIResponsesModel
from pydantic_ai.providers.anthropic import AnthropicProvider
from pydantic_ai.providers.openai import OpenAIProvider
from reporting import (
    CITY,
    HELLO,
    NOT_OFFERED,
    PARROT,
    PICTURE,
    PIXEL,
    THINK_AND_LOOK,
    WEATHER_IN_PARIS,
    WEATHER_IN_TWO,
    WHO,
    WRONG,
    Target,
    get_weather,
    in_pieces,
    main,
)


@functools.cache
def chat(at: Target) -> Any:
    return OpenAIChatModel(at.model, provider=OpenAIProvider(base_url=at.base_url, api_key=at.api_key))


@functools.cache
def responses(at: Target) -> Any:
    return OpenAIResponsesModel(at.model, provider=OpenAIProvider(base_url=at.base_url, api_key=at.api_key))


@functools.cache
def messages(at: Target) -> Any:
    return AnthropicModel(at.model, provider=AnthropicProvider(base_url=at.address, api_key=at.api_key))


class PydanticAI:
    """One of the APIs; its methods are features."""

    def __init__(self, model: Any) -> None:
        self._model = model

    async def plain(self, at: Target) -> Any:
        return (await Agent(self._model(at)).run(HELLO)).output

    async def streamed(self, at: Target) -> Any:
        async with Agent(self._model(at)).run_stream(HELLO) as result:
            return in_pieces([piece async for piece in result.stream_text(delta=True, debounce_by=None)])

    async def usage(self, at: Target) -> Any:
        usage = (await Agent(self._model(at)).run(HELLO)).usage
        return [usage.input_tokens, usage.output_tokens]

    async def system(self, at: Target) -> Any:
        return (await Agent(self._model(at), instructions=PARROT).run(WHO)).output

    async def tool_loop(self, at: Target) -> Any:
        return (await Agent(self._model(at), tools=[get_weather]).run(WEATHER_IN_PARIS)).output

    async def tool_loop_streamed(self, at: Target) -> Any:
        async with Agent(self._model(at), tools=[get_weather]).run_stream(WEATHER_IN_PARIS) as result:
            return await result.get_output()

    async def parallel_tools(self, at: Target) -> Any:
        return (await Agent(self._model(at), tools=[get_weather]).run(WEATHER_IN_TWO)).output

    async def structured(self, at: Target) -> Any:
        try:
            return (await Agent(self._model(at), output_type=NativeOutput(City)).run(CITY)).output.model_dump()
        except UserError:  # as it knows, over messages only Claude has it
            return NOT_OFFERED

    async def structured_by_tool(self, at: Target) -> Any:
        return (await Agent(self._model(at), output_type=City).run(CITY)).output.model_dump()

    async def image(self, at: Target) -> Any:
        picture = BinaryContent(base64.b64decode(PIXEL), media_type="image/png")
        return (await Agent(self._model(at)).run([PICTURE, picture])).output

    async def thinking_tool_loop(self, at: Target) -> Any:
        """The thinking goes back as it came, whatever its shape."""
        agent = Agent(self._model(at), tools=[get_weather], model_settings={"thinking": "low", "max_tokens": 4000})
        return (await agent.run(THINK_AND_LOOK)).output

    async def refused(self, at: Target) -> Any:
        try:
            await Agent(self._model(at)).run(WRONG)
        except ModelHTTPError as error:
            return error.status_code
        return "no error"

    def features(self) -> tuple[Any, ...]:
        return (
            self.plain, self.streamed, self.usage, self.system, self.tool_loop, self.tool_loop_streamed, self.parallel_tools,
            self.structured, self.structured_by_tool, self.image, self.thinking_tool_loop, self.refused,
        )  # fmt: skip


main(
    "pydantic-ai",
    version("pydantic-ai-slim"),
    {api.__name__: PydanticAI(api).features() for api in (chat, responses, messages)},
)
