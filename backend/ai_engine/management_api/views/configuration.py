"""The live configuration in words and numbers, without any secret: every setting with its meaning, every variable by its name."""

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
"""Secret because of the password that may stand in them; the rest of them is what an operator wants to see."""
HIDDEN = "***"


class SettingView(BaseModel):
    """One setting, as it is in force."""

    name: str = Field(description="The environment variable.", examples=["AI_ENGINE_PORT"])
    meaning: str
    is_set: bool = Field(description="The environment or `.env` says so; else it is the default.")
    is_secret: bool = Field(description="Its value is never shown; of an address, all but user and password.")
    value: Any = Field(description="`null` where it is unset or secret.", examples=[8000])
    default: Any = Field(examples=[8000])


class VariableView(BaseModel):
    """An environment variable that a provider takes."""

    name: str = Field(examples=["OPENAI_API_KEY"])
    provider: str = Field(examples=["openai"])
    is_set: bool
    keys: list[str] = Field(description="Fingerprints of the keys in it and its numbered followers.", examples=[["9f86d081"]])


class WorkerView(BaseModel):
    """One process of the gateway."""

    pid: int
    generation: int = Field(description="Of the configuration that it works with.", examples=[1])


class LiveConfigurationView(BaseModel):
    """What is in force now. Sections of the file stand as they were understood, with their defaults filled in."""

    generation: int = Field(description="1 after the start, one more with every reload.", examples=[1])
    loaded_at: datetime
    workers: list[WorkerView]
    settings: list[SettingView]
    variables: list[VariableView]
    config_file: str | None = Field(description="The YAML file; `null` where there is none.", examples=["ai-engine.yaml"])
    providers: list[ProviderSection] = Field(
        description="Providers that the file adds or overrides; `null` keeps the definition's."
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
    """The path of the YAML file, named or found by itself; `None` where there is none."""
    path = current.settings.config or (DEFAULT_PATH if current.file.model_fields_set else None)
    return None if path is None else str(path)


def differences(before: Configuration, after: Configuration) -> tuple[dict[str, Any], dict[str, Any]]:
    """What a reload changed, by variable or section: as it was, and as it became. Of secrets, only that they changed."""
    old, new = _comparable(before), _comparable(after)
    changed = [name for name in dict.fromkeys((*old, *new)) if old.get(name) != new.get(name)]
    return {name: _shown(old.get(name)) for name in changed}, {name: _shown(new.get(name)) for name in changed}


def without_credentials(url: str) -> str:
    """The address without user, password and parameters, any of which may be a secret."""
    scheme, _, rest = url.partition("://")
    credentials, at, place = rest.rpartition("@")
    if "?" in credentials:
        return f"{scheme}://{HIDDEN}"  # where the password ends nobody can tell
    place, query, _ = place.partition("?")
    return f"{scheme}://{HIDDEN + at if at else ''}{place}{query + HIDDEN if query else ''}"


def _setting_view(settings: Settings, field: str) -> SettingView:
    value, information = getattr(settings, field), Settings.model_fields[field]
    return SettingView(
        name=PREFIX + field.upper(),
        meaning=information.description or "",
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
        names |= {base_url_variable(row): [], **{variable: [] for _, variable in row.address_variables}}
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
