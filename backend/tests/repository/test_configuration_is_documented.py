import ast
import io
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from dotenv import dotenv_values
from pydantic import BaseModel

from ai_engine.providers.cloud_credentials import CLOUD_VARIABLES
from ai_engine.providers.registry.resolution import BUILT_IN, base_url_variable
from ai_engine.settings import Settings, read_config_file
from ai_engine.settings.environment import PREFIX
from tests.repository.tree import ROOT, files, read

FIELDS = tuple(Settings.model_fields)
VARIABLES = {PREFIX + field.upper() for field in FIELDS}
EXAMPLE = read(".env.example")


def documented() -> dict[str, str]:
    """The example's variables as they would be with every line in effect."""
    lines = re.findall(r"^# ([A-Z][A-Z0-9_]*=.*)$", EXAMPLE, re.MULTILINE)
    assert len({line.partition("=")[0] for line in lines}) == len(lines), "a variable stands in .env.example twice"
    return {name: value or "" for name, value in dotenv_values(stream=io.StringIO("\n".join(lines))).items()}


def provider_variables() -> set[str]:
    named = {row.key_variable for row in BUILT_IN if row.key_variable}
    named |= {name for row in BUILT_IN for each in row.address_variables for name in (each.variable, *each.others)}
    named |= {variable for variables in CLOUD_VARIABLES.values() for variable in variables}
    named |= {row.other_address.variable for row in BUILT_IN if row.other_address}
    return named | {base_url_variable(row) for row in BUILT_IN if row.is_local}


def test_the_example_documents_exactly_the_variables_that_are_read() -> None:
    assert set(documented()) == VARIABLES | provider_variables()


def test_the_example_is_in_effect_nowhere() -> None:
    assert not re.findall(r"^[^#\n].*$", EXAMPLE, re.MULTILINE), "a copy of .env.example must change nothing by itself"


@pytest.mark.parametrize("field", FIELDS)
def test_the_examples_default_is_the_real_one(field: str) -> None:
    written = documented()[PREFIX + field.upper()]
    default = getattr(Settings(), field)

    if written == "":
        assert default is None
    else:
        assert getattr(Settings.from_environment({PREFIX + field.upper(): written}), field) == default


def test_a_local_servers_address_in_the_example_is_the_built_in_one() -> None:
    example = documented()

    assert {row.name: example[base_url_variable(row)] for row in BUILT_IN if row.is_local} == {
        row.name: row.base_url for row in BUILT_IN if row.is_local
    }


def test_the_page_tells_of_every_variable() -> None:
    assert set(re.findall(rf"`({PREFIX}[A-Z_]+)`", read("docs/configuration.md"))) == VARIABLES


def attributes() -> Iterator[tuple[str, str]]:
    """Every attribute that our code asks for, written out (`self._settings.port`), and the module that does."""
    package = ROOT / "backend/ai_engine"
    for path in files():
        if path.suffix == ".py" and path.is_relative_to(package):
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                if isinstance(node, ast.Attribute):
                    yield ast.unparse(node), path.relative_to(package).as_posix()


def fields_in_use() -> set[str]:
    """The settings that some room asks for (`self._settings.port`), or that they check themselves."""
    asked = {name for name, _ in attributes() if re.search(r"\b_?settings\.\w+$", name)}
    asked |= {name for name, module in attributes() if module == "settings/environment.py" and name.startswith("self.")}
    return {name.rpartition(".")[2] for name in asked} & set(FIELDS)


def test_a_variable_without_effect_is_documented_as_such() -> None:
    idle = {PREFIX + field.upper() for field in set(FIELDS) - fields_in_use()}

    assert set(re.findall(rf"^# ({PREFIX}[A-Z_]+)=", EXAMPLE.partition("## Not in effect yet")[2], re.MULTILINE)) == idle
    assert set(re.findall(rf"`({PREFIX}[A-Z_]+)` \(", read("docs/configuration.md").partition("not in effect yet:")[2])) == idle


def test_the_environment_is_read_in_one_place() -> None:
    """By the command line, which hands it to `settings.read_environment`; worker processes do it again in the app's factory."""
    readers = {module for name, module in attributes() if name in {"os.environ", "os.getenv"}}

    assert readers <= {"cli.py", "app.py"}


def yaml_examples() -> list[tuple[str, str]]:
    """Where it stands, and its text."""
    return [
        (f"{path.relative_to(ROOT)} {number}", block)
        for path in files()
        if path.suffix == ".md"
        for number, block in enumerate(re.findall(r"^```yaml\n(.*?)^```", path.read_text("utf-8"), re.DOTALL | re.MULTILINE))
    ]


@pytest.mark.parametrize(("place", "text"), yaml_examples())
def test_a_yaml_example_is_accepted(tmp_path: Path, place: str, text: str) -> None:
    file = tmp_path / "ai-engine.yaml"
    file.write_text(text, "utf-8")

    assert read_config_file(file).model_fields_set, place


def test_the_yaml_example_shows_every_key(tmp_path: Path) -> None:
    text = next(text for place, text in yaml_examples() if place.startswith("docs/configuration.md"))
    file = tmp_path / "ai-engine.yaml"
    file.write_text(text, "utf-8")
    config = read_config_file(file)

    assert _missing(config) == set()


def _missing(section: BaseModel) -> set[str]:
    """The keys that no part of the example gives, by their full name."""
    missing = set(type(section).model_fields) - section.model_fields_set
    for name in section.model_fields_set:
        value = getattr(section, name)
        parts = value.values() if isinstance(value, dict) else value if isinstance(value, tuple) else (value,)
        below = [_missing(part) for part in parts if isinstance(part, BaseModel)]
        if below:
            missing |= {f"{name}.{key}" for key in set.intersection(*below)}
    return missing
