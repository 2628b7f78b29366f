"""The ledger against the books of those who were there: what providers were asked and reported, and what clients received."""

import asyncio
import contextlib
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest

from ai_engine.providers.registry.definition import ProviderKey
from ai_engine.wire.json_types import JsonMapping
from tests.fakes.gateway import CHAT as CHAT_URL
from tests.fakes.gateway import Client, Provider, Reply, chat_body, environment_of, gateway_process, yaml_of
from tests.fakes.ports import free_port
from tests.fakes.scripted_upstream import (
    Answer,
    CutAfter,
    ReceivedRequest,
    Reset,
    ScriptedUpstream,
    Silence,
    Stall,
    Step,
    Stream,
    chunk,
    chunks,
    completion,
    embeddings,
    error,
    usage,
)
from tests.journeys.ledger_counts import (
    NO_TOKENS,
    UNKNOWN_TOKENS,
    Row,
    Tokens,
    assert_statistics_equal,
    cost_usd,
    disjoint,
    in_tokens,
    reported_usage,
    rows_once_there_are,
    sent_text,
    with_attempts,
)
from tests.journeys.steps import CHAT, refused, sound
from tests.patience import eventually

pytestmark = pytest.mark.anyio

EACH = 5
AT_ONCE = 24
EVENT_STREAM = httpx.Headers({"content-type": "text/event-stream"})
JSON = httpx.Headers({"content-type": "application/json"})
PROMPT = "How many tokens may this be?!"
INPUT_PRICES = ("0.15", "3", "0", "0.000001", "12.5", "1.1")
OUTPUT_PRICES = ("0.6", "15", "0", "0.333333", "75")

WORDS = chunks("one two three four five", with_usage=False)
DETAILED = {
    **usage(1200, 340),
    "prompt_tokens_details": {"cached_tokens": 1024},
    "completion_tokens_details": {"reasoning_tokens": 300},
}
BESIDE = {**usage(900, 40), "total_tokens": 1240, "completion_tokens_details": {"reasoning_tokens": 300}}
"""As xAI counts: reasoning is no part of `completion_tokens`."""
GROWING = [{**event, "usage": usage(21, number)} for number, event in enumerate(WORDS)]
"""As vLLM reports, where it is told to: in each event, how much there is up to now."""
OPENED = [GROWING[0]]
BROKEN = error("the provider's words", kind="server_error")


def answered_with(reported: JsonMapping | None) -> Answer:
    return Answer({**completion("hello there, this is what it is like"), "usage": reported})


def streamed_with(reported: JsonMapping) -> Stream:
    return Stream([*WORDS, {**chunk({}), "choices": [], "usage": reported}])


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of request: its own provider, what that one does, and what becomes of the request."""

    steps: Sequence[Step] = ()
    """What its provider does; nothing: nobody listens there."""
    second_key: Step | None = None
    elsewhere: Step | None = None
    """What the next candidate does; `None`: there is none."""
    stream: bool = False
    leaves_at: str | None = None
    """The client leaves once it has read this; empty: once the last of its providers has the request."""
    ending: str = "completed"
    statuses: tuple[int, ...] = (200,)
    path: str = CHAT
    timeout: str | None = None
    """Of the client's own, in seconds."""

    @property
    def providers_to_reach(self) -> int:
        return 2 if self.elsewhere is not None else 1


completed_stream = partial(Kind, stream=True)
cut = partial(Kind, stream=True, ending="upstream_cut")
failed = partial(Kind, ending="error")
left_early = partial(Kind, leaves_at="", ending="client_cancelled", statuses=(499,))
left = partial(Kind, stream=True, leaves_at="three", ending="client_cancelled")

