"""The servers that the client SDKs talk to, as processes of their own, and the environments that hold the SDKs."""

import contextlib
import json
import os
import platform
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.needed import go_without
from tests.fakes.ports import free_port
from tests.patience import PATIENCE_SECONDS, wait_until

HERE = Path(__file__).parent
ENVIRONMENTS = HERE.parents[1] / ".clients"
UPSTREAM_KEY = "sk-upstream-and-nobody-elses"
ADMIN_KEY = "an-admin-key-for-the-client-tests"


def require(name: str) -> Path:
    """The environment that `make clients` installed under this name. Without it the test is skipped, and fails where CI=true."""
    folder = ENVIRONMENTS / name
    if not (folder / ".installed").exists():
        go_without(f"{name} is not installed; `make clients` does it, and needs Node >= 20.15 for the part in Node")
    return folder


def node_for(at_least: int) -> str:
    """A Node of this major version or a later one: the machine's own, else the one that an environment brought."""
    version = subprocess.run(["node", "--version"], capture_output=True, text=True, check=True).stdout
    if int(version.strip().removeprefix("v").split(".")[0]) >= at_least:
        return "node"
    environment = require("node-22")
    machine = {"x86_64": "x64", "aarch64": "arm64", "arm64": "arm64"}.get(platform.machine(), platform.machine())
    for name in (f"node-{sys.platform}-{machine}", f"node-bin-{sys.platform}-{machine}"):
        brought = environment / "node_modules" / name / "bin" / "node"
        if brought.exists():
            return str(brought)
    pytest.fail(f"Node {at_least} is needed, the machine has {version.strip()}, and none came with node-22")


@dataclass(frozen=True)
class ClientSdk:
    """One SDK in one version, unmodified, and how to run its script."""

    environment: str
    node: int | None = None
    """The Node it needs; `None` for an SDK in Python."""
    arguments: tuple[str, ...] = ()

    def __str__(self) -> str:
        return "".join((self.environment, *self.arguments))

    def run(self, program: str, arguments: Sequence[str], folder: Path) -> str:
        """What a program in the SDK's language prints. `folder` is empty and ours to use."""
        environment = require(self.environment)
        if self.node is None:
            interpreter, script = str(environment / "bin" / "python"), folder / "program.py"
        else:
            interpreter, script = node_for(self.node), folder / "program.mjs"
            (folder / "node_modules").symlink_to(environment / "node_modules")  # Node looks for packages beside the script
        script.write_text(program, "utf-8")
        return run([interpreter, str(script), *arguments], folder)

    def report(self, server: "Server", folder: Path) -> dict[str, Any]:
        """What every feature gave, by its name."""
        script = HERE / "scripts" / ("openai_sdk.py" if self.node is None else "openai_sdk.mjs")
        output = self.run(script.read_text("utf-8"), (server.base_url, server.api_key, *self.arguments), folder)
        report: dict[str, Any] = json.loads(output)
        return report


SDKS = (
    ClientSdk("openai-python-2"),
    ClientSdk("openai-python-2", arguments=("--strict",)),
    ClientSdk("openai-python-3"),
    ClientSdk("openai-python-3", arguments=("--strict",)),
    ClientSdk("openai-node-6", node=20),
    ClientSdk("openai-node-7", node=22),
)


@dataclass(frozen=True)
class Server:
    """A server on loopback; `base_url` is what an SDK is given."""

    address: str
    api_key: str

    @property
    def base_url(self) -> str:
        return f"{self.address}/v1"

    def get(self, path: str) -> Any:
        request = urllib.request.Request(self.address + path, headers={"Authorization": f"Bearer {self.api_key}"})
        with urllib.request.urlopen(request, timeout=PATIENCE_SECONDS) as answer:
            return json.load(answer)


def bare_environment(**more: str) -> Mapping[str, str]:
    """Enough to run a program, and nothing of the developer's own keys, proxies and addresses."""
    return {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "SYSTEMROOT") if name in os.environ} | more


def run(command: Sequence[str], folder: Path) -> str:
    """What a program prints that ends well."""
    ended = subprocess.run(
        command, cwd=folder, env=bare_environment(), capture_output=True, text=True, timeout=PATIENCE_SECONDS, check=False
    )
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


@contextlib.contextmanager
def running(
    command: list[str], server: Server, ready_path: str, folder: Path, environment: Mapping[str, str]
) -> Iterator[Server]:
    """Starts a server, waits until it answers, and ends it with the tests."""
    log = folder / "log.txt"
    with log.open("wb") as output:
        process = subprocess.Popen(command, cwd=folder, env=dict(environment), stdout=output, stderr=subprocess.STDOUT)
    try:
        _wait_until_ready(process, server.address + ready_path, log)
        yield server
    finally:
        process.terminate()
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait_until_ready(process: subprocess.Popen[bytes], url: str, log: Path) -> None:
    def is_ready() -> bool:
        assert process.poll() is None, f"the server ended at once:\n{log.read_text()}"
        with contextlib.suppress(urllib.error.URLError, ConnectionError), urllib.request.urlopen(url, timeout=PATIENCE_SECONDS):
            return True
        return False

    wait_until(is_ready, log.read_text)


@contextlib.contextmanager
def upstream(folder: Path) -> Iterator[Server]:
    """aimock, a model server that nobody here wrote, answering from our fixtures and only for our key."""
    environment = require("aimock")
    server = Server(f"http://127.0.0.1:{free_port()}", UPSTREAM_KEY)
    program = environment / "node_modules" / "@copilotkit" / "aimock" / "dist" / "cli.js"
    command = [
        node_for(20),
        str(program),
        "--port",
        server.address.rpartition(":")[2],
        "--strict",
        "--validate-on-load",
    ]
    command += ["--fixtures", str(HERE / "fixtures")]
    with running(command, server, "/health", folder, bare_environment(AIMOCK_API_KEYS=UPSTREAM_KEY)) as started:
        yield started


@contextlib.contextmanager
def gateway(folder: Path, provider: Server | None, configuration: str | None = None) -> Iterator[Server]:
    """The whole gateway, in front of one provider and with a key of its own; or as at a first start, the sandbox behind it.

    `configuration` is the YAML file's text, with `{address}` where the provider's goes.
    """
    port = free_port()
    server = Server(f"http://127.0.0.1:{port}", ADMIN_KEY if provider else "unused")
    variables = {"AI_ENGINE_PORT": str(port)}
    if provider:
        file = folder / "gateway.yaml"
        file.write_text((configuration or CONFIGURATION).format(address=provider.address))
        variables |= {"AI_ENGINE_CONFIG": str(file), "AI_ENGINE_ADMIN_KEY": ADMIN_KEY, "AIMOCK_API_KEY": provider.api_key}
    command = [sys.executable, "-m", "ai_engine", "serve"]
    with running(command, server, "/health/ready", folder, bare_environment(**variables)) as started:
        yield started


CONFIGURATION = """
providers:
  - name: aimock
    protocol: openai
    base_url: {address}/v1
    api_key_env: AIMOCK_API_KEY
    models: [gpt-4o, text-embedding-3-small, always-limited, always-broken]
"""
