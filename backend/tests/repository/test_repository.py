import ast
import json
import re
import tomllib
from pathlib import Path

import pytest

from tests.repository.tree import ROOT, files, read

LONGEST_FILE = 400
LONGEST_FUNCTION = 60

MARKDOWN = [path for path in files() if path.suffix == ".md"]
LOCKS = [path for path in files() if re.fullmatch(r"requirements.*\.txt|package-lock\.json", path.name)]


def test_no_file_is_too_long() -> None:
    lengths = {
        path.relative_to(ROOT).as_posix(): len(path.read_text("utf-8").splitlines())
        for path in files()
        if path.suffix in {".py", ".mjs", ".ts", ".tsx"} and not path.name.endswith("gen.ts")
    }

    assert {name: length for name, length in lengths.items() if length > LONGEST_FILE} == {}


def test_no_function_is_too_long() -> None:
    lengths = {
        f"{path.relative_to(ROOT)}:{node.lineno} {node.name}": (node.end_lineno or node.lineno) - node.lineno + 1
        for path in files()
        if path.suffix == ".py" and path.is_relative_to(ROOT / "backend/ai_engine")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }

    assert {name: length for name, length in lengths.items() if length > LONGEST_FUNCTION} == {}


def test_pages_that_the_code_names_are_there() -> None:
    named = {
        (path.relative_to(ROOT).as_posix(), page)
        for path in files()
        if path.suffix in {".py", ".ts", ".tsx"} and not path.name.endswith("gen.ts")
        for page in re.findall(r"`((?:[\w.-]+/)*[\w.-]+\.md)\b", path.read_text("utf-8"))
    }

    assert {(path, page) for path, page in named if not (ROOT / page).is_file()} == set()


def anchors(text: str) -> set[str]:
    """The anchors of a page's headings, as code hosts make them."""
    headings = re.findall(r"^#+ (.+)$", re.sub(r"^```.*?^```", "", text, flags=re.DOTALL | re.MULTILINE), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", MARKDOWN, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_inside_the_repository_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text("utf-8")):
        if re.match(r"[a-z]+:", target):
            continue
        name, _, anchor = target.partition("#")
        linked = (page.parent / name).resolve() if name else page
        assert linked.exists(), f"{page.name} links to {target}"
        if anchor:
            assert anchor in anchors(linked.read_text("utf-8")), f"{page.name} links to {target}"


def test_there_are_lock_files_for_ours_and_for_every_client() -> None:
    environments = {path.parent for path in files() if path.is_relative_to(ROOT / "backend/tests/clients/environments")}

    assert {path.parent for path in LOCKS} == environments | {
        ROOT / "backend",
        ROOT / "frontend",
        ROOT / "frontend/e2e/lighthouse",
    }


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_lock_file_has_hashes_and_no_addresses(lock: Path) -> None:
    text = lock.read_text("utf-8")
    if lock.suffix == ".json":
        # Where one may thank the authors is no address to fetch from; `npm install` writes it down.
        packages_by_path = json.loads(text)["packages"]
        text = json.dumps(
            {path: {k: v for k, v in package.items() if k != "funding"} for path, package in packages_by_path.items()}
        )

    assert "://" not in text
    assert "--index" not in text
    if lock.suffix == ".json":
        packages = text.count('"node_modules/')
        assert packages == text.count('"integrity": "sha512-') > 0
    else:
        pinned = [line for line in text.splitlines() if line and not line.startswith(" ")]
        assert pinned
        assert all(re.match(r"[a-z0-9][a-z0-9._-]*(\[[a-z,]+\])?==\S+ .*\\$", line) for line in pinned)
        assert len(re.findall(r"==[^\n]*\\\n    --hash=sha256:", text)) == len(pinned)


def test_the_package_carries_the_licence() -> None:
    assert read("backend/LICENSE") == read("LICENSE")


def dependencies() -> set[str]:
    project = tomllib.loads(read("backend/pyproject.toml"))
    groups = project["dependency-groups"]
    lines = [*project["project"]["dependencies"], *groups["build"], *groups["dev"]]
    return {re.split(r"[^A-Za-z0-9_.-]", line)[0].lower() for line in lines}


def page_dependencies() -> set[str]:
    package = json.loads(read("frontend/package.json"))
    return {*package["dependencies"], *package["devDependencies"]}


def test_every_dependency_says_what_for() -> None:
    rows = re.findall(r"^\| `([@a-z0-9/-]+)` \|(.*)\|(.*)\|$", read("docs/dependencies.md"), re.MULTILINE)

    assert {name for name, _, _ in rows} == dependencies() | page_dependencies()
    assert all(what_for.strip() for _, what_for, _ in rows)


def test_every_dependency_is_locked() -> None:
    locked = set(re.findall(r"^([a-z0-9-]+)(?:\[[a-z,]+\])?==", read("backend/requirements-dev.txt"), re.MULTILINE))

    assert dependencies() <= locked


def test_the_lock_to_run_is_a_part_of_the_lock_to_develop() -> None:
    def pins(name: str) -> set[str]:
        return set(re.findall(r"^\S+==\S+", read(name), re.MULTILINE))

    assert pins("backend/requirements.txt") < pins("backend/requirements-dev.txt")