KINDS: dict[str, Kind] = {
    "plain": Kind([answered_with(usage(31, 17))]),
    "plain-detailed": Kind([answered_with(DETAILED)]),
    "plain-beside": Kind([answered_with(BESIDE)]),
    "plain-unreported": Kind([answered_with(None)]),
    "plain-uncounted": Kind([answered_with(usage(0, 0))]),
    "embeddings": Kind([Answer(embeddings([0.5, 1]))], path="/embeddings"),
    "streamed": completed_stream([sound(stream=True)]),
    "streamed-detailed": completed_stream([streamed_with(DETAILED)]),
    "streamed-growing": completed_stream([Stream(GROWING)]),
    "streamed-unreported": completed_stream([Stream(WORDS)]),
    "streamed-uncounted": completed_stream([streamed_with(usage(0, 0))]),
    "streamed-silent-after-finish": completed_stream([Stall(len(WORDS), Stream(WORDS))]),
    "limited": Kind([refused(429, retry_after="0.05")], second_key=answered_with(usage(31, 17))),
    "limited-stream": completed_stream([refused(429, retry_after="0.05")], second_key=Stream(GROWING)),
    "denied": Kind([refused(401, "invalid_api_key")], second_key=answered_with(DETAILED)),
    "broken": Kind([refused(500)], elsewhere=answered_with(usage(31, 17))),
    "broken-stream": completed_stream([refused(503)], elsewhere=streamed_with(DETAILED)),
    "down": Kind(elsewhere=answered_with(None)),
    "down-stream": completed_stream(elsewhere=sound(stream=True)),
    "reset": Kind([Reset()], elsewhere=answered_with(BESIDE)),
    "torn-before-content": completed_stream([CutAfter(1, Stream(WORDS))], elsewhere=sound(stream=True)),
    "torn-after-reporting": completed_stream([CutAfter(1, Stream(OPENED))], elsewhere=sound(stream=True)),
    "error-before-content": completed_stream([Stream([WORDS[0], BROKEN])], elsewhere=Stream(WORDS)),
    "torn": cut([CutAfter(3, Stream(WORDS))]),
    "torn-by-reset": cut([CutAfter(3, Stream(WORDS), reset=True)]),
    "torn-while-growing": cut([CutAfter(4, Stream(GROWING))]),
    "error-in-stream": cut([Stream([*WORDS[:4], BROKEN])]),
    "refused": failed([refused(400)], statuses=(400,)),
    "refused-stream": failed([refused(400)], statuses=(400,), stream=True),
    "hopeless": failed([refused(500)], statuses=(502, 503)),
    "left-plain": left_early([Silence()]),
    "left-before-headers": left_early([Silence()], stream=True),
    "left-before-token": left_early([Stall(1, Stream(WORDS))], stream=True),
    "too-late": failed([Stall(1, Stream(GROWING))], stream=True, timeout="5", statuses=(504,)),
    "left-elsewhere": left_early([refused(500)], elsewhere=Silence()),
    "left": left([Stall(4, Stream(WORDS))]),
    "left-while-growing": left([Stall(4, Stream(GROWING))]),
    "left-after-failover": left([refused(500)], elsewhere=Stall(4, Stream(GROWING))),
}


class Outcome:
    """What the client of one request saw."""

    def __init__(self, kind: str, request_id: str) -> None:
        self.kind = kind
        self.request_id = request_id
        self.status: int | None = None
        self.text = ""


def providers_of(upstream: ScriptedUpstream) -> list[Provider]:
    """One for each kind, and the one that serves what others fail at; each plays its part."""
    providers: list[Provider] = []
    for name, kind in KINDS.items():
        address = upstream.base_url if kind.steps else f"http://127.0.0.1:{free_port()}/v1"
        provider = Provider(name, address, [name], key_count=2 if kind.second_key else 1)
        providers.append(provider)
        if kind.steps:
            upstream.on(kind.path, *kind.steps, model=name, key=provider.key(1))
        if kind.second_key is not None:
            upstream.on(kind.path, kind.second_key, model=name, key=provider.key(2))
    steady = Provider("steady", upstream.base_url, [name for name, kind in KINDS.items() if kind.elsewhere is not None])
    for name, kind in KINDS.items():
        if kind.elsewhere is not None:
            upstream.on(kind.path, kind.elsewhere, model=name, key=steady.key())
    return [*providers, steady]


def prices_of(providers: Sequence[Provider]) -> dict[str, dict[str, str]]:
    """A price for each route but one in seven, which nobody knows a price of."""
    routes = [f"{provider.name}/{model}" for provider in providers for model in provider.models or ()]
    return {
        route: {"input": INPUT_PRICES[number % len(INPUT_PRICES)], "output": OUTPUT_PRICES[number % len(OUTPUT_PRICES)]}
        for number, route in enumerate(routes)
        if number % 7 != 6
    }


def journal_of(upstream: ScriptedUpstream, outcome: Outcome) -> list[ReceivedRequest]:
    return [request for request in upstream.requests if request.body["user"] == outcome.request_id]


