import re
from decimal import Decimal
from pathlib import Path

import pytest

from ai_engine.errors import ConfigurationError
from ai_engine.settings import ConfigFile, read_config_file

WHOLE = """
providers:
  - name: local-llama
    protocol: openai
    base_url: http://127.0.0.1:8081/v1/
    api_key_env: LOCAL_LLAMA_API_KEY
    auth: bearer
    priority: 1
    default_model: tiny
    models: [tiny]
    timeouts: {connect: 5, hedge_after: 8, first_token: 60, idle: 15, progress: 120, total: 600}
models:
  - {name: smart, candidates: [openai/gpt-4o, anthropic/claude-sonnet-4-5]}
aliases: {gpt4: gpt-4}
fallbacks: {gpt-4o: [claude-sonnet-4-5, gemini-2.5-flash]}
prices: {local-llama/tiny: {input: 0.15, output: 0}}
autodecide:
  weights: {priority: 1.0, health: 1.0, latency: 0.5, cost: 0.5, load: 0.25}
  rescue: error
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ai-engine.yaml"


def read(path: Path, text: str) -> ConfigFile:
    path.write_text(text)
    return read_config_file(path)


def test_every_key_of_the_file_is_read(path: Path) -> None:
    file = read(path, WHOLE)
    (section,) = file.providers
    assert (section.name, section.protocol, section.base_url) == ("local-llama", "openai", "http://127.0.0.1:8081/v1")
    assert (section.api_key_env, section.auth, section.priority) == ("LOCAL_LLAMA_API_KEY", "bearer", 1)
    assert (section.default_model, section.models) == ("tiny", ("tiny",))
    assert list(section.timeouts.model_dump().values()) == [5, 8, 60, 15, 120, 600]
    assert file.models[0].candidates == ("openai/gpt-4o", "anthropic/claude-sonnet-4-5")
    assert file.aliases == {"gpt4": "gpt-4"}
    assert file.fallbacks == {"gpt-4o": ("claude-sonnet-4-5", "gemini-2.5-flash")}
    assert file.prices["local-llama/tiny"].input == Decimal("0.15")
    assert (file.autodecide.weights.load, file.autodecide.rescue) == (0.25, "error")


@pytest.mark.parametrize("text", ["", "# nothing yet\n", "---\n"])
def test_an_empty_file_changes_nothing(path: Path, text: str) -> None:
    assert read(path, text) == ConfigFile()


def test_without_a_file_everything_is_default(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert read_config_file(None) == ConfigFile()
    Path("ai-engine.yaml").write_text("aliases: {a: b}")
    assert read_config_file(None).aliases == {"a": "b"}


def test_a_named_file_that_cannot_be_read_names_the_variable(path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"^AI_ENGINE_CONFIG is invalid: .*FileNotFoundError"):
        read_config_file(path)
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigurationError, match=r"^AI_ENGINE_CONFIG is invalid: .*UnicodeDecodeError"):
        read_config_file(path)


PROVIDER = "providers:\n  - name: a\n    base_url: http://a\n"


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        # unknown keys, at every depth
        ("providers: []\nunheard: 1\n", 2, "unheard: unknown setting"),
        (PROVIDER + "    unheard: 1\n", 4, "providers[0].unheard: unknown setting"),
        (PROVIDER + "    timeouts:\n      unheard: 1\n", 5, "timeouts.unheard: unknown setting"),
        ("models:\n  - name: a\n    candidates: [a/b]\n    unheard: 1\n", 4, "models[0].unheard: unknown setting"),
        ("prices:\n  a/b:\n    input: 1\n    output: 1\n    unheard: 1\n", 5, "unheard: unknown setting"),
        ("autodecide:\n  unheard: 1\n", 2, "autodecide.unheard: unknown setting"),
        ("autodecide:\n  weights:\n    unheard: 1\n", 3, "autodecide.weights.unheard: unknown setting"),
        (PROVIDER + "    api_key: sk-x\n", 4, "set an environment variable and name it in api_key_env"),
        # wrong types and values
        ("providers: 3\n", 1, "providers: must be a list"),
        ("providers:\n  - {}\n", 2, "providers[0].name: is missing"),
        ("providers:\n  - name: UPPER CASE\n", 2, "providers[0].name: must be lower-case letters"),
        (PROVIDER + "    protocol: smtp\n", 4, "providers[0].protocol: must be"),
        ("providers:\n  - name: a\n    base_url: ftp://a\n", 3, "providers[0].base_url: must be an http"),
        ("providers:\n  - name: a\n    base_url: http://u:p@a\n", 3, "without a user name"),
        (PROVIDER + "    api_key_env: not a name\n", 4, "providers[0].api_key_env: must be the name of an environment variable"),
        (PROVIDER + "    auth: basic\n", 4, "providers[0].auth: must be"),
        (PROVIDER + "    priority: first\n", 4, "providers[0].priority: must be a whole number"),
        (PROVIDER + "    priority: -1\n", 4, "providers[0].priority: must be greater"),
        (PROVIDER + "    default_model: 4\n", 4, "providers[0].default_model: must be text; put it in quotes"),
        (PROVIDER + "    models:\n      - tiny\n      - 4\n", 6, "providers[0].models[1]: must be text; put it in quotes"),
        (PROVIDER + "    timeouts:\n      connect: 0\n", 5, "timeouts.connect: must be greater"),
        (PROVIDER + "    timeouts:\n      total: .inf\n", 5, "timeouts.total: must be less"),
        ("models:\n  - name: a\n    candidates: []\n", 3, "models[0].candidates: must not be empty"),
        ("models:\n  - name: a\n    candidates: [gpt-4o]\n", 3, "models[0].candidates[0]: must be written provider/model"),
        ("aliases:\n  gpt4: 4\n", 2, "aliases.gpt4: must be text; put it in quotes"),
        ("aliases:\n  4: gpt-4\n", 2, "aliases[4]: must be text; put it in quotes"),
        ("fallbacks:\n  a: b\n", 2, "fallbacks.a: must be a list"),
        ("prices:\n  tiny:\n    input: 1\n    output: 1\n", 2, "prices.tiny: must be written provider/model"),
        ("prices:\n  a/b:\n    input: -1\n    output: 1\n", 3, "prices.a/b.input: must be greater"),
        ("prices:\n  a/b:\n    input: 1\n", 2, "prices.a/b.output: is missing"),
        ("autodecide:\n  weights:\n    cost: -1\n", 3, "autodecide.weights.cost: must be greater"),
        ("autodecide:\n  weights:\n    cost: .inf\n", 3, "autodecide.weights.cost: must be less"),
        ("autodecide:\n  rescue: perhaps\n", 2, "autodecide.rescue: must be"),
        # duplicates
        ("aliases: {}\nproviders: []\naliases: {}\n", 3, "duplicate key aliases"),
        ("aliases:\n  a: b\n  a: c\n", 3, "duplicate key a"),
        (PROVIDER + "  - name: a\n", 4, "providers: duplicate name 'a'"),
        ("models:\n  - {name: a, candidates: [b/c]}\n  - {name: a, candidates: [b/d]}\n", 3, "models: duplicate name 'a'"),
        # invalid YAML, and other kinds of content
        ("a: [1\nb: 2\n", 2, "invalid YAML"),
        ("a: 1\n\tb: 2\n", 2, "invalid YAML"),
        ("a: 1\n---\nb: 2\n", 2, "invalid YAML"),
        ("a: *unknown\n", 1, "invalid YAML"),
        ("a: !!python/object:os.system {}\n", 1, "invalid YAML"),
        ("? [a]\n: b\n", 1, "invalid YAML"),
        ("- a list\n", 1, "must be a mapping"),
        ("aliases:\n  a: 2025-13-45\n", 1, "invalid date"),
    ],
)
def test_a_wrong_file_is_refused_with_file_line_and_reason(path: Path, text: str, line: int, reason: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        read(path, text)
    assert refused.value.message.startswith(f"{path}, line {line}: ")
    assert reason in refused.value.message
    assert re.fullmatch(r"[^\n]+\.", refused.value.message)


@pytest.mark.parametrize("text", ["aliases: &a\n  b: *a\n", "[" * 3000], ids=["a recursive anchor", "too deep"])
def test_a_file_that_nests_without_end_is_refused_in_one_sentence(path: Path, text: str) -> None:
    with pytest.raises(ConfigurationError, match=r"line \d+: [^\n]+\.$"):
        read(path, text)
