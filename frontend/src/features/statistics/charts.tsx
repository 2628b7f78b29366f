/** The course of the range: requests by ending, latency, first token, tokens, cost. A bucket that is chosen is looked into. */
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
import type { Asked, StatisticsSearch } from './search'

interface ChartsProps {
  statistics: Statistics
  asked: Asked
  onChange: (changed: Partial<StatisticsSearch>) => void
}

const MONEY_DIGITS = 8

export function Charts({ statistics, asked, onChange }: ChartsProps) {
  const isTouch = useMediaQuery('(hover: none)', false)
  const lookInto = useLookInto(statistics, asked, onChange)
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
    onSelect: lookInto,
  }
  const per = bucket === 'day' ? 'a day (UTC)' : bucket === 'hour' ? 'an hour' : 'a minute'
  return (
    <>
      <Panel title="Requests" description={hintOf(bucket, isTouch)}>
        <TimeChart
          {...shared}
          label={`Requests ${per}, by ending`}
          kind="stacked-bars"
          series={series.endings}
          format={formatCompact}
          height={230}
        />
      </Panel>
      <div className={classes.grid}>
        <Panel title="Latency">
          <TimeChart
            {...shared}
            label="Until the whole answer"
            kind="line"
            series={series.latency}
            format={formatDuration}
            formatInTable={formatDurationInColumn}
          />
        </Panel>
        <Panel title="First token">
          <TimeChart
            {...shared}
            label="Until the first token"
            kind="line"
            series={series.firstToken}
            format={formatDuration}
            formatInTable={formatDurationInColumn}
          />
        </Panel>
        <Panel title="Tokens">
          <TimeChart
            {...shared}
            label={`Tokens ${per}`}
            kind="stacked-bars"
            series={series.tokens}
            format={formatCompact}
            formatInTable={formatCompactInColumn}
          />
        </Panel>
        <Panel title="Cost">
          <TimeChart
            {...shared}
            label={`Dollars ${per}`}
            kind="stacked-bars"
            series={series.cost}
            format={formatAmount}
            formatInTable={amountsFormat(series.cost)}
          />
        </Panel>
      </div>
    </>
  )
}

function hintOf(bucket: Statistics['bucket'], isTouch: boolean): string {
  if (isTouch) return `A tap reads a bar, a second one ${bucket === 'minute' ? 'opens its requests' : 'looks into it'}.`
  return bucket === 'minute' ? 'A click on a minute opens its requests.' : 'A click on a bar looks into it more finely.'
}

function formatAmount(usd: number | null): string {
  return formatMoney(decimal(usd))
}

/** The amounts of a table, which has as many digits as all of them need. */
function amountsFormat(series: Series[]): (usd: number | null) => string {
  const column = sumsColumn(series.flatMap(({ values }) => values))
  return (usd) => formatMoneyInColumn(decimal(usd), column)
}

function decimal(usd: number | null): string | null {
  return usd === null ? null : usd.toFixed(MONEY_DIGITS)
}

/** A day is looked into by its hours, an hour by its minutes, a minute by its requests. */
function useLookInto({ bucket, bucket_seconds }: Statistics, asked: Asked, onChange: ChartsProps['onChange']) {
  const navigate = useNavigate()
  return (time: string) => {
    const [from, to] = [time, new Date(Date.parse(time) + bucket_seconds * 1000).toISOString()]
    const { provider, model, client } = asked
    if (bucket === 'minute') void navigate({ to: '/requests', search: { from, to, provider, model, client } })
    else onChange({ from, to, range: undefined, bucket: undefined })
  }
}
