"""`ai-engine.yaml`: validated as a whole; an error names the line, the field and the reason."""

from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from ai_engine.errors import ConfigurationError
from ai_engine.settings.validation import NAME_PATTERN, ROUTE_PATTERN, VARIABLE_PATTERN, field_path, reason_of

DEFAULT_PATH = Path("ai-engine.yaml")
HIGHEST_PRIORITY = 10_000


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


def _http_url(value: str) -> str:
    if not value.startswith(("http://", "https://")) or "@" in value.split("/")[2]:
        raise ValueError("must be an http:// or https:// URL without a user name")
    return value.rstrip("/")


HttpUrl = Annotated[str, AfterValidator(_http_url)]


class TimeoutsSection(_Section):
    """In seconds; `null` keeps the provider's default."""

    connect: float | None = Field(None, gt=0, le=300)
    hedge_after: float | None = Field(None, gt=0, le=600)
    first_token: float | None = Field(None, gt=0, le=3600)
    idle: float | None = Field(None, gt=0, le=3600)
    progress: float | None = Field(None, gt=0, le=3600)
    total: float | None = Field(None, gt=0, le=7200)


class ProviderSection(_Section):
    """Adds a provider, or overrides single fields of a built-in one of the same name."""

    name: str = Field(pattern=NAME_PATTERN)
    protocol: Literal["openai", "anthropic", "gemini", "cohere", "bedrock", "vertex"] | None = None
    base_url: HttpUrl | None = None
    api_key_env: str | None = Field(None, pattern=VARIABLE_PATTERN)
    auth: Literal["bearer", "none", "aws", "google"] | None = None
    priority: int | None = Field(None, ge=0, le=HIGHEST_PRIORITY)
    default_model: str | None = None
    models: tuple[str, ...] | None = None
    formats: tuple[Literal["responses", "messages", "count_tokens", "completions"], ...] | None = None
    timeouts: TimeoutsSection = TimeoutsSection()


class ModelSection(_Section):
    """A model name of the operator's own, and the routes that serve it, in the order in which they are tried."""

    name: str = Field(min_length=1)
    candidates: tuple[Annotated[str, Field(pattern=ROUTE_PATTERN)], ...] = Field(min_length=1)


class PriceSection(_Section):
    """USD per million tokens."""

    input: Decimal = Field(ge=0)
    output: Decimal = Field(ge=0)


class WeightsSection(_Section):
    """The weight of each part of a candidate's score."""

    priority: float = Field(1.0, ge=0, le=1_000_000)
    health: float = Field(1.0, ge=0, le=1_000_000)
    latency: float = Field(0.5, ge=0, le=1_000_000)
    cost: float = Field(0.5, ge=0, le=1_000_000)
    load: float = Field(0.25, ge=0, le=1_000_000)


class AutodecideSection(_Section):
    weights: WeightsSection = WeightsSection()
    rescue: Literal["continue", "error"] = "continue"


class ConfigFile(_Section):
    """The whole file; defaults without one."""

    providers: tuple[ProviderSection, ...] = ()
    models: tuple[ModelSection, ...] = ()
    aliases: dict[str, str] = {}
    fallbacks: dict[str, tuple[str, ...]] = {}
    prices: dict[Annotated[str, Field(pattern=ROUTE_PATTERN)], PriceSection] = {}
    autodecide: AutodecideSection = AutodecideSection()


def read_config_file(path: Path | None) -> ConfigFile:
    """The file at `path`, or at `ai-engine.yaml` if that exists, or an empty one.

    Raises `ConfigurationError` naming file, line and reason.
    """
    if path is None:
        if not DEFAULT_PATH.exists():
            return ConfigFile()
        path = DEFAULT_PATH
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = f"{str(path)!r} cannot be read ({type(error).__name__})"
        raise ConfigurationError(f"AI_ENGINE_CONFIG is invalid: {reason}.") from None
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
        content = yaml.safe_load(text)
        _refuse_repeated_keys(root, path)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 1 if mark else 1
        problem = getattr(error, "problem", None) or "unreadable"
        raise ConfigurationError(f"{path}, line {line}: invalid YAML ({problem}); check indentation and quotes.") from None
    except RecursionError:
        raise ConfigurationError(f"{path}, line 1: nested too deeply, or a recursive anchor.") from None
    except ValueError as error:  # PyYAML reads `2025-13-45` as a date
        raise ConfigurationError(f"{path}, line 1: invalid date ({error}); quote it.") from None
    if content is None:
        return ConfigFile()
    if not isinstance(content, dict):
        raise ConfigurationError(f"{path}, line 1: must be a mapping with keys such as providers, models and aliases.")
    try:
        file = ConfigFile.model_validate(content)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        line, field = _line_of(root, first["loc"]), field_path(first["loc"])
        raise ConfigurationError(f"{path}, line {line}: {field}: {_reason(first)}.") from None
    _refuse_repeated_names(file, root, path)
    return file


def _reason(error: Any) -> str:
    if error["type"] == "extra_forbidden":
        if error["loc"][-1] == "api_key":
            return "not allowed here; set an environment variable and name it in api_key_env"
        return "unknown setting; see docs/configuration.md"
    return reason_of(error)


def _refuse_repeated_keys(node: Any, path: Path) -> None:
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            if key.value in seen:
                raise ConfigurationError(f"{path}, line {key.start_mark.line + 1}: duplicate key {key.value}.")
            seen.add(key.value)
            _refuse_repeated_keys(value, path)
    elif isinstance(node, yaml.SequenceNode):
        for value in node.value:
            _refuse_repeated_keys(value, path)


def _refuse_repeated_names(file: ConfigFile, root: Any, path: Path) -> None:
    for section, names in (("providers", [p.name for p in file.providers]), ("models", [m.name for m in file.models])):
        for index, name in enumerate(names):
            if name in names[:index]:
                line = _line_of(root, (section, index))
                raise ConfigurationError(f"{path}, line {line}: {section}: duplicate name {name!r}.")


def _line_of(node: Any, location: tuple[int | str, ...]) -> int:
    """The line of the deepest existing node of a pydantic error location."""
    line = node.start_mark.line + 1 if node is not None else 1
    for part in location:
        child = None
        if isinstance(node, yaml.MappingNode):
            child = next(((key, value) for key, value in node.value if key.value == str(part)), None)
        elif isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
            child = (node.value[part], node.value[part])
        if child is None:
            break
        line = int(child[0].start_mark.line) + 1
        node = child[1]
    return line
