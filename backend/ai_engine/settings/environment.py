"""Environment variables and `.env`, read into a frozen, typed `Settings`. No other module reads the environment."""

import ipaddress
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from dotenv import dotenv_values
from pydantic import AfterValidator, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, EnvSettingsSource, PydanticBaseSettingsSource, SettingsConfigDict

from ai_engine.errors import ConfigurationError
from ai_engine.settings.validation import reason_of

PREFIX = "AI_ENGINE_"
ENV_FILE = Path(".env")

Environment = Mapping[str, str]
"""Every non-empty variable; the process's win over `.env`, and each `NAME_FILE` is resolved to `NAME`."""


def _network(value: str) -> str:
    try:
        ipaddress.ip_network(value, strict=False)
    except ValueError:
        raise ValueError(f"must be an IP address or a network such as 10.0.0.0/8, not {value!r}") from None
    return value


def _http_address(value: SecretStr) -> SecretStr:
    try:
        address = urlsplit(value.get_secret_value())
        is_usable = address.scheme in ("http", "https") and bool(address.hostname) and address.port != 0
    except ValueError:
        is_usable = False
    if not is_usable:
        raise ValueError("must be an http:// or https:// URL such as http://localhost:4318")
    return value


HTTPAddress = Annotated[SecretStr, AfterValidator(_http_address)]
"""Secret, since it may hold a user name and a password."""

Network = Annotated[str, AfterValidator(_network)]


class Settings(BaseSettings):
    """The variables with the prefix `AI_ENGINE_`, as `.env.example` documents them."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_prefix=PREFIX)

    host: str = Field("127.0.0.1", description="The address to listen on. Off loopback, every request needs a key.")
    port: int = Field(8000, ge=0, le=65535, description="The TCP port; 0 takes any free one.")
    public_host: str | None = Field(
        None, description="The address that a reverse proxy on this machine listens on, in front of the gateway."
    )
    public_port: int | None = Field(None, ge=1, le=65535, description="The reverse proxy's port; `make run` sets both.")
    workers: int = Field(1, ge=1, le=256, description="Worker processes.")
    reload: bool = Field(False, description="Restart when the code changes; for development.")

    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field("INFO", description="The lowest level that is logged.")
    log_format: Literal["console", "json"] = Field("console", description="`console` for a terminal, `json` for log collectors.")
    log_file: Path | None = Field(None, description="A file that the log is also written to.")
    access_log: bool = Field(True, description="Whether each request is logged in one line.")
    log_messages: bool = Field(False, description="Whether the text of requests and responses is kept.")

    otlp_endpoint: HTTPAddress | None = Field(
        None, description="Where OpenTelemetry traces are sent (OTLP over HTTP); unset: tracing is off."
    )

    cors_origins: tuple[str, ...] = Field((), description="Origins whose pages may call the gateway from a browser (CORS).")
    allowed_hosts: tuple[str, ...] = Field(
        ("localhost", "127.0.0.1", "::1"), description="Values of the Host header that are accepted while no key is required."
    )
    trusted_proxies: tuple[Network, ...] = Field(
        ("127.0.0.0/8", "::1/128"), description="Proxies whose X-Forwarded-For and X-Forwarded-Proto are trusted."
    )
    max_request_size: int = Field(10_485_760, ge=1024, description="The largest request body, in bytes.")

    database_url: SecretStr = Field(
        SecretStr("sqlite+aiosqlite:///data/ai-engine.db"), description="The database, as an SQLAlchemy URL."
    )
    spool_dir: Path = Field(Path("data/spool"), description="The folder for ledger records that are not in the database yet.")
    retention_days: int = Field(90, ge=1, description="Days after which ledger records are deleted.")
    redis_url: SecretStr | None = Field(None, description="Redis, for state shared by workers and replicas.")
    redis_down: Literal["local", "refuse"] = Field(
        "local", description="How limits work while Redis is unavailable: `local` counts per process, `refuse` rejects requests."
    )

    config: Path | None = Field(None, description="The YAML configuration file; unset: ai-engine.yaml, if it exists.")

    admin_key: SecretStr | None = Field(None, min_length=16, description="A key with the role admin: full access.")
    viewer_key: SecretStr | None = Field(None, min_length=16, description="A key with the role viewer: read-only access to /api.")
    admin_allowed_ips: tuple[Network, ...] = Field(
        (), description="Addresses and networks from which admin keys are accepted; empty: any."
    )

    autodecide: bool = Field(
        True, description="Default of a request's `autodecide`: whether any provider that has the model may answer."
    )
    strict_parameters: bool = Field(
        False,
        description="Default of a request's `provider.require_parameters`: whether a provider is left out that lacks any of its "
        "parameters, instead of the parameter.",
    )
    sandbox: bool | None = Field(
        None,
        description="The sandbox provider (made-up text): on, off, or (unset) on loopback while no other provider is usable.",
    )
    unknown_price: Literal["allow", "refuse"] = Field(
        "allow", description="Whether a request with an unknown price is allowed under a budget."
    )
    drain_seconds: float = Field(
        30,
        ge=0,
        allow_inf_nan=False,
        description="Seconds that requests in flight get to finish when the gateway shuts down.",
    )

    @property
    def is_on_loopback(self) -> bool:
        """Whether the gateway, and the proxy in front of it, listen on loopback only."""
        return all(_is_loopback(host) for host in (self.host, self.public_host) if host is not None)

    @property
    def own_ports(self) -> frozenset[int]:
        """The ports at which the gateway is reached on this machine."""
        return frozenset(port for port in (self.port, self.public_port) if port is not None)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Only the values that `from_environment` passes: pydantic reads no environment itself."""
        return (init_settings,)

    @classmethod
    def from_environment(cls, environment: Environment) -> "Settings":
        """Validates the variables. Raises `ConfigurationError` with one sentence that names the variable."""
        source = EnvSettingsSource(cls)
        source.env_vars = {name.lower(): value for name, value in environment.items()}
        try:
            values = source()
        except ValueError as error:  # a JSON array that is not JSON
            raise ConfigurationError(_invalid_array(error, environment)) from None
        try:
            settings = cls(**values)
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            name = PREFIX + str(first["loc"][0]).upper()
            raise ConfigurationError(f"{name} is invalid: {reason_of(first)}.") from None
        settings._check_consistency()
        return settings

    def _check_consistency(self) -> None:
        if self.workers > 1:
            raise ConfigurationError(
                f"AI_ENGINE_WORKERS={self.workers} is invalid: several workers must share limits, flags and the ledger "
                "through Redis and PostgreSQL, which this version does not support; set it to 1."
            )
        if self.admin_key is not None and self.admin_key == self.viewer_key:
            raise ConfigurationError(
                "AI_ENGINE_VIEWER_KEY is invalid: it equals AI_ENGINE_ADMIN_KEY; use a different key for each role."
            )


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _invalid_array(error: ValueError, environment: Environment) -> str:
    for name in Settings.model_fields:
        if f'"{name}"' in str(error):
            variable = PREFIX + name.upper()
            given = environment.get(variable, "")
            return f'{variable} is invalid: must be a JSON array such as ["a", "b"], not {given!r}.'
    return f"The environment is invalid: {error}."


