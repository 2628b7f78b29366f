/** Numbers, money, durations and times as text. `null` is "unknown", never 0. */

/** Shown for an unknown value. */
export const UNKNOWN = '–'

/** Between a figure and its unit: no line break. */
const GAP = '\u00a0'

const LOCALE = 'en-GB'
const whole = new Intl.NumberFormat(LOCALE, { maximumFractionDigits: 0 })
const compact = new Intl.NumberFormat(LOCALE, { notation: 'compact', maximumSignificantDigits: 3 })
const compactInColumn = new Intl.NumberFormat(LOCALE, {
  notation: 'compact',
  minimumSignificantDigits: 3,
  maximumSignificantDigits: 3,
})

/** `12,345`. */
export function formatCount(value: number | null): string {
  return value === null ? UNKNOWN : whole.format(value)
}

/** `987`, `12.3k`, `4.56M`: for axes and tiles. */
export function formatCompact(value: number | null): string {
  return value === null ? UNKNOWN : shortened(compact.format(value))
}

/** The same for a column of figures, all with as many digits: `987`, `12.0k`, `4.56M`. */
export function formatCompactInColumn(value: number | null): string {
  return value === null || value < 1000 ? formatCount(value) : shortened(compactInColumn.format(value))
}

function shortened(text: string): string {
  return text.replace('K', 'k').replace('bn', 'B').replace('m', 'M')
}

/** A rate of 0 to 1 as `99.7%`. It never rounds up to 100% or down to 0%: one failure in a thousand stays visible. */
export function formatPercent(rate: number | null): string {
  if (rate === null) return UNKNOWN
  if (rate >= 1) return '100%'
  if (rate <= 0) return '0%'
  const percent = rate * 100
  const rounded = trimmed(percent, percent < 10 || percent > 99 ? 2 : 1)
  if (rounded === '100') return '>99.99%'
  if (rounded === '0') return '<0.01%'
  return `${rounded}%`
}

/**
 * The same for a column of figures, aligned: `99.7%`, `85.0%`. It does not round up to 100.0% or down to 0.0% either.
 */
export function formatPercentInColumn(rate: number | null): string {
  if (rate === null) return UNKNOWN
  const percent = rate >= 1 ? 100 : rate <= 0 ? 0 : Math.min(99.9, Math.max(0.1, rate * 100))
  return `${percent.toFixed(1)}%`
}

/** `0.42 ms`, `87 ms`, `1.24 s`, `2 min 5 s`, `3 h 20 min`, `2 d 4 h`. */
export function formatDuration(milliseconds: number | null): string {
  if (milliseconds === null) return UNKNOWN
  if (milliseconds < 1) return `${trimmed(milliseconds, 2)}${GAP}ms`
  if (milliseconds < 10) return `${trimmed(milliseconds, 1)}${GAP}ms`
  if (milliseconds < 999.5) return `${Math.round(milliseconds)}${GAP}ms`
  if (milliseconds < 59_950) return `${trimmed(milliseconds / 1000, milliseconds < 9_995 ? 2 : 1)}${GAP}s`
  return formatSeconds(milliseconds / 1000)
}

/** The same for a column of figures, aligned: `87 ms`, `1.20 s`, `12.34 s`; from a minute on as above. */
export function formatDurationInColumn(milliseconds: number | null): string {
  if (milliseconds === null) return UNKNOWN
  if (milliseconds > 0 && milliseconds < 0.5) return `<1${GAP}ms`
  if (milliseconds < 999.5) return `${Math.round(milliseconds)}${GAP}ms`
  return milliseconds < 59_995 ? `${(milliseconds / 1000).toFixed(2)}${GAP}s` : formatSeconds(milliseconds / 1000)
}

/** Whole seconds in at most two units: `59 s`, `2 min 5 s`, `3 h 20 min`, `2 d 4 h`. */
export function formatSeconds(seconds: number): string {
  const total = Math.max(0, Math.round(seconds))
  const units = [
    { name: 'd', size: 86_400 },
    { name: 'h', size: 3_600 },
    { name: 'min', size: 60 },
    { name: 's', size: 1 },
  ]
  const index = units.findIndex(({ size }) => total >= size)
  const first = units[index]
  if (first === undefined) return `0${GAP}s`
  const second = units[index + 1]
  const rest = second ? Math.floor((total % first.size) / second.size) : 0
  const text = `${Math.floor(total / first.size)}${GAP}${first.name}`
  return second && rest > 0 ? `${text} ${rest}${GAP}${second.name}` : text
}

/** A decimal string of dollars, shortened: `$1,234.50`, `$0.0123`, `$0.00000012`. Rounded in decimal, never through a float. */
export function formatMoney(usd: string | null): string {
  if (usd === null) return UNKNOWN
  const amount = amountOf(usd)
  if (amount === null) return `$${usd}`
  const { sign, units, fraction } = amount
  const leadingZeros = /^0*/.exec(fraction)?.[0].length ?? 0
  const isZero = /^0*$/.test(units + fraction)
  const digits = isZero || /[1-9]/.test(units) ? 2 : Math.max(2, leadingZeros + 3)
  return `${sign}$${trimmedMoney(roundedDecimal(units, fraction, digits))}`
}

/** Digits after the point by kind of column: sums, prices per million tokens, and costs of one request. */
const MONEY_DIGITS = { sum: 2, price: 3, small: 6 } as const

export type MoneyColumn = keyof typeof MONEY_DIGITS

