/** The range as charts: requests by ending, latency, first token, tokens, cost. Selecting a bucket drills down. */
import { useMediaQuery } from '@mantine/hooks'
import { useNavigate } from '@tanstack/react-router'
import { useMemo } from 'react'
import { bucketsOf } from '@/lib/buckets'
import {
  formatCompact,
  formatCompactInColumn,
  formatDuration,
  formatDurationInColumn,
  formatMoney,
  formatMoneyInColumn,
  sumsColumn,
} from '@/lib/format'
import { type Series, TimeChart } from '@/ui/charts'
import { Panel } from '@/ui/panel'
import classes from './charts.module.css'
import { bucketFormat, costSeries, endingSeries, percentileSeries, type Statistics, tokenSeries } from './model'
import type { StatisticsFilters, StatisticsSearch } from './search'

interface ChartsProps {
  statistics: Statistics
  filters: StatisticsFilters
  onChange: (changed: Partial<StatisticsSearch>) => void
}

const MONEY_DIGITS = 8

export function Charts({ statistics, filters, onChange }: ChartsProps) {
  const isTouch = useMediaQuery('(hover: none)', false)
  const drillDown = useDrillDown(statistics, filters, onChange)
  const { bucket, bucket_seconds, begins_at, ends_at } = statistics
  const all = useMemo(() => bucketsOf(statistics, statistics.series), [statistics])
  const series = useMemo(
    () => ({
      endings: endingSeries(all),
      latency: percentileSeries(all, 'latency_ms'),
      firstToken: percentileSeries(all, 'first_token_ms'),
      tokens: tokenSeries(all),
      cost: costSeries(all),
    }),
    [all],
  )
  const hours = (Date.parse(ends_at) - Date.parse(begins_at)) / 3_600_000
  const shared = {
    times: all.map(({ time }) => time),
    formatTime: bucketFormat(bucket_seconds, hours),
    onSelect: drillDown,
  }
  const per = bucket === 'day' ? 'per day (UTC)' : bucket === 'hour' ? 'per hour' : 'per minute'
  const lines = { kind: 'line', format: formatDuration, formatInTable: formatDurationInColumn } as const
  const bars = { kind: 'stacked-bars', format: formatCompact, formatInTable: formatCompactInColumn } as const
  const amounts = { ...bars, format: formatAmount, formatInTable: amountFormat(series.cost) }
  return (
    <>
      <Panel title="Requests" description={hintOf(bucket, isTouch)}>
        <TimeChart {...shared} {...bars} label={`Requests ${per}, by ending`} series={series.endings} height={230} />
      </Panel>
      <div className={classes.grid}>
        <Panel title="Latency">
          <TimeChart {...shared} {...lines} label="Latency" series={series.latency} />
        </Panel>
        <Panel title="First token">
          <TimeChart {...shared} {...lines} label="Time to first token" series={series.firstToken} />
        </Panel>
        <Panel title="Tokens">
          <TimeChart {...shared} {...bars} label={`Tokens ${per}`} series={series.tokens} />
        </Panel>
        <Panel title="Cost">
          <TimeChart {...shared} {...amounts} label={`Dollars ${per}`} series={series.cost} />
        </Panel>
      </div>
    </>
  )
}

function hintOf(bucket: Statistics['bucket'], isTouch: boolean): string {
  if (isTouch) return `Tap a bar for its values, again ${bucket === 'minute' ? 'for its requests' : 'to drill down'}.`
  return bucket === 'minute' ? 'Click a minute for its requests.' : 'Click a bar to drill down.'
}

function formatAmount(usd: number | null): string {
  return formatMoney(decimal(usd))
}

/** The amounts of a table, all with the same number of digits. */
function amountFormat(series: Series[]): (usd: number | null) => string {
  const column = sumsColumn(series.flatMap(({ values }) => values))
  return (usd) => formatMoneyInColumn(decimal(usd), column)
}

function decimal(usd: number | null): string | null {
  return usd === null ? null : usd.toFixed(MONEY_DIGITS)
}

/** From a day to its hours, from an hour to its minutes, from a minute to its requests. */
function useDrillDown(
  { bucket, bucket_seconds }: Statistics,
  filters: StatisticsFilters,
  onChange: ChartsProps['onChange'],
) {
  const navigate = useNavigate()
  return (time: string) => {
    const [from, to] = [time, new Date(Date.parse(time) + bucket_seconds * 1000).toISOString()]
    const { provider, model, client } = filters
    if (bucket === 'minute') void navigate({ to: '/requests', search: { from, to, provider, model, client } })
    else onChange({ from, to, range: undefined, bucket: undefined })
  }
}
