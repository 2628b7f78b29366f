"""What the operator configured, as one immutable snapshot that a reload swaps whole."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

from ai_engine.clock import Clock
from ai_engine.providers.registry import resolution
from ai_engine.providers.registry.definition import ProviderDefinition
from ai_engine.settings import ConfigFile, Environment, Settings, read_config_file

ReadEnvironment = Callable[[], Environment]
"""Gives the process's variables and `.env` as they are now. Raises `ConfigurationError`."""


@dataclass(frozen=True, slots=True)
class Configuration:
    """Everything configured, consistent with itself. Whoever holds one can rely on it until the end of its request."""

    generation: int
    """1 after the start, one more with every reload."""
    loaded_at: datetime
    settings: Settings
    file: ConfigFile
    providers: Mapping[str, ProviderDefinition]
    """Every known provider by name, in registry order, then the file's own."""
    variables: frozenset[str] = frozenset()
    """The names of the environment variables that are set, `.env` included. Their values are read into the fields above."""


class LiveConfiguration:
    """Holds the current snapshot. A request reads `current` once; a reload replaces it or changes nothing."""

    def __init__(self, read: ReadEnvironment, clock: Clock) -> None:
        """Raises `ConfigurationError`: a start with a wrong configuration is no start."""
        self._read = read
        self._clock = clock
        self._checks: list[Callable[[Configuration], None]] = []
        self._listeners: list[Callable[[Configuration], None]] = []
        self.current = self._load(generation=1)

    def _load(self, generation: int) -> Configuration:
        environment = self._read()
        settings = Settings.from_environment(environment)
        file = read_config_file(settings.config)
        providers = resolution.resolve(environment, settings, file)
        return Configuration(generation, self._clock.now(), settings, file, MappingProxyType(providers), frozenset(environment))

    def add_check(self, check: Callable[[Configuration], None]) -> None:
        """Lets `check` refuse a reloaded configuration by a `ConfigurationError`, before anything has changed."""
        self._checks.append(check)

    def on_change(self, listener: Callable[[Configuration], None]) -> None:
        """Calls `listener` with the new snapshot after every reload, in the order of registration."""
        self._listeners.append(listener)

    def reload(self) -> Configuration:
        """Reads and validates everything again, then swaps. If anything is wrong: `ConfigurationError`, and the old one stays.

        The address, the database, the logs and the time for draining are those of the start: they need a restart.
        """
        loaded = self._load(self.current.generation + 1)
        for check in self._checks:
            check(loaded)
        self.current = loaded
        for listener in self._listeners:
            listener(self.current)
        return self.current
