"""Words that must appear nowhere are sent through all that the gateway does, then looked for in all that it keeps and tells.

The keys look like no key, so that only knowing them keeps them out. The providers repeat key and prompt wherever they can.
"""

import asyncio
import base64
import contextlib
import json
from collections.abc import AsyncIterator, Iterator, Mapping
from pathlib import Path
from urllib.parse import quote

import pytest
from fastapi.routing import iter_route_contexts
from websockets.asyncio.client import connect

from ai_engine.access.keys import hash_of
from ai_engine.access.repository import AccessKeyRepository
from ai_engine.clock import SystemClock
from ai_engine.database import migrate, open_database
from ai_engine.health.breaker import BreakerPolicy
from ai_engine.names import Role
from ai_engine.wiring.tuning import Tuning
from tests.fakes.gateway import Gateway, Provider, Reply, chat_body, gateway_in_front_of
from tests.fakes.scripted_upstream import (
    Answer,
    CutAfter,
    Garbage,
    ScriptedUpstream,
    Stall,
    Step,
    Stream,
    chunk,
    chunks,
    completion,
    error,
)
from tests.journeys.steps import CHAT
from tests.patience import eventually

pytestmark = pytest.mark.anyio

ALPHA_KEY, BETA_KEY, GAMMA_KEY = "orchard.canary.of.alpha", "meadow.canary.of.beta", "brook.canary.of.gamma"
ADMIN_KEY, VIEWER_KEY, CLIENT_KEY = "hedgerow.canary.of.the.admin", "thicket.canary.of.the.viewer", "willow.canary.of.the.client"
KEYS = (ALPHA_KEY, BETA_KEY, GAMMA_KEY, ADMIN_KEY, VIEWER_KEY, CLIENT_KEY)
PROMPT, COMPLETION = "heron-canary", "kestrel-canary"
ECHO = f"You sent {PROMPT} with {ALPHA_KEY}, which is {base64.b64encode(ALPHA_KEY.encode()).decode()}."


def refusing(status: int, code: str | None = None, **headers: str) -> Answer:
    body = error(ECHO, kind=f"kind of {ALPHA_KEY}", code=code, param=f"param of {ALPHA_KEY}")
    return Answer(body, status, {name.replace("_", "-"): value for name, value in headers.items()})


BEHAVIOURS: Mapping[str, tuple[Step, Step]] = {
    # Each is that of one provider with one model of the same name: for a plain request, and for a stream.
    "sound": (Answer(completion(COMPLETION, "sound")), Stream(chunks(COMPLETION, "sound"))),
    "bad": (refusing(400), refusing(422)),
    "filtered": (refusing(400, "content_filter"), Stream([error(ECHO, code="content_filter")])),
    "long": (refusing(400, "context_length_exceeded"), refusing(413)),
    "limited": (refusing(429, retry_after="60"), refusing(429, retry_after="60")),
    "forbidden": (refusing(403), refusing(403)),
    "unknown": (refusing(404), refusing(404, "model_not_found")),
    "broken": (refusing(500), refusing(503)),
    "text": (Answer(ECHO.encode(), 502), Answer(f"<html><title>{ECHO}</title></html>".encode(), 502)),
    "inside": (Answer(error(ECHO, kind="server_error")), Stream([error(ECHO, kind="server_error")])),
    "babbling": (Answer(ECHO.encode()), Stream([ECHO, f"data: {ECHO}\n\n"], done=False)),
    "noisy": (Garbage(ECHO.encode()), Garbage(f"HTTP/1.1 {ECHO}\r\n\r\n".encode())),
    "headers": (refusing(500, retry_after=PROMPT), refusing(302, location=ECHO)),
    "late": (
        Answer(completion(COMPLETION)),
        Stream([chunk({"content": COMPLETION}), error(ECHO, kind="server_error")], done=False),
    ),
    "cut": (Answer(completion(COMPLETION)), CutAfter(2, Stream(chunks(f"{COMPLETION} goes on")))),
    "strange": (refusing(401), refusing(401)),
    "poor": (refusing(402), refusing(429, "insufficient_quota")),
}
LASTING = Tuning(breaker=BreakerPolicy(first_probe_seconds=600, longest_early_probe_seconds=600))
"""What is out stays out for as long as this test takes."""
OUT_FOR_EVERYBODY = "broken/broken"
"""This route is out after three failures, and what the provider said of them must not be told to whoever asks next."""


class Witness:
    """Everything that the gateway told or kept, by where."""

    def __init__(self) -> None:
        self.seen: dict[str, list[bytes]] = {}

    def note(self, where: str, what: str | bytes) -> None:
        self.seen.setdefault(where, []).append(what.encode() if isinstance(what, str) else what)

    def places_of(self, word: str) -> set[str]:
        forms = {word, quote(word, safe=""), base64.b64encode(word.encode()).decode().rstrip("=")}
        return {where for where, texts in self.seen.items() if any(form.encode() in text for form in forms for text in texts)}


