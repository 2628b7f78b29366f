"""The providers: built-in rows, completed from the environment and the YAML file. Pure functions of both."""

import ipaddress
import re
import socket
from collections.abc import Iterable, Mapping
from dataclasses import replace
from urllib.parse import SplitResult, urlsplit

from ai_engine.errors import ConfigurationError
from ai_engine.names import Operation
from ai_engine.providers.cloud_credentials import CLOUD_VARIABLES, Cloud
from ai_engine.providers.cloud_sources import missing_extra
from ai_engine.providers.registry.built_in import BUILT_IN
from ai_engine.providers.registry.definition import ProviderDefinition, ProviderKey, Timeouts, WireProtocol
from ai_engine.settings import ConfigFile, Environment, Settings
from ai_engine.settings.file import ProviderSection, TimeoutsSection

__all__ = ["BUILT_IN", "base_url_variable", "clouds_of", "resolve"]

_DEFAULT_PORTS = {"http": 80, "https": 443}
_LOOPBACK_NAMES = frozenset({"localhost", "localhost.localdomain", "ip6-localhost", "ip6-loopback"})
_ADDRESS_PART = re.compile(r"[A-Za-z0-9._-]+")
_AWS_REGION = re.compile(r"bedrock-runtime(?:-fips)?\.([a-z0-9-]+)\.")


def resolve(
    environment: Environment, settings: Settings, file: ConfigFile, *, own_ports: frozenset[int] | None = None
) -> dict[str, ProviderDefinition]:
    """Every provider by name with its keys and address: the built-in rows in their order, then the file's own.

    A variable takes precedence over the file, and the file over the built-in row. `own_ports` are the ports of this gateway on
    this machine, the configured ones if `None`: a base URL that leads back here is refused. Raises `ConfigurationError` that
    names the variable, or the provider in the file.
    """
    own = _OwnAddress(settings, settings.own_ports if own_ports is None else own_ports)
    sections = {section.name: section for section in file.providers}
    providers = {}
    for row in BUILT_IN:
        providers[row.name] = _resolve_one(row, sections.pop(row.name, None), environment, settings, own)
    for name, section in sections.items():
        providers[name] = _resolve_one(_new_row(section), section, environment, settings, own)
    _refuse_unknown_providers(file, providers)
    return providers


def base_url_variable(row: ProviderDefinition) -> str:
    """`OPENAI_API_KEY` → `OPENAI_BASE_URL`, `HF_TOKEN` → `HF_BASE_URL`; where it has no such ending, from the provider's name."""
    prefix, is_of_key = re.subn(r"_(API_KEY|KEY|TOKEN)$", "", row.key_variable or "")
    return f"{prefix if is_of_key else _variable_prefix(row.name)}_BASE_URL"


def _variable_prefix(name: str) -> str:
    return name.upper().replace("-", "_").replace(".", "_")


def _new_row(section: ProviderSection) -> ProviderDefinition:
    if section.base_url is None:
        raise ConfigurationError(
            f"provider {section.name!r} in the YAML file is not usable: it is not built in, and so it needs a base_url."
        )
    return ProviderDefinition(section.name, section.name, section.base_url, f"{_variable_prefix(section.name)}_API_KEY")


def _resolve_one(
    row: ProviderDefinition,
    section: ProviderSection | None,
    environment: Environment,
    settings: Settings,
    own: "_OwnAddress",
) -> ProviderDefinition:
    if row.is_sandbox:
        return replace(_override(row, _checked_sandbox(section)), is_configured=settings.sandbox is not False)
    # The variable's name comes from the provider, even if the file takes the key from another variable.
    variable = base_url_variable(row)
    if not environment.get(variable, "").strip() and (section is None or section.base_url is None):
        row = _in_other_form(row, environment)
    row = _override(row, section)
    keys = _keys(environment, row.key_variable) if row.key_variable else ()
    if keys:
        row = replace(row, cloud=None)
    elif row.cloud is not None and row.address_variables and _value(environment, row.address_variables[0].variable):
        row = replace(row, needs_key=False)
    address, source = _address(row, section, variable, environment, has_keys=bool(keys))
    is_named = section is not None or source is not None
    is_configured = address is not None and (bool(keys) if row.needs_key else is_named)
    row = replace(row, region=_region(row, address, environment))
    if address is not None and (source is not None or is_configured):
        # A local server's default port may be the gateway's: vLLM's is 8000.
        own.refuse(address, source or f"the built-in address of provider {row.name!r}")
    return replace(row, base_url=address or row.base_url, keys=keys, is_configured=is_configured)


