"""Environment variables and `.env`, read once into a frozen, typed `Settings`. Nothing else reads the environment."""

import ipaddress
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from dotenv import dotenv_values
from pydantic import AfterValidator, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, EnvSettingsSource, PydanticBaseSettingsSource, SettingsConfigDict

from ai_engine.errors import ConfigurationError
from ai_engine.settings.refusals import reason_of

PREFIX = "AI_ENGINE_"
ENV_FILE = Path(".env")

Environment = Mapping[str, str]
"""Every variable that is set to something, `.env` underneath, `…_FILE` already replaced by the file's text."""


def _network(value: str) -> str:
    try:
        ipaddress.ip_network(value, strict=False)
    except ValueError:
        raise ValueError(f"{value!r} is neither an IP address nor a network like 10.0.0.0/8") from None
    return value


def _http_address(value: SecretStr) -> SecretStr:
    try:
        address = urlsplit(value.get_secret_value())
        is_usable = address.scheme in ("http", "https") and bool(address.hostname) and address.port != 0
    except ValueError:
        is_usable = False
    if not is_usable:
        raise ValueError("must be an address such as http://localhost:4318")
    return value


HTTPAddress = Annotated[SecretStr, AfterValidator(_http_address)]
"""It may carry a name and a password."""

Network = Annotated[str, AfterValidator(_network)]