@contextlib.asynccontextmanager
async def in_the_background(work: "asyncio.Task[None]") -> AsyncIterator[None]:
    try:
        yield
    finally:
        work.cancel()
        await asyncio.gather(work, return_exceptions=True)


async def watch_spool(folder: Path, witness: Witness) -> None:
    """Records rest here for a few hundredths of a second, which is why one has to look all the time."""
    while True:
        for file in folder.glob("*"):
            with contextlib.suppress(FileNotFoundError):
                if content := file.read_bytes():
                    witness.note("spool", content)
        await asyncio.sleep(0.002)


async def watch_live(port: int, witness: Witness) -> None:
    headers = {"authorization": f"Bearer {VIEWER_KEY}"}
    async with connect(f"ws://127.0.0.1:{port}/ws", proxy=None, max_size=None, additional_headers=headers) as connection:
        async for message in connection:
            witness.note("/ws", message)


async def issue_client_key(url: str) -> None:
    database = await open_database(url)
    await migrate(database)
    await AccessKeyRepository(database, SystemClock()).add("canary", Role.CLIENT, hash_of(CLIENT_KEY))
    await database.close()


def as_(key: str, request_id: str = "") -> dict[str, str]:
    return {"authorization": f"Bearer {key}", **({"x-request-id": request_id} if request_id else {})}


async def ask_everything(gateway: Gateway, witness: Witness) -> list[str]:
    """Every behaviour, plain and streamed, and a client that leaves. Gives the ids of the requests."""
    ids: list[str] = []
    for name in BEHAVIOURS:
        for stream in (False, True):
            ids.append(f"asked-{name}-{'streamed' if stream else 'plain'}")
            reply = await ask(gateway, f"{name}/{name}", ids[-1], stream=stream)
            where = "answers" if reply.status == 200 else "own faults" if reply.status in (400, 413, 422) else "errors"
            witness.note(where, reply.body + str(reply.headers).encode())
    for number in range(2):
        await ask(gateway, OUT_FOR_EVERYBODY, f"once-more-{number}", stream=False)
    body = chat_body("beta/stalling", stream=True)
    head = f"POST /v1/chat/completions HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: Bearer {CLIENT_KEY}\r\n"
    reader, writer = await asyncio.open_connection("127.0.0.1", gateway.port)
    content = json.dumps(body).encode()
    writer.write(f"{head}x-request-id: left\r\ncontent-length: {len(content)}\r\n\r\n".encode() + content)
    await reader.readuntil(COMPLETION.encode())
    writer.close()
    return [*ids, "left"]


async def ask(gateway: Gateway, model: str, request_id: str, *, stream: bool) -> Reply:
    tool = {"type": "function", "function": {"name": "look", "description": PROMPT, "parameters": {"type": "object"}}}
    body = chat_body(model, stream=stream, user=PROMPT, metadata={"about": PROMPT}, tools=[tool])
    body["messages"] = [{"role": "system", "content": PROMPT}, {"role": "user", "content": [{"type": "text", "text": PROMPT}]}]
    answer = await gateway.http.post("/v1/chat/completions", json=body, headers=as_(CLIENT_KEY, request_id))
    return Reply(answer.status_code, answer.headers, answer.content)


async def ask_as_others(gateway: Gateway, witness: Witness) -> None:
    """What strangers, other clients and operators are told."""
    for key in (CLIENT_KEY + "?", ALPHA_KEY, "nobody"):
        refused = await gateway.http.post("/v1/chat/completions", json=chat_body(), headers=as_(key))
        assert refused.status_code == 401
        witness.note("others", refused.content)
    another = await gateway.http.post("/v1/chat/completions", json=chat_body(OUT_FOR_EVERYBODY), headers=as_(CLIENT_KEY))
    assert another.json()["error"]["code"] == "no_route_available"
    witness.note("others", another.content)


async def try_as_operator(gateway: Gateway, witness: Witness) -> None:
    """The answers have what the model said, and the provider's wording of what the operator himself sent."""
    message = {"message": PROMPT}
    for path, body in (
        ("/api/providers/sound/test", message),
        ("/api/providers/broken/test", message),
        ("/api/providers/strange/test", message),
        ("/api/autodecide/test", message | {"model": "sound"}),
        ("/api/autodecide/test", message | {"model": "bad/bad"}),
    ):
        witness.note("tests", (await gateway.http.post(path, json=body, headers=as_(ADMIN_KEY))).content)