/** The kind of column for these sums: in cents, unless all are below a dollar. */
export function sumsColumn(amounts: (number | string | null)[]): MoneyColumn {
  return amounts.some((usd) => Number(usd) >= 1) ? 'sum' : 'small'
}

/** The same for a column of figures, aligned: `$0.97`, `$1.28`. An amount above 0 is never shown as 0. */
export function formatMoneyInColumn(usd: string | null, column: MoneyColumn): string {
  const amount = usd === null ? null : amountOf(usd)
  if (usd === null || amount === null) return formatMoney(usd)
  const { sign, units, fraction } = amount
  const digits = MONEY_DIGITS[column]
  const rounded = roundedDecimal(units, fraction, digits)
  const isTooSmall = !/[1-9]/.test(rounded) && /[1-9]/.test(units + fraction)
  return isTooSmall ? `${sign}<$0.${'1'.padStart(digits, '0')}` : `${sign}$${rounded}`
}

function amountOf(usd: string): { sign: string; units: string; fraction: string } | null {
  const amount = /^(-?)(\d+)(?:\.(\d+))?$/.exec(usd)
  if (amount === null) return null
  const [, sign = '', units = '0', fraction = ''] = amount
  return { sign, units, fraction }
}

/** The same amount with every digit. */
export function formatMoneyExactly(usd: string | null): string {
  return usd === null ? UNKNOWN : usd.startsWith('-') ? `-$${usd.slice(1)}` : `$${usd}`
}

/** `units.fraction` with `digits` digits after the point, halves up. */
function roundedDecimal(units: string, fraction: string, digits: number): string {
  const kept = BigInt(units + fraction.padEnd(digits, '0').slice(0, digits))
  const isUp = (fraction[digits] ?? '0') >= '5'
  const text = (kept + (isUp ? 1n : 0n)).toString().padStart(digits + 1, '0')
  const point = text.length - digits
  return `${whole.format(BigInt(text.slice(0, point)))}.${text.slice(point)}`
}

/** At least two digits after the point, without trailing zeros behind them. */
function trimmedMoney(amount: string): string {
  return amount.replace(/(\.\d\d\d*?)0+$/, '$1')
}

/** `512 B`, `10 MB`: powers of 1,024, as in the settings. */
export function formatBytes(bytes: number | null): string {
  if (bytes === null) return UNKNOWN
  const names = ['B', 'kB', 'MB', 'GB', 'TB']
  const power = bytes < 1 ? 0 : Math.min(names.length - 1, Math.floor(Math.log2(bytes) / 10))
  return `${trimmed(bytes / 1024 ** power, 1)}${GAP}${names[power] ?? 'B'}`
}

const clockTime = new Intl.DateTimeFormat(LOCALE, { hour: '2-digit', minute: '2-digit', second: '2-digit' })
const dayAndTime = new Intl.DateTimeFormat(LOCALE, {
  day: 'numeric',
  month: 'short',
  year: 'numeric',
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
})

/** `14:03:22` in the viewer's zone. */
export function formatTime(at: string | number | Date): string {
  return clockTime.format(new Date(at))
}

/** `23 Nov 2026, 14:03:22` in the viewer's zone. */
export function formatDateTime(at: string | number | Date): string {
  return dayAndTime.format(new Date(at))
}

const dayMonthAndTime = new Intl.DateTimeFormat(LOCALE, {
  day: 'numeric',
  month: 'short',
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
})

/** `14:03:22` for today, `22 Nov, 14:03:22` for days before. */
export function formatMoment(at: string | number | Date, nowMs: number): string {
  const isToday = new Date(at).toDateString() === new Date(nowMs).toDateString()
  return isToday ? formatTime(at) : dayMonthAndTime.format(new Date(at))
}

/** `14:03` in the viewer's zone. */
export function formatMinute(at: string | number | Date): string {
  return minuteTime.format(new Date(at))
}

const minuteTime = new Intl.DateTimeFormat(LOCALE, { hour: '2-digit', minute: '2-digit' })
const dayMonthAndMinute = new Intl.DateTimeFormat(LOCALE, {
  day: 'numeric',
  month: 'short',
  hour: '2-digit',
  minute: '2-digit',
})

/** `13:00 – 14:00` for today, else with the day, once or twice: `22 Nov, 23:00 – 23 Nov, 01:00`. Seconds only where there are any. */
export function formatSpan(from: string, to: string, nowMs: number): string {
  const [begin, end] = [new Date(from), new Date(to)]
  const isWhole = begin.getTime() % 60_000 === 0 && end.getTime() % 60_000 === 0
  const [clock, dayAndClock] = isWhole ? [minuteTime, dayMonthAndMinute] : [clockTime, dayMonthAndTime]
  const isOneDay = begin.toDateString() === end.toDateString()
  const isToday = isOneDay && begin.toDateString() === new Date(nowMs).toDateString()
  return `${(isToday ? clock : dayAndClock).format(begin)} – ${(isOneDay ? clock : dayAndClock).format(end)}`
}

/** `just now`, `12 s ago`, `in 2 min 5 s`. */
export function formatRelative(at: string | number | Date, nowMs: number): string {
  const seconds = (new Date(at).getTime() - nowMs) / 1000
  if (Math.abs(seconds) < 1) return 'just now'
  const text = formatSeconds(Math.abs(seconds))
  return seconds < 0 ? `${text} ago` : `in ${text}`
}

function trimmed(value: number, digits: number): string {
  return String(Number(value.toFixed(digits)))
}
