/** Charts, in a chunk of their own that is loaded with the first one; a skeleton takes its space meanwhile. */
import { Skeleton } from '@mantine/core'
import { lazy, Suspense } from 'react'
import type { TimeChartProps } from './charts/model'

export type { Series } from './charts/model'

const Loaded = lazy(() => import('./charts/time-chart'))
const LEGEND_AND_TABLE_PIXELS = 54

export function TimeChart(props: TimeChartProps) {
  return (
    <Suspense fallback={<Skeleton height={(props.height ?? 220) + LEGEND_AND_TABLE_PIXELS} radius="sm" />}>
      <Loaded {...props} />
    </Suspense>
  )
}
