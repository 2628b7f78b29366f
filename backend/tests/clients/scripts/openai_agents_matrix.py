"""openai-agents, over the responses API, its default, and over chat completions. See reporting.py."""

import functools
from importlib.metadata import version
from typing import Any

import openai
from agents import (
    Agent,
    ModelSettings,
    OpenAIChatCompletionsModel,
    OpenAIResponsesModel,
    Runner,
    function_tool,
    set_tracing_disabled,
)
from city import City
from reporting import (
    CITY,
    HELLO,
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
    refusal,
)

set_tracing_disabled(True)  # it would send every run to OpenAI
WEATHER = function_tool(get_weather)


@functools.cache
def client(at: Target) -> openai.AsyncOpenAI:
    return openai.AsyncOpenAI(base_url=at.base_url, api_key=at.api_key, max_retries=0, timeout=20)


class Agents:
    """One of the two APIs; its methods are features."""

    def __init__(self, model: Any) -> None:
        self._model = model

    def agent(self, at: Target, **more: Any) -> Any:
        return Agent(name="Agent", model=self._model(model=at.model, openai_client=client(at)), **more)

    async def plain(self, at: Target) -> Any:
        return (await Runner.run(self.agent(at), HELLO)).final_output

    async def streamed(self, at: Target) -> Any:
        result = Runner.run_streamed(self.agent(at), HELLO)
        events = [event.data async for event in result.stream_events() if event.type == "raw_response_event"]
        return in_pieces(event.delta for event in events if event.type == "response.output_text.delta")

    async def usage(self, at: Target) -> Any:
        usage = (await Runner.run(self.agent(at), HELLO)).context_wrapper.usage
        return [usage.input_tokens, usage.output_tokens]

    async def system(self, at: Target) -> Any:
        return (await Runner.run(self.agent(at, instructions=PARROT), WHO)).final_output

    async def _loop(self, at: Target, text: str, **more: Any) -> Any:
        settings = ModelSettings(tool_choice="required", **more)  # for the first turn alone, says the SDK
        return (await Runner.run(self.agent(at, tools=[WEATHER], model_settings=settings), text)).final_output

    async def tool_loop(self, at: Target) -> Any:
        return await self._loop(at, WEATHER_IN_PARIS)

    async def tool_loop_streamed(self, at: Target) -> Any:
        agent = self.agent(at, tools=[WEATHER], model_settings=ModelSettings(tool_choice="required"))
        result = Runner.run_streamed(agent, WEATHER_IN_PARIS)
        async for _event in result.stream_events():
            pass
        return result.final_output

    async def parallel_tools(self, at: Target) -> Any:
        return await self._loop(at, WEATHER_IN_TWO)

    async def thinking_tool_loop(self, at: Target) -> Any:
        settings = ModelSettings(reasoning={"effort": "low"}, store=False, response_include=["reasoning.encrypted_content"])
        return (await Runner.run(self.agent(at, tools=[WEATHER], model_settings=settings), THINK_AND_LOOK)).final_output

    async def structured(self, at: Target) -> Any:
        return (await Runner.run(self.agent(at, output_type=City), CITY)).final_output.model_dump()

    async def image(self, at: Target) -> Any:
        parts = [
            {"type": "input_text", "text": PICTURE},
            {"type": "input_image", "detail": "auto", "image_url": f"data:image/png;base64,{PIXEL}"},
        ]
        return (await Runner.run(self.agent(at), [{"role": "user", "content": parts}])).final_output

    async def refused(self, at: Target) -> Any:
        try:
            await Runner.run(self.agent(at), WRONG)
        except openai.APIStatusError as error:
            return refusal(error)
        return "no error"

    def features(self) -> tuple[Any, ...]:
        return (
            self.plain, self.streamed, self.usage, self.system, self.tool_loop, self.tool_loop_streamed, self.parallel_tools,
            self.structured, self.image, self.thinking_tool_loop, self.refused,
        )  # fmt: skip


main(
    "openai-agents",
    version("openai-agents"),
    {"responses": Agents(OpenAIResponsesModel).features(), "chat": Agents(OpenAIChatCompletionsModel).features()},
)
