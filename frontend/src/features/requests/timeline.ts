/** The attempts of a request on one axis, in shares of its duration. */
import type { Schemas } from '@/api/client'
import { scaleFromZero } from '@/lib/scale'

export type Attempt = Schemas['RequestAttempt']
export type RequestDetail = Schemas['RequestDetail']

export interface Bar {
  /** Both from 0 to 1 of the axis. */
  start: number
  length: number
  /** From 0 to 1 of the bar; `null` without one, as in a response that is not streamed. */
  firstToken: number | null
}

interface Timeline {
  /** In milliseconds, with their position from 0 to 1. */
  ticks: { ms: number; at: number }[]
  bars: Bar[]
}

const TICKS = 4

/** The axis ends with the request, or with an attempt that ended later. */
export function timelineOf({ duration_ms, attempts }: Pick<RequestDetail, 'duration_ms' | 'attempts'>): Timeline {
  const end = Math.max(duration_ms, ...attempts.map(({ started_ms, duration_ms: own }) => started_ms + own)) || 1
  const share = (ms: number) => Math.min(1, Math.max(0, ms / end))
  return {
    ticks: scaleFromZero(end, TICKS)
      .ticks.filter((ms) => ms <= end)
      .map((ms) => ({ ms, at: share(ms) })),
    bars: attempts.map(({ started_ms, duration_ms: own, first_token_ms }) => ({
      start: share(started_ms),
      length: share(own),
      firstToken: first_token_ms === null || own <= 0 ? null : Math.min(1, first_token_ms / own),
    })),
  }
}

/** A cancelled attempt is no failure. */
export function meaningOf({ succeeded, failure }: Pick<Attempt, 'succeeded' | 'failure'>): 'ok' | 'down' | 'neutral' {
  return succeeded ? 'ok' : failure === 'cancelled' ? 'neutral' : 'down'
}
