/** The range: a preset that ends now, or two moments. */
import type { StatisticsFilters } from './search'

export const PRESETS = [
  { value: '1h', label: '1 h', words: 'the last hour', hours: 1 },
  { value: '24h', label: '24 h', words: 'the last 24 hours', hours: 24 },
  { value: '7d', label: '7 d', words: 'the last 7 days', hours: 168 },
  { value: '30d', label: '30 d', words: 'the last 30 days', hours: 720 },
] as const

const HOUR_MS = 3_600_000
const DEFAULT = PRESETS[1]

/** The active preset; `null` for a custom range. */
export function presetOf({ range, from, to }: StatisticsFilters): (typeof PRESETS)[number] | null {
  if (from !== undefined || to !== undefined) return null
  return PRESETS.find(({ value }) => value === range) ?? DEFAULT
}

/** The query of the API. The end of a preset is open: now. */
export function queryOf(filters: StatisticsFilters, nowMs: number) {
  const { from, to, bucket, provider, model, client } = filters
  const preset = presetOf(filters)
  const begins = preset === null ? from : new Date(nowMs - preset.hours * HOUR_MS).toISOString()
  return { from: begins, to, bucket: bucket ?? ('auto' as const), provider, model, client }
}

/** The newest bucket is still filling. */
export function isOpenEnded({ to }: StatisticsFilters, nowMs: number): boolean {
  return to === undefined || Date.parse(to) > nowMs
}

/** The range ends before it begins; the gateway would reject it. */
export function isBackwards({ from, to }: Pick<StatisticsFilters, 'from' | 'to'>): boolean {
  return from !== undefined && to !== undefined && Date.parse(from) >= Date.parse(to)
}
