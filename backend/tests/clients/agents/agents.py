"""The agents: how each is started, what its tool is called, and how its settings come from docs/agents.md."""

import asyncio
import os
import re
import shutil
import signal
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from ai_engine.wire.json_types import Json
from tests.clients import servers
from tests.clients.servers import Server
from tests.contracts.conversation_script import Call
from tests.patience import PATIENCE_SECONDS

PAGE = Path(__file__).parents[4] / "docs" / "agents.md"
SCRIPTS = servers.HERE / "scripts"
PLACEHOLDERS = ("http://localhost:8000", "your-client-key", "claude-sonnet-4-6")
"""What a reader of the page replaces: the address, the key and the model."""


@dataclass(frozen=True)
class Outcome:
    """How a run ended, and what it printed."""

    status: int
    output: str
    errors: str


@dataclass(frozen=True)
class Agent:
    """One agent program in one version."""

    title: str
    """As on both pages."""
    environment: str
    package: str
    command: tuple[str, ...]
    """What starts it without a terminal, with `{prompt}`."""
    goes_on: tuple[str, ...] = ()
    """The same for a further turn of the last conversation, with `{model}`; empty where it cannot."""
    structured: tuple[str, ...] = ()
    """Arguments that ask for an answer by JSON schema; empty where it cannot."""
    tool: str = "read_file"
    """Its tool that reads a file; empty where it has none."""
    arguments: Json = field(default_factory=lambda: {"path": "{file}"})
    answers_by: str | None = None
    """The tool by which it wants its structured answer."""
    is_large: bool = False
    """Only `make compatibility` installs and tries it."""
    variables: Mapping[str, str] = field(default_factory=dict)
    """More than its page has, so that the run leaves nothing behind and fetches nothing."""

    def __str__(self) -> str:
        return self.environment

    @cached_property
    def version(self) -> str:
        """The locked one."""
        folder = servers.HERE / "environments" / self.environment
        if (folder / "package.json").exists():
            lock = (folder / "package-lock.json").read_text("utf-8")
            found = re.search(rf'"node_modules/{self.package}": {{\s*"version": "([^"]+)"', lock)
        else:
            found = re.search(rf"^{self.package}==(\S+)", (folder / "requirements.txt").read_text("utf-8"), re.MULTILINE)
        assert found, f"{self.package} is not in the lock file of {self.environment}"
        return found[1]

    @property
    def settings(self) -> str:
        """Its section of the page."""
        title = self.title.partition(" (")[0]
        return PAGE.read_text("utf-8").partition(f"\n## {title}\n")[2].partition("\n## ")[0]

    def reads(self, number: int, file: Path) -> Call:
        """The call that makes it read a file."""
        arguments = {
            name: [str(file)] if isinstance(value, list) else value.replace("{file}", str(file))
            for name, value in self.arguments.items()
        }
        return Call(f"call_{number}", self.tool, arguments)


def _by_script(title: str, environment: str, package: str, script: str) -> Agent:
    """An agent that is written with a library, in `scripts`."""
    command = ("node" if script.endswith(".mjs") else "python", script, "{prompt}", "history.json")
    return Agent(title, environment, package, command, command, ("structured",))


