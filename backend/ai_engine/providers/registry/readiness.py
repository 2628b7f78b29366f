"""Which providers are ready and what others lack, for the command line and the log at startup."""

from collections.abc import Callable, Collection, Iterable
from typing import NamedTuple

from ai_engine.providers.registry.definition import ProviderDefinition
from ai_engine.providers.registry.resolution import BUILT_IN, base_url_variable

_BUILT_IN_NAMES = frozenset(row.name for row in BUILT_IN)


class Readiness(NamedTuple):
    """The providers with any configuration, without the sandbox."""

    ready: list[str]
    """`openai (key 9f86d081)`: ready, with their credentials."""
    unused: list[str]
    """`azure: needs AZURE_OPENAI_ENDPOINT`: configured in part, or switched off."""


def readiness_of(
    rows: Iterable[ProviderDefinition],
    named: Collection[str],
    is_enabled: Callable[[ProviderDefinition], bool],
) -> Readiness:
    """`rows` are resolved; `named` are the providers in the YAML file."""
    readiness = Readiness([], [])
    for row in rows:
        if row.is_sandbox:
            continue
        reason = obstacle(row)
        if reason is None and not is_enabled(row):
            reason = f"switched off; POST /api/providers/{row.name}/toggle switches it on"
        if reason is None:
            readiness.ready.append(f"{row.name} ({credentials(row)})")
        elif row.keys or row.name in named:
            readiness.unused.append(f"{row.name}: {reason}")
    return readiness


def obstacle(row: ProviderDefinition) -> str | None:
    """The missing configuration of a resolved row; `None` if it is complete."""
    if row.is_configured:
        return None
    if not row.needs_key:
        return f"needs {base_url_variable(row)}"
    missing = [] if row.keys or row.key_variable is None else [row.key_variable]
    if row.key_address is None:
        needed = [each for each in row.address_variables if each.default is None]
        missing += [each.variable for each in needed if "{" + each.placeholder + "}" in row.base_url]
    needs = f"needs {' and '.join(missing)}"
    if row.cloud is not None and not row.keys:
        needs += f", or {row.address_variables[0].variable} alone to use {row.cloud.display_name} credentials"
    return needs if row.name in _BUILT_IN_NAMES else f"{needs}, or `auth: none` in the YAML file"


def credentials(row: ProviderDefinition) -> str:
    """The row's keys, by fingerprint."""
    if not row.keys:
        return "no key" if row.cloud is None else f"{row.cloud.display_name} credentials"
    return f"{'key' if len(row.keys) == 1 else 'keys'} {', '.join(key.fingerprint for key in row.keys)}"
