"""Fakes around the catalogue: definitions, listings, and providers that respond when a test lets them."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, ClassVar

from ai_engine.catalogue.prices import NOTHING_PUBLISHED, Prices
from ai_engine.catalogue.snapshot import Catalogue, Listing, build
from ai_engine.configuration import Configuration
from ai_engine.names import Blame, Operation
from ai_engine.providers.adapter import Adapter, ListedModel, PlainAnswer, StreamDecoder
from ai_engine.providers.failures import Failure, FailureClass
from ai_engine.providers.registry.definition import ProviderDefinition, ProviderKey
from ai_engine.settings import ConfigFile, Settings
from ai_engine.settings.file import PriceSection
from ai_engine.upstream.port import AnswerTooLarge, Headers, UpstreamAnswer, UpstreamError, UpstreamRequest
from tests.patience import PATIENCE_SECONDS

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
_LISTS_ALONE = "Discovery lists models and asks for nothing else."


def provider(name: str, **fields: Any) -> ProviderDefinition:
    """A configured provider without a key."""
    chosen: dict[str, Any] = {"display_name": name, "key_variable": None, "is_configured": True} | fields
    return ProviderDefinition(name=name, base_url=chosen.pop("base_url", f"https://{name}"), **chosen)


def listing(*names: str, fetched_at: datetime = NOW) -> Listing:
    return Listing(tuple(ListedModel(name) for name in names), fetched_at)


def catalogue(models: Mapping[str, Sequence[str]], aliases: Mapping[str, str] | None = None) -> Catalogue:
    """A snapshot of providers that listed these models, without prices."""
    definitions = {name: provider(name) for name in models}
    listings = {name: listing(*names) for name, names in models.items()}
    return build(definitions, listings, aliases or {}, Prices({}, lambda _provider, _model: NOTHING_PUBLISHED), NOW)


def configuration(*providers: ProviderDefinition, prices: Mapping[str, tuple[str, str]] | None = None) -> Configuration:
    sections = {
        route: PriceSection(input=Decimal(asked), output=Decimal(answered)) for route, (asked, answered) in (prices or {}).items()
    }
    return Configuration(
        1, NOW, Settings(), ConfigFile(prices=sections), {definition.name: definition for definition in providers}
    )


@dataclass
class Site:
    """One provider as the fake upstream plays it. `gate` holds its answers back."""

    body: bytes = b""
    pages: Mapping[str, bytes] = field(default_factory=dict)
    """Bodies at paths of their own."""
    status: int = 200
    error: UpstreamError | None = None
    gate: asyncio.Event | None = None
    asked: int = 0
    asked_with: list[ProviderKey | None] = field(default_factory=list)
    at_once: int = 0
    most_at_once: int = 0
    closed: int = 0


class SiteAnswer:
    def __init__(self, site: Site, path: str) -> None:
        self._site = site
        self._body = site.pages.get(path, site.body)
        self.status = site.status
        self.headers: Headers = ()

    async def chunks(self) -> AsyncIterator[bytes]:
        yield self._body

    async def read(self, limit_bytes: int) -> bytes:
        if len(self._body) > limit_bytes:
            raise AnswerTooLarge("The body is too large.")
        return self._body

    async def close(self) -> None:
        self._site.closed += 1


class SiteUpstream:
    """An `Upstream` whose hosts are `Site`s. `asked_in_all` lets a test wait for requests."""

    def __init__(self, **sites: Site) -> None:
        self.sites = sites
        self._arrival = asyncio.Condition()

    async def send(self, request: UpstreamRequest) -> UpstreamAnswer:
        site = self.sites[request.url.removeprefix("https://").partition("/")[0]]
        async with self._arrival:
            site.asked += 1
            site.at_once += 1
            site.most_at_once = max(site.most_at_once, site.at_once)
            self._arrival.notify_all()
        try:
            if site.gate is not None:
                await site.gate.wait()
        finally:
            site.at_once -= 1
        if site.error is not None:
            raise site.error
        return SiteAnswer(site, request.url.rpartition("/")[2])

    async def close(self) -> None:
        pass

    async def asked(self, **counts: int) -> None:
        """Waits until the named sites have been asked so often."""
        async with asyncio.timeout(PATIENCE_SECONDS), self._arrival:
            await self._arrival.wait_for(lambda: all(self.sites[name].asked >= count for name, count in counts.items()))


class LineAdapter:
    """An `Adapter` whose listings are lines of text: one model each, `>name` for a next page, `!` for a body that is none."""

    translates_chats: ClassVar[bool] = False

    def says_one_call_at_a_time(self, model: str) -> bool:
        return True

    def encode_listing(self, provider: ProviderDefinition, key: ProviderKey | None) -> UpstreamRequest:
        return UpstreamRequest("GET", provider.base_url + "/models", (), b"", 5, 20)

    def decode_listing(self, body: bytes) -> Sequence[ListedModel]:
        if body == b"!":
            raise ValueError("no listing")
        return [ListedModel(line) for line in body.decode().split() if not line.startswith(">")]

    def encode_next_listing(self, provider: ProviderDefinition, key: ProviderKey | None, page: bytes) -> UpstreamRequest | None:
        following = [line for line in page.decode().split() if line.startswith(">")]
        if not following:
            return None
        return self.encode_listing(provider, key)._replace(url=f"{provider.base_url}/{following[0][1:]}")

    def classify(self, status: int, headers: Headers, body: bytes) -> Failure:
        return Failure(FailureClass.SERVER_ERROR, Blame.ROUTE, body.decode(), status)

    def speaks(self, *_: Any, **__: Any) -> bool:
        raise AssertionError(_LISTS_ALONE)

    def chat_requests(self, *_: Any, **__: Any) -> Iterator[tuple[Operation, Mapping[str, Any]]]:
        raise AssertionError(_LISTS_ALONE)

    def amended(self, *_: Any, **__: Any) -> Mapping[str, Any] | None:
        raise AssertionError(_LISTS_ALONE)

    def encode(self, *_: Any, **__: Any) -> UpstreamRequest:
        raise AssertionError(_LISTS_ALONE)

    def decode_answer(self, *_: Any, **__: Any) -> PlainAnswer | Failure:
        raise AssertionError(_LISTS_ALONE)

    def decode_stream(self, *_: Any, **__: Any) -> StreamDecoder:
        raise AssertionError(_LISTS_ALONE)


LINES: Adapter = LineAdapter()