def _checked_sandbox(section: ProviderSection | None) -> ProviderSection | None:
    if section is not None and any((section.base_url, section.protocol, section.api_key_env, section.auth)):
        raise ConfigurationError(
            "provider 'sandbox' in the YAML file must have neither address nor key: it answers in this process."
        )
    return section


def _override(row: ProviderDefinition, section: ProviderSection | None) -> ProviderDefinition:
    """The row with the fields that the section gives."""
    if section is None:
        return row
    if section.auth == "bearer":
        row = replace(row, needs_key=True, cloud=None)
    elif section.auth is not None:
        if section.api_key_env is not None:
            raise ConfigurationError(
                f"provider {row.name!r} in the YAML file must not have both api_key_env and auth: {section.auth}."
            )
        cloud = None if section.auth == "none" else Cloud(section.auth)
        row = replace(row, needs_key=False, key_variable=None, cloud=cloud)
    return replace(
        row,
        protocol=row.protocol if section.protocol is None else WireProtocol(section.protocol),
        key_variable=section.api_key_env or row.key_variable,
        priority=row.priority if section.priority is None else section.priority,
        default_model=section.default_model or row.default_model,
        models=row.models if section.models is None else section.models,
        lists_models=row.lists_models and section.models is None,
        formats=row.formats if section.formats is None else frozenset(Operation(name) for name in section.formats),
        models_are_complete=section.models is not None,
        timeouts=_merged(row.timeouts, section.timeouts),
    )


def _merged(timeouts: Timeouts, section: TimeoutsSection) -> Timeouts:
    given = {name: value for name, value in section.model_dump().items() if value is not None}
    if "first_token" in given:
        given["plain_answer"] = given["first_token"]
    return replace(timeouts, **given)


def _keys(environment: Environment, variable: str) -> tuple[ProviderKey, ...]:
    """The keys in `VARIABLE`, `VARIABLE_2` … `VARIABLE_N`: numbers in order, gaps allowed, each key once."""
    numbered = []
    for name in environment:
        suffix = name.removeprefix(variable + "_")
        if name == variable:
            numbered.append((0, name))
        elif suffix != name and suffix.isascii() and suffix.isdigit():
            numbered.append((int(suffix), name))
    secrets: dict[str, None] = {}
    for _, name in sorted(numbered):
        secret = environment[name].strip()
        if not all("!" <= character <= "~" for character in secret):
            raise ConfigurationError(f"{name} is not usable: a key has only visible ASCII characters, without spaces.")
        if secret:
            secrets[secret] = None
    return tuple(ProviderKey.of(secret) for secret in secrets)


def _address(
    row: ProviderDefinition, section: ProviderSection | None, variable: str, environment: Environment, *, has_keys: bool
) -> tuple[str | None, str | None]:
    """The base URL and its source (`None`: the built-in row). No URL where a variable that it needs is not set."""
    source: str | None
    if given := environment.get(variable, "").strip():
        return _checked_url(given, variable), variable
    if section is not None and section.base_url is not None:
        source = f"provider {row.name!r} in the YAML file"
        return _checked_url(section.base_url, source), source
    if row.key_address is not None and has_keys and not _value(environment, row.address_variables[0].variable):
        return row.key_address, None
    url, mark, query = row.base_url.partition("?")
    source = None
    for each in row.address_variables:
        name = next((name for name in (each.variable, *each.others) if _value(environment, name)), None)
        value = each.default if name is None else _value(environment, name).rstrip("/")
        if not value:
            return None, None
        if name is not None:
            source = name
            if not url.startswith("{"):
                _refuse_odd_part(value, name)
        url = url.replace("{" + each.placeholder + "}", value)
    for odd, true in row.odd_addresses:
        url = true + url.removeprefix(odd) if url.startswith(odd) else url
    return _checked_url(url, source or row.name) + mark + query, source