def read_environment(process: Mapping[str, str], env_file: Path | None = None) -> Environment:
    """The variables of `process` and, below them, of `env_file` if it exists; empty ones are left out.

    `NAME_FILE` sets `NAME` to the stripped text of that file, unless `NAME` is set. This applies to secrets and URLs only
    (`…_KEY`, `…_KEY_N`, `…_TOKEN`, `…_URL`, `…_ENDPOINT`): other programs use `…_FILE` for other things.
    Raises `ConfigurationError` if `env_file` or such a file cannot be read.
    """
    merged = _read_env_file(env_file) if env_file else {}
    merged |= {name: value for name, value in process.items() if value}
    for name in [name for name in merged if name.endswith("_FILE")]:
        target = name.removesuffix("_FILE")
        if target in merged or not _is_secret_or_url(target):
            continue
        try:
            text = Path(merged[name]).read_text("utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            # Without the value: it may be the secret itself, mistaken for a path.
            reason = f"must be the path of a readable file ({type(error).__name__})"
            raise ConfigurationError(f"{name} is invalid: {reason}.") from None
        if text:
            merged[target] = text
    return merged


def _read_env_file(path: Path) -> dict[str, str]:
    try:
        return {name: value for name, value in dotenv_values(path).items() if value}
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{str(path)!r} is invalid: it cannot be read ({type(error).__name__}).") from None


def _is_secret_or_url(name: str) -> bool:
    stem, _, number = name.rpartition("_")
    return (stem if number.isdigit() else name).endswith(("_KEY", "_TOKEN", "_URL", "_ENDPOINT"))
