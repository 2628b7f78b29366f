"""Every client, every upstream protocol: who they are, what they ask, and what must come of it."""

import json
import shutil
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.clients import servers
from tests.clients.servers import ClientSdk

SCRIPTS = servers.HERE / "scripts"
NOT_OFFERED = "the client does not offer it"

CONFIGURATION = """
providers:
  - name: openai-upstream
    protocol: openai
    base_url: {address}/v1
    api_key_env: AIMOCK_API_KEY
    models: [gpt-oss-120b, text-embedding-3-small]
  - name: anthropic-upstream
    protocol: anthropic
    base_url: {address}/v1
    api_key_env: AIMOCK_API_KEY
    models: [claude-sonnet-4-6]
  - name: gemini-upstream
    protocol: gemini
    base_url: {address}/v1beta
    api_key_env: AIMOCK_API_KEY
    models: [gemini-2.5-flash]
"""
MODELS = {"OpenAI": "gpt-oss-120b", "Anthropic": "claude-sonnet-4-6", "Gemini": "gemini-2.5-flash", "sandbox": "sandbox"}
"""The protocol of the upstream, or the sandbox, and its model: none of OpenAI's, to whose newer ones clients speak a dialect."""

GREETING = "Hello from the upstream, in words enough for several chunks of a stream."
IN_PARIS = "It is 21 degrees in Paris."
PARIS = {"city": "Paris", "inhabitants": 2_100_000}
THOUGHT = ["Two and two, counted slowly, make four.", "Four."]

FEATURES: Mapping[str, tuple[str, Any]] = {
    "plain": ("an answer", GREETING),
    "streamed": ("an answer, streamed", GREETING),
    "asynchronous": ("its asynchronous twin", GREETING),
    "usage": ("usage, plain and streamed alike", [11, 14]),
    "system": ("instructions", "A parrot."),
    "tool_loop": ("a tool loop", IN_PARIS),
    "tool_loop_streamed": ("a tool loop, streamed", IN_PARIS),
    "tool_runner": ("the SDK's own tool runner", IN_PARIS),
    "parallel_tools": ("two calls at once", "Rome is warmer."),
    "previous_response": ("`previous_response_id`", IN_PARIS),
    "structured": ("an answer by JSON schema", PARIS),
    "structured_streamed": ("the same, streamed", PARIS),
    "structured_asynchronous": ("the same, asynchronous", PARIS),
    "structured_by_tool": ("an answer by a tool's schema", PARIS),
    "image": ("an image", "A single red pixel."),
    "thinking": ("thinking", THOUGHT),
    "thinking_streamed": ("thinking, streamed", THOUGHT),
    "thinking_tool_loop": ("thinking across a tool loop", "It is cold in Oslo."),
    "cut_short": ("an answer cut at its limit", "length"),
    "count_tokens": ("counting tokens", "counted"),
    "embeddings": ("embeddings", [0.5, -0.25, 0.125, 0.0]),
    "models": ("the list of models, page by page", "listed"),
    "refused": ("a refusal, typed", 400),
    "wrong_key": ("a wrong key, typed", 401),
    "unknown_model": ("an unknown model, typed", 404),
}
"""What a script calls it, what the page does, and what comes of it wherever a fixture answers."""

NOT_IN_THE_SANDBOX = frozenset({"thinking", "thinking_streamed", "thinking_tool_loop", "refused", "wrong_key", "unknown_model"})
"""The sandbox does not think, refuses no request, serves a model of any name, and asks for no key."""

KNOWN_GAPS: Mapping[tuple[str, str, str, str], str] = {}
"""(client, API, feature, upstream): why it is not to be had there."""


@dataclass(frozen=True)
class Client:
    """One SDK in one version, and the script that puts it through everything."""

    environment: str
    script: str
    node: int | None = None

    def __str__(self) -> str:
        return self.environment

    def report(self, targets: Sequence[tuple[Any, ...]], folder: Path) -> dict[str, Any]:
        """What every feature of every API gave at every target, and the SDK's version."""
        suffix = ".py" if self.node is None else ".mjs"
        for script in SCRIPTS.glob(f"*{suffix}"):
            shutil.copy(script, folder)
        program = (SCRIPTS / self.script).with_suffix(suffix).read_text("utf-8")
        output = ClientSdk(self.environment, self.node).run(program, (json.dumps(targets),), folder)
        report: dict[str, Any] = json.loads(output.strip().splitlines()[-1])
        return report


CLIENTS = (
    Client("openai-python-2", "openai_matrix"),
    Client("openai-python-3", "openai_matrix"),
    Client("openai-node-6", "openai_matrix", node=20),
    Client("openai-node-7", "openai_matrix", node=22),
    Client("anthropic-python", "anthropic_matrix"),
    Client("anthropic-node", "anthropic_matrix", node=20),
    Client("ai-sdk", "ai_sdk_matrix", node=22),
    Client("langchain-openai", "langchain_matrix"),
    Client("pydantic-ai", "pydantic_ai_matrix"),
    Client("openai-agents", "openai_agents_matrix"),
    Client("litellm", "litellm_matrix"),
    Client("instructor", "instructor_matrix"),
    Client("llm", "llm_matrix"),
    Client("llama-index", "llama_index_matrix"),
    Client("smolagents", "smolagents_matrix"),
)


def start(stack: ExitStack, folder: Path) -> list[tuple[Any, ...]]:
    """Starts the upstream and both gateways, and says where a script finds what: the fields of `reporting.Target`."""
    folders = [folder / name for name in ("upstream", "gateway", "sandbox")]
    for each in folders:
        each.mkdir()
    upstream = stack.enter_context(servers.upstream(folders[0]))
    gateway = stack.enter_context(servers.gateway(folders[1], upstream, CONFIGURATION))
    sandbox = stack.enter_context(servers.gateway(folders[2], None))
    where = {name: sandbox if name == "sandbox" else gateway for name in MODELS}
    return [(name, where[name].address, where[name].api_key, model, "text-embedding-3-small") for name, model in MODELS.items()]


def is_due(feature: str, target: str, api: str, result: Any) -> bool:
    """Whether this feature can be had there at all, by any gateway."""
    if result == NOT_OFFERED or (target == "sandbox" and feature in NOT_IN_THE_SANDBOX):
        return False
    return feature != "embeddings" or target in ("OpenAI", "sandbox")  # one upstream's, whatever model talks


def is_as_expected(feature: str, target: str, result: Any) -> bool:
    if target != "sandbox" or feature in ("cut_short", "count_tokens", "models"):
        return bool(result == FEATURES[feature][1])
    if feature == "embeddings":
        return bool(len(result) == 1536)
    if feature == "usage":
        return bool(min(result) > 0)
    return "raised" not in result and "sandbox" in str(result)


def surprises(client: Client, report: Mapping[str, Any]) -> dict[str, Any]:
    """What did not come as it must: API, feature and upstream, and what came instead."""
    return {
        f"{api}, {feature}, {target}": result.get("raised", result) if isinstance(result, dict) else result
        for api, by_target in report["results"].items()
        for target, by_feature in by_target.items()
        for feature, result in by_feature.items()
        if is_due(feature, target, api, result)
        and (str(client), api, feature, target) not in KNOWN_GAPS
        and not is_as_expected(feature, target, result)
    }