def clouds_of(providers: Iterable[ProviderDefinition], environment: Environment) -> Mapping[Cloud, Mapping[str, str]]:
    """The clouds whose credentials some resolved provider is asked with, each with those of its variables that are set.

    Raises `ConfigurationError` where what looks them up is not installed.
    """
    clouds: dict[Cloud, Mapping[str, str]] = {}
    for row in providers:
        if not row.is_configured or row.needs_key or row.cloud is None:
            continue
        variables = {name: value for name in CLOUD_VARIABLES[row.cloud] if (value := _value(environment, name))}
        missing = missing_extra(row.cloud, variables)
        if missing is not None:
            raise ConfigurationError(f"provider {row.name!r} is not usable: {missing}.")
        clouds[row.cloud] = variables
    return clouds


def _value(environment: Environment, variable: str) -> str:
    return environment.get(variable, "").strip()


def _region(row: ProviderDefinition, address: str | None, environment: Environment) -> str | None:
    """What requests to AWS are signed for: as the address says, else a variable. Raises where neither does and it is needed."""
    if row.protocol is not WireProtocol.BEDROCK or address is None:
        return None
    named = _AWS_REGION.search(address)
    if named is not None:
        return named[1]
    variables = ("BEDROCK_REGION", "AWS_REGION", "AWS_DEFAULT_REGION")
    region = next((value for name in variables if (value := _value(environment, name))), None)
    if region is None and row.cloud is not None and not row.needs_key:
        raise ConfigurationError(
            f"provider {row.name!r} is not usable: its address does not name the AWS region to sign for; set BEDROCK_REGION."
        )
    return region


def _in_other_form(row: ProviderDefinition, environment: Environment) -> ProviderDefinition:
    """The row with its other form of address, if that one's variable is set."""
    form = row.other_address
    value = environment.get(form.variable, "").strip() if form else ""
    if form is None or not value:
        return row
    _refuse_odd_part(value, form.variable)
    return replace(row, base_url=form.base_url.replace("{value}", value), formats=form.formats)


def _refuse_odd_part(value: str, variable: str) -> None:
    if not _ADDRESS_PART.fullmatch(value):
        raise ConfigurationError(f"{variable} is invalid: it may have only letters, digits, dots, hyphens and underscores.")


def _checked_url(url: str, source: str) -> str:
    reason = _reason_against(url)
    if reason:
        raise ConfigurationError(f"{source} is not usable: its base URL {reason}.")
    return url.rstrip("/")


def _reason_against(url: str) -> str | None:
    """Why `url` is not a base URL. The URL itself is not shown: it may have a password."""
    if not url.isascii() or not url.isprintable() or " " in url:
        return "has characters that a URL cannot have"
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return "is not a URL"
    if parts.scheme not in _DEFAULT_PORTS or not parts.hostname or port == 0:
        return "must begin with http:// or https:// and name a host"
    if "@" in parts.netloc:
        return "must not contain a user name or password"
    if "?" in url or "#" in url:
        return "must not contain a query or fragment"
    return None


def _refuse_unknown_providers(file: ConfigFile, providers: Mapping[str, ProviderDefinition]) -> None:
    named = [(candidate, f"model {model.name!r}") for model in file.models for candidate in model.candidates]
    named += [(route, "prices") for route in file.prices]
    for route, place in named:
        provider = route.partition("/")[0]
        if provider not in providers:
            raise ConfigurationError(f"{place} in the YAML file names {route!r}, but there is no provider {provider!r}.")


class _OwnAddress:
    """The addresses of this gateway."""

    def __init__(self, settings: Settings, ports: frozenset[int]) -> None:
        self._hosts = {host.lower() for host in (settings.host, settings.public_host) if host is not None}
        self._ports = ports

    def refuse(self, url: str, source: str) -> None:
        """Raises `ConfigurationError` if `url` leads here: requests would loop."""
        parts = urlsplit(url)
        if (parts.port or _DEFAULT_PORTS[parts.scheme]) in self._ports and self._is_here(parts):
            raise ConfigurationError(
                f"{source} is not usable: {parts.scheme}://{parts.netloc} is this gateway's own address; set the provider's."
            )

    def _is_here(self, parts: SplitResult) -> bool:
        host = (parts.hostname or "").rstrip(".")
        if host in self._hosts or host in _LOOPBACK_NAMES or host.endswith(".localhost"):
            return True
        address = _ip_address(host)
        return address is not None and (address.is_loopback or address.is_unspecified)


def _ip_address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        try:
            # The short forms that resolvers accept: 127.1, 0x7f000001, 2130706433.
            return ipaddress.IPv4Address(socket.inet_aton(host))
        except OSError:
            return None
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address
