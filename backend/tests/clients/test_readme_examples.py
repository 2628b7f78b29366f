"""The examples of requests in README and docs, as they stand there, against a gateway at its first start."""

import re
from pathlib import Path

import pytest

from tests.clients.servers import SDKS, ClientSdk, Server, run

pytestmark = pytest.mark.client_sdk

ROOT = Path(__file__).parents[3]


def example(language: str, gateway: Server, page: str = "README.md") -> str:
    """The page's example of a request, sent to this gateway."""
    blocks = re.findall(rf"^```{language}\n(.*?)^```", (ROOT / page).read_text("utf-8"), re.DOTALL | re.MULTILINE)
    [block] = [block for block in blocks if re.search(r"http://localhost:8000(/v1|\")", block)]
    return str(block).replace("http://localhost:8000", gateway.address)


def test_the_curl_example_is_answered(sandbox_gateway: Server, tmp_path: Path) -> None:
    answer = run(["sh", "-c", example("bash", sandbox_gateway)], tmp_path)

    assert '"object":"chat.completion"' in answer.replace(" ", "")
    assert "sandbox" in answer.lower()


@pytest.mark.parametrize("sdk", [sdk for sdk in SDKS if sdk.node is None and not sdk.arguments], ids=str)
def test_the_python_example_is_answered(sdk: ClientSdk, sandbox_gateway: Server, tmp_path: Path) -> None:
    assert "sandbox" in sdk.run(example("python", sandbox_gateway), (), tmp_path).lower()


@pytest.mark.parametrize("sdk", [sdk for sdk in SDKS if sdk.node is not None], ids=str)
def test_the_node_example_is_answered(sdk: ClientSdk, sandbox_gateway: Server, tmp_path: Path) -> None:
    assert "sandbox" in sdk.run(example("javascript", sandbox_gateway), (), tmp_path).lower()


def test_anthropics_example_is_answered(sandbox_gateway: Server, tmp_path: Path) -> None:
    program = example("python", sandbox_gateway, "docs/protocols.md")

    assert "sandbox" in ClientSdk("anthropic-python").run(program, (), tmp_path).lower()