async def read_everything(gateway: Gateway, witness: Witness) -> None:
    listed = (await gateway.http.get("/api/requests?limit=50", headers=as_(VIEWER_KEY))).json()["items"]
    found = {
        "provider": [*BEHAVIOURS, "beta", "gamma"],
        "model": ["sound", OUT_FOR_EVERYBODY],
        "id": [item["id"] for item in listed],
    }
    for path in paths_of(gateway, found):
        answer = await gateway.http.get(path, headers=as_(ADMIN_KEY))
        assert answer.status_code == 200, path
        witness.note("/metrics" if path == "/metrics" else "/api", answer.content)


def paths_of(gateway: Gateway, found: Mapping[str, list[str]]) -> Iterator[str]:
    """Every path of the management API that can be read, with everything that there is in place of its parameters."""
    for route in iter_route_contexts(gateway.engine.routes):
        path = route.path_format or ""
        if "GET" not in (route.methods or ()) or not path.startswith(("/api/", "/metrics")):
            continue
        name = path.partition("{")[2].partition("}")[0]
        assert not name or name in found, f"{path}: say here what stands for {name}"
        yield from (path.replace(f"{{{name}}}", value) for value in found[name]) if name else (path,)


def note_what_is_kept(folder: Path, collector: ScriptedUpstream, witness: Witness) -> None:
    for file in folder.rglob("*"):
        if file.is_file():
            witness.note("log" if file.suffix == ".log" else "spool" if "spool" in file.parts else "database", file.read_bytes())
    for request in collector.requests:
        witness.note("traces", request.raw_body)


@pytest.mark.parametrize("log_format", ["console", "json"])
async def test_no_key_and_no_text_is_found_where_it_does_not_belong(
    alpha: ScriptedUpstream, beta: ScriptedUpstream, tmp_path: Path, log_format: str
) -> None:
    for model, steps in BEHAVIOURS.items():
        alpha.on(CHAT, *steps, model=model, then="start over")
    beta.on(CHAT, Stall(2, Stream(chunks(f"{COMPLETION} goes on"))))
    witness = Witness()
    url = f"sqlite+aiosqlite:///{tmp_path / 'canary.db'}"
    await issue_client_key(url)
    async with ScriptedUpstream() as gamma, ScriptedUpstream() as collector:
        gamma.on("/models", Answer(error(f"who is {GAMMA_KEY}?"), 401))
        collector.on("/traces", Answer(b""))
        environment = {
            **{f"{name.upper()}_API_KEY": ALPHA_KEY for name in BEHAVIOURS},
            "BETA_API_KEY": BETA_KEY,
            "GAMMA_API_KEY": GAMMA_KEY,
            "AI_ENGINE_ADMIN_KEY": ADMIN_KEY,
            "AI_ENGINE_VIEWER_KEY": VIEWER_KEY,
            "AI_ENGINE_ACCESS_LOG": "true",
            "AI_ENGINE_LOG_LEVEL": "DEBUG",
            "AI_ENGINE_LOG_FORMAT": log_format,
            "AI_ENGINE_LOG_FILE": str(tmp_path / "canary.log"),
            "AI_ENGINE_DATABASE_URL": url,
            "AI_ENGINE_SPOOL_DIR": str(tmp_path / "spool"),
            "AI_ENGINE_OTLP_ENDPOINT": collector.base_url.removesuffix("/v1"),
        }
        providers = (
            *(Provider(name, alpha.base_url, models=(name,), fields={"default_model": name}) for name in BEHAVIOURS),
            Provider("beta", beta.base_url, models=("stalling",)),
            Provider("gamma", gamma.base_url, models=None),
        )
        async with (
            gateway_in_front_of(*providers, environment=environment, tuning=LASTING) as gateway,
            in_the_background(asyncio.create_task(watch_live(gateway.port, witness))),
            in_the_background(asyncio.create_task(watch_spool(tmp_path / "spool", witness))),
        ):
            await eventually(lambda: _has(witness, "/ws"))
            ids = await ask_everything(gateway, witness)
            await ask_as_others(gateway, witness)
            await try_as_operator(gateway, witness)
            await eventually(
                lambda: gateway.http.get("/api/requests", headers=as_(VIEWER_KEY)),
                until=lambda listed: b'"left"' in listed.content,
            )
            await eventually(lambda: _tells(witness, "/ws", "left"))
            await read_everything(gateway, witness)
        note_what_is_kept(tmp_path, collector, witness)

    assert PROMPT in str(alpha.requests[0].body), "the provider was asked what the client asked"
    for id_ in ids:
        missing = {"log", "database", "spool", "traces", "/ws", "/api"} - witness.places_of(id_)
        assert not missing, f"{id_} must be found there: it shows that one looks at the right places"
    for key in KEYS:
        assert witness.places_of(key) == set(), key
    assert witness.places_of(PROMPT) <= {"own faults", "tests"}
    assert witness.places_of(COMPLETION) <= {"answers", "tests"}


async def _has(witness: Witness, where: str) -> bool:
    return where in witness.seen


async def _tells(witness: Witness, where: str, word: str) -> bool:
    return where in witness.places_of(word)