async def ask(gateway: Client, upstream: ScriptedUpstream, outcome: Outcome) -> None:
    """Makes the request and notes what came of it. Who leaves notes what it had read by then."""
    kind = KINDS[outcome.kind]
    body: dict[str, Any] = {"model": outcome.kind, "user": outcome.request_id}
    body |= {"input": PROMPT} if kind.path != CHAT else {"messages": [{"role": "user", "content": PROMPT}]}
    body |= {"stream": True} if kind.stream else {}
    headers = {"x-request-id": outcome.request_id, **({"x-ai-engine-timeout": kind.timeout} if kind.timeout else {})}
    url = CHAT_URL if kind.path == CHAT else f"/v1{kind.path}"
    received = b""

    async def read() -> None:
        nonlocal received
        async with gateway.http.stream("POST", url, json=body, headers=headers) as answer:
            outcome.status = answer.status_code
            async for piece in answer.aiter_raw():
                received += piece
                if kind.leaves_at and f'"{kind.leaves_at}"'.encode() in received.replace(b'" ', b'"'):
                    return

    reading = asyncio.create_task(read())
    if kind.leaves_at == "":
        await eventually(lambda: _has_reached(kind.providers_to_reach, upstream, outcome))
        reading.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await reading
    if outcome.status == 200 and kind.path == CHAT:
        outcome.text = _text_of(received) if kind.stream else Reply(200, JSON, received).text


def _text_of(received: bytes) -> str:
    """The text of all events that came whole."""
    return Reply(200, EVENT_STREAM, received[: received.rindex(b"\n\n") + 2]).text


async def _has_reached(providers: int, upstream: ScriptedUpstream, outcome: Outcome) -> bool:
    return len({request.key for request in journal_of(upstream, outcome)}) >= providers or _is_skipped(
        providers, upstream, outcome
    )


def _is_skipped(providers: int, upstream: ScriptedUpstream, outcome: Outcome) -> bool:
    """Whether its request went straight to the second provider, because the first is out of rotation by now."""
    return providers == 2 and any(request.key == "sk-steady-1" for request in journal_of(upstream, outcome))


def expected(request: ReceivedRequest, received_text: str) -> tuple[Tokens, bool]:
    """What the attempt took, and whether that is an estimate: as reported; else as much as the client received.

    A provider that reports 0 for a prompt did not count.
    """
    step = request.step
    assert step is not None
    if isinstance(step, Answer) and step.status != 200:
        return NO_TOKENS, False
    reported = reported_usage(step)
    if reported is not None and reported["prompt_tokens"]:
        return disjoint(reported), False
    if isinstance(step, Answer) or sent_text(step):
        counted = {"input": in_tokens(len(PROMPT)), "output": in_tokens(len(received_text))}
        return {**UNKNOWN_TOKENS, **counted}, True
    return UNKNOWN_TOKENS, False


def check(row: Row, outcome: Outcome, journal: Sequence[ReceivedRequest], prices: Mapping[str, Mapping[str, str]]) -> None:
    """One request's row and attempts against what its providers and its client counted."""
    kind = KINDS[outcome.kind]
    assert (row["ending"], row["requested_model"], row["stream"]) == (kind.ending, outcome.kind, kind.stream)
    assert row["status"] == (outcome.status or 499)
    assert row["status"] in kind.statuses
    assert (row["failure"] is not None) == (kind.ending in ("error", "upstream_cut"))
    asked_of = [attempt for attempt in row["attempts"] if attempt["provider"] not in ("down", "down-stream")]
    assert [attempt["key_fingerprint"] for attempt in asked_of] == [
        ProviderKey.of(request.key or "").fingerprint for request in journal
    ]
    assert [attempt["number"] for attempt in row["attempts"]] == list(range(1, len(row["attempts"]) + 1))
    for attempt, request in zip(asked_of, journal, strict=True):
        tokens, is_estimated = expected(request, outcome.text)
        assert attempt["model"] == request.model
        assert (attempt["tokens"], attempt["tokens_estimated"]) == (tokens, is_estimated), request.step
        price = prices.get(f"{attempt['provider']}/{attempt['model']}")
        cost = Decimal(0) if tokens == NO_TOKENS else cost_usd(tokens, price)
        assert (attempt["cost_usd"] if cost is None else Decimal(attempt["cost_usd"])) == cost
    for attempt in row["attempts"]:
        if attempt not in asked_of:
            assert (attempt["tokens"], attempt["cost_usd"], attempt["status"]) == (NO_TOKENS, "0", None)
    check_who_pays(row)


