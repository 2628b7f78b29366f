/** A provider's recent attempts as the cells of a strip, one for each bucket, also for empty ones. */
import { type BucketRange, bucketsOf } from './buckets'
import { formatCount, formatMinute } from './format'

interface HistoryPoint {
  begins_at: string
  attempts: number
  successes: number
  failed: number
}

export interface ProviderHistory extends BucketRange {
  /** By provider; one that got no request may be missing. */
  providers: Record<string, HistoryPoint[]>
}

export interface HistoryCell {
  meaning: 'ok' | 'degraded' | 'down' | 'neutral'
  label: string
}

/** From this share of failures on, a bucket is down, not only degraded. */
const DOWN = 0.5

export function historyCells(range: BucketRange, points: HistoryPoint[]): HistoryCell[] {
  return bucketsOf(range, points).map(({ time, point }) => cellOf(formatMinute(time), point))
}

function cellOf(time: string, point: HistoryPoint | undefined): HistoryCell {
  if (point === undefined || point.attempts === 0) return { meaning: 'neutral', label: `${time}: no requests` }
  const { attempts, successes, failed } = point
  const judged = successes + failed
  if (failed > 0)
    return {
      meaning: failed / judged >= DOWN ? 'down' : 'degraded',
      label: `${time}: ${formatCount(failed)} of ${formatCount(attempts)} failed`,
    }
  return judged === 0
    ? { meaning: 'neutral', label: `${time}: ${formatCount(attempts)} requests, all invalid` }
    : { meaning: 'ok', label: `${time}: ${formatCount(attempts)} succeeded` }
}

/** The whole strip in a sentence, for screen readers. */
export function historySummary(range: BucketRange, points: HistoryPoint[]): string {
  const span = range.bucket_seconds === 60 ? 'hour' : '24 hours'
  const attempts = points.reduce((sum, point) => sum + point.attempts, 0)
  const failed = points.reduce((sum, point) => sum + point.failed, 0)
  if (attempts === 0) return `No requests in the last ${span}`
  return `Last ${span}: ${formatCount(failed)} of ${formatCount(attempts)} attempts failed`
}
