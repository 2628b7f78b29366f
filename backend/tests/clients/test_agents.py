"""Coding agents and agent libraries, set up as docs/agents.md says, with providers that keep the published rules.

Here each has one tool loop with a provider of another protocol than its own; `make compatibility` puts them through everything.
"""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.clients.agents.agents import AGENTS, PAGE, PLACEHOLDERS, Agent
from tests.clients.agents.report import KNOWN_GAPS, TITLE, on_stage
from tests.clients.agents.scenarios import MODELS, SCENARIOS, tool_loop
from tests.clients.compatibility import PAGE as COMPATIBILITY

pytestmark = [pytest.mark.client_sdk, pytest.mark.anyio]

ORDINARY = [agent for agent in AGENTS if not agent.is_large]


@pytest.mark.parametrize("agent", ORDINARY, ids=str)
async def test_an_agent_works_with_a_provider_of_another_protocol(agent: Agent, tmp_path: Path) -> None:
    target = "Gemini"
    async with on_stage(agent, tmp_path) as stage:
        faults = await tool_loop(stage, MODELS[target])

    assert faults == [] or (str(agent), "tool_loop", target) in KNOWN_GAPS


def rows() -> Iterator[list[str]]:
    section = COMPATIBILITY.read_text("utf-8").partition(f"## {TITLE}\n")[2].partition("\n## ")[0]
    for line in section.splitlines():
        if line.startswith("| "):
            yield [cell.strip() for cell in line.strip("|").split("|")]


def test_the_page_has_every_agent_in_the_version_that_is_tested() -> None:
    assert next(rows())[1:] == [f"{agent.title} {agent.version}" for agent in AGENTS]


def test_the_page_has_every_scenario() -> None:
    assert [row[0] for row in rows()][2:] == [says for says, _ in SCENARIOS.values()]


def test_a_gap_is_one_of_an_agent_and_a_scenario_that_there_are() -> None:
    agents = {str(agent) for agent in AGENTS}

    assert all(agent in agents and scenario in SCENARIOS and target in MODELS for agent, scenario, target in KNOWN_GAPS)


@pytest.mark.parametrize("agent", AGENTS, ids=str)
def test_the_settings_of_an_agent_have_what_a_reader_replaces(agent: Agent) -> None:
    blocks = "".join(re.findall(r"```.*?```", agent.settings, re.DOTALL))

    assert all(placeholder in blocks for placeholder in PLACEHOLDERS), f"{PAGE.name}, {agent.title}"
