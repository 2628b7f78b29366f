"""The configuration in force as `GET /api/config` shows it, without secrets."""

import os
from datetime import datetime
from pathlib import Path
from typing import Any

from pydantic import BaseModel, Field, SecretStr

from ai_engine.configuration import Configuration
from ai_engine.providers.registry.resolution import base_url_variable
from ai_engine.settings import ConfigFile, Settings
from ai_engine.settings.environment import PREFIX
from ai_engine.settings.file import DEFAULT_PATH, ModelSection, PriceSection, ProviderSection, WeightsSection

_URLS = frozenset({"database_url", "redis_url", "otlp_endpoint"})
"""Secret because they may hold a password; they are shown without it."""
HIDDEN = "***"


class SettingView(BaseModel):
    """A setting and its value in force."""

    name: str = Field(description="The environment variable.", examples=["AI_ENGINE_PORT"])
    description: str
    is_set: bool = Field(description="Whether the environment or `.env` sets it; otherwise `value` is the default.")
    is_secret: bool = Field(description="Secrets are never shown; URLs are shown without user, password and query.")
    value: Any = Field(description="`null` if unset or secret.", examples=[8000])
    default: Any = Field(examples=[8000])


class VariableView(BaseModel):
    """An environment variable of a provider."""

    name: str = Field(examples=["OPENAI_API_KEY"])
    provider: str = Field(examples=["openai"])
    is_set: bool
    keys: list[str] = Field(
        description="Fingerprints of the keys in it and in its numbered variants (`_2`, `_3` …).", examples=[["9f86d081"]]
    )


class WorkerView(BaseModel):
    """A worker process."""

    pid: int
    generation: int = Field(description="The generation of its configuration.", examples=[1])


class LiveConfigurationView(BaseModel):
    """The configuration in force. Sections of the YAML file include their defaults."""

    generation: int = Field(description="1 after the start; every reload adds one.", examples=[1])
    loaded_at: datetime
    workers: list[WorkerView]
    settings: list[SettingView]
    variables: list[VariableView]
    config_file: str | None = Field(description="The path of the YAML file; `null` without one.", examples=["ai-engine.yaml"])
    providers: list[ProviderSection] = Field(
        description="Providers that the file adds or overrides; `null` fields keep the built-in value."
    )
    models: list[ModelSection]
    aliases: dict[str, str]
    fallbacks: dict[str, list[str]]
    prices: dict[str, PriceSection] = Field(description="USD per million tokens, by `provider/model`.")
    weights: WeightsSection
    rescue: str = Field(examples=["continue"])


def configuration_view(current: Configuration) -> LiveConfigurationView:
    file = current.file
    return LiveConfigurationView(
        generation=current.generation,
        loaded_at=current.loaded_at,
        workers=[WorkerView(pid=os.getpid(), generation=current.generation)],
        settings=[_setting_view(current.settings, field) for field in Settings.model_fields],
        variables=_variable_views(current),
        config_file=file_in_use(current),
        providers=list(file.providers),
        models=list(file.models),
        aliases=file.aliases,
        fallbacks={model: list(others) for model, others in file.fallbacks.items()},
        prices=file.prices,
        weights=file.autodecide.weights,
        rescue=file.autodecide.rescue,
    )


def file_in_use(current: Configuration) -> str | None:
    """The path of the YAML file in use; `None` without one."""
    path = current.settings.config or (DEFAULT_PATH if current.file.model_fields_set else None)
    return None if path is None else str(path)


def differences(before: Configuration, after: Configuration) -> tuple[dict[str, Any], dict[str, Any]]:
    """The values before and after a reload, by variable or section, where they differ. Secrets are masked."""
    old, new = _comparable(before), _comparable(after)
    changed = [name for name in dict.fromkeys((*old, *new)) if old.get(name) != new.get(name)]
    return {name: _shown(old.get(name)) for name in changed}, {name: _shown(new.get(name)) for name in changed}


def without_credentials(url: str) -> str:
    """The URL without user, password and query, which may be secret."""
    scheme, _, rest = url.partition("://")
    credentials, at, host_and_path = rest.rpartition("@")
    if "?" in credentials:
        return f"{scheme}://{HIDDEN}"  # it is ambiguous where the password ends
    host_and_path, query, _ = host_and_path.partition("?")
    return f"{scheme}://{HIDDEN + at if at else ''}{host_and_path}{query + HIDDEN if query else ''}"


def _setting_view(settings: Settings, field: str) -> SettingView:
    value, information = getattr(settings, field), Settings.model_fields[field]
    return SettingView(
        name=PREFIX + field.upper(),
        description=information.description or "",
        is_set=field in settings.model_fields_set,
        is_secret=isinstance(value, SecretStr) or "SecretStr" in str(information.annotation),
        value=_public(field, value),
        default=_public(field, information.default),
    )


def _public(field: str, value: Any) -> Any:
    if not isinstance(value, SecretStr):
        return str(value) if isinstance(value, Path) else value
    return without_credentials(value.get_secret_value()) if field in _URLS else None


def _variable_views(current: Configuration) -> list[VariableView]:
    views: list[VariableView] = []
    for row in current.providers.values():
        if row.is_sandbox:
            continue
        fingerprints = [key.fingerprint for key in row.keys]
        names = {row.key_variable: fingerprints} if row.key_variable else {}
        names |= {base_url_variable(row): [], **{each.variable: [] for each in row.address_variables}}
        names |= {row.other_address.variable: []} if row.other_address else {}
        views += [
            VariableView(name=name, provider=row.name, is_set=name in current.variables or bool(keys), keys=keys)
            for name, keys in names.items()
        ]
    return views


def _comparable(current: Configuration) -> dict[str, Any]:
    settings = {PREFIX + field.upper(): getattr(current.settings, field) for field in Settings.model_fields}
    variables = {view.name: view.keys or view.is_set for view in _variable_views(current)}
    return {**settings, **variables, **_sections(current.file)}


def _sections(file: ConfigFile) -> dict[str, Any]:
    return file.model_dump(mode="json", exclude_unset=True)


def _shown(value: Any) -> Any:
    if isinstance(value, SecretStr):
        return HIDDEN
    return str(value) if isinstance(value, Path) else value
