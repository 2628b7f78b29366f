"""A model provider with three protocols and the published rules: it refuses what OpenAI, Anthropic and Google would refuse.

    async with RulesUpstream() as upstream:
        upstream.script = Script("the prompt", Said(calls=(call,), ending="calls"), Said(("Done.",)))

It answers by what a request holds, so that it does not matter how often a client asks: after the script's prompt, each round of
tool results takes the next step. Requests beside the conversation, such as for a title, get a line of text.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from ai_engine.wire.json_types import Json
from tests.clients.agents.rules import faults
from tests.contracts.conversation_providers.anthropic import Anthropic
from tests.contracts.conversation_providers.gemini import Gemini
from tests.contracts.conversation_providers.openai import OpenAI
from tests.contracts.conversation_providers.port import Provider
from tests.contracts.conversation_script import Said
from tests.fakes.scripted_upstream import Answer, CutAfter, ReceivedRequest, ScriptedUpstream, Stall, Step, Stream

PROVIDERS: Mapping[str, Provider] = {"openai": OpenAI(), "anthropic": Anthropic(), "gemini": Gemini()}
TITLE = "A title"
EVENTS_BEFORE_A_CUT = 4


@dataclass(frozen=True)
class Script:
    """What the model says after `prompt`, one step for each round of tool results; the last one repeats."""

    prompt: str
    steps: Sequence[Said]
    cuts: int = 0
    """So many answers break off in the middle."""
    stalls: bool = False
    """Answers begin and do not go on."""
    with_tools: bool = True
    """The agent declares its tools in every request of the conversation: one without is beside it."""


@dataclass
class Seen:
    """What a request's conversation holds after the script's prompt."""

    is_asked: bool = False
    has_tools: bool = False
    schema: Any = None
    results: list[str] = field(default_factory=list)
    rounds: int = 0


class RulesUpstream(ScriptedUpstream):
    """`script` may be set at any time."""

    def __init__(self) -> None:
        super().__init__()
        self.script = Script("nothing is scripted", ())
        self.refused: list[str] = []
        """What was wrong with requests, with the protocol."""
        self.seen: list[Seen] = []
        """What requests of the script's conversation held."""
        self.stalled: list[ReceivedRequest] = []
        self.last_body = ""
        """Of the script's conversation."""
        self._cuts = 0

    @property
    def address(self) -> str:
        return self.base_url.removesuffix("/v1")

    def play(self, script: Script) -> None:
        """From here on, with nothing seen yet."""
        self.script, self.refused, self.seen, self.stalled, self._cuts = script, [], [], [], script.cuts

    def _step_for(self, request: ReceivedRequest) -> Step:
        protocol = request.path.split("/")[1]
        if request.method != "POST" or protocol not in PROVIDERS:
            return Answer({"error": {"message": f"{request.path} is not here"}}, 404)
        if request.path.endswith(("count_tokens", ":countTokens")):
            return Answer({"input_tokens": 7, "totalTokens": 7})
        wrong = faults(protocol, request.body, request.headers)
        if wrong:
            self.refused += [f"{protocol}: {each}" for each in wrong]
            return _refusal(protocol, "; ".join(wrong))
        stream = bool(request.body.get("stream")) or "streamGenerateContent" in request.path
        seen = seen_in(protocol, request.body, self.script.prompt)
        provider = PROVIDERS[protocol]
        if not seen.is_asked or (self.script.with_tools and not seen.has_tools):
            return provider.step(Said((_beside(seen),), number=len(self.requests)), stream=stream)
        self.seen.append(seen)
        self.last_body = request.raw_body.decode()
        said = self.script.steps[min(seen.rounds, len(self.script.steps) - 1)]
        step = provider.step(replace(said, number=len(self.requests), is_signed=True), stream=stream)
        if isinstance(step, Stream) and self.script.stalls:
            self.stalled.append(request)
            return Stall(EVENTS_BEFORE_A_CUT, step)
        if isinstance(step, Stream) and self._cuts:
            self._cuts -= 1
            return CutAfter(EVENTS_BEFORE_A_CUT, step)
        return step


def _refusal(protocol: str, message: str) -> Answer:
    bodies: Mapping[str, Json] = {
        "openai": {"error": {"message": message, "type": "invalid_request_error", "param": None, "code": None}},
        "anthropic": {"type": "error", "error": {"type": "invalid_request_error", "message": message}, "request_id": "req_7"},
        "gemini": {"error": {"code": 400, "message": message, "status": "INVALID_ARGUMENT"}},
    }
    return Answer(bodies[protocol], 400)


def _beside(seen: Seen) -> str:
    properties = (seen.schema or {}).get("properties")
    return json.dumps(dict.fromkeys(properties, TITLE)) if properties else TITLE


def seen_in(protocol: str, body: Json, prompt: str) -> Seen:
    """The conversation after the last message with `prompt`."""
    seen = Seen(has_tools=bool(body.get("tools")), schema=_schema(protocol, body))
    for kind, value in _parts(protocol, body):
        if kind == "text" and prompt in value:
            seen.is_asked, seen.results, seen.rounds = True, [], 0
        elif kind == "result":
            seen.results.append(value)
        elif kind == "end of results":
            seen.rounds += 1
    return seen


def _schema(protocol: str, body: Json) -> Any:
    if protocol == "openai":
        return ((body.get("response_format") or {}).get("json_schema") or {}).get("schema")
    if protocol == "anthropic":
        return ((body.get("output_config") or {}).get("format") or {}).get("schema")
    config = body.get("generationConfig") or {}
    return config.get("responseJsonSchema") or config.get("responseSchema")


def _parts(protocol: str, body: Json) -> Iterator[tuple[str, str]]:
    """Each text of a user, each call's name and each result, in order; and where a round of results ends."""
    is_open = False
    for role, kind, value in (_contents if protocol == "gemini" else _messages)(body):
        if is_open and kind != "result":
            yield "end of results", ""
        is_open = kind == "result"
        if kind != "text" or role == "user":
            yield kind, value
    if is_open:
        yield "end of results", ""


def _messages(body: Json) -> Iterator[tuple[str, str, str]]:
    """Those of OpenAI's chat and of Anthropic."""
    for message in body["messages"]:
        role, content = message["role"], message.get("content")
        blocks = content if isinstance(content, list) else [{"type": "text", "text": content or ""}]
        if role == "tool":
            yield role, "result", json.dumps(content)
            continue
        for block in blocks:
            if block["type"] == "text":
                yield role, "text", block["text"]
            elif block["type"] == "tool_use":
                yield role, "call", block["name"]
            elif block["type"] == "tool_result":
                yield role, "result", json.dumps(block.get("content"))
        for call in message.get("tool_calls") or ():
            yield role, "call", call["function"]["name"]


def _contents(body: Json) -> Iterator[tuple[str, str, str]]:
    for content in body["contents"]:
        for part in content["parts"]:
            if "functionCall" in part:
                yield content["role"], "call", part["functionCall"]["name"]
            elif "functionResponse" in part:
                yield content["role"], "result", json.dumps(part["functionResponse"]["response"])
            elif "text" in part:
                yield content["role"], "text", part["text"]
