/** Made-up answers of the gateway: `aStatus({ generation: 7 })` is a whole one in which only that differs. */
import type { Schemas } from '@/api/client'

export function aStatus(differing: Partial<Schemas['Status']> = {}): Schemas['Status'] {
  return {
    status: 'ok',
    version: '3.0.0',
    uptime_seconds: 7_384,
    total_providers: 40,
    enabled_providers: 2,
    disabled_providers: 38,
    available_providers: 2,
    flagged_providers: 0,
    flagged_details: [],
    performance: {
      requests: 1_284,
      success_rate: 0.9969,
      latency_p50_ms: 812.4,
      latency_p95_ms: 2_310.8,
      latency_p99_ms: 4_870.1,
      first_token_p50_ms: 296.2,
      tokens_per_second: 87.3,
      overhead_p50_ms: 0.61,
      overhead_p99_ms: 1.94,
      in_flight: 3,
    },
    configuration: {
      host: '127.0.0.1',
      port: 8000,
      autodecide: true,
      sandbox: false,
      access: 'open',
      log_level: 'INFO',
      max_request_size_bytes: 10_485_760,
      cors_origins: [],
      config_file: 'ai-engine.yaml',
      loaded_at: '2026-11-23T12:00:00Z',
    },
    generation: 1,
    ...differing,
  }
}

export function aProvider(differing: Partial<Schemas['ProviderView']> = {}): Schemas['ProviderView'] {
  return {
    name: 'groq',
    display_name: 'Groq',
    protocol: 'openai',
    base_url: 'https://api.groq.com/openai/v1',
    docs_url: 'https://console.groq.com/docs',
    enabled: true,
    status: 'available',
    flag: null,
    priority: 100,
    keys: [],
    routes: [],
    default_model: 'llama-3.3-70b-versatile',
    models_count: 12,
    success_rate: 0.998,
    latency_ms: 412.3,
    last_error: null,
    last_used_at: '2026-11-23T12:59:48Z',
    ...differing,
  }
}

export function aRequest(differing: Partial<Schemas['RequestView']> = {}): Schemas['RequestView'] {
  return {
    id: '019ab0c3f1a27d9e3b5c8f6041d2e7a9',
    request_id: 'req_5f0c6d',
    received_at: '2026-11-23T12:59:48Z',
    client: null,
    client_name: null,
    operation: 'chat',
    requested_model: 'llama-3.3-70b',
    provider: 'groq',
    model: 'llama-3.3-70b-versatile',
    key_fingerprint: '9f86d081',
    stream: true,
    status: 200,
    ending: 'completed',
    failure: null,
    detail: null,
    tokens: { input: 412, cached_input: 0, cache_write: 0, output: 188, reasoning: null },
    tokens_estimated: false,
    cost_usd: '0.00039164',
    absorbed_usd: null,
    price_version: 'genai-prices 0.2.3',
    first_token_ms: 296.2,
    duration_ms: 1_480.25,
    upstream_ms: 1_478.5,
    overhead_ms: 1.75,
    attempts_count: 1,
    ...differing,
  }
}

/** One that failed. */
export function anAttempt(differing: Partial<Schemas['RequestAttempt']> = {}): Schemas['RequestAttempt'] {
  return {
    number: 1,
    provider: 'openai',
    model: 'gpt-4o',
    key_fingerprint: '9f86d081',
    reason: 'first_candidate',
    started_ms: 0.5,
    duration_ms: 200,
    first_token_ms: null,
    succeeded: false,
    failure: 'rate_limit',
    detail: 'The provider answered with status 429.',
    blame: 'key',
    status: 429,
    tokens: { input: null, cached_input: null, cache_write: null, output: null, reasoning: null },
    tokens_estimated: false,
    cost_usd: null,
    absorbed: false,
    ...differing,
  }
}

export function aConfiguration(
  differing: Partial<Schemas['LiveConfigurationView']> = {},
): Schemas['LiveConfigurationView'] {
  const setting = { is_set: false, is_secret: false, value: null, default: null }
  return {
    generation: 1,
    loaded_at: '2026-11-23T12:00:00Z',
    workers: [{ pid: 4711, generation: 1 }],
    settings: [
      { ...setting, name: 'AI_ENGINE_HOST', description: 'The address to listen on.', value: '127.0.0.1' },
      { ...setting, name: 'AI_ENGINE_PORT', description: 'The TCP port.', value: 8741, default: 8000, is_set: true },
      {
        ...setting,
        name: 'AI_ENGINE_ADMIN_KEY',
        description: 'A key with the role admin: full access.',
        is_secret: true,
        is_set: true,
      },
    ],
    variables: [
      { name: 'GROQ_API_KEY', provider: 'groq', is_set: false, keys: [] },
      { name: 'OPENAI_API_KEY', provider: 'openai', is_set: true, keys: ['9f86d081'] },
    ],
    config_file: 'ai-engine.yaml',
    providers: [],
    models: [],
    aliases: { gpt4: 'gpt-4' },
    fallbacks: { 'gpt-4o': ['claude-sonnet-4-5'] },
    prices: { 'local-llama/tiny': { input: '0', output: '0' } },
    weights: { priority: 1, health: 1, latency: 0.5, cost: 0.5, load: 0.25 },
    rescue: 'continue',
    ...differing,
  }
}

export function aModelRoute(differing: Partial<Schemas['ModelRouteView']> = {}): Schemas['ModelRouteView'] {
  return {
    id: 'openai/gpt-4o',
    provider: 'openai',
    name: 'gpt-4o',
    context_tokens: 128_000,
    capabilities: { tools: true, images: true, json_schema: null, reasoning: false },
    input_usd_per_million: '2.5',
    output_usd_per_million: '10',
    price_source: 'genai-prices 0.2.3',
    state: 'available',
    flag: null,
    is_default: false,
    ...differing,
  }
}

export function anExplanation(differing: Partial<Schemas['Explanation']> = {}): Schemas['Explanation'] {
  return {
    model: 'gpt-4o',
    known: true,
    family: null,
    pinned_to: null,
    order: 'score',
    formula: 'Σ weight × part / Σ weight',
    weights: { priority: 1, health: 1, latency: 0.5, cost: 0.5, load: 0.25 },
    candidates: [
      {
        provider: 'openai',
        model: 'gpt-4o',
        matched: 'exact',
        score: { total: 0.83, priority: 0.5, health: 1, latency: 0.8, cost: 0.7, load: 1 },
        first_token_seconds: 0.31,
        usd_per_million_tokens: '4.375',
      },
    ],
    excluded: [
      {
        provider: 'openrouter',
        model: 'openai/gpt-4o',
        reason: 'drained',
        cause: null,
        detail: 'drained by hand; POST /api/providers/openrouter/restore ends it',
        until: null,
      },
    ],
    fallbacks: ['claude-sonnet-4-5'],
    catalogue_age_seconds: 412.7,
    ...differing,
  }
}
