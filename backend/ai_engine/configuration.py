"""The configuration as an immutable snapshot that a reload replaces atomically."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType

from ai_engine.clock import Clock
from ai_engine.providers.cloud_credentials import Cloud
from ai_engine.providers.registry import resolution
from ai_engine.providers.registry.definition import ProviderDefinition
from ai_engine.settings import ConfigFile, Environment, Settings, read_config_file

ReadEnvironment = Callable[[], Environment]
"""Reads the process's variables and `.env`. Raises `ConfigurationError`."""


@dataclass(frozen=True, slots=True)
class Configuration:
    """A consistent snapshot of the configuration; a request uses one throughout."""

    generation: int
    """1 after the start; every reload adds one."""
    loaded_at: datetime
    settings: Settings
    file: ConfigFile
    providers: Mapping[str, ProviderDefinition]
    """Every known provider by name: the registry's in its order, then the file's."""
    variables: frozenset[str] = frozenset()
    """The names of the environment variables that are set, including `.env`."""
    clouds: Mapping[Cloud, Mapping[str, str]] = field(default_factory=dict, repr=False)
    """The clouds whose credentials some provider uses, each with those of its variables that are set."""


class LiveConfiguration:
    """Holds the current snapshot. A reload replaces it or changes nothing."""

    def __init__(self, read: ReadEnvironment, clock: Clock) -> None:
        """Raises `ConfigurationError`."""
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
        return Configuration(
            generation,
            self._clock.now(),
            settings,
            file,
            MappingProxyType(providers),
            frozenset(environment),
            resolution.clouds_of(providers.values(), environment),
        )

    def add_check(self, check: Callable[[Configuration], None]) -> None:
        """`check` may refuse a reloaded configuration with a `ConfigurationError` before it is in force."""
        self._checks.append(check)

    def on_change(self, listener: Callable[[Configuration], None]) -> None:
        """Calls `listener` with the new snapshot after every reload, in the order of registration."""
        self._listeners.append(listener)

    def reload(self) -> Configuration:
        """Reads and validates everything, then replaces the snapshot. Raises `ConfigurationError` without any change.

        Address, database, logging and drain timeout are those of the start: changing them needs a restart.
        """
        loaded = self._load(self.current.generation + 1)
        for check in self._checks:
            check(loaded)
        self.current = loaded
        for listener in self._listeners:
            listener(self.current)
        return self.current
