"""The built-in providers: one row each, official ones first.

`models` is used until the first listing (always where there is none), `default_model` for test messages. They are from the
`genai-prices` data of 2026-11-23 where it has the provider, else from its own pages.
"""

from ai_engine.names import Operation
from ai_engine.providers.cloud_credentials import Cloud
from ai_engine.providers.registry.definition import AddressForm, AddressVariable, WireProtocol
from ai_engine.providers.registry.definition import ProviderDefinition as _Row
from ai_engine.providers.registry.off_by_default import COMMUNITY, LOCAL

SANDBOX = _Row(
    "sandbox",
    "Sandbox",
    "sandbox://local",
    None,
    needs_key=False,
    is_sandbox=True,
    priority=1000,
    default_model="sandbox",
    models=("sandbox",),
)
"""Answers in this process, for any model name, so that everything works without a key (`providers.sandbox`)."""

_OFFICIAL = (
    _Row(
        "openai",
        "OpenAI",
        "https://api.openai.com/v1",
        "OPENAI_API_KEY",
        docs_url="https://platform.openai.com/docs",
        default_model="gpt-4o-mini",
        models=("gpt-4o", "gpt-4o-mini", "gpt-4.1", "gpt-4.1-mini", "gpt-5", "gpt-5-mini", "gpt-5.5", "text-embedding-3-small"),
        formats=frozenset({Operation.RESPONSES}),
        # The only ones at /v1/completions: https://platform.openai.com/docs/api-reference/completions (read 2026-11-28).
        completion_models=frozenset({"gpt-3.5-turbo-instruct", "gpt-3.5-turbo-instruct-0914", "davinci-002", "babbage-002"}),
        free=frozenset({Operation.MODERATIONS}),  # https://platform.openai.com/docs/guides/moderation (read 2026-11-28)
        output_limit_field="max_completion_tokens",
        refuses=frozenset({"top_k"}),
    ),
    _Row(
        "anthropic",
        "Anthropic",
        "https://api.anthropic.com/v1",
        "ANTHROPIC_API_KEY",
        docs_url="https://docs.anthropic.com",
        protocol=WireProtocol.ANTHROPIC,
        default_model="claude-haiku-4-5",
        models=("claude-sonnet-4-5", "claude-haiku-4-5", "claude-opus-4-5"),
    ),
    _Row(
        "gemini",
        "Google Gemini",
        "https://generativelanguage.googleapis.com/v1beta",
        "GEMINI_API_KEY",
        docs_url="https://ai.google.dev/gemini-api/docs",
        protocol=WireProtocol.GEMINI,
        default_model="gemini-2.5-flash",
        models=("gemini-2.5-pro", "gemini-2.5-flash", "gemini-2.5-flash-lite", "gemini-embedding-001"),
    ),
    _Row(
        "cohere",
        "Cohere",
        "https://api.cohere.com/v2",
        "COHERE_API_KEY",
        docs_url="https://docs.cohere.com",
        protocol=WireProtocol.COHERE,
        default_model="command-r7b-12-2024",
        models=("command-a-03-2025", "command-r7b-12-2024", "embed-v4.0"),
    ),
    _Row(
        "groq",
        "Groq",
        "https://api.groq.com/openai/v1",
        "GROQ_API_KEY",
        docs_url="https://console.groq.com/docs",
        default_model="llama-3.1-8b-instant",
        models=("llama-3.1-8b-instant", "llama-3.3-70b-versatile", "openai/gpt-oss-20b", "openai/gpt-oss-120b"),
        # Its Responses API is a beta without `previous_response_id` and `store`: https://console.groq.com/docs/responses-api
        # (read 2026-11-28).
        output_limit_field="max_completion_tokens",  # https://console.groq.com/docs/api-reference#chat-create (read 2026-11-28)
        refuses=frozenset({"top_k"}),
    ),
    _Row(
        "openrouter",
        "OpenRouter",
        "https://openrouter.ai/api/v1",
        "OPENROUTER_API_KEY",
        docs_url="https://openrouter.ai/docs",
        default_model="openai/gpt-4o-mini",
        models=("openai/gpt-4o", "openai/gpt-4o-mini", "anthropic/claude-sonnet-4.5", "google/gemini-2.5-flash"),
        # https://openrouter.ai/docs/api/api-reference/anthropic-messages/create-a-message. Its Responses API is a beta that
        # stores nothing: https://openrouter.ai/docs/api-reference/responses-api/basic-usage (both read 2026-11-28).
        formats=frozenset({Operation.MESSAGES}),
        takes_hints=True,
        takes_reasoning_content=True,
    ),
    _Row(
        "mistral",
        "Mistral",
        "https://api.mistral.ai/v1",
        "MISTRAL_API_KEY",
        docs_url="https://docs.mistral.ai",
        default_model="mistral-small-latest",
        models=("mistral-small-latest", "mistral-medium-latest", "ministral-8b-latest", "mistral-embed"),
        refuses=frozenset({"top_k"}),
        wants_assistant_after_tools=True,  # https://github.com/NousResearch/hermes-agent/pull/84944 (read 2026-11-28)
        takes_short_call_ids=True,  # https://github.com/anomalyco/opencode/issues/1680 (read 2026-11-28)
    ),
    _Row(
        "deepseek",
        "DeepSeek",
        "https://api.deepseek.com/v1",
        "DEEPSEEK_API_KEY",
        docs_url="https://api-docs.deepseek.com",
        default_model="deepseek-chat",
        models=("deepseek-chat", "deepseek-reasoner"),
        takes_reasoning_content=True,  # inside a round of tool calls: https://api-docs.deepseek.com/guides/thinking_mode
        refuses=frozenset({"top_k"}),
    ),
    _Row(
        "xai",
        "xAI",
        "https://api.x.ai/v1",
        "XAI_API_KEY",
        docs_url="https://docs.x.ai",
        default_model="grok-4-1-fast-non-reasoning",
        models=("grok-4-1-fast-non-reasoning", "grok-4-1-fast-reasoning", "grok-4.3"),
        # https://docs.x.ai/docs/api-reference. /v1/messages is deprecated, and /v1/completions has no reasoning models:
        # https://docs.x.ai/developers/rest-api-reference/inference/legacy (both read 2026-11-28).
        formats=frozenset({Operation.RESPONSES}),
        refuses=frozenset({"top_k"}),
    ),
    _Row(
        "together",
        "Together AI",
        "https://api.together.xyz/v1",
        "TOGETHER_API_KEY",
        docs_url="https://docs.together.ai",
        default_model="meta-llama/Llama-3.3-70B-Instruct-Turbo",
        models=("meta-llama/Llama-3.3-70B-Instruct-Turbo", "openai/gpt-oss-120b"),
        formats=frozenset({Operation.COMPLETIONS}),  # https://docs.together.ai/docs/openai-api-compatibility (read 2026-11-28)
    ),
    _Row(
        "fireworks",
        "Fireworks AI",
        "https://api.fireworks.ai/inference/v1",
        "FIREWORKS_API_KEY",
        docs_url="https://docs.fireworks.ai",
        default_model="accounts/fireworks/models/gpt-oss-20b",
        models=("accounts/fireworks/models/gpt-oss-20b", "accounts/fireworks/models/gpt-oss-120b"),
        # https://docs.fireworks.ai/guides/response-api and https://docs.fireworks.ai/tools-sdks/anthropic-compatibility
        # (read 2026-11-28).
        formats=frozenset({Operation.RESPONSES, Operation.MESSAGES}),
    ),
    _Row(
        "cerebras",
        "Cerebras",
        "https://api.cerebras.ai/v1",
        "CEREBRAS_API_KEY",
        docs_url="https://inference-docs.cerebras.ai",
        default_model="gpt-oss-120b",
        models=("gpt-oss-120b",),
        # https://inference-docs.cerebras.ai/api-reference/chat-completions (read 2026-11-28)
        output_limit_field="max_completion_tokens",
        refuses=frozenset({"top_k"}),
    ),
    _Row(
        "nvidia",
        "NVIDIA NIM",
        "https://integrate.api.nvidia.com/v1",
        "NVIDIA_API_KEY",
        docs_url="https://docs.api.nvidia.com",
        default_model="meta/llama-3.1-8b-instruct",
        models=("meta/llama-3.1-8b-instruct", "meta/llama-3.3-70b-instruct"),
    ),
    _Row(
        "perplexity",
        "Perplexity",
        "https://api.perplexity.ai",
        "PERPLEXITY_API_KEY",
        docs_url="https://docs.perplexity.ai",
        default_model="sonar",
        models=("sonar", "sonar-pro", "sonar-reasoning-pro", "sonar-deep-research"),
        lists_models=False,
    ),
    _Row(
        "huggingface",
        "Hugging Face",
        "https://router.huggingface.co/v1",
        "HF_TOKEN",
        docs_url="https://huggingface.co/docs/inference-providers",
        default_model="openai/gpt-oss-20b",
        models=("openai/gpt-oss-20b", "openai/gpt-oss-120b"),
    ),
    _Row(
        "github",
        "GitHub Models",
        "https://models.github.ai/inference",
        "GITHUB_API_KEY",
        docs_url="https://docs.github.com/github-models",
        default_model="openai/gpt-4o-mini",
        models=("openai/gpt-4o-mini", "openai/gpt-4o"),
        lists_models=False,  # its catalogue is another service in another format
    ),
    _Row(
        "vercel",
        "Vercel AI Gateway",
        "https://ai-gateway.vercel.sh/v1",
        "VERCEL_API_KEY",
        docs_url="https://vercel.com/docs/ai-gateway",
        default_model="openai/gpt-4o-mini",
        models=("openai/gpt-4o-mini", "openai/gpt-4o"),
        formats=frozenset(
            {Operation.RESPONSES, Operation.MESSAGES}
        ),  # https://vercel.com/docs/ai-gateway/sdks-and-apis (read 2026-11-28)
    ),
    _Row(
        "cloudflare",
        "Cloudflare Workers AI",
        "https://api.cloudflare.com/client/v4/accounts/{account_id}/ai/v1",
        "CLOUDFLARE_API_KEY",
        docs_url="https://developers.cloudflare.com/workers-ai",
        address_variables=(AddressVariable("account_id", "CLOUDFLARE_ACCOUNT_ID"),),
        default_model="@cf/meta/llama-3.1-8b-instruct-fp8",
        models=("@cf/meta/llama-3.1-8b-instruct-fp8", "@cf/openai/gpt-oss-20b", "@cf/openai/gpt-oss-120b"),
        lists_models=False,  # 405: https://github.com/jekalmin/extended_openai_conversation/issues/228
    ),
    _Row(
        "azure",
        "Azure OpenAI",
        "{endpoint}/openai/v1",
        "AZURE_OPENAI_API_KEY",
        docs_url="https://learn.microsoft.com/azure/ai-foundry/openai",
        address_variables=(AddressVariable("endpoint", "AZURE_OPENAI_ENDPOINT"),),
        # Dated versions name the deployment in the path, and have Responses, where they do, elsewhere:
        # https://learn.microsoft.com/azure/ai-foundry/openai/reference (read 2026-11-28).
        other_address=AddressForm(
            "AZURE_OPENAI_API_VERSION", "{endpoint}/openai/deployments/{model}?api-version={value}", formats=frozenset()
        ),
        default_model="gpt-4o-mini",
        models=("gpt-4o-mini", "gpt-4o"),
        lists_models=False,  # it lists what could be deployed, not what is
        # https://learn.microsoft.com/azure/ai-foundry/openai/api-version-lifecycle (read 2026-11-28)
        key_header="api-key",
        formats=frozenset({Operation.RESPONSES}),
        output_limit_field="max_completion_tokens",
        refuses=frozenset({"top_k"}),
    ),
    _Row(
        "bedrock",
        "Amazon Bedrock",
        "https://bedrock-runtime.{region}.amazonaws.com",
        # https://docs.aws.amazon.com/bedrock/latest/userguide/api-keys-use.html (read 2026-11-30)
        "AWS_BEARER_TOKEN_BEDROCK",
        docs_url="https://docs.aws.amazon.com/bedrock",
        protocol=WireProtocol.BEDROCK,
        address_variables=(AddressVariable("region", "BEDROCK_REGION", ("AWS_REGION", "AWS_DEFAULT_REGION")),),
        cloud=Cloud.AWS,
        # https://docs.aws.amazon.com/bedrock/latest/userguide/inference-profiles-support.html (read 2026-11-30)
        default_model="amazon.nova-lite-v1:0",
        models=(
            "amazon.nova-lite-v1:0",
            "amazon.nova-pro-v1:0",
            "openai.gpt-oss-20b-1:0",
            "openai.gpt-oss-120b-1:0",
            "global.anthropic.claude-sonnet-4-5-20250929-v1:0",
            "global.anthropic.claude-haiku-4-5-20251001-v1:0",
        ),
    ),
    _Row(
        "vertex",
        "Google Vertex AI",
        "https://{location}-aiplatform.googleapis.com/v1/projects/{project}/locations/{location}",
        "VERTEX_API_KEY",
        docs_url="https://cloud.google.com/vertex-ai/generative-ai/docs",
        protocol=WireProtocol.VERTEX,
        address_variables=(
            AddressVariable("project", "VERTEX_PROJECT"),
            AddressVariable("location", "VERTEX_LOCATION", default="global"),
        ),
        # "Express mode": https://cloud.google.com/vertex-ai/generative-ai/docs/start/express-mode/overview (read 2026-11-30)
        key_address="https://aiplatform.googleapis.com/v1",
        # https://cloud.google.com/vertex-ai/generative-ai/docs/learn/locations (read 2026-11-30)
        odd_addresses=(
            ("https://global-aiplatform.", "https://aiplatform."),
            ("https://us-aiplatform.", "https://aiplatform.us.rep."),
            ("https://eu-aiplatform.", "https://aiplatform.eu.rep."),
        ),
        cloud=Cloud.GOOGLE,
        default_model="gemini-2.5-flash",
        models=("gemini-2.5-pro", "gemini-2.5-flash", "gemini-2.5-flash-lite", "gemini-embedding-001"),
    ),
    _Row(
        "moonshot",
        "Moonshot AI",
        "https://api.moonshot.ai/v1",
        "MOONSHOT_API_KEY",
        docs_url="https://platform.moonshot.ai/docs",
        default_model="kimi-k2.6",
        models=("kimi-k2.6", "kimi-k3"),
        takes_reasoning_content=True,
    ),
    _Row(
        "zai",
        "Z.ai",
        "https://api.z.ai/api/paas/v4",
        "ZAI_API_KEY",
        docs_url="https://docs.z.ai",
        default_model="glm-4.5-air",
        models=("glm-4.5-air", "glm-4.6", "glm-4.7"),
        takes_reasoning_content=True,  # https://docs.z.ai/guides/capabilities/thinking-mode (read 2026-11-28)
    ),
    _Row(
        "minimax",
        "MiniMax",
        "https://api.minimax.io/v1",
        "MINIMAX_API_KEY",
        docs_url="https://platform.minimax.io/docs",
        default_model="MiniMax-M2",
        models=("MiniMax-M2", "MiniMax-M2.7"),
    ),
    _Row(
        "sambanova",
        "SambaNova",
        "https://api.sambanova.ai/v1",
        "SAMBANOVA_API_KEY",
        docs_url="https://docs.sambanova.ai",
        default_model="Meta-Llama-3.3-70B-Instruct",
        models=("Meta-Llama-3.3-70B-Instruct", "DeepSeek-V3-0324"),
    ),
    _Row(
        "hyperbolic",
        "Hyperbolic",
        "https://api.hyperbolic.xyz/v1",
        "HYPERBOLIC_API_KEY",
        docs_url="https://docs.hyperbolic.xyz",
        default_model="meta-llama/Llama-3.3-70B-Instruct",
        models=("meta-llama/Llama-3.3-70B-Instruct", "openai/gpt-oss-120b"),
    ),
    _Row(
        "nebius",
        "Nebius Token Factory",
        "https://api.tokenfactory.nebius.com/v1",
        "NEBIUS_API_KEY",
        docs_url="https://docs.tokenfactory.nebius.com",
        default_model="meta-llama/Llama-3.3-70B-Instruct",
        models=("meta-llama/Llama-3.3-70B-Instruct", "openai/gpt-oss-120b"),
    ),
    _Row(
        "novita",
        "Novita AI",
        "https://api.novita.ai/openai/v1",
        "NOVITA_API_KEY",
        docs_url="https://novita.ai/docs",
        default_model="openai/gpt-oss-20b",
        models=("openai/gpt-oss-20b", "openai/gpt-oss-120b"),
    ),
    _Row(
        "deepinfra",
        "DeepInfra",
        "https://api.deepinfra.com/v1/openai",
        "DEEPINFRA_API_KEY",
        docs_url="https://deepinfra.com/docs",
        default_model="openai/gpt-oss-20b",
        models=("openai/gpt-oss-20b", "openai/gpt-oss-120b"),
    ),
)

BUILT_IN: tuple[_Row, ...] = (*_OFFICIAL, *LOCAL, *COMMUNITY, SANDBOX)
