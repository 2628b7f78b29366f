"""What tests build of our own: definitions with keys, failures, configurations, catalogues."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from ai_engine.access.audit import AuditEntry
from ai_engine.catalogue.prices import NOTHING_PUBLISHED, Prices
from ai_engine.catalogue.snapshot import Catalogue, Listing, build
from ai_engine.configuration import Configuration
from ai_engine.names import Blame
from ai_engine.preferences.preferences import ProviderPreference
from ai_engine.providers.adapter import ListedModel
from ai_engine.providers.failures import Failure, FailureClass, KeyScope
from ai_engine.providers.registry.definition import ProviderDefinition, ProviderKey
from ai_engine.relay.translation import Translation
from ai_engine.settings import ConfigFile, Settings
from ai_engine.wire.hints import DroppedHints

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


def key(name: str) -> ProviderKey:
    return ProviderKey.of(name)


def provider(name: str, *, keys: int = 1, **fields: Any) -> ProviderDefinition:
    """A configured provider at `https://NAME.test/v1` with the keys `NAME-key-1` …; with 0 keys it needs none."""
    chosen: dict[str, Any] = {
        "display_name": name,
        "base_url": f"https://{name}.test/v1",
        "key_variable": f"{name.upper()}_API_KEY" if keys else None,
        "needs_key": keys > 0,
        "keys": tuple(key(f"{name}-key-{number}") for number in range(1, keys + 1)),
        "is_configured": True,
    }
    return ProviderDefinition(name=name, **{**chosen, **fields})


def sandbox(*, is_configured: bool = True) -> ProviderDefinition:
    return provider("sandbox", keys=0, is_sandbox=True, is_configured=is_configured, priority=1000)


_OF_KIND: Mapping[FailureClass, tuple[Blame, KeyScope | None, int | None, bool]] = {
    FailureClass.BAD_REQUEST: (Blame.REQUEST, None, 400, False),
    FailureClass.CONTENT_FILTER: (Blame.REQUEST, None, 400, False),
    FailureClass.CONTEXT_LENGTH: (Blame.MODEL, None, 400, False),
    FailureClass.INVALID_KEY: (Blame.KEY, KeyScope.INVALID, 401, False),
    FailureClass.FORBIDDEN: (Blame.KEY, KeyScope.MODEL, 403, False),
    FailureClass.QUOTA: (Blame.KEY, KeyScope.ALL_MODELS, 402, False),
    FailureClass.RATE_LIMIT: (Blame.KEY, KeyScope.MODEL, 429, True),
    FailureClass.MODEL_NOT_FOUND: (Blame.ROUTE, None, 404, False),
    FailureClass.SERVER_ERROR: (Blame.ROUTE, None, 500, True),
    FailureClass.MALFORMED_RESPONSE: (Blame.ROUTE, None, 200, False),
    FailureClass.CONNECTION_FAILED: (Blame.NETWORK, None, None, True),
    FailureClass.CONNECTION_RESET: (Blame.ROUTE, None, None, True),
    FailureClass.TIMEOUT: (Blame.ROUTE, None, None, False),
    FailureClass.INCOMPLETE_STREAM: (Blame.ROUTE, None, None, True),
}


def failure(kind: FailureClass, *, retry_after: float | None = None, **fields: Any) -> Failure:
    """As `providers.failures` would classify it."""
    blame, scope, status, is_worth_repeating = _OF_KIND[kind]
    chosen: dict[str, Any] = {"blame": blame, "key_scope": scope, "status": status, "is_worth_repeating": is_worth_repeating}
    return Failure(kind, message=f"{kind} happened", retry_after_seconds=retry_after, **{**chosen, **fields})


def configuration(*providers: ProviderDefinition, file: Mapping[str, Any] | None = None, **settings: Any) -> Configuration:
    """`file` is the YAML file's content, `settings` the `AI_ENGINE_…` variables in lower case."""
    rows = {row.name: row for row in providers}
    return Configuration(1, NOW, Settings(**settings), ConfigFile.model_validate(file or {}), rows)


def catalogue(current: Configuration, listings: Mapping[str, Sequence[str | ListedModel]] | None = None) -> Catalogue:
    """What the configured providers have, and these of them have listed."""
    heard = {
        name: Listing(tuple(ListedModel(model) if isinstance(model, str) else model for model in models), NOW)
        for name, models in (listings or {}).items()
    }
    prices = Prices(current.file.prices, lambda _provider, _model: NOTHING_PUBLISHED)
    return build(current.providers, heard, current.file.aliases, prices, NOW)


class KeptPreferences:
    """A `PreferencesRepository` in memory."""

    def __init__(self, **kept: ProviderPreference) -> None:
        self.kept = dict(kept)

    async def load(self) -> Mapping[str, ProviderPreference]:
        return self.kept

    async def save(
        self, provider: str, preference: ProviderPreference, changed_at: datetime, audited: AuditEntry | None = None
    ) -> None:
        self.kept[provider] = preference


def chat_of(translation: Translation) -> Mapping[str, Any]:
    """The whole request as a chat; raises for a hint as for a promise that no chat has."""
    return translation.chat_request(translation.body, DroppedHints())
