"""What each agent is put through, and what must come of it."""

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from tests.clients.agents.agents import Agent, Outcome, Workplace, kill
from tests.clients.agents.provider import RulesUpstream, Script
from tests.clients.servers import Server
from tests.contracts.conversation_script import Call, Said
from tests.patience import eventually

MODELS = {"OpenAI": "gpt-oss-120b", "Anthropic": "claude-sonnet-4-6", "Gemini": "gemini-3-flash-preview"}
"""The protocol of the upstream, and its model."""

CONFIGURATION = """
providers:
  - name: openai-upstream
    protocol: openai
    base_url: {address}/openai/v1
    api_key_env: AIMOCK_API_KEY
    models: [gpt-oss-120b]
  - name: anthropic-upstream
    protocol: anthropic
    base_url: {address}/anthropic/v1
    api_key_env: AIMOCK_API_KEY
    models: [claude-sonnet-4-6]
  - name: gemini-upstream
    protocol: gemini
    base_url: {address}/gemini/v1beta
    api_key_env: AIMOCK_API_KEY
    models: [gemini-3-flash-preview]
"""

PROMPT = "Tell me which fruit is in the two files."
SECOND_PROMPT = "Say it once more."
THIRD_PROMPT = "And a last time."
FRUIT = {"first.txt": "APRICOT", "second.txt": "BLUEBERRY"}
DONE = Said(("An apricot ", "and a ", "blueberry ", "are in ", "the files, ", "and that ", "is all."))

SCHEMA = '{"type":"object","properties":{"answer":{"type":"string"}},"required":["answer"],"additionalProperties":false}'
COMPLAINT = re.compile(r"error|fail|interrupt|disconnect|abort|incomplete|lost|retry", re.IGNORECASE)


class Stage:
    """One agent with one upstream behind a gateway; a scenario gives what was wrong, and nothing where all was right."""

    def __init__(self, agent: Agent, gateway: Server, upstream: RulesUpstream, log: Path, folder: Path) -> None:
        self.agent = agent
        self.upstream = upstream
        self._gateway = gateway
        self._log = log
        self._read = 0
        self._folder = folder
        self._scenes = 0

    def begin(self) -> None:
        """A scenario, in a home and a project of its own."""
        self._scenes += 1
        self.workplace = Workplace(self.agent, self._gateway, self._folder / str(self._scenes))
        for name, fruit in FRUIT.items():
            (self.workplace.project / name).write_text(f"{fruit}\n")
        (self.workplace.project / "schema.json").write_text(SCHEMA)

    def play(self, *steps: Said, prompt: str = PROMPT, cuts: int = 0, stalls: bool = False, with_tools: bool = True) -> None:
        with_tools = with_tools and bool(self.agent.tool)
        self.upstream.play(Script(prompt, steps, cuts, stalls, with_tools))
        self._read = len(self._log.read_text("utf-8"))

    def calls(self, *numbers: int) -> Said:
        names = list(FRUIT)
        calls = [self.agent.reads(number, self.workplace.project / names[number % len(names)]) for number in numbers]
        return Said(calls=tuple(calls), ending="calls")

    async def run(self, model: str, prompt: str = PROMPT, *more: str, goes_on: bool = False) -> Outcome:
        command = self.agent.goes_on if goes_on else self.agent.command
        return await self.workplace.run((*command, *more), model, prompt=prompt, schema=SCHEMA)

    def refusals(self) -> list[str]:
        """What the provider found wrong, and requests that the gateway refused."""
        lines = self._log.read_text("utf-8")[self._read :]
        refused = re.findall(r'"(POST /v1/\S+) HTTP/[\d.]+" ([45]\d\d)', lines)
        return [*self.upstream.refused, *(f"{request} was answered with {status}" for request, status in refused)]

    def wrong(self, outcome: Outcome, said: str = DONE.text) -> list[str]:
        faults = self.refusals()
        if outcome.status:
            faults.append(f"it ended with {outcome.status}: {outcome.errors[-500:]}")
        if said not in " ".join(outcome.output.split()):
            faults.append(f"it did not show {said!r}: {outcome.output[-500:]}")
        return faults


async def text(stage: Stage, model: str) -> list[str]:
    stage.begin()
    stage.play(DONE)
    return stage.wrong(await stage.run(model))


async def tool_loop(stage: Stage, model: str) -> list[str]:
    stage.begin()
    stage.play(replace(stage.calls(0), pieces=("Let me look.",)), stage.calls(1), DONE)
    return [*stage.wrong(await stage.run(model)), *_results(stage, rounds=2)]


