/** Made-up statistics. */
import type { Schemas } from '@/api/client'

const percentiles = { p50: 812.4, p95: 2_310.8, p99: 4_870.1 }
const tokens = { input: 412_000, cached_input: 96_000, cache_write: 0, output: 88_100, reasoning: 0 }

export function someRequestSums(differing: Partial<Schemas['RequestSums']> = {}): Schemas['RequestSums'] {
  return {
    requests: 1_000,
    completed: 964,
    rescued: 0,
    client_cancelled: 20,
    upstream_cut: 1,
    client_errors: 10,
    failed: 5,
    success_rate: 0.994,
    attempts: 1_043,
    tokens,
    unknown_usage: 0,
    estimated_usage: 0,
    cost_usd: '3.1875',
    absorbed_usd: '0.0021',
    unpriced: 0,
    latency_ms: percentiles,
    first_token_ms: { p50: 296.2, p95: 610.4, p99: 990.1 },
    overhead_ms: { p50: 0.61, p95: 1.1, p99: 1.94 },
    ...differing,
  }
}

export function someAttemptSums(differing: Partial<Schemas['AttemptSums']> = {}): Schemas['AttemptSums'] {
  return {
    attempts: 1_043,
    successes: 964,
    failed: 41,
    client_errors: 10,
    absorbed: 2,
    success_rate: 0.959,
    tokens,
    unknown_usage: 0,
    estimated_usage: 0,
    cost_usd: '3.1875',
    absorbed_usd: '0.0021',
    unpriced: 0,
    latency_ms: percentiles,
    first_token_ms: { p50: 296.2, p95: 610.4, p99: 990.1 },
    ...differing,
  }
}

/** Three hours, in the second of which nothing happened. */
export function someStatistics(differing: Partial<Schemas['StatisticsView']> = {}): Schemas['StatisticsView'] {
  const half = someRequestSums({ requests: 500, completed: 482 })
  return {
    begins_at: '2026-11-23T09:00:00Z',
    ends_at: '2026-11-23T12:00:00Z',
    bucket: 'hour',
    bucket_seconds: 3_600,
    summary: someRequestSums(),
    provider_stats: {
      openai: someAttemptSums(),
      groq: someAttemptSums({ attempts: 40, latency_ms: { ...percentiles, p50: 95 } }),
    },
    model_stats: { 'gpt-4o': someAttemptSums() },
    key_stats: [{ ...someAttemptSums(), provider: 'openai', key_fingerprint: '9f86d081' }],
    error_stats: { rate_limit: { attempts: 36, requests: 5 }, server_error: { attempts: 5, requests: 0 } },
    series: [
      { ...half, begins_at: '2026-11-23T09:00:00Z' },
      { ...half, begins_at: '2026-11-23T11:00:00Z' },
    ],
    ...differing,
  }
}
