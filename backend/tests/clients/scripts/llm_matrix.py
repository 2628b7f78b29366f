"""`llm` with a gateway as an extra model, over chat completions and over the responses API. See reporting.py."""

import base64
import json
import os
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

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
)

os.environ["LLM_USER_PATH"] = str(Path.cwd())  # it looks for the extra models there

import llm
import openai
from city import City


def write_models(targets: list[Target]) -> None:
    """Extra models and their keys, as llm's documentation has users write them. JSON is YAML."""
    models = [
        {
            "model_id": f"{at.name}-{api}",
            "model_name": at.model,
            "api_base": at.base_url,
            "api_key_name": at.name,
            "supports_schema": True,
            "supports_tools": True,
            "vision": True,
            "responses": api == "responses",
        }
        for at in targets
        for api in ("chat", "responses")
    ]
    Path("extra-openai-models.yaml").write_text(json.dumps(models), "utf-8")
    Path("keys.json").write_text(json.dumps({at.name: at.api_key for at in targets}), "utf-8")


class Llm:
    """One of the two APIs; its methods are features."""

    def __init__(self, api: str) -> None:
        self._api = api

    def model(self, at: Target) -> Any:
        return llm.get_model(f"{at.name}-{self._api}")

    def plain(self, at: Target) -> Any:
        return self.model(at).prompt(HELLO, stream=False).text()

    def streamed(self, at: Target) -> Any:
        return in_pieces(self.model(at).prompt(HELLO))

    def usage(self, at: Target) -> Any:
        usage = self.model(at).prompt(HELLO).usage()
        return [usage.input, usage.output]

    def system(self, at: Target) -> Any:
        return self.model(at).prompt(WHO, system=PARROT).text()

    def tool_loop(self, at: Target) -> Any:
        return self.model(at).chain(WEATHER_IN_PARIS, tools=[get_weather], stream=False).text()

    def tool_loop_streamed(self, at: Target) -> Any:
        return self.model(at).chain(WEATHER_IN_PARIS, tools=[get_weather]).text()

    def parallel_tools(self, at: Target) -> Any:
        return self.model(at).chain(WEATHER_IN_TWO, tools=[get_weather]).text()

    def structured(self, at: Target) -> Any:
        return json.loads(self.model(at).prompt(CITY, schema=City).text())

    def image(self, at: Target) -> Any:
        attachment = llm.Attachment(type="image/png", content=base64.b64decode(PIXEL))
        return self.model(at).prompt(PICTURE, attachments=[attachment]).text()

    def refused(self, at: Target) -> Any:
        try:
            self.model(at).prompt(WRONG, stream=False).text()
        except openai.APIStatusError as error:
            return error.status_code
        except llm.ModelError as error:
            return error.__cause__.status_code
        return "no error"

    async def asynchronous(self, at: Target) -> Any:
        model = llm.get_async_model(f"{at.name}-{self._api}")
        return in_pieces([piece async for piece in model.prompt(HELLO)])

    def features(self) -> tuple[Any, ...]:
        return (
            self.plain, self.streamed, self.usage, self.system, self.tool_loop, self.tool_loop_streamed, self.parallel_tools,
            self.structured, self.image, self.refused, self.asynchronous,
        )  # fmt: skip


write_models([Target(*fields) for fields in json.loads(sys.argv[1])])
main("llm", version("llm"), {api: Llm(api).features() for api in ("chat", "responses")})