class Settings(BaseSettings):
    """What `.env.example` documents, variable by variable, under the prefix `AI_ENGINE_`."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_prefix=PREFIX)

    host: str = Field("127.0.0.1", description="The address to listen on. On anything but loopback every request needs a key.")
    port: int = Field(8000, ge=0, le=65535, description="The TCP port; 0 takes any free one.")
    public_host: str | None = Field(
        None, description="The address at which a proxy on this machine takes the requests that it hands to the gateway."
    )
    public_port: int | None = Field(None, ge=1, le=65535, description="That proxy's port; `make run` sets both.")
    workers: int = Field(1, ge=1, le=256, description="Worker processes.")
    reload: bool = Field(False, description="Restart whenever the code changes; for development.")

    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        "INFO", description="What is logged: this and everything more important."
    )
    log_format: Literal["console", "json"] = Field("console", description="`console` for people, `json` for machines.")
    log_file: Path | None = Field(None, description="A file to write the log to as well.")
    access_log: bool = Field(True, description="One line for each request.")
    log_messages: bool = Field(False, description="Keep the text of requests and answers.")

    otlp_endpoint: HTTPAddress | None = Field(None, description="Where OpenTelemetry traces are sent; unset: none are made.")

    cors_origins: tuple[str, ...] = Field((), description="Origins whose web pages may call the gateway.")
    allowed_hosts: tuple[str, ...] = Field(
        ("localhost", "127.0.0.1", "::1"), description="Values of the Host header that are answered while no key is asked for."
    )
    trusted_proxies: tuple[Network, ...] = Field(
        ("127.0.0.0/8", "::1/128"), description="Proxies whose X-Forwarded-For and X-Forwarded-Proto are believed."
    )
    max_request_size: int = Field(10_485_760, ge=1024, description="The largest request body, in bytes.")

    database_url: SecretStr = Field(
        SecretStr("sqlite+aiosqlite:///data/ai-engine.db"), description="The database, as an SQLAlchemy address."
    )
    spool_dir: Path = Field(Path("data/spool"), description="The folder for records on their way to the database.")
    retention_days: int = Field(90, ge=1, description="Days after which records are deleted.")
    redis_url: SecretStr | None = Field(None, description="Redis, for state that workers and replicas share.")
    redis_down: Literal["local", "refuse"] = Field(
        "local", description="What limits do while Redis is away: `local` counts for itself, `refuse` lets nobody in."
    )

    config: Path | None = Field(None, description="The configuration file; unset: ai-engine.yaml, if there is one.")

    admin_key: SecretStr | None = Field(None, min_length=16, description="A key that may do everything.")
    viewer_key: SecretStr | None = Field(None, min_length=16, description="A key that may look and not touch.")
    admin_allowed_ips: tuple[Network, ...] = Field(
        (), description="Addresses and networks from which an admin is let in; none: from everywhere."
    )

    autodecide: bool = Field(
        True, description="Whether a request that does not say so itself may be answered by any provider that has its model."
    )
    sandbox: bool | None = Field(
        None,
        description="The sandbox answers, with made-up text: always, never, or (unset) on loopback while no provider is usable.",
    )
    unknown_price: Literal["allow", "refuse"] = Field(
        "allow", description="What happens to a request whose price nobody knows, under a budget."
    )
    drain_seconds: float = Field(
        30,
        ge=0,
        allow_inf_nan=False,
        description="Seconds that requests in flight get to finish when the gateway is told to stop.",
    )

    @property
    def is_on_loopback(self) -> bool:
        """Only programs on this machine can reach the gateway, or the proxy in front of it."""
        return all(_is_loopback(host) for host in (self.host, self.public_host) if host is not None)

    @property
    def own_ports(self) -> frozenset[int]:
        """The ports under which this engine is reached on this machine."""
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
        """Only what `from_environment` hands over: nothing is read behind its back."""
        return (init_settings,)

    @classmethod
    def from_environment(cls, environment: Environment) -> "Settings":
        """Raises `ConfigurationError` with one sentence that names the variable."""
        source = EnvSettingsSource(cls)
        source.env_vars = {name.lower(): value for name, value in environment.items()}
        try:
            values = source()
        except ValueError as error:  # a JSON array that is not JSON
            raise ConfigurationError(_unreadable_array(error, environment)) from None
        try:
            settings = cls(**values)
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            name = PREFIX + str(first["loc"][0]).upper()
            raise ConfigurationError(f"{name} is not usable: {_sentence(first)}.") from None
        settings._refuse_contradictions()
        return settings

    def _refuse_contradictions(self) -> None:
        if self.workers > 1:
            raise ConfigurationError(
                f"AI_ENGINE_WORKERS={self.workers} is not usable: several workers must share limits, flags and the ledger "
                "through Redis and PostgreSQL, which this version does not do yet; set it to 1 and run one worker."
            )
        if self.admin_key is not None and self.admin_key == self.viewer_key:
            raise ConfigurationError(
                "AI_ENGINE_VIEWER_KEY is not usable: it equals AI_ENGINE_ADMIN_KEY; give each role its own key."
            )


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _sentence(error: Any) -> str:
    reason = reason_of(error)
    return f"it {reason}" if reason.startswith("must ") else reason


def _unreadable_array(error: ValueError, environment: Environment) -> str:
    for name in Settings.model_fields:
        if f'"{name}"' in str(error):
            variable = PREFIX + name.upper()
            given = environment.get(variable, "")
            return f'{variable} is not usable: it must be a JSON array such as ["a", "b"], and is {given!r}.'
    return f"The environment is not usable: {error}."


def read_environment(process: Mapping[str, str], env_file: Path | None = None) -> Environment:
    """The process's variables over those of `env_file` (where it exists), without empty ones, each `NAME_FILE` read.

    `NAME_FILE` gives `NAME` the text of that file, stripped, unless `NAME` is set itself. Only secrets and URLs are looked for
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
            # Without the path: whoever mistook the variable for its neighbour has put the secret itself there.
            reason = f"it must be the path of a file that can be read ({type(error).__name__})"
            raise ConfigurationError(f"{name} is not usable: {reason}.") from None
        if text:
            merged[target] = text
    return merged


def _read_env_file(path: Path) -> dict[str, str]:
    try:
        return {name: value for name, value in dotenv_values(path).items() if value}
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{str(path)!r} is not usable: it cannot be read ({type(error).__name__}).") from None


def _is_secret_or_url(name: str) -> bool:
    stem, _, number = name.rpartition("_")
    return (stem if number.isdigit() else name).endswith(("_KEY", "_TOKEN", "_URL", "_ENDPOINT"))
