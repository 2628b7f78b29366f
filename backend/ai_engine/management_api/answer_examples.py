"""What answers look like, for the document: one example for each schema of an answer."""

from types import MappingProxyType
from typing import Any

_AT = "2026-11-23T12:00:00Z"

_KEY = {
    "fingerprint": "9f86d081",
    "last_four": "x7Qa",
    "active": True,
    "state": "usable",
    "until": None,
    "reason": None,
    "resting_models": {"gpt-4o": "2026-11-23T12:00:08Z"},
    "requests": 1284,
    "failures": 3,
}
_PROVIDER = {
    "name": "openai",
    "display_name": "OpenAI",
    "protocol": "openai",
    "base_url": "https://api.openai.com/v1",
    "docs_url": "https://platform.openai.com/docs",
    "enabled": True,
    "status": "available",
    "flag": None,
    "priority": 100,
    "keys": [_KEY],
    "routes": [{"model": "gpt-4o-mini", "state": "flagged", "reason": "server_error", "until": "2026-11-23T12:00:02Z"}],
    "default_model": "gpt-4o-mini",
    "models_count": 68,
    "success_rate": 0.998,
    "latency_ms": 812.4,
    "last_error": "server_error: HTTP 503",
    "last_used_at": _AT,
}
_ROUTE = {
    "id": "openai/gpt-4o",
    "provider": "openai",
    "name": "gpt-4o",
    "context_tokens": 128_000,
    "capabilities": {"tools": True, "images": True, "json_schema": True, "reasoning": False},
    "input_usd_per_million": "2.5",
    "output_usd_per_million": "10",
    "price_source": "listing",
    "state": "available",
    "flag": None,
    "is_default": False,
}
_EXPLANATION = {
    "model": "gpt-4o",
    "known": True,
    "family": None,
    "pinned_to": None,
    "order": "score",
    "formula": "Σ weight × part / Σ weight",
    "weights": {"priority": 1.0, "health": 1.0, "latency": 0.5, "cost": 0.5, "load": 0.25},
    "candidates": [
        {
            "provider": "openai",
            "model": "gpt-4o",
            "matched": "exact",
            "score": {"total": 0.83, "priority": 0.5, "health": 1.0, "latency": 0.8, "cost": 0.7, "load": 1.0},
            "first_token_seconds": 0.31,
            "usd_per_million_tokens": "4.375",
        }
    ],
    "left_out": [
        {
            "provider": "openrouter",
            "model": "openai/gpt-4o",
            "reason": "drained",
            "detail": "drained by hand; POST /api/providers/openrouter/restore ends it",
            "returns_at": None,
        }
    ],
    "fallbacks": ["claude-sonnet-4-5"],
    "catalogue_age_seconds": 412.7,
}
_TOKENS = {"input": 9, "cached_input": 0, "cache_write": 0, "output": 12, "reasoning": 0}
_MILLISECONDS = {"p50": 812.4, "p95": 1630.2, "p99": 2410.9}
_MONEY = {"unknown_usage": 0, "estimated_usage": 0, "cost_usd": "0.0001425", "absorbed_usd": "0", "unpriced": 0}
_REQUEST_SUMS = {
    "requests": 1,
    "completed": 1,
    "rescued": 0,
    "client_cancelled": 0,
    "upstream_cut": 0,
    "refused": 0,
    "errors": 0,
    "success_rate": 1.0,
    "attempts": 1,
    "tokens": _TOKENS,
    **_MONEY,
    "latency_ms": _MILLISECONDS,
    "first_token_ms": _MILLISECONDS,
    "overhead_ms": {"p50": 0.23, "p95": 0.41, "p99": 0.9},
}
_ATTEMPT_SUMS = {
    "attempts": 1,
    "successes": 1,
    "failed": 0,
    "refused": 0,
    "absorbed": 0,
    "success_rate": 1.0,
    "tokens": _TOKENS,
    **_MONEY,
    "latency_ms": _MILLISECONDS,
    "first_token_ms": _MILLISECONDS,
}
_EXPORT_ROW = {
    "section": "provider",
    "name": "openai",
    "begins_at": _AT,
    "requests": None,
    "attempts": 1,
    "completed": None,
    "rescued": None,
    "client_cancelled": None,
    "upstream_cut": None,
    "refused": 0,
    "errors": None,
    "successes": 1,
    "failed": 0,
    "absorbed": 0,
    "success_rate": 1.0,
    "input_tokens": 9,
    "cached_input_tokens": 0,
    "cache_write_tokens": 0,
    "output_tokens": 12,
    "reasoning_tokens": 0,
    **_MONEY,
    **{f"latency_{name}_ms": value for name, value in _MILLISECONDS.items()},
    **{f"first_token_{name}_ms": value for name, value in _MILLISECONDS.items()},
    **dict.fromkeys(("overhead_p50_ms", "overhead_p95_ms", "overhead_p99_ms")),
}
_REQUEST = {
    "id": "01a2098e5768b6bf52ead3e903c0351c",
    "request_id": "req-5f2c1a-7",
    "received_at": _AT,
    "client": None,
    "client_name": "local",
    "operation": "chat",
    "asked_model": "gpt-4o",
    "provider": "openai",
    "model": "gpt-4o",
    "key_fingerprint": "9f86d081",
    "stream": False,
    "status": 200,
    "ending": "completed",
    "failure": None,
    "tokens": _TOKENS,
    "tokens_estimated": False,
    "cost_usd": "0.0001425",
    "absorbed_usd": "0",
    "price_version": "listing",
    "first_token_ms": None,
    "duration_ms": 812.64,
    "upstream_ms": 812.4,
    "overhead_ms": 0.24,
    "attempts_count": 1,
}
_ATTEMPT = {
    "number": 1,
    "provider": "openai",
    "model": "gpt-4o",
    "key_fingerprint": "9f86d081",
    "why": "first choice",
    "started_ms": 0.21,
    "duration_ms": 812.4,
    "first_token_ms": None,
    "succeeded": True,
    "failure": None,
    "blame": None,
    "status": 200,
    "tokens": _TOKENS,
    "tokens_estimated": False,
    "cost_usd": "0.0001425",
    "absorbed": False,
}
_MODEL = {"id": "gpt-4o", "object": "model", "created": 1795435200, "owned_by": "openai, openrouter"}
_OPENAI_USAGE = {"prompt_tokens": 9, "completion_tokens": 12, "total_tokens": 21}
_HEALTH = {"status": "healthy", "timestamp": _AT, "version": "3.0.0"}
_USAGE = {"input_tokens": 9, "output_tokens": 12}

