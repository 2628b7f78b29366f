/** Values in short form, with the exact one in a tooltip. */
import {
  formatCompact,
  formatCompactInColumn,
  formatCount,
  formatDateTime,
  formatDuration,
  formatDurationInColumn,
  formatMoney,
  formatMoneyExactly,
  formatMoneyInColumn,
  formatRelative,
  formatSeconds,
  type MoneyColumn,
  UNKNOWN,
} from '@/lib/format'
import { useNow } from '@/lib/now'
import classes from './figures.module.css'
import { Tooltip } from './tooltip'

/** `12 s ago`, updated every second. */
export function RelativeTime({ at, fallback = UNKNOWN }: { at: string | null; fallback?: string }) {
  const now = useNow()
  if (at === null) return <span>{fallback}</span>
  return (
    <Tooltip label={formatDateTime(at)}>
      <time dateTime={at} className={classes.figure}>
        {formatRelative(at, now)}
      </time>
    </Tooltip>
  )
}

/** The time left: `2 min 5 s`, then `now`. `null` is unknown. */
export function Countdown({ until }: { until: string | null }) {
  const now = useNow()
  if (until === null) return <span>unknown</span>
  const seconds = (Date.parse(until) - now) / 1000
  return (
    <Tooltip label={formatDateTime(until)}>
      <time dateTime={until} className={classes.figure}>
        {seconds > 0 ? formatSeconds(Math.ceil(seconds)) : 'now'}
      </time>
    </Tooltip>
  )
}

/** Dollars, rounded; `column` aligns them in a table. */
export function Money({ usd, column }: { usd: string | null; column?: MoneyColumn }) {
  const shown = column === undefined ? formatMoney(usd) : formatMoneyInColumn(usd, column)
  const exact = formatMoneyExactly(usd)
  return isSameAmount(shown, exact) ? <Figure>{shown}</Figure> : <WithTooltip exact={exact}>{shown}</WithTooltip>
}

/** `$0.50` is all of `$0.5`. */
function isSameAmount(shown: string, exact: string): boolean {
  return shown === exact || (shown.startsWith(exact) && /^\.?0*$/.test(shown.slice(exact.length)))
}

export function Duration({ ms, isInColumn = false }: { ms: number | null; isInColumn?: boolean }) {
  return <Figure>{isInColumn ? formatDurationInColumn(ms) : formatDuration(ms)}</Figure>
}

interface TokenCountProps {
  count: number | null
  isEstimated?: boolean
  isInColumn?: boolean
}

/** Tokens: `12.3k`, with `~` if the gateway estimated them. */
export function TokenCount({ count, isEstimated = false, isInColumn = false }: TokenCountProps) {
  const shown = isInColumn ? formatCompactInColumn(count) : formatCompact(count)
  const exact = formatCount(count)
  const text = isEstimated && count !== null ? `~${shown}` : shown
  const label = `${exact} tokens${isEstimated ? ', estimated' : ''}`
  return count === null || (shown === exact && !isEstimated) ? (
    <Figure>{text}</Figure>
  ) : (
    <WithTooltip exact={label}>{text}</WithTooltip>
  )
}

/** A provider key: its fingerprint and, for long keys, its last four characters. */
export function KeyFingerprint({ fingerprint, lastFour }: { fingerprint: string | null; lastFour?: string | null }) {
  if (fingerprint === null) return <span className={classes.muted}>no key needed</span>
  return (
    <code className={classes.fingerprint}>
      {fingerprint}
      {lastFour != null && <span className={classes.muted}> …{lastFour}</span>}
    </code>
  )
}

function Figure({ children }: { children: string }) {
  return <span className={classes.figure}>{children}</span>
}

function WithTooltip({ exact, children }: { exact: string; children: string }) {
  return (
    <Tooltip label={exact}>
      <span className={classes.figure}>{children}</span>
    </Tooltip>
  )
}
