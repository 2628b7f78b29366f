from typing import Any

import genai_prices.data
import pytest

from ai_engine.errors import ConfigurationError
from ai_engine.names import Operation
from ai_engine.providers.registry.definition import ProviderDefinition, Timeouts, WireProtocol
from ai_engine.providers.registry.readiness import obstacle
from ai_engine.providers.registry.resolution import BUILT_IN, base_url_variable, resolve
from ai_engine.settings import ConfigFile, Settings

NAMED_IN_THE_DESCRIPTION = [
    "openai",
    "gemini",
    "groq",
    "anthropic",
    "paxsenix",
    "chi",
    "openrouter",
    "mistral",
    "deepseek",
    "xai",
    "together",
    "fireworks",
    "cerebras",
    "nvidia",
    "perplexity",
    "huggingface",
    "github",
    "vercel",
    "cloudflare",
    "azure",
    "moonshot",
    "zai",
    "minimax",
    "sambanova",
    "hyperbolic",
    "nebius",
    "novita",
    "deepinfra",
    "ollama",
    "vllm",
    "llamacpp",
    "lmstudio",
    "cohere",
    "samurai",
    "a4f",
    "cr",
    "mango",
    "typegpt",
    "pawan",
    "sandbox",
]


def resolved(
    environment: dict[str, str] | None = None, own_ports: frozenset[int] | None = None, **file: Any
) -> dict[str, ProviderDefinition]:
    environment = environment or {}
    settings = Settings.from_environment(environment)
    return resolve(environment, settings, ConfigFile.model_validate(file), own_ports=own_ports)


def refusal(environment: dict[str, str] | None = None, **file: Any) -> str:
    with pytest.raises(ConfigurationError) as refused:
        resolved(environment, **file)
    return refused.value.message


def secrets(provider: ProviderDefinition) -> list[str]:
    return [key.secret for key in provider.keys]


def test_every_provider_of_the_description_is_built_in_once() -> None:
    assert sorted(row.name for row in BUILT_IN) == sorted([*NAMED_IN_THE_DESCRIPTION, "bedrock", "vertex"])


def test_official_rows_are_complete() -> None:
    for row in BUILT_IN:
        if not (row.is_community or row.is_local or row.is_sandbox):
            assert all((row.display_name, row.docs_url, row.key_variable, row.default_model)), row.name
            assert row.default_model in row.models, row.name


def test_every_built_in_variable_belongs_to_one_provider() -> None:
    variables = [name for row in BUILT_IN for name in (row.key_variable, base_url_variable(row)) if name]
    assert len(variables) == len(set(variables))


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("openai", "openai"),
        ("anthropic", "anthropic"),
        ("gemini", "google"),
        ("groq", "groq"),
        ("mistral", "mistral"),
        ("xai", "x-ai"),
        ("deepseek", "deepseek"),
        ("together", "together"),
        ("cerebras", "cerebras"),
        ("perplexity", "perplexity"),
        ("cohere", "cohere"),
        ("moonshot", "moonshotai"),
        ("minimax", "minimax"),
        ("cloudflare", "cloudflare"),
        ("bedrock", "aws"),
        ("vertex", "google"),
    ],
)
def test_known_models_are_models_that_the_price_list_knows(name: str, source: str) -> None:
    listed = next(provider for provider in genai_prices.data.providers if provider.id == source)
    row = next(row for row in BUILT_IN if row.name == name)
    for model in row.models:
        assert listed.find_model(model) is not None, model


def test_native_protocols_are_marked() -> None:
    protocols = {row.name: row.protocol for row in BUILT_IN if row.protocol is not WireProtocol.OPENAI}
    assert protocols == {name: WireProtocol(name) for name in ("anthropic", "gemini", "cohere", "bedrock", "vertex")}


def test_nothing_but_the_sandbox_is_configured_without_a_word_from_the_operator() -> None:
    assert [name for name, provider in resolved().items() if provider.is_configured] == ["sandbox"]


def test_the_sandbox_comes_last_and_can_be_switched_off() -> None:
    sandbox = resolved()["sandbox"]
    assert (sandbox.base_url, sandbox.priority, sandbox.needs_key, sandbox.default_model) == (
        "sandbox://local",
        1000,
        False,
        "sandbox",
    )
    assert not resolved({"AI_ENGINE_SANDBOX": "false"})["sandbox"].is_configured


