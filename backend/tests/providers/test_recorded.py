"""Every payload in `tests/recorded` is read as its file says it must be."""

from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import orjson
import pytest

from ai_engine.names import Operation, TokenCounts
from ai_engine.providers.adapter import Adapter, ListedModel, PlainAnswer
from ai_engine.providers.anthropic.adapter import AnthropicMessages
from ai_engine.providers.bedrock.adapter import Bedrock
from ai_engine.providers.cloud_credentials import CloudCredentials
from ai_engine.providers.cohere.adapter import Cohere
from ai_engine.providers.failures import Failure
from ai_engine.providers.gemini.adapter import Gemini
from ai_engine.providers.openai.adapter import OpenAICompatible
from ai_engine.providers.vertex.adapter import VertexAI
from ai_engine.wire.json_types import Json
from ai_engine.wire.sse import encode_event
from tests.fakes.clock import HandTurnedClock

FOLDER = Path(__file__).parent.parent / "recorded"
FILES = sorted(FOLDER.glob("*/*.json"))
ADAPTERS: dict[str, Adapter] = {
    "openai": OpenAICompatible(),
    "anthropic": AnthropicMessages(HandTurnedClock()),
    "gemini": Gemini(HandTurnedClock()),
    "cohere": Cohere(HandTurnedClock()),
    "bedrock": Bedrock(HandTurnedClock(), CloudCredentials()),
    "vertex": VertexAI(HandTurnedClock(), CloudCredentials()),
}


def recorded(path: Path) -> Json:
    content: Json = orjson.loads(path.read_bytes())
    return content


def stream_file(path: Path) -> Path:
    return path.with_suffix(".eventstream" if path.parent.name == "bedrock" else ".sse")


def of_kind(kind: str) -> list[Any]:
    return [pytest.param(path, id=f"{path.parent.name}-{path.stem}") for path in FILES if recorded(path)["kind"] == kind]


def adapter_of(record: Json) -> Adapter:
    return ADAPTERS[record.get("protocol", "openai")]


def operation_of(record: Json) -> Operation:
    return Operation(record.get("operation", "chat"))


def model_of(record: Json) -> str:
    return str(record.get("model", "asked"))


def is_translated(record: Json) -> bool:
    """It is in OpenAI's format for the client, and something else for the provider."""
    return "protocol" in record and operation_of(record) in (Operation.CHAT, Operation.EMBEDDINGS)


def body_of(record: Json) -> bytes:
    body = record["body"]
    return body.encode() if isinstance(body, str) else orjson.dumps(body)


def assert_failure(failure: Failure | None, expected: Json) -> None:
    assert failure is not None
    actual = asdict(failure)
    assert {name: actual[name] for name in expected} == expected
    assert failure.message


def tokens(usage: TokenCounts | None) -> list[int | None] | None:
    return [usage.all_input, usage.all_output] if usage else None


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_every_record_names_its_source_and_date(path: Path) -> None:
    record = recorded(path)
    assert urlsplit(record["source"]).scheme == "https"
    assert date.fromisoformat(record["read"]) >= date(2026, 11, 23)
    assert isinstance(record["recorded"], bool)
    assert record["kind"] in ("error", "answer", "stream", "listing")
    assert stream_file(path).exists() == (record["kind"] == "stream")


@pytest.mark.parametrize("path", of_kind("error"))
def test_an_error_is_classified(path: Path) -> None:
    record = recorded(path)
    headers = tuple((name.encode(), value.encode()) for name, value in record["headers"].items())
    assert_failure(adapter_of(record).classify(record["status"], headers, body_of(record)), record["expect"])


@pytest.mark.parametrize("path", of_kind("answer"))
def test_an_answer_is_decoded(path: Path) -> None:
    record = recorded(path)
    body, expected = body_of(record), record["expect"]
    answer = adapter_of(record).decode_answer(operation_of(record), (), body, model_of(record))
    if "blame" in expected:
        assert isinstance(answer, Failure)
        assert_failure(answer, expected)
        return
    assert isinstance(answer, PlainAnswer)
    assert answer.body == (None if is_translated(record) else body)
    assert {"model": answer.model, "usage": tokens(answer.usage)} == expected


@pytest.mark.parametrize("size", [1, 7, 100_000])
@pytest.mark.parametrize("path", of_kind("stream"))
def test_a_stream_is_decoded_however_it_is_cut(path: Path, size: int) -> None:
    record = recorded(path)
    expected = record["expect"]
    data = stream_file(path).read_bytes()
    decoder = adapter_of(record).decode_stream(operation_of(record), model_of(record))
    events = [event for place in range(0, len(data), size) for event in decoder.feed(data[place : place + size])]
    events += decoder.end()
    assert [event.kind.name.lower() for event in events] == expected["kinds"]
    assert decoder.is_finished == expected["is_finished"]
    if "failure" in expected:
        assert_failure(next(event.failure for event in events if event.failure), expected["failure"])
    else:
        assert (decoder.model, tokens(decoder.usage)) == (expected["model"], expected["usage"])
        relayed = [encode_event(event.data, event.name) for event in events if event.data]
        assert all(event in data for event in relayed)
        assert bool(relayed) is not is_translated(record)


@pytest.mark.parametrize("path", of_kind("listing"))
def test_a_listing_is_decoded(path: Path) -> None:
    record = recorded(path)
    models = adapter_of(record).decode_listing(body_of(record))
    assert list(models) == [ListedModel(**model) for model in record["expect"]["models"]]
