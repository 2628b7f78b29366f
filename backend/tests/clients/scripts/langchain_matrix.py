"""langchain-openai, over chat completions and over the responses API. See reporting.py."""

import functools
from importlib.metadata import version
from typing import Any

import openai
from city import City
from langchain_core.messages import HumanMessage, SystemMessage
from langchain_core.tools import tool
from langchain_openai import ChatOpenAI, OpenAIEmbeddings
from reporting import (
    CITY,
    HELLO,
    MEASURE,
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

WEATHER = tool(get_weather)


@functools.cache
def model(at: Target, is_responses: bool) -> ChatOpenAI:
    return ChatOpenAI(
        base_url=at.base_url, api_key=at.api_key, model=at.model, max_retries=0, timeout=20, use_responses_api=is_responses
    )


class LangChain:
    """One of the two APIs; its methods are features."""

    def __init__(self, *, is_responses: bool) -> None:
        self._is_responses = is_responses

    def model(self, at: Target) -> ChatOpenAI:
        return model(at, self._is_responses)

    def plain(self, at: Target) -> Any:
        return self.model(at).invoke(HELLO).text

    def streamed(self, at: Target) -> Any:
        return in_pieces(chunk.text for chunk in self.model(at).stream(HELLO))

    def usage(self, at: Target) -> Any:
        usage = self.model(at).invoke(HELLO).usage_metadata
        return [usage["input_tokens"], usage["output_tokens"]]

    def system(self, at: Target) -> Any:
        return self.model(at).invoke([SystemMessage(PARROT), HumanMessage(WHO)]).text

    def _loop(self, at: Target, text: str, *, is_streamed: bool = False) -> Any:
        messages: list[Any] = [HumanMessage(text)]
        choice: Any = "any"
        for _ in range(5):
            asked = self.model(at).bind_tools([WEATHER], tool_choice=choice)
            if is_streamed:
                message, *others = asked.stream(messages)
                for other in others:
                    message += other
            else:
                message = asked.invoke(messages)
            if not message.tool_calls:
                return message.text
            messages += [message, *(WEATHER.invoke(call) for call in message.tool_calls)]
            choice = "auto"
        raise AssertionError("the loop does not end")

    def tool_loop(self, at: Target) -> Any:
        return self._loop(at, WEATHER_IN_PARIS)

    def tool_loop_streamed(self, at: Target) -> Any:
        return self._loop(at, WEATHER_IN_PARIS, is_streamed=True)

    def parallel_tools(self, at: Target) -> Any:
        return self._loop(at, WEATHER_IN_TWO)

    def structured(self, at: Target) -> Any:
        return self.model(at).with_structured_output(City, method="json_schema").invoke(CITY).model_dump()

    def structured_by_tool(self, at: Target) -> Any:
        return self.model(at).with_structured_output(City, method="function_calling").invoke(CITY).model_dump()

    def image(self, at: Target) -> Any:
        picture = {"type": "image", "base64": PIXEL, "mime_type": "image/png"}
        return self.model(at).invoke([HumanMessage([{"type": "text", "text": PICTURE}, picture])]).text

    def refused(self, at: Target) -> Any:
        try:
            self.model(at).invoke(WRONG)
        except openai.APIStatusError as error:
            return refusal(error)
        return "no error"

    async def asynchronous(self, at: Target) -> Any:
        return in_pieces([chunk.text async for chunk in self.model(at).astream(HELLO)])

    def features(self) -> tuple[Any, ...]:
        return (
            self.plain, self.streamed, self.usage, self.system, self.tool_loop, self.tool_loop_streamed, self.parallel_tools,
            self.structured, self.structured_by_tool, self.image, self.refused, self.asynchronous,
        )  # fmt: skip


def embeddings(at: Target) -> Any:
    """Without counting tokens first: tiktoken would fetch its tables from the internet."""
    client = OpenAIEmbeddings(
        base_url=at.base_url, api_key=at.api_key, model=at.embedding_model, max_retries=0, check_embedding_ctx_length=False
    )
    return client.embed_query(MEASURE)


main(
    "langchain-openai",
    version("langchain-openai"),
    {
        "chat": (*LangChain(is_responses=False).features(), embeddings),
        "responses": LangChain(is_responses=True).features(),
    },
)
