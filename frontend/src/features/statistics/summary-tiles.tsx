/** The sums of the range, and what they omit. */
import { IconInfoCircle } from '@tabler/icons-react'
import type { Schemas } from '@/api/client'
import { formatCount, formatDuration, formatPercent } from '@/lib/format'
import { inputTokens, outputTokens, totalTokens } from '@/lib/tokens'
import { Duration, Money, TokenCount } from '@/ui/figures'
import { StatTile, StatTiles } from '@/ui/stat-tile'
import { caveats } from './model'
import classes from './summary-tiles.module.css'

export function SummaryTiles({ summary }: { summary: Schemas['RequestSums'] }) {
  const { latency_ms, first_token_ms, overhead_ms, tokens } = summary
  const notes = caveats(summary)
  return (
    <div className={classes.summary}>
      <StatTiles>
        <StatTile
          label="Requests"
          value={formatCount(summary.requests)}
          hint={`${formatCount(summary.attempts)} attempts`}
        />
        <StatTile
          label="Success"
          value={formatPercent(summary.success_rate)}
          hint={`${formatCount(summary.failed)} failed, ${formatCount(summary.upstream_cut)} interrupted`}
        />
        <StatTile label="Latency" value={<Duration ms={latency_ms.p50} />} hint={tail(latency_ms)} />
        <StatTile label="First token" value={<Duration ms={first_token_ms.p50} />} hint={tail(first_token_ms)} />
        <StatTile label="Gateway overhead" value={<Duration ms={overhead_ms.p50} />} hint={tail(overhead_ms)} />
        <StatTile
          label="Tokens"
          value={<TokenCount count={totalTokens(tokens)} />}
          hint={
            tokens === null ? (
              'no usage reported'
            ) : (
              <>
                <TokenCount count={inputTokens(tokens)} /> in, <TokenCount count={outputTokens(tokens)} /> out
              </>
            )
          }
        />
        <StatTile
          label="Cost"
          value={<Money usd={summary.cost_usd} />}
          hint={summary.cost_usd === null ? 'no known price' : 'charged to clients'}
        />
        <StatTile label="Absorbed" value={<Money usd={summary.absorbed_usd} />} hint="not charged to clients" />
      </StatTiles>
      {notes.length > 0 && (
        <ul className={classes.notes}>
          {notes.map((note) => (
            <li key={note}>
              <IconInfoCircle size={14} aria-hidden />
              {note}
            </li>
          ))}
        </ul>
      )}
    </div>
  )
}

function tail({ p95, p99 }: Schemas['PercentilesView']): string {
  return p95 === null ? 'no data' : `p95\u00a0${formatDuration(p95)} · p99\u00a0${formatDuration(p99)}`
}