def test_keys_are_collected_in_numeric_order_with_gaps_and_without_repeats() -> None:
    environment = {f"OPENAI_API_KEY_{number}": f"key-{number}" for number in (10, 2, 9, 300)}
    environment |= {
        "OPENAI_API_KEY": "  key-first ",
        "OPENAI_API_KEY_4": "key-2",
        "OPENAI_API_KEY_OLD": "no",
        "OPENAI_API_KEY_5": " ",
    }
    assert secrets(resolved(environment)["openai"]) == ["key-first", "key-2", "key-9", "key-10", "key-300"]


def test_a_provider_may_start_with_its_second_key() -> None:
    provider = resolved({"GROQ_API_KEY_2": "key-2"})["groq"]
    assert provider.is_configured
    assert secrets(provider) == ["key-2"]


@pytest.mark.parametrize("key", ["sk-\x07bell", "sk-grüße", "sk-two words", "sk-a\nb"])
def test_a_key_that_no_header_can_carry_is_refused_by_its_variable_and_not_shown(key: str) -> None:
    message = refusal({"OPENAI_API_KEY_2": key})
    assert message.startswith("OPENAI_API_KEY_2 ")
    assert "sk-" not in message


def test_the_base_url_variable_follows_from_the_key_variable() -> None:
    names = {row.name: base_url_variable(row) for row in BUILT_IN}
    assert names["openai"] == "OPENAI_BASE_URL"
    assert names["huggingface"] == "HF_BASE_URL"
    assert names["typegpt"] == "WOW_TYPEGPT_BASE_URL"
    assert names["ollama"] == "OLLAMA_BASE_URL"


def test_a_variable_overrides_the_base_url_of_the_file_and_of_the_row() -> None:
    environment = {"OPENAI_API_KEY": "k", "OPENAI_BASE_URL": "https://proxy.example/v1/"}
    section = {"name": "openai", "base_url": "https://file.example/v1"}
    assert resolved(environment, providers=[section])["openai"].base_url == "https://proxy.example/v1"
    assert resolved({"OPENAI_API_KEY": "k"}, providers=[section])["openai"].base_url == "https://file.example/v1"
    assert resolved({"OPENAI_API_KEY": "k"})["openai"].base_url == "https://api.openai.com/v1"


@pytest.mark.parametrize(
    "url",
    [
        "ftp://x",
        "proxy.example/v1",
        "https://",
        "https://me:pw@x/v1",
        "https://x/v1?key=1",
        "https://x/v1#a",
        "https://x:99999/v1",
        "https://x y/v1",
        "https://x:0/v1",
        "http://[::1/v1",
        "https://grüße.example/v1",
    ],
)
def test_a_base_url_that_is_none_is_refused_by_its_variable_without_being_shown(url: str) -> None:
    message = refusal({"OPENAI_API_KEY": "k", "OPENAI_BASE_URL": url})
    assert message.startswith("OPENAI_BASE_URL ")
    assert "pw" not in message


@pytest.mark.parametrize(
    "url",
    [
        "http://localhost:8000/v1",
        "http://LOCALHOST:8000",
        "http://127.0.0.1:8000/v1",
        "http://127.9.9.9:8000/v1",
        "http://[::1]:8000/v1",
        "http://0.0.0.0:8000/v1",
        "http://localhost.:8000/v1",
        "http://a.localhost:8000",
        "http://127.1:8000",
        "http://2130706433:8000",
        "http://[::ffff:127.0.0.1]:8000/v1",
        "https://localhost:8000/v1",
        "http://gateway.internal:8000/v1",
    ],
)
def test_our_own_address_is_refused_by_name(url: str) -> None:
    environment = {"AI_ENGINE_HOST": "gateway.internal", "OPENAI_API_KEY": "k", "OPENAI_BASE_URL": url}
    assert refusal(environment).startswith("OPENAI_BASE_URL ")
    assert "provider 'loop' in the YAML file" in refusal(
        {"AI_ENGINE_HOST": "gateway.internal"}, providers=[{"name": "loop", "base_url": url, "auth": "none"}]
    )


def test_default_ports_are_ports_too() -> None:
    environment = {"AI_ENGINE_PORT": "80", "OLLAMA_BASE_URL": "http://localhost/v1"}
    assert refusal(environment).startswith("OLLAMA_BASE_URL ")


def test_every_port_that_leads_here_is_refused() -> None:
    environment = {"AI_ENGINE_PORT": "8001", "VLLM_BASE_URL": "http://localhost:8000/v1"}
    assert resolved(environment)["vllm"].is_configured
    with pytest.raises(ConfigurationError, match="VLLM_BASE_URL"):
        resolved(environment, own_ports=frozenset({8000, 8001}))


