"""The script of conversations that every client has with every provider, in words of no protocol."""

from dataclasses import dataclass, replace

from ai_engine.wire.json_types import JsonMapping

PICTURE = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
"""A PNG of one pixel, in base64."""

WEATHER: JsonMapping = {
    "type": "object",
    "properties": {"city": {"type": "string"}, "days": {"type": "integer"}},
    "required": ["city"],
}
ANSWER: JsonMapping = {
    "type": "object",
    "properties": {"answer": {"type": "string"}},
    "required": ["answer"],
    "additionalProperties": False,
}


@dataclass(frozen=True)
class Call:
    """A tool's call by the model."""

    id: str
    name: str
    arguments: JsonMapping


@dataclass(frozen=True)
class Result:
    """What a tool gave."""

    call: Call
    text: str


@dataclass(frozen=True)
class Turn:
    """What one side said: a user's text, picture or tools' results, or a model's text and calls."""

    role: str
    text: str | None = None
    has_picture: bool = False
    calls: tuple[Call, ...] = ()
    results: tuple[Result, ...] = ()


@dataclass(frozen=True)
class Asked:
    """What the client asks for."""

    turns: tuple[Turn, ...]
    system: str | None = None
    tools: tuple[str, ...] = ()
    """Names of tools; each takes `WEATHER`."""
    forced_tool: bool = False
    """Some tool must be called."""
    is_structured: bool = False
    """The answer is to have the schema `ANSWER`."""
    stop: tuple[str, ...] = ()
    max_tokens: int = 200
    temperature: float | None = None
    wants_reasoning: bool = False


@dataclass(frozen=True)
class Said:
    """What the model answers."""

    pieces: tuple[str, ...] = ()
    """Its text, as it comes in a stream."""
    reasoning: tuple[str, ...] = ()
    calls: tuple[Call, ...] = ()
    ending: str = "stop"
    """`stop`, `length`, `calls` or `filter`."""
    input_tokens: int = 20
    cached_tokens: int = 8
    """Of the input."""
    output_tokens: int = 9
    number: int = 7
    """Of the answer, in its id."""
    is_signed: bool = False
    """Its calls are signed though its reasoning is not shown, where the protocol has that."""

    @property
    def text(self) -> str:
        return "".join(self.pieces)


@dataclass(frozen=True)
class Conversation:
    name: str
    asked: Asked
    said: Said

    def __str__(self) -> str:
        return self.name


def user(text: str) -> Turn:
    return Turn("user", text)


_LISBON = Call("call_lisbon", "weather", {"city": "Lisbon", "days": 2})
_OSLO = Call("call_oslo", "weather", {"city": "Oslø", "days": 1})
_PLAIN = Asked((user("Why is the sky blue?"),))
_THOUGHTFUL = replace(_PLAIN, wants_reasoning=True, max_tokens=2000)
_HELLO = Said(("Hello", " there", ", sky 🌍"))

SCRIPT = (
    Conversation("plain", _PLAIN, _HELLO),
    Conversation("system", replace(_PLAIN, system="Answer like a pirate.", temperature=0.5), Said(("Arr",))),
    Conversation(
        "multi-turn",
        Asked((user("One?"), Turn("assistant", "One."), user("Two?"), Turn("assistant", "Two."), user("Three?"))),
        Said(("Three.",)),
    ),
    Conversation("picture", Asked((Turn("user", "What is this?", has_picture=True),)), Said(("A", " pixel."))),
    Conversation("tool-call", replace(_PLAIN, tools=("weather",), forced_tool=True), Said(calls=(_LISBON,), ending="calls")),
    Conversation(
        "text-and-tool-call",
        replace(_PLAIN, tools=("weather", "clock")),
        Said(("Let me see.",), calls=(_LISBON,), ending="calls"),
    ),
    Conversation("parallel-tools", replace(_PLAIN, tools=("weather",)), Said(calls=(_LISBON, _OSLO), ending="calls")),
    Conversation(
        "tool-round-trip",
        Asked(
            (
                user("Weather in Lisbon and Oslo?"),
                Turn("assistant", "I look.", calls=(_LISBON, _OSLO)),
                Turn("user", results=(Result(_LISBON, "sunny"), Result(_OSLO, "snow"))),
            ),
            tools=("weather",),
        ),
        Said(("Sun", " and snow.")),
    ),
    Conversation("schema", replace(_PLAIN, is_structured=True), Said(('{"answer":', '"scattering"}'))),
    Conversation("reasoning", _THOUGHTFUL, Said(("Because.",), reasoning=("Light", " scatters."))),
    Conversation("long-stream", _PLAIN, Said(tuple(f"word{number} " for number in range(400)), output_tokens=400)),
    Conversation("stop", replace(_PLAIN, stop=("END", "FIN")), Said(("It is",))),
    Conversation("length", replace(_PLAIN, max_tokens=3), Said(("It is because",), ending="length")),
    Conversation("refusal", _PLAIN, Said(("I can",), ending="filter")),
)
