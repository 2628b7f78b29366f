/** Requests in flight, the gateway's overhead, and the sums of today. */
import { useQuery } from '@tanstack/react-query'
import { memo } from 'react'
import type { Schemas } from '@/api/client'
import { statusQuery } from '@/api/queries'
import { formatCompact, formatCount, formatDuration, formatMoney, UNKNOWN } from '@/lib/format'
import { useToday } from '@/lib/now'
import { inputTokens, outputTokens, totalTokens } from '@/lib/tokens'
import { Money, TokenCount } from '@/ui/figures'
import { StatTile, StatTiles } from '@/ui/stat-tile'
import { todayQuery } from './queries'

export const TodayTiles = memo(function TodayTiles() {
  return (
    <StatTiles>
      <InFlight />
      <Overhead />
      <Today />
    </StatTiles>
  )
})

function InFlight() {
  const count = useQuery({ ...statusQuery, select: ({ performance }) => performance.in_flight }).data
  return <StatTile label="In flight" value={count === undefined ? undefined : formatCount(count)} hint="now" />
}

function Overhead() {
  const found = useQuery({ ...statusQuery, select: overheadOf }).data
  return (
    <StatTile
      label="Gateway overhead"
      value={found && formatDuration(found.p50)}
      hint={found && (found.p99 === null ? 'no data' : `median; p99 ${formatDuration(found.p99)}`)}
    />
  )
}

function overheadOf({ performance }: Schemas['Status']): { p50: number | null; p99: number | null } {
  return { p50: performance.overhead_p50_ms, p99: performance.overhead_p99_ms }
}

function Today() {
  const { data: summary, isError } = useQuery(todayQuery(useToday()))
  return (
    <>
      <StatTile
        label="Tokens today"
        value={
          summary ? (
            <TokenCount count={totalTokens(summary.tokens)} isEstimated={summary.estimated_usage > 0} />
          ) : isError ? (
            UNKNOWN
          ) : undefined
        }
        hint={summary ? tokensHint(summary.tokens) : isError && UNAVAILABLE}
      />
      <StatTile
        label="Cost today"
        value={summary ? <Money usd={summary.cost_usd} /> : isError ? UNKNOWN : undefined}
        hint={summary ? costHint(summary) : isError && UNAVAILABLE}
      />
    </>
  )
}

const UNAVAILABLE = 'not available'

function tokensHint(tokens: Schemas['TokenSums'] | null): string {
  return tokens === null
    ? 'no usage reported'
    : `${formatCompact(inputTokens(tokens))} in, ${formatCompact(outputTokens(tokens))} out`
}

function costHint({ unpriced, absorbed_usd }: Schemas['RequestSums']): string {
  if (unpriced > 0) return `without ${formatCount(unpriced)} of unknown price`
  return Number(absorbed_usd) > 0 ? `plus ${formatMoney(absorbed_usd)} absorbed` : 'at list price'
}
