/** From when to when: presets that move with the clock, or two moments. */
import type { Asked } from './search'

export const PRESETS = [
  { value: '1h', label: '1 h', words: 'the last hour', hours: 1 },
  { value: '24h', label: '24 h', words: 'the last 24 hours', hours: 24 },
  { value: '7d', label: '7 d', words: 'the last 7 days', hours: 168 },
  { value: '30d', label: '30 d', words: 'the last 30 days', hours: 720 },
] as const

const HOUR_MS = 3_600_000
const DEFAULT = PRESETS[1]

/** The preset in force; `null` for a range of its own. */
export function presetOf({ range, from, to }: Asked): (typeof PRESETS)[number] | null {
  if (from !== undefined || to !== undefined) return null
  return PRESETS.find(({ value }) => value === range) ?? DEFAULT
}

/** What the gateway is asked for. A preset leaves the end open, so that it is always the present. */
export function queryOf(asked: Asked, nowMs: number) {
  const { from, to, bucket, provider, model, client } = asked
  const preset = presetOf(asked)
  const begins = preset === null ? from : new Date(nowMs - preset.hours * HOUR_MS).toISOString()
  return { from: begins, to, bucket: bucket ?? ('auto' as const), provider, model, client }
}

/** The range has not ended: its newest bucket is still being filled. */
export function isOpenEnded({ to }: Asked, nowMs: number): boolean {
  return to === undefined || Date.parse(to) > nowMs
}

/** A range that ends before it begins; the gateway would refuse it. */
export function isBackwards({ from, to }: Pick<Asked, 'from' | 'to'>): boolean {
  return from !== undefined && to !== undefined && Date.parse(from) >= Date.parse(to)
}
