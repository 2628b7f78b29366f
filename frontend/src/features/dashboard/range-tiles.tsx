/** The sums of the time span: requests, success rate, first token, latency, each with a sparkline. */
import { useQuery } from '@tanstack/react-query'
import { memo } from 'react'
import type { Schemas } from '@/api/client'
import { type HistorySpan, recentStatisticsQuery } from '@/api/queries'
import { formatCompact, formatCount, formatDuration, formatPercent } from '@/lib/format'
import { ErrorState } from '@/ui/messages'
import { Sparkline } from '@/ui/sparkline'
import { StatTile, StatTiles } from '@/ui/stat-tile'
import { bucketsOf } from '@/lib/buckets'
import { rateMeaning, unsuccessful } from './model'

const SPAN = { hour: 'in the last hour', day: 'in the last 24 hours' }

export const RangeTiles = memo(function RangeTiles({ span }: { span: HistorySpan }) {
  const { data, error, refetch } = useQuery(recentStatisticsQuery(span))
  if (data === undefined && error !== null) return <ErrorState error={error} onRetry={() => void refetch()} />
  const summary = data?.summary
  const places = data === undefined ? [] : bucketsOf(data, data.series)
  const series = (read: (point: Schemas['SeriesPoint']) => number | null, absent: number | null = null) =>
    places.map(({ point }) => (point === undefined ? absent : read(point)))
  return (
    <StatTiles>
      <StatTile
        label="Requests"
        value={summary && formatCompact(summary.requests)}
        hint={SPAN[span]}
        sparkline={<Sparkline values={series(({ requests }) => requests, 0)} label={`Requests ${SPAN[span]}`} />}
      />
      <StatTile
        label="Success rate"
        value={summary && formatPercent(summary.success_rate)}
        meaning={summary && rateMeaning(summary.success_rate)}
        hint={summary && failedHint(unsuccessful(summary))}
        sparkline={
          <Sparkline
            values={series(({ success_rate }) => success_rate)}
            label={`Success rate ${SPAN[span]}`}
            meaning={(summary && rateMeaning(summary.success_rate)) ?? 'ok'}
          />
        }
      />
      <StatTile
        label="First token"
        value={summary && formatDuration(summary.first_token_ms.p50)}
        hint={summary && spread(summary.first_token_ms)}
        sparkline={
          <Sparkline values={series(({ first_token_ms }) => first_token_ms.p50)} label={`First token ${SPAN[span]}`} />
        }
      />
      <StatTile
        label="Latency"
        value={summary && formatDuration(summary.latency_ms.p50)}
        hint={summary && spread(summary.latency_ms)}
        sparkline={<Sparkline values={series(({ latency_ms }) => latency_ms.p50)} label={`Latency ${SPAN[span]}`} />}
      />
    </StatTiles>
  )
})

function failedHint(count: number): string {
  return count === 0 ? 'no failures' : `${formatCount(count)} failed`
}

function spread({ p95 }: Schemas['PercentilesView']): string {
  return p95 === null ? 'no data' : `median; p95 ${formatDuration(p95)}`
}