def check_who_pays(row: Row) -> None:
    """The client pays the attempt that answered it and nothing else; what the others took is ours."""
    paid = row["attempts"][-1] if row["status"] == 200 else None
    if paid is not None:
        assert (row["tokens"], row["tokens_estimated"], row["cost_usd"]) == (
            paid["tokens"],
            paid["tokens_estimated"],
            paid["cost_usd"],
        )
    else:
        assert row["cost_usd"] == "0"
    others = [attempt["cost_usd"] for attempt in row["attempts"] if attempt is not paid]
    absorbed = None if None in others else sum(map(Decimal, others), Decimal(0))
    assert (row["absorbed_usd"] if absorbed is None else Decimal(row["absorbed_usd"])) == absorbed


async def test_the_ledger_equals_what_the_providers_and_the_clients_counted(alpha: ScriptedUpstream, tmp_path: Path) -> None:
    providers = providers_of(alpha)
    prices = prices_of(providers)
    outcomes = [Outcome(kind, f"{kind}.{number}") for kind in KINDS for number in range(EACH)]
    random.Random(11).shuffle(outcomes)
    gate = asyncio.Semaphore(AT_ONCE)

    async def ask_in_turn(outcome: Outcome) -> None:
        async with gate:
            await ask(gateway, alpha, outcome)

    async with gateway_process(tmp_path, environment_of(*providers), yaml=yaml_of(*providers, prices=prices)) as gateway:
        await asyncio.gather(*map(ask_in_turn, outcomes))
        rows = await with_attempts(await rows_once_there_are(len(outcomes), gateway), gateway)
        await assert_statistics_equal(rows, gateway)
    by_request = {row["request_id"]: row for row in rows}
    assert len(rows) == len(by_request) == len(outcomes), "each request has one row"
    for outcome in outcomes:
        check(by_request[outcome.request_id], outcome, journal_of(alpha, outcome), prices)
    attempts = [attempt for row in rows for attempt in row["attempts"]]
    unheard = [attempt for attempt in attempts if attempt["provider"] in ("down", "down-stream")]
    assert unheard, "somebody was asked who was not there"
    assert len(alpha.requests) == len(attempts) - len(unheard), (
        "each request that a provider got is an attempt, and nothing else is"
    )


async def test_a_client_that_leaves_at_any_moment_is_settled_for_at_least_what_it_received(
    alpha: ScriptedUpstream, tmp_path: Path
) -> None:
    long = chunks(" ".join(["word"] * 60), with_usage=False)
    alpha.on(CHAT, Stall(len(long), Stream(long, pause_seconds=0.02)))
    provider = Provider("alpha", alpha.base_url)
    received: dict[str, int] = {}

    async def ask_and_leave_after(events: int) -> None:
        request_id = f"leaves-after.{events}"
        came = b""
        body = chat_body(stream=True, user=request_id)
        async with gateway.http.stream("POST", CHAT_URL, json=body, headers={"x-request-id": request_id}) as answer:
            async for piece in answer.aiter_raw():
                came += piece
                if came.count(b"\n\n") > events:
                    break
        received[request_id] = len(_text_of(came))

    async with gateway_process(tmp_path, environment_of(provider), yaml=yaml_of(provider)) as gateway:
        await asyncio.gather(*map(ask_and_leave_after, range(1, 60, 3)))
        rows = await with_attempts(await rows_once_there_are(20, gateway), gateway)
        await assert_statistics_equal(rows, gateway)
    assert sorted(row["request_id"] for row in rows) == sorted(received)
    assert max(row["duration_ms"] for row in rows) > 150
    for row in rows:
        assert (row["ending"], row["status"], row["tokens_estimated"]) == ("client_cancelled", 200, True)
        if row["duration_ms"] > 150:
            assert row["overhead_ms"] < row["duration_ms"] / 2, "a provider's time is not our own"
        assert in_tokens(received[row["request_id"]]) <= row["tokens"]["output"] <= in_tokens(len(sent_text(Stream(long))))
