"""Where an OpenAI-compatible provider is asked, for every operation."""

from dataclasses import replace

import orjson
import pytest

from ai_engine.errors import UnsupportedByProvider
from ai_engine.names import Operation
from ai_engine.providers.openai.adapter import OpenAICompatible
from ai_engine.providers.registry.definition import ProviderDefinition, ProviderKey
from ai_engine.upstream.port import UpstreamRequest, header
from ai_engine.wire.multipart import read_form
from tests.fakes.forms import FORM, field, file, form

KEY = ProviderKey.of("azure-key")
V1 = ProviderDefinition("azure", "Azure", "https://me.openai.azure.com/openai/v1", "K", keys=(KEY,), key_header="api-key")
DATED = replace(V1, base_url="https://me.openai.azure.com/openai/deployments/{model}?api-version=2024-10-21")
PATHS = {
    Operation.CHAT: "/chat/completions",
    Operation.COMPLETIONS: "/completions",
    Operation.RESPONSES: "/responses",
    Operation.MESSAGES: "/messages",
    Operation.COUNT_TOKENS: "/messages/count_tokens",
    Operation.EMBEDDINGS: "/embeddings",
    Operation.RERANK: "/rerank",
    Operation.MODERATIONS: "/moderations",
    Operation.IMAGE_GENERATIONS: "/images/generations",
    Operation.IMAGE_EDITS: "/images/edits",
    Operation.IMAGE_VARIATIONS: "/images/variations",
    Operation.SPEECH: "/audio/speech",
    Operation.TRANSCRIPTIONS: "/audio/transcriptions",
    Operation.TRANSLATIONS: "/audio/translations",
}


def encode(operation: Operation, provider: ProviderDefinition, model: str = "my-gpt") -> UpstreamRequest:
    return OpenAICompatible().encode(operation, {"model": "asked"}, provider, model, KEY, ask_usage=True)


@pytest.mark.parametrize("operation", Operation)
def test_every_operation_has_its_path(operation: Operation) -> None:
    request = encode(operation, V1)
    assert request.url == f"https://me.openai.azure.com/openai/v1{PATHS[operation]}"
    assert (header(request.headers, b"api-key"), header(request.headers, b"authorization")) == ("azure-key", None)
    assert orjson.loads(request.body)["model"] == "my-gpt"


@pytest.mark.parametrize("operation", Operation)
def test_an_address_may_name_the_model_and_have_a_query(operation: Operation) -> None:
    request = encode(operation, DATED)
    expected = f"https://me.openai.azure.com/openai/deployments/my-gpt{PATHS[operation]}?api-version=2024-10-21"
    assert request.url == expected
    assert header(request.headers, b"api-key") == "azure-key"


@pytest.mark.parametrize(
    ("model", "written"),
    [
        ("a/b", "a%2Fb"),
        ("../x", "..%2Fx"),
        ("a?b=c#d", "a%3Fb%3Dc%23d"),
        ("ü b", "%C3%BC%20b"),
        ("{model}", "%7Bmodel%7D"),
        ("a\r\nb", "a%0D%0Ab"),
    ],
)
def test_a_models_name_is_one_segment_whatever_it_holds(model: str, written: str) -> None:
    url = encode(Operation.CHAT, DATED, model).url
    assert url == f"https://me.openai.azure.com/openai/deployments/{written}/chat/completions?api-version=2024-10-21"


@pytest.mark.parametrize("model", [".", ".."])
def test_a_model_that_would_change_the_path_is_refused(model: str) -> None:
    with pytest.raises(UnsupportedByProvider, match=r"^model must not be '\.\.?'"):
        encode(Operation.CHAT, DATED, model)


def test_the_listing_is_of_all_models() -> None:
    adapter = OpenAICompatible()
    assert adapter.encode_listing(V1, KEY).url == "https://me.openai.azure.com/openai/v1/models"
    assert adapter.encode_listing(DATED, KEY).url == "https://me.openai.azure.com/openai/models?api-version=2024-10-21"


@pytest.mark.parametrize("provider", [V1, DATED], ids=["v1", "dated"])
def test_a_form_goes_out_with_its_own_content_type(provider: ProviderDefinition) -> None:
    body = read_form(FORM.encode(), form(field("model", "asked"), file("file")))
    request = OpenAICompatible().encode(Operation.TRANSCRIPTIONS, body, provider, "my-whisper", KEY, ask_usage=True)
    assert header(request.headers, b"content-type") == FORM
    assert [name for name, _ in request.headers].count(b"content-type") == 1
    assert request.body == form(field("model", "my-whisper"), file("file"))


def test_completions_are_taken_by_the_models_that_the_row_names() -> None:
    some = replace(V1, completion_models=frozenset({"davinci-002"}))
    every = replace(V1, formats=frozenset({Operation.COMPLETIONS}))
    adapter = OpenAICompatible()
    assert adapter.speaks(Operation.COMPLETIONS, some, "davinci-002")
    assert not adapter.speaks(Operation.COMPLETIONS, some, "gpt-4o")
    assert not adapter.speaks(Operation.RESPONSES, some, "davinci-002")
    assert adapter.speaks(Operation.COMPLETIONS, every, "gpt-4o")
