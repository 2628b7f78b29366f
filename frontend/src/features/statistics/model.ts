/** Statistics as data: the series of the charts, and the rows of the comparisons. */
import type { Schemas } from '@/api/client'
import { endingWords } from '@/lib/outcome-words'
import type { Bucket } from '@/lib/buckets'
import { formatMinute } from '@/lib/format'
import { TOKEN_CLASSES } from '@/lib/tokens'
import type { Series } from '@/ui/charts'

export type Statistics = Schemas['StatisticsView']
type Point = Schemas['SeriesPoint']
type Sums = Schemas['AttemptSums']
type Buckets = Bucket<Point>[]

const ENDINGS = [
  { field: 'completed', name: endingWords('completed').name, colour: 'var(--ae-ok)' },
  { field: 'rescued', name: endingWords('rescued').name, colour: 'var(--ae-series-5)' },
  { field: 'client_cancelled', name: endingWords('client_cancelled').name, colour: 'var(--ae-series-3)' },
  { field: 'client_errors', name: 'Client error', colour: 'var(--ae-neutral)' },
  { field: 'upstream_cut', name: endingWords('upstream_cut').name, colour: 'var(--ae-series-4)' },
  { field: 'failed', name: endingWords('error').name, colour: 'var(--ae-down)' },
] as const

/** Requests by ending, without endings that do not occur. */
export function endingSeries(buckets: Buckets): Series[] {
  return ENDINGS.filter(({ field }) => buckets.some(({ point }) => (point?.[field] ?? 0) > 0)).map(
    ({ field, name, colour }) => ({ name, colour, values: buckets.map(({ point }) => point?.[field] ?? 0) }),
  )
}

const PERCENTILES = [
  { field: 'p50', name: 'Median' },
  { field: 'p95', name: 'p95' },
  { field: 'p99', name: 'p99' },
] as const

/** `null` without a measurement. */
export function percentileSeries(buckets: Buckets, of: 'latency_ms' | 'first_token_ms'): Series[] {
  return PERCENTILES.map(({ field, name }) => ({
    name,
    values: buckets.map(({ point }) => point?.[of][field] ?? null),
  }))
}

/** Tokens by class; a bucket of requests without usage is a gap, an empty bucket is 0. */
export function tokenSeries(buckets: Buckets): Series[] {
  return TOKEN_CLASSES.filter(({ field }) => buckets.some(({ point }) => (point?.tokens?.[field] ?? 0) > 0)).map(
    ({ field, name }) => ({
      name,
      values: buckets.map(({ point }) => (point === undefined ? 0 : (point.tokens?.[field] ?? null))),
    }),
  )
}

/** Dollars as floats, for the chart alone: shown sums are the gateway's decimals. */
export function costSeries(buckets: Buckets): Series[] {
  const amount = (usd: string | null) => (usd === null ? null : Number(usd))
  const charged = buckets.map(({ point }) => (point === undefined ? 0 : amount(point.cost_usd)))
  const absorbed = buckets.map(({ point }) => (point === undefined ? 0 : Number(point.absorbed_usd)))
  const series = [{ name: 'Charged', values: charged }]
  return absorbed.some((usd) => usd > 0)
    ? [...series, { name: 'Absorbed', values: absorbed, colour: 'var(--ae-degraded)' }]
    : series
}

/** One row of a comparison. */
export interface Compared extends Sums {
  key: string
  provider: string | null
  name: string
}

/** The busiest first. */
export function comparedBy(stats: Record<string, Sums>, isProvider: boolean): Compared[] {
  return Object.entries(stats)
    .map(([name, sums]) => ({ ...sums, key: name, name, provider: isProvider ? name : null }))
    .sort((one, other) => other.attempts - one.attempts)
}

export function comparedKeys(stats: NonNullable<Statistics['key_stats']>): Compared[] {
  return stats
    .map((sums) => ({
      ...sums,
      key: `${sums.provider}/${sums.key_fingerprint ?? ''}`,
      name: sums.key_fingerprint ?? '',
    }))
    .sort((one, other) => other.attempts - one.attempts)
}

/** What the sums omit or estimate, as sentences. */
export function caveats({ requests, unpriced, unknown_usage, estimated_usage }: Schemas['RequestSums']): string[] {
  const of = (count: number) => `${count.toLocaleString('en-GB')} of ${requests.toLocaleString('en-GB')} requests`
  return [
    ...(unpriced > 0 ? [`${of(unpriced)} have no known price and are not in the cost.`] : []),
    ...(unknown_usage > 0 ? [`${of(unknown_usage)} reported no usage and are not in the token sums.`] : []),
    ...(estimated_usage > 0 ? [`The tokens of ${of(estimated_usage)} are estimates of the gateway.`] : []),
  ]
}

const HOUR_FORMAT = new Intl.DateTimeFormat('en-GB', {
  day: 'numeric',
  month: 'short',
  hour: '2-digit',
  minute: '2-digit',
})
// The gateway's days begin at midnight UTC.
const DAY_FORMAT = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', timeZone: 'UTC' })

/** A bucket's label below the axis: a time in the viewer's zone, or a UTC day. */
export function bucketFormat(bucketSeconds: number, hours: number): (time: string) => string {
  if (bucketSeconds < 86_400 && hours <= 25) return formatMinute
  const format = bucketSeconds >= 86_400 ? DAY_FORMAT : HOUR_FORMAT
  return (time) => format.format(new Date(time))
}
