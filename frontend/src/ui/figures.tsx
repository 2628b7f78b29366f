/** Values as they are read: each shows the short form and tells the whole one to whoever points at it. */
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

/** A time told from now, `12 s ago`, that moves by itself. The exact time is in its tooltip. */
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

/** The time left until `at`: `2 min 5 s`, then `now`. `null` is a time that nobody knows. */
export function Countdown({ until, fallback = 'unknown' }: { until: string | null; fallback?: string }) {
  const now = useNow()
  if (until === null) return <span>{fallback}</span>
  const seconds = (Date.parse(until) - now) / 1000
  return (
    <Tooltip label={formatDateTime(until)}>
      <time dateTime={until} className={classes.figure}>
        {seconds > 0 ? formatSeconds(Math.ceil(seconds)) : 'now'}
      </time>
    </Tooltip>
  )
}

/** Dollars: rounded for reading, exact in the tooltip. In a column of a table the digits of all of them line up. */
export function Money({ usd, column }: { usd: string | null; column?: MoneyColumn }) {
  const shown = column === undefined ? formatMoney(usd) : formatMoneyInColumn(usd, column)
  const exact = formatMoneyExactly(usd)
  return isSameAmount(shown, exact) ? <Figure>{shown}</Figure> : <Told exact={exact}>{shown}</Told>
}

/** `$0.50` tells all of `$0.5`. */
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

/** Tokens: `12.3k`, each one of them in the tooltip; `~` where the gateway had to estimate. */
export function TokenCount({ count, isEstimated = false, isInColumn = false }: TokenCountProps) {
  const shown = isInColumn ? formatCompactInColumn(count) : formatCompact(count)
  const exact = formatCount(count)
  const text = isEstimated && count !== null ? `~${shown}` : shown
  const told = `${exact} tokens${isEstimated ? ', estimated' : ''}`
  return count === null || (shown === exact && !isEstimated) ? (
    <Figure>{text}</Figure>
  ) : (
    <Told exact={told}>{text}</Told>
  )
}

/** A provider key, known by its fingerprint and, for long ones, its last four characters. */
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

function Told({ exact, children }: { exact: string; children: string }) {
  return (
    <Tooltip label={exact}>
      <span className={classes.figure}>{children}</span>
    </Tooltip>
  )
}