@pytest.mark.parametrize("url", ["http://localhost:8000/v1", "http://gateway.lan:8000/v1", "http://127.0.0.1:8001/v1"])
def test_the_proxy_in_front_is_our_own_address_too(url: str) -> None:
    proxied = {"AI_ENGINE_PORT": "8001", "AI_ENGINE_PUBLIC_HOST": "gateway.lan", "AI_ENGINE_PUBLIC_PORT": "8000"}
    assert refusal({**proxied, "VLLM_BASE_URL": url}).startswith("VLLM_BASE_URL ")


def test_another_port_of_this_machine_and_our_port_elsewhere_are_fine() -> None:
    environment = {"OLLAMA_BASE_URL": "http://localhost:11434/v1", "VLLM_BASE_URL": "http://gpu.internal:8000/v1"}
    assert resolved(environment)["ollama"].is_configured
    assert resolved(environment)["vllm"].base_url == "http://gpu.internal:8000/v1"


def test_a_local_server_is_off_until_its_address_is_given_or_the_file_names_it() -> None:
    assert not resolved({"OLLAMA_API_KEY": "k"})["ollama"].is_configured
    assert resolved(providers=[{"name": "ollama"}])["ollama"].is_configured
    assert resolved({"LMSTUDIO_BASE_URL": "http://localhost:1234/v1"})["lmstudio"].is_configured


def test_vllm_at_its_default_port_is_refused_when_the_gateway_has_that_port() -> None:
    assert "'vllm'" in refusal(providers=[{"name": "vllm"}])


def test_azure_needs_its_endpoint() -> None:
    assert not resolved({"AZURE_OPENAI_API_KEY": "k"})["azure"].is_configured
    environment = {"AZURE_OPENAI_API_KEY": "k", "AZURE_OPENAI_ENDPOINT": "https://me.openai.azure.com/"}
    azure = resolved(environment)["azure"]
    assert azure.is_configured
    assert azure.base_url == "https://me.openai.azure.com/openai/v1"
    assert refusal(environment | {"AZURE_OPENAI_ENDPOINT": "me.openai.azure.com"}).startswith("AZURE_OPENAI_ENDPOINT ")


AZURE = {
    "AZURE_OPENAI_API_KEY": "k",
    "AZURE_OPENAI_ENDPOINT": "https://me.openai.azure.com/",
    "AZURE_OPENAI_API_VERSION": "2024-10-21",
}


def test_azure_is_asked_in_its_dated_form_where_a_version_is_set() -> None:
    azure = resolved(AZURE)["azure"]
    assert azure.base_url == "https://me.openai.azure.com/openai/deployments/{model}?api-version=2024-10-21"
    assert (azure.is_configured, azure.formats) == (True, frozenset())
    assert resolved(AZURE | {"AZURE_OPENAI_API_VERSION": " "})["azure"].base_url == "https://me.openai.azure.com/openai/v1"


def test_an_address_of_its_own_needs_no_version() -> None:
    given = AZURE | {"AZURE_OPENAI_BASE_URL": "https://proxy.test/openai/v1"}
    assert resolved(given)["azure"].base_url == "https://proxy.test/openai/v1"
    section = {"name": "azure", "base_url": "https://proxy.test/openai/v1"}
    assert resolved(AZURE, providers=[section])["azure"].base_url == "https://proxy.test/openai/v1"


def test_the_operators_formats_hold_for_either_form() -> None:
    section = {"name": "azure", "formats": ["responses"]}
    assert resolved(AZURE, providers=[section])["azure"].formats == {Operation.RESPONSES}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("AZURE_OPENAI_API_VERSION", "2024-10-21&x=y"),
        ("AZURE_OPENAI_API_VERSION", "{model}"),
        ("AZURE_OPENAI_ENDPOINT", "https://me.openai.azure.com/openai/deployments/a/chat/completions?api-version=2024-10-21"),
        ("AZURE_OPENAI_ENDPOINT", "https://me.openai.azure.com/#a"),
    ],
)
def test_a_part_of_an_address_that_is_none_is_refused_by_name(name: str, value: str) -> None:
    assert refusal(AZURE | {name: value}).startswith(f"{name} ")


