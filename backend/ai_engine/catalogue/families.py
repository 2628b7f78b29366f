"""Two tables: the vendors of models, and the members of model families.

Read on 2026-11-23 from the offline data of genai-prices 0.2 (https://github.com/pydantic/genai-prices), which follows the
providers' own pages.
"""

from collections.abc import Mapping

# fmt: off
VENDORS = frozenset({
    "01-ai", "ai21", "alibaba", "allenai", "amazon", "anthropic", "arcee-ai", "baidu", "bytedance", "bytedance-seed",
    "cohere", "coherelabs", "databricks", "deepseek", "deepseek-ai", "google", "ibm-granite", "inclusionai", "meta",
    "meta-llama", "meta-models", "microsoft", "minimax", "minimaxai", "mistral", "mistralai", "moonshot", "moonshotai",
    "nousresearch", "nvidia", "openai", "perplexity", "qwen", "stepfun", "stepfun-ai", "tencent", "thudm", "tiiuae",
    "upstage", "x-ai", "xai", "xiaomi", "xiaomimimo", "z-ai", "zai", "zai-org", "zhipuai",
})
# fmt: on
"""Vendor prefixes that providers put before a slash in model ids. Resellers and vendors of fine-tuned models do not
belong here: their ids name other models."""

_OPUS = (
    "claude-opus-5-5",
    "claude-opus-5",
    "claude-opus-4-8",
    "claude-opus-4-7",
    "claude-opus-4-6",
    "claude-opus-4-5",
    "claude-opus-4-1",
    "claude-opus-4-0",
    "claude-opus-4",
    "claude-3-opus",
)
_SONNET = (
    "claude-sonnet-5-5",
    "claude-sonnet-5",
    "claude-sonnet-4-6",
    "claude-sonnet-4-5",
    "claude-sonnet-4-0",
    "claude-sonnet-4",
    "claude-3-7-sonnet",
    "claude-3-5-sonnet",
)
_HAIKU = ("claude-haiku-5-5", "claude-haiku-4-5", "claude-3-5-haiku", "claude-3-haiku")
_GEMINI_PRO = ("gemini-4-argon", "gemini-3.1-pro-preview", "gemini-3-pro-preview", "gemini-2.5-pro", "gemini-1.5-pro")
_GEMINI_FLASH = (
    "gemini-3.8-flash",
    "gemini-3.7-flash",
    "gemini-3.6-flash",
    "gemini-3.5-flash",
    "gemini-3-flash-preview",
    "gemini-2.5-flash",
    "gemini-2.0-flash",
    "gemini-1.5-flash",
)
_GEMINI_FLASH_LITE = ("gemini-3.5-flash-lite", "gemini-3.1-flash-lite", "gemini-2.5-flash-lite", "gemini-2.0-flash-lite")
_GPT = (
    "gpt-6.1-sol",
    "gpt-6-sol",
    "gpt-5.6-sol",
    "gpt-5.5",
    "gpt-5.4",
    "gpt-5.3",
    "gpt-5.2",
    "gpt-5.1",
    "gpt-5",
    "gpt-4.1",
    "gpt-4o",
)
_LLAMA = (
    "llama-4-maverick",
    "llama-4-maverick-17b-128e-instruct",
    "llama-4-maverick-17b-128e-instruct-fp8",
    "llama-4-scout",
    "llama-4-scout-17b-16e-instruct",
    "llama-3.3-70b-instruct",
    "llama-3.3-70b-instruct-turbo",
    "llama-3.3-70b-versatile",
    "llama-3.3-70b-instruct-fp8-fast",
    "llama-3.3-70b",
    "llama-3.1-70b-instruct",
    "llama-3.1-8b-instruct",
    "llama-3.1-8b-instant",
    "llama3.1-8b",
)
_MISTRAL_LARGE = ("mistral-large-4", "mistral-large")
_MISTRAL_MEDIUM = ("mistral-medium-3.5", "mistral-medium-3.1", "mistral-medium-3", "mistral-medium")
_MISTRAL_SMALL = ("mistral-small", "mistral-small-3.2-24b-instruct", "mistral-small-3.1-24b-instruct")
_DEEPSEEK = (
    "deepseek-v4-pro",
    "deepseek-v4.1-flash",
    "deepseek-flash",
    "deepseek-v4-flash",
    "deepseek-v3.2",
    "deepseek-chat",
    "deepseek-v3.1-terminus",
    "deepseek-chat-v3.1",
    "deepseek-v3.1",
    "deepseek-v3",
    "deepseek-reasoner",
    "deepseek-r1",
)
_GROK = ("grok-4.7", "grok-4.6", "grok-4.5", "grok-4.3", "grok-4.20", "grok-4", "grok-3", "grok-2")
_QWEN = (
    "qwen3.8-max",
    "qwen3.8-2.4t-a95b",
    "qwen3.7-max",
    "qwen3.7-plus",
    "qwen3.6-plus",
    "qwen3.8-27b",
    "qwen3.5-397b-a17b",
    "qwen3-max",
    "qwen-max",
    "qwen-plus",
    "qwen3-235b-a22b",
    "qwen3-32b",
    "qwen-3-32b",
    "qwen-2.5-72b-instruct",
)
_KIMI = ("kimi-k3.1-pro", "kimi-k3", "kimi-k2.6", "kimi-k2.5", "kimi-k2", "kimi-k2-instruct")
_GLM = ("glm-5.3", "glm-5.2", "glm-5.1", "glm-5", "glm-4.7", "glm-4.6", "glm-4.5")

FAMILIES: Mapping[str, tuple[str, ...]] = {
    "claude": (*_OPUS[:2], *_SONNET[:2], *_OPUS[2:6], *_SONNET[2:4], *_OPUS[6:], *_SONNET[4:], *_HAIKU),
    "claude-opus": _OPUS,
    "claude-sonnet": _SONNET,
    "claude-haiku": _HAIKU,
    "gemini": (*_GEMINI_PRO[:1], *_GEMINI_FLASH[:4], *_GEMINI_PRO[1:], *_GEMINI_FLASH[4:]),
    "gemini-pro": _GEMINI_PRO,
    "gemini-flash": _GEMINI_FLASH,
    "gemini-flash-lite": _GEMINI_FLASH_LITE,
    "gpt": _GPT,
    "llama": _LLAMA,
    "mistral": (*_MISTRAL_LARGE, *_MISTRAL_MEDIUM, *_MISTRAL_SMALL),
    "mistral-large": _MISTRAL_LARGE,
    "mistral-medium": _MISTRAL_MEDIUM,
    "mistral-small": _MISTRAL_SMALL,
    "deepseek": _DEEPSEEK,
    "grok": _GROK,
    "qwen": _QWEN,
    "kimi": _KIMI,
    "glm": _GLM,
}
"""Family → members, best and newest first, in any spelling that `model_names.normalise` accepts."""
