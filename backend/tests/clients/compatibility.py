"""Writes docs/compatibility.md: `python -m tests.clients.compatibility`, run by `make compatibility`."""

import asyncio
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from tests.clients.agents.report import table as table_of_agents
from tests.clients.matrix import CLIENTS, FEATURES, KNOWN_GAPS, Client, is_as_expected, is_due, start

PAGE = Path(__file__).parents[3] / "docs" / "compatibility.md"
APIS = {
    "chat": "Chat completions: `/v1/chat/completions`, `/v1/embeddings`",
    "responses": "Responses: `/v1/responses`",
    "messages": "Messages: `/v1/messages`",
}
HEAD = """# Compatibility

Unmodified client libraries, each in an environment of its own, through the whole gateway. The upstreams are a third-party model
server ([aimock](https://github.com/CopilotKit/aimock)), configured as a provider of OpenAI's chat protocol, of Anthropic's
Messages and of Gemini's API, and the sandbox. The test run writes this page (`make compatibility`); a test
fails when the two differ.

**yes**: works with every upstream that supports it. **–**: the client does not have it, or its script does not test it.
The sandbox has no thinking and no typed errors; it calls a tool only where the request requires one. Embeddings come from a
model of the first upstream. OpenAI's and Anthropic's SDKs for Python validate every answer against their own types
(`_strict_response_validation`).
"""


def column(client: Client, report: Mapping[str, Any], api: str) -> list[str]:
    """A client's cells under its name, one for each feature of `FEATURES`."""
    by_target = report["results"][api]
    return [
        _cell(client, api, feature, {target: each.get(feature) for target, each in by_target.items()}) for feature in FEATURES
    ]


def _cell(client: Client, api: str, feature: str, by_target: Mapping[str, Any]) -> str:
    results = {target: result for target, result in by_target.items() if result is not None}
    due = [target for target, result in results.items() if is_due(feature, target, api, result)]
    lacking = [target for target in due if not is_as_expected(feature, target, results[target])]
    if not due:
        return "–"
    return "yes" if not lacking else "no" if lacking == due else f"not with {' and '.join(lacking)}"


def title(report: Mapping[str, Any]) -> str:
    return f"{report['sdk']} {report['version']}"


def table(reports: Mapping[Client, Mapping[str, Any]], api: str) -> list[str]:
    columns = {title(report): column(client, report, api) for client, report in reports.items() if api in report["results"]}
    rows = [
        [FEATURES[feature][0], *(cells[row] for cells in columns.values())]
        for row, feature in enumerate(FEATURES)
        if any(cells[row] != "–" for cells in columns.values())
    ]
    lines = [["", *columns], ["---"] * (len(columns) + 1), *rows]
    return [f"## {APIS[api]}", "", *(f"| {' | '.join(line)} |" for line in lines), ""]


def written(reports: Mapping[Client, Mapping[str, Any]], agents: Sequence[str]) -> str:
    """The whole page; `agents` are the lines of its section on them."""
    gaps = [f"- {client}, {FEATURES[feature][0]}, {target}: {why}" for (client, _, feature, target), why in KNOWN_GAPS.items()]
    lines = [
        HEAD,
        *(line for api in APIS for line in table(reports, api)),
        *(["## Why not", "", *dict.fromkeys(gaps), ""] if gaps else []),
        *agents,
    ]
    return "\n".join(lines).rstrip("\n") + "\n"


def main() -> None:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        targets = start(stack, folder)
        reports = {}
        for client in CLIENTS:
            (folder / str(client)).mkdir()
            reports[client] = client.report(targets, folder / str(client))
    PAGE.write_text(written(reports, asyncio.run(table_of_agents())), "utf-8")


if __name__ == "__main__":
    main()