ANSWER_EXAMPLES: MappingProxyType[str, Any] = MappingProxyType(
    {
        "ChatCompletion": {
            "id": "chatcmpl-7",
            "object": "chat.completion",
            "created": 1795435200,
            "model": "gpt-4o",
            "choices": [
                {"index": 0, "message": {"role": "assistant", "content": "Hello! How can I help?"}, "finish_reason": "stop"}
            ],
            "usage": _OPENAI_USAGE,
        },
        "Embeddings": {
            "object": "list",
            "data": [{"object": "embedding", "index": 0, "embedding": [0.0023, -0.0093, 0.0158]}],
            "model": "text-embedding-3-small",
            "usage": {"prompt_tokens": 2, "total_tokens": 2},
        },
        "Model": _MODEL,
        "ModelList": {"object": "list", "data": [_MODEL]},
        "Health": _HEALTH,
        "Status": {
            "status": "degraded",
            "version": "3.0.0",
            "uptime_seconds": 86_400.5,
            "total_providers": 41,
            "enabled_providers": 3,
            "disabled_providers": 38,
            "available_providers": 2,
            "flagged_providers": 1,
            "flagged_details": [
                {"provider": "groq", "flag": {"reason": "rate_limit", "message": "No provider key is usable.", "until": _AT}}
            ],
            "performance": {
                "requests": 1284,
                "success_rate": 0.998,
                "latency_p50_ms": 812.4,
                "latency_p95_ms": 1630.2,
                "latency_p99_ms": 2410.9,
                "first_token_p50_ms": 311.5,
                "tokens_per_second": 74.2,
                "overhead_p50_ms": 0.23,
                "overhead_p99_ms": 0.9,
                "in_flight": 4,
            },
            "configuration": {
                "host": "127.0.0.1",
                "port": 8000,
                "autodecide": True,
                "sandbox": False,
                "access": "open",
                "log_level": "INFO",
                "max_request_size_bytes": 10_485_760,
                "cors_origins": [],
                "config_file": "ai-engine.yaml",
                "loaded_at": _AT,
            },
            "generation": 2,
        },
        "StatisticsView": {
            "begins_at": "2026-11-22T12:00:00Z",
            "ends_at": _AT,
            "bucket": "hour",
            "bucket_seconds": 3600,
            "summary": _REQUEST_SUMS,
            "provider_stats": {"openai": _ATTEMPT_SUMS},
            "model_stats": {"gpt-4o": _ATTEMPT_SUMS},
            "key_stats": [{**_ATTEMPT_SUMS, "provider": "openai", "key_fingerprint": "9f86d081"}],
            "error_stats": {},
            "series": [{**_REQUEST_SUMS, "begins_at": "2026-11-23T11:00:00Z"}],
        },
        "ExportRow": _EXPORT_ROW,
        "RequestPage": {"items": [_REQUEST], "next_cursor": None},
        "RequestDetail": {**_REQUEST, "attempts": [_ATTEMPT]},
        "ProviderView": _PROVIDER,
        "RolledKey": {"provider": "openai", "preferred_key": "60303ae2"},
        "TestResult": {
            "success": True,
            "provider": "groq",
            "model": "llama-3.3-70b-versatile",
            "response": "Hello! All is well here.",
            "latency_ms": 241.18,
            "ttft_ms": 96.4,
            "usage": _USAGE,
            "key": "9f86d081",
            "error": None,
        },
        "ModelPage": {"items": [{"name": "gpt-4o", "routes": [_ROUTE]}], "next_cursor": "bW9kZWxzOmdwdC00bw"},
        "ProviderModelPage": {"items": [_ROUTE], "next_cursor": None},
        "Refreshed": {
            "providers": [
                {"provider": "openai", "outcome": "listed", "models_count": 68, "listed_at": _AT, "error": None},
                {"provider": "groq", "outcome": "failed", "models_count": 21, "listed_at": _AT, "error": "HTTP 503: Try again."},
            ]
        },
        "Explanation": _EXPLANATION,
        "AutodecideTestResult": {
            "explanation": _EXPLANATION,
            "success": True,
            "provider": "openai",
            "model": "gpt-4o",
            "response": "Hello! All is well here.",
            "usage": _USAGE,
            "latency_ms": 838.02,
            "attempts": [
                {
                    "provider": "openai",
                    "model": "gpt-4o",
                    "key": "9f86d081",
                    "why": "first choice",
                    "succeeded": True,
                    "failure": None,
                    "status": 200,
                    "duration_ms": 836.91,
                    "ttft_ms": 311.5,
                }
            ],
            "error": None,
        },
        "Reloaded": {"generation": 2, "loaded_at": _AT},
        "LiveConfigurationView": {
            "generation": 2,
            "loaded_at": _AT,
            "workers": [{"pid": 4711, "generation": 2}],
            "settings": [
                {
                    "name": "AI_ENGINE_PORT",
                    "meaning": "The TCP port; 0 takes any free one.",
                    "is_set": False,
                    "is_secret": False,
                    "value": 8000,
                    "default": 8000,
                }
            ],
            "variables": [{"name": "OPENAI_API_KEY", "provider": "openai", "is_set": True, "keys": ["9f86d081", "60303ae2"]}],
            "config_file": "ai-engine.yaml",
            "providers": [],
            "models": [{"name": "smart", "candidates": ["openai/gpt-4o", "anthropic/claude-sonnet-4-5"]}],
            "aliases": {"gpt4": "gpt-4"},
            "fallbacks": {"gpt-4o": ["claude-sonnet-4-5"]},
            "prices": {"local-llama/tiny": {"input": "0", "output": "0"}},
            "weights": {"priority": 1.0, "health": 1.0, "latency": 0.5, "cost": 0.5, "load": 0.25},
            "rescue": "continue",
        },
        "AuditPage": {
            "items": [
                {
                    "id": "42",
                    "at": _AT,
                    "actor": {"name": "admin key", "key_id": None, "role": "admin"},
                    "action": "provider.toggle",
                    "target": "openai",
                    "before": {"enabled": None},
                    "after": {"enabled": False},
                    "address": "127.0.0.1",
                    "request_id": "req-5f2c1a-7",
                }
            ],
            "next_cursor": "YXVkaXQ6NDI",
        },
    }
)