async def two_calls(stage: Stage, model: str) -> list[str]:
    stage.begin()
    stage.play(stage.calls(0, 1), DONE)
    return [*stage.wrong(await stage.run(model)), *_results(stage, rounds=1)]


def _results(stage: Stage, rounds: int) -> list[str]:
    """What is missing of the two results in the last request."""
    if not stage.upstream.seen:
        return ["no request came"]
    last = stage.upstream.seen[-1]
    if last.rounds != rounds or len(last.results) != len(FRUIT):
        return [f"{len(last.results)} results in {last.rounds} rounds instead of {len(FRUIT)} in {rounds}"]
    return [f"no {fruit} in a result" for fruit in FRUIT.values() if fruit not in "".join(last.results)]


async def structured(stage: Stage, model: str) -> list[str]:
    stage.begin()
    answer = {"answer": "apricot"}
    if stage.agent.answers_by:
        call = Said(calls=(Call("call_answer", stage.agent.answers_by, answer),), ending="calls")
        stage.play(call, DONE)
    else:
        stage.play(Said(('{"answer":', '"apricot"}')), with_tools=False)
    outcome = await stage.run(model, PROMPT, *stage.agent.structured)
    return stage.wrong(replace(outcome, output=re.sub(r"[^\w ]+", " ", outcome.output)), "answer apricot")


async def cut(stage: Stage, model: str) -> list[str]:
    """The first answer breaks off: the agent asks again, or says that something failed."""
    stage.begin()
    stage.play(DONE, cuts=1)
    outcome = await stage.run(model)
    is_whole = DONE.text in " ".join(outcome.output.split())
    faults = [each for each in stage.refusals() if not re.search(r" with 5\d\d$", each)]
    if not is_whole and not outcome.status and not COMPLAINT.search(outcome.output + outcome.errors):
        faults.append(f"it took a half answer for a whole one: {outcome.output[-500:]}")
    return faults


async def cancel(stage: Stage, model: str) -> list[str]:
    """The agent is killed in the middle of an answer: the request to the provider ends."""
    stage.begin()
    stage.play(DONE, stalls=True)
    async with stage.workplace.started(stage.agent.command, model, prompt=PROMPT) as process:
        await eventually(lambda: stage.upstream.stalled or process.returncode is not None)
        if not stage.upstream.stalled:
            return [*stage.refusals(), f"it ended with {process.returncode} before an answer began"]
        kill(process)
        for request in stage.upstream.stalled:
            await request.closed()
    return stage.refusals()


async def moved(stage: Stage, model: str) -> list[str]:
    """A conversation with calls goes on with each of the other providers, which gets all that was said."""
    stage.begin()
    first = stage.calls(0) if stage.agent.tool else DONE
    stage.play(first, DONE)
    faults = stage.wrong(await stage.run(model))
    others = [other for other in MODELS.values() if other != model]
    for number, (prompt, other) in enumerate(zip((SECOND_PROMPT, THIRD_PROMPT), others, strict=True), 2):
        steps = (stage.calls(number), DONE) if stage.agent.tool else (DONE,)
        stage.play(*steps, prompt=prompt)
        faults += stage.wrong(await stage.run(other, prompt, goes_on=True))
        sent = stage.upstream.last_body
        faults += [f"{other} was not sent {said!r}" for said in (PROMPT, prompt, *_said(stage)) if said not in sent]
    return faults


def _said(stage: Stage) -> Sequence[str]:
    return (FRUIT["first.txt"],) if stage.agent.tool else ()


Scenario = Callable[[Stage, str], Awaitable[list[str]]]
SCENARIOS: Mapping[str, tuple[str, Scenario]] = {
    "text": ("an answer", text),
    "tool_loop": ("a tool loop of two rounds", tool_loop),
    "two_calls": ("two calls at once", two_calls),
    "structured": ("an answer by JSON schema", structured),
    "cut": ("an answer that breaks off is noticed", cut),
    "cancel": ("a killed agent ends its request", cancel),
    "moved": ("a conversation moves to other providers", moved),
}
"""What the page calls it, and what happens. The model is where it starts."""


def can(agent: Agent, scenario: str) -> bool:
    """Whether the agent has what the scenario is about."""
    return {
        "tool_loop": bool(agent.tool),
        "two_calls": bool(agent.tool),
        "structured": bool(agent.structured),
        "moved": bool(agent.goes_on),
    }.get(scenario, True)
