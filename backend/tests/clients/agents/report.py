"""Every agent through every scenario with every upstream, as a table for docs/compatibility.md."""

import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.clients import servers
from tests.clients.agents.agents import AGENTS, Agent
from tests.clients.agents.provider import RulesUpstream
from tests.clients.agents.scenarios import CONFIGURATION, MODELS, SCENARIOS, Stage, can
from tests.clients.servers import UPSTREAM_KEY, Server

TITLE = "Agents"
HEAD = f"""## {TITLE}

Agents as their makers ship them, without a terminal, set up as [agents](agents.md) says. The upstreams have OpenAI's chat
protocol, Anthropic's Messages and Gemini's API, and refuse what those providers refuse: requests against their published
schemas, or against the rules of their documentation (order of roles, calls and results, ids, empty texts). A request that is
refused by them or by the gateway counts as a failure.
"""

KNOWN_GAPS: Mapping[tuple[str, str, str], str] = {
    ("continue", "moved", "Gemini"): "it sends Gemini's signature of a call (`extra_content`) on to OpenAI, which refuses it",
}
"""(agent, scenario, upstream): why it does not work there."""


@asynccontextmanager
async def on_stage(agent: Agent, folder: Path) -> AsyncIterator[Stage]:
    """An agent behind a gateway of its own; `folder` is empty and ours to use."""
    log = folder / "gateway"
    log.mkdir()
    async with RulesUpstream() as upstream:
        with servers.gateway(log, Server(upstream.address, UPSTREAM_KEY), CONFIGURATION) as gateway:
            yield Stage(agent, gateway, upstream, log / "log.txt", folder)


async def column(agent: Agent) -> list[str]:
    """A cell for each scenario: `yes`, `–`, or where not. Prints what went wrong."""
    lacking: dict[str, list[str]] = {scenario: [] for scenario in SCENARIOS if can(agent, scenario)}
    with TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        async with on_stage(agent, Path(folder)) as stage:
            for scenario, targets in lacking.items():
                for target, model in MODELS.items():
                    if faults := await _faults(stage, scenario, model):
                        targets.append(target)
                        sys.stdout.write("\n  ".join([f"{agent}, {scenario}, {target}:", *faults]) + "\n")
    return [_cell(lacking.get(scenario)) for scenario in SCENARIOS]


async def _faults(stage: Stage, scenario: str, model: str) -> Sequence[str]:
    try:
        return await SCENARIOS[scenario][1](stage, model)
    except TimeoutError:
        return ["it did not end in time"]


def _cell(lacking: Sequence[str] | None) -> str:
    if lacking is None:
        return "–"
    return f"not with {' and '.join(lacking)}" if lacking else "yes"


async def table() -> list[str]:
    """The lines of the page's section."""
    columns = {f"{agent.title} {agent.version}": await column(agent) for agent in AGENTS}
    rows = [[says, *(cells[place] for cells in columns.values())] for place, (says, _) in enumerate(SCENARIOS.values())]
    lines = [["", *columns], ["---"] * (len(columns) + 1), *rows]
    gaps = [f"- {agent}, {SCENARIOS[scenario][0]}, {target}: {why}" for (agent, scenario, target), why in KNOWN_GAPS.items()]
    return [HEAD, *(f"| {' | '.join(line)} |" for line in lines), *(["", *gaps] if gaps else [])]
