import os
import re
import stat
import subprocess
from pathlib import Path

import pytest

from tests.repository.tree import ROOT, files, read

MAKEFILE = read("Makefile")
# Parts of other targets, of no use by themselves.
INNER_TARGETS = {"node-clients", "unit-tests", "pages-style", "pages-types", "pages-tests", "journeys"}


def targets() -> set[str]:
    phony = re.search(r"^\.PHONY: (.*)$", MAKEFILE, re.MULTILINE)
    assert phony
    return set(phony[1].split())


def make(*arguments: str) -> str:
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}
    command = ["make", "--no-print-directory", *arguments]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True).stdout


def test_help_is_the_default_and_lists_every_target_with_what_it_does() -> None:
    shown = make()

    assert shown == make("help")
    assert set(re.findall(r"^  make ([a-z-]+) +\S.*$", shown, re.MULTILINE)) == targets() - INNER_TARGETS


def test_every_target_exists() -> None:
    assert targets() == set(re.findall(r"^([a-z][a-z-]*):(?!=)", MAKEFILE, re.MULTILINE))


@pytest.mark.parametrize("page", [path for path in files() if path.suffix == ".md"], ids=lambda path: str(path.relative_to(ROOT)))
def test_a_make_command_on_a_page_exists(page: Path) -> None:
    text = page.read_text("utf-8")
    named = re.findall(r"^make ([a-z-]+)", text, re.MULTILINE) + re.findall(r"`make ([a-z-]+)", text)

    assert set(named) <= targets()


def test_the_readme_begins_with_the_two_commands() -> None:
    assert re.findall(r"^make ([a-z-]+)", read("README.md"), re.MULTILINE) == ["run", "test"]


def test_the_readme_shows_the_first_request_in_three_languages() -> None:
    blocks = dict(re.findall(r"^```(\w+)\n(.*?)^```", read("README.md"), re.DOTALL | re.MULTILINE))

    assert blocks.keys() >= {"bash", "python", "javascript"}
    for language in ("bash", "python", "javascript"):
        assert "http://localhost:8000/v1" in blocks[language]


def test_the_integration_calls_what_the_readme_tells_users_to() -> None:
    script = ROOT / ".ci/run"

    assert script.stat().st_mode & stat.S_IXUSR
    assert re.findall(r"^make .*$", script.read_text("utf-8"), re.MULTILINE) == ["make test"]
    assert "run: bash .ci/run" in read(".github/workflows/ci.yml")
