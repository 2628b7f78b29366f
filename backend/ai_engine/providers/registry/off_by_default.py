"""Known providers that are off until an operator enables them: servers on their own machines, and resellers."""

from ai_engine.names import Operation
from ai_engine.providers.registry.definition import ProviderDefinition as _Row


def _local(name: str, display_name: str, base_url: str, docs_url: str) -> _Row:
    return _Row(
        name,
        display_name,
        base_url,
        f"{name.upper()}_API_KEY",
        docs_url=docs_url,
        needs_key=False,
        is_local=True,
        # Current versions support `responses` and `messages` as well, older ones answer 404. The YAML file enables them:
        # https://docs.ollama.com/api/anthropic-compatibility,
        # https://docs.vllm.ai/en/stable/serving/online_serving.html, https://lmstudio.ai/docs/developer/anthropic-compat,
        # https://github.com/ggml-org/llama.cpp/pull/17570 (all read 2026-11-28).
        formats=frozenset({Operation.COMPLETIONS}),
        takes_reasoning_content=True,
    )


LOCAL = (
    _local("ollama", "Ollama", "http://localhost:11434/v1", "https://docs.ollama.com/openai"),
    _local("vllm", "vLLM", "http://localhost:8000/v1", "https://docs.vllm.ai"),
    _local("llamacpp", "llama.cpp", "http://localhost:8080/v1", "https://github.com/ggml-org/llama.cpp/tree/master/tools/server"),
    _local("lmstudio", "LM Studio", "http://localhost:1234/v1", "https://lmstudio.ai/docs"),
)


def _community(name: str, display_name: str, base_url: str, key_variable: str) -> _Row:
    return _Row(name, display_name, base_url, key_variable, is_community=True)


# Unofficial resellers of September 2025, for users of the first AI Engine who have keys for them. Off by default.
COMMUNITY = (
    _community("paxsenix", "PaxSenix", "https://api.paxsenix.biz.id/v1", "PAXSENIX_API_KEY"),
    _community("chi", "ChatAnywhere", "https://api.chatanywhere.tech/v1", "CHI_API_KEY"),
    _community("samurai", "Samurai API", "https://samuraiapi.in/v1", "SAMURAI_API_KEY"),
    _community("a4f", "A4F", "https://api.a4f.co/v1", "A4F_API_KEY"),
    _community("cr", "CloseRouter", "https://api.closerouter.com/v1", "CR_API_KEY"),
    _community("mango", "Mango", "https://api.mangoi.in/v1", "MANGO_API_KEY"),
    _community("typegpt", "TypeGPT", "https://wow.typegpt.net/v1", "WOW_TYPEGPT_API_KEY"),
    _community("pawan", "Pawan Osman", "https://api.pawan.krd/cosmosrp/v1", "PAWAN_API_KEY"),
)
