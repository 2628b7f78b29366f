"""What the scripts in Python have in common: where they ask, what they ask, and the report that they print.

`python SCRIPT TARGETS`, where TARGETS is JSON: a list of `Target`'s fields. A script runs in an environment that holds one SDK
and nothing of ours, so it gets this file beside it. The conversations are those of the fixtures; whatever way a client has of
holding them, the feature gives the same result, which the tests know.
"""

import asyncio
import inspect
import json
import sys
import traceback
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8DwHwAFBQIAX8jx0gAAAABJRU5ErkJggg=="
HELLO = "Say hello."
PARROT = "You are a parrot."
WHO = "Who are you?"
WEATHER_IN_PARIS = "What is the weather in Paris?"
WEATHER_IN_TWO = "Compare the weather in Paris and Rome."
CITY = "Name a city."
PICTURE = "What is in this picture?"
THINK = "Think about two and two."
THINK_AND_LOOK = "Think about the weather in Oslo."
COUNT = "Count to a hundred."
WRONG = "Be wrong."
MEASURE = "measure me"
NOT_OFFERED = "the client does not offer it"
"""What a feature gives where the client itself refuses, before anything is sent."""
CITY_SCHEMA = {
    "type": "object",
    "properties": {"city": {"type": "string"}, "inhabitants": {"type": "integer"}},
    "required": ["city", "inhabitants"],
    "additionalProperties": False,
}
CITY_ARGUMENTS = {
    "type": "object",
    "properties": {"city": {"type": "string"}},
    "required": ["city"],
    "additionalProperties": False,
}


class Target(NamedTuple):
    """A gateway, and a model behind it."""

    name: str
    address: str
    api_key: str
    model: str
    embedding_model: str
    is_strict: bool = True
    """The SDK checks every answer against its own types, where it can."""

    @property
    def base_url(self) -> str:
        return f"{self.address}/v1"


Feature = Callable[[Target], Any]


def get_weather(city: str) -> str:
    """The weather in a city."""
    return json.dumps({"city": city, "celsius": {"Paris": 21, "Rome": 25, "Oslo": 3}.get(city, 0)})


def in_pieces(pieces: Iterable[str | None]) -> str:
    """The text of a stream, which must have come in several pieces."""
    texts = [piece for piece in pieces if piece]
    assert len(texts) > 1, f"the text came in one piece: {texts}"
    return "".join(texts)


def refusal(error: Any) -> int:
    """The status by which an SDK chose the class of an error, which must come with a message and the request's id."""
    assert error.message
    assert error.request_id
    return int(error.status_code)


def main(sdk: str, version: str, features: dict[str, tuple[Feature, ...]]) -> None:
    """Prints what every feature of every API gave at every target: its result, or `{"raised": …}`."""
    targets = [Target(*fields) for fields in json.loads(sys.argv[1])]
    with asyncio.Runner() as runner:  # one loop for all, because clients keep their connections
        results = {
            api: {target.name: {feature.__name__: _result(feature, target, runner) for feature in each} for target in targets}
            for api, each in features.items()
        }
    print(json.dumps({"sdk": sdk, "version": version, "results": results}, default=str))


def _result(feature: Feature, target: Target, runner: asyncio.Runner) -> Any:
    try:
        result = feature(target)
        return runner.run(result) if inspect.iscoroutine(result) else result
    except Exception:  # noqa: BLE001 - whatever it is, it belongs in the report, and the next feature is still tried
        return {"raised": traceback.format_exc()}
