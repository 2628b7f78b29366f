/** The time span as charts: requests by outcome, and latency. */
import { useQuery } from '@tanstack/react-query'
import { memo, useMemo } from 'react'
import type { Schemas } from '@/api/client'
import { type HistorySpan, recentStatisticsQuery } from '@/api/queries'
import { bucketsOf } from '@/lib/buckets'
import { formatCompact, formatDuration, formatDurationInColumn, formatMinute } from '@/lib/format'
import { type Series, TimeChart } from '@/ui/charts'
import { Loaded } from '@/ui/loaded'
import { EmptyState } from '@/ui/messages'
import { Panel } from '@/ui/panel'
import { Skeleton } from '@mantine/core'
import classes from './dashboard.module.css'
import { clientSide, succeeded, unsuccessful } from './model'

const HEIGHT = 200

export const CourseCharts = memo(function CourseCharts({ span }: { span: HistorySpan }) {
  const query = useQuery(recentStatisticsQuery(span))
  const skeleton = <Skeleton height={HEIGHT + 54} radius="sm" />
  return (
    <div className={classes.charts}>
      <Panel title="Requests">
        <Loaded query={query} skeleton={skeleton}>
          {(statistics) => <RequestsChart statistics={statistics} />}
        </Loaded>
      </Panel>
      <Panel title="Latency">
        <Loaded query={query} skeleton={skeleton}>
          {(statistics) => <TimesChart statistics={statistics} />}
        </Loaded>
      </Panel>
    </div>
  )
})

interface ChartProps {
  statistics: Schemas['StatisticsView']
}

const RequestsChart = memo(function RequestsChart({ statistics }: ChartProps) {
  const { times, series } = useMemo(() => {
    const places = bucketsOf(statistics, statistics.series)
    const counted = (name: string, colour: string, count: (point: Schemas['SeriesPoint']) => number): Series => ({
      name,
      colour,
      values: places.map(({ point }) => (point === undefined ? 0 : count(point))),
    })
    return {
      times: places.map(({ time }) => time),
      series: [
        counted('Succeeded', 'var(--ae-series-1)', succeeded),
        counted('Client-side', 'var(--ae-neutral)', clientSide),
        counted('Failed', 'var(--ae-down)', unsuccessful),
      ],
    }
  }, [statistics])
  if (statistics.summary.requests === 0) return <NoRequests />
  return (
    <TimeChart
      label={statistics.bucket === 'minute' ? 'Requests per minute' : 'Requests per hour'}
      kind="stacked-bars"
      times={times}
      series={series}
      format={formatCompact}
      formatTime={formatMinute}
      height={HEIGHT}
    />
  )
})

const TimesChart = memo(function TimesChart({ statistics }: ChartProps) {
  const { times, series } = useMemo(() => {
    const places = bucketsOf(statistics, statistics.series)
    const measured = (name: string, read: (point: Schemas['SeriesPoint']) => number | null): Series => ({
      name,
      values: places.map(({ point }) => (point === undefined ? null : read(point))),
    })
    return {
      times: places.map(({ time }) => time),
      series: [
        measured('First token p50', ({ first_token_ms }) => first_token_ms.p50),
        measured('Latency p50', ({ latency_ms }) => latency_ms.p50),
        measured('Latency p95', ({ latency_ms }) => latency_ms.p95),
      ],
    }
  }, [statistics])
  if (statistics.summary.latency_ms.p50 === null) return <NoRequests />
  return (
    <TimeChart
      label="Latency"
      kind="line"
      times={times}
      series={series}
      format={formatDuration}
      formatInTable={formatDurationInColumn}
      formatTime={formatMinute}
      height={HEIGHT}
    />
  )
})

function NoRequests() {
  return <EmptyState title="No requests">Requests appear here when they finish.</EmptyState>
}
