from pathlib import Path

import pytest

from ai_engine.configuration import Configuration, LiveConfiguration
from ai_engine.errors import ConfigurationError
from tests.fakes.clock import HandTurnedClock


class Operator:
    """An operator's variables and file, and the configuration that reads them."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "ai-engine.yaml"
        self.path.write_text("")
        self.environment = {"AI_ENGINE_CONFIG": str(self.path), "OPENAI_API_KEY": "sk-one"}
        self.clock = HandTurnedClock()
        self.live = LiveConfiguration(lambda: self.environment, self.clock)


@pytest.fixture
def operator(tmp_path: Path) -> Operator:
    return Operator(tmp_path)


def test_the_first_snapshot_has_the_generation_1(operator: Operator) -> None:
    current = operator.live.current
    assert (current.generation, current.loaded_at) == (1, operator.clock.now())
    assert [key.secret for key in current.providers["openai"].keys] == ["sk-one"]


def test_a_start_with_a_wrong_configuration_is_no_start() -> None:
    with pytest.raises(ConfigurationError, match="AI_ENGINE_PORT"):
        LiveConfiguration(lambda: {"AI_ENGINE_PORT": "x"}, HandTurnedClock())


def test_a_snapshot_cannot_be_changed(operator: Operator) -> None:
    current = operator.live.current
    with pytest.raises(AttributeError):
        current.generation = 2  # type: ignore[misc]  # that it cannot be done is what is tested
    with pytest.raises(TypeError):
        current.providers["openai"] = current.providers["groq"]  # type: ignore[index]  # the same


def test_a_reload_swaps_one_snapshot_for_the_next(operator: Operator) -> None:
    before = operator.live.current
    operator.environment = {**operator.environment, "OPENAI_API_KEY_2": "sk-two"}
    operator.path.write_text("aliases: {a: b}")
    operator.clock.advance(5)
    after = operator.live.reload()
    assert after is operator.live.current
    assert (after.generation, after.loaded_at, after.file.aliases) == (2, operator.clock.now(), {"a": "b"})
    assert [key.secret for key in after.providers["openai"].keys] == ["sk-one", "sk-two"]
    assert (before.generation, len(before.providers["openai"].keys)) == (1, 1)


@pytest.mark.parametrize("mistake", ["variable", "file", "registry", "check"])
def test_a_reload_with_anything_wrong_changes_nothing(operator: Operator, mistake: str) -> None:
    heard: list[Configuration] = []
    operator.live.on_change(heard.append)
    if mistake == "variable":
        operator.environment["AI_ENGINE_PORT"] = "x"
    elif mistake == "file":
        operator.path.write_text("unheard: 1")
    elif mistake == "registry":
        operator.environment["OPENAI_BASE_URL"] = "http://127.0.0.1:8000/v1"
    else:

        def refuse(loaded: Configuration) -> None:
            assert operator.live.current.generation == loaded.generation - 1
            raise ConfigurationError("No.")

        operator.live.add_check(refuse)
    before = operator.live.current
    with pytest.raises(ConfigurationError):
        operator.live.reload()
    assert operator.live.current is before
    assert heard == []


def test_generations_count_reloads_that_took_place(operator: Operator) -> None:
    operator.path.write_text("unheard: 1")
    with pytest.raises(ConfigurationError):
        operator.live.reload()
    operator.path.write_text("")
    assert operator.live.reload().generation == 2


def test_listeners_hear_the_new_snapshot_in_the_order_they_came(operator: Operator) -> None:
    heard: list[tuple[str, int]] = []
    for name in ("first", "second", "third"):

        def listen(current: Configuration, name: str = name) -> None:
            assert operator.live.current is current
            heard.append((name, current.generation))

        operator.live.on_change(listen)
    operator.live.reload()
    assert heard == [("first", 2), ("second", 2), ("third", 2)]