AGENTS = (
    Agent(
        "Claude Code",
        "claude-code",
        "@anthropic-ai/claude-code",
        ("claude", "--print", "{prompt}", "--allowedTools", "Read"),
        ("claude", "--print", "{prompt}", "--allowedTools", "Read", "--continue"),
        ("--output-format", "json", "--json-schema", "{schema}"),
        "Read",
        {"file_path": "{file}"},
        answers_by="StructuredOutput",
    ),
    Agent(
        "Codex",
        "codex",
        "@openai/codex",
        ("codex", "exec", "--skip-git-repo-check", "--sandbox", "danger-full-access", "{prompt}"),
        (
            "codex",
            "exec",
            "--skip-git-repo-check",
            "--sandbox",
            "danger-full-access",
            "resume",
            "--last",
            "--model",
            "{model}",
            "{prompt}",
        ),
        ("--output-schema", "schema.json"),
        "exec_command",
        {"cmd": "cat {file}"},
    ),
    Agent(
        "opencode",
        "opencode",
        "opencode-ai",
        ("opencode", "run", "{prompt}"),
        ("opencode", "run", "--continue", "--model", "ai-engine/{model}", "{prompt}"),
        (),
        "read",
        {"filePath": "{file}"},
        variables={"OPENCODE_DISABLE_MODELS_FETCH": "1"},
    ),
    Agent(
        "qwen-code",
        "qwen-code",
        "@qwen-code/qwen-code",
        ("qwen", "--prompt", "{prompt}"),
        ("qwen", "--continue", "--model", "{model}", "--prompt", "{prompt}"),
        (),
        "read_file",
        {"file_path": "{file}"},
    ),
    Agent(
        "aider",
        "aider",
        "aider-chat",
        ("aider", "--yes-always", "--no-git", "--no-pretty", "--no-show-model-warnings", "--message", "{prompt}"),
        (
            "aider",
            "--yes-always",
            "--no-git",
            "--no-pretty",
            "--no-show-model-warnings",
            "--restore-chat-history",
            "--message",
            "{prompt}",
        ),
        tool="",
        is_large=True,
    ),
    Agent(
        "Continue",
        "continue",
        "@continuedev/cli",
        ("cn", "--config", "{home}/.continue/config.yaml", "--print", "{prompt}"),
        ("cn", "--config", "{home}/.continue/config.yaml", "--resume", "--print", "{prompt}"),
        (),
        "Read",
        {"filepath": "{file}"},
    ),
    Agent(
        "Cline",
        "cline",
        "cline",
        ("cline", "{prompt}"),
        (),
        (),
        "read_files",
        {"file_paths": ["{file}"]},
        is_large=True,
        variables={"CLINE_SESSION_BACKEND_MODE": "local"},
    ),
    _by_script("OpenAI Agents SDK (Python)", "openai-agents", "openai-agents", "openai_agents_agent.py"),
    _by_script("OpenAI Agents SDK (JavaScript)", "openai-agents-js", "@openai/agents", "openai_agents_agent.mjs"),
    _by_script("AI SDK", "ai-sdk", "ai", "ai_sdk_agent.mjs"),
    _by_script("Pydantic AI", "pydantic-ai", "pydantic-ai-slim", "pydantic_ai_agent.py"),
    _by_script("LangGraph", "langgraph", "langgraph", "langgraph_agent.py"),
)


class Workplace:
    """A home, a project folder and a gateway for one agent, which runs there with the settings of docs/agents.md."""

    def __init__(self, agent: Agent, gateway: Server, folder: Path) -> None:
        self.agent = agent
        self.gateway = gateway
        self.home, self.project = folder / "home", folder / "project"
        for each in (self.home, self.project, folder / "tmp"):
            each.mkdir(parents=True)
        environment = servers.require(agent.environment)
        for script in SCRIPTS.iterdir():
            shutil.copy(script, self.project)
        programs = environment / "bin"
        if (environment / "node_modules").exists():
            (self.project / "node_modules").symlink_to(environment / "node_modules")
            programs = environment / "node_modules" / ".bin"
        node = servers.node_for(22)
        path = (str(programs), *((str(Path(node).parent),) if node != "node" else ()), os.environ["PATH"])
        self._variables = {
            **servers.bare_environment(PATH=os.pathsep.join(path), HOME=str(self.home), TMPDIR=str(folder / "tmp"), TERM="dumb"),
            **agent.variables,
        }

    @asynccontextmanager
    async def started(self, command: Sequence[str], model: str, **words: str) -> AsyncIterator[asyncio.subprocess.Process]:
        """The agent at work. All that is left of it ends with the block."""
        setup = self._settled(model)
        words |= {"model": model, "home": str(self.home)}
        process = await asyncio.create_subprocess_exec(
            *("sh", "-ec", f'{setup}\nexec "$@"', "sh", *(_filled(word, words) for word in command)),
            cwd=self.project,
            env=self._variables,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            start_new_session=True,
        )
        try:
            yield process
        finally:
            kill(process)
            await process.wait()

    async def run(self, command: Sequence[str], model: str, **words: str) -> Outcome:
        """The agent's work, to its end."""
        async with self.started(command, model, **words) as process, asyncio.timeout(PATIENCE_SECONDS):
            output, errors = await process.communicate()
        assert process.returncode is not None
        return Outcome(process.returncode, output.decode(), errors.decode())

    def _settled(self, model: str) -> str:
        """Writes the files of the agent's page, and gives its commands."""
        settings = self.agent.settings
        replaced = (self.gateway.address, self.gateway.api_key, model)
        for placeholder, value in zip(PLACEHOLDERS, replaced, strict=True):
            settings = settings.replace(placeholder, value)
        for name, text in re.findall(r"\n`([^`]+)`:\n\n```\w+\n(.*?)```", settings, re.DOTALL):
            file = self.home / name[2:] if name.startswith("~/") else self.project / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, "utf-8")
        return "\n".join(re.findall(r"```bash\n(.*?)```", settings, re.DOTALL))


def _filled(word: str, words: Mapping[str, str]) -> str:
    for name, value in words.items():
        word = word.replace(f"{{{name}}}", value)
    return word


def kill(process: asyncio.subprocess.Process) -> None:
    """At once, with all that it started."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        return