def test_the_missing_variable_of_an_address_is_named() -> None:
    without_key = resolved({name: value for name, value in AZURE.items() if name != "AZURE_OPENAI_API_KEY"})["azure"]
    assert obstacle(without_key) == "needs AZURE_OPENAI_API_KEY"
    without_endpoint = resolved({name: value for name, value in AZURE.items() if name != "AZURE_OPENAI_ENDPOINT"})["azure"]
    assert obstacle(without_endpoint) == "needs AZURE_OPENAI_ENDPOINT"


def test_cloudflare_needs_its_account() -> None:
    environment = {"CLOUDFLARE_API_KEY": "k", "CLOUDFLARE_ACCOUNT_ID": "abc123"}
    assert resolved(environment)["cloudflare"].base_url == "https://api.cloudflare.com/client/v4/accounts/abc123/ai/v1"
    assert refusal(environment | {"CLOUDFLARE_ACCOUNT_ID": "../../x"}).startswith("CLOUDFLARE_ACCOUNT_ID ")
    assert not resolved({"CLOUDFLARE_API_KEY": "k"})["cloudflare"].is_configured


def test_the_file_overrides_single_fields_and_keeps_the_rest() -> None:
    section = {"name": "openai", "priority": 1, "default_model": "gpt-5", "timeouts": {"first_token": 90, "idle": 5}}
    openai = resolved({"OPENAI_API_KEY": "k"}, providers=[section])["openai"]
    assert (openai.priority, openai.default_model, openai.base_url) == (1, "gpt-5", "https://api.openai.com/v1")
    assert openai.timeouts == Timeouts(first_token=90, plain_answer=90, idle=5)
    assert openai.lists_models


def test_models_from_the_file_are_served_without_asking() -> None:
    section = {"name": "openai", "models": ["only-this"]}
    openai = resolved({"OPENAI_API_KEY": "k"}, providers=[section])["openai"]
    assert openai.models == ("only-this",)
    assert not openai.lists_models


def test_the_file_adds_providers_with_a_key_of_their_own() -> None:
    section = {"name": "local-llama.v2", "base_url": "http://127.0.0.1:8081/v1"}
    providers = resolved({"LOCAL_LLAMA_V2_API_KEY": "k"}, providers=[section])
    assert list(providers)[-1] == "local-llama.v2"
    added = providers["local-llama.v2"]
    assert (added.key_variable, added.protocol, added.is_configured) == ("LOCAL_LLAMA_V2_API_KEY", WireProtocol.OPENAI, True)
    assert not resolved(providers=[section])["local-llama.v2"].is_configured


def test_an_added_provider_may_name_its_variable_or_need_no_key() -> None:
    section = {"name": "mine", "base_url": "http://127.0.0.1:8081/v1"}
    assert secrets(resolved({"ELSE_KEY": "a", "ELSE_KEY_2": "b"}, providers=[section | {"api_key_env": "ELSE_KEY"}])["mine"]) == [
        "a",
        "b",
    ]
    free = resolved(providers=[section | {"auth": "none"}])["mine"]
    assert free.is_configured
    assert (free.keys, free.key_variable) == ((), None)
    assert "api_key_env" in refusal(providers=[section | {"auth": "none", "api_key_env": "ELSE_KEY"}])


def test_an_added_provider_needs_an_address() -> None:
    assert "provider 'mine' in the YAML file" in refusal(providers=[{"name": "mine"}])


def test_the_sandbox_has_no_address_to_change() -> None:
    assert "'sandbox'" in refusal(providers=[{"name": "sandbox", "base_url": "http://127.0.0.1:8081/v1"}])


def test_a_candidate_or_price_of_a_provider_that_does_not_exist_is_refused() -> None:
    assert "'nobody'" in refusal(models=[{"name": "smart", "candidates": ["openai/gpt-4o", "nobody/gpt-4o"]}])
    assert "'nobody'" in refusal(prices={"nobody/x": {"input": 0, "output": 0}})
    resolved(
        models=[{"name": "smart", "candidates": ["anthropic/claude-sonnet-4-5"]}],
        prices={"openai/gpt-4o": {"input": 1, "output": 1}},
    )


def test_a_community_provider_is_never_configured_without_a_key() -> None:
    assert not resolved()["chi"].is_configured
    chi = resolved({"CHI_API_KEY": "k"})["chi"]
    assert chi.is_configured
    assert chi.is_community


def test_the_secret_is_in_no_repr() -> None:
    assert "very-secret" not in repr(resolved({"OPENAI_API_KEY": "very-secret"})["openai"])
