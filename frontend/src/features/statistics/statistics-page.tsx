/** Statistics: what requests and attempts add up to over a range of time. */
import { Skeleton, Stack } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { lazy, Suspense } from 'react'
import { usePageUrl, useStable } from '@/lib/page-url'
import { Loaded } from '@/ui/loaded'
import { EmptyState } from '@/ui/messages'
import { PageHeader } from '@/ui/page-header'
import { Panel } from '@/ui/panel'
import { Charts } from './charts'
import { ExportMenu } from './export-menu'
import { statisticsQuery } from './queries'
import { RangeBar } from './range-bar'
import { isBackwards } from './range'
import { StatisticsSkeleton } from './skeleton'
import { SummaryTiles } from './summary-tiles'
import classes from './statistics-page.module.css'
import { NothingHappened } from './nothing-happened'
import { TokensPanel } from './tokens-panel'

// What stands further down comes after the figures.
const Comparisons = lazy(() => import('./comparisons'))
const ErrorsPanel = lazy(() => import('./errors-panel'))

export function StatisticsPage() {
  const [{ providers, models, keys, ...search }, change] = usePageUrl('/statistics')
  const asked = useStable(search)
  const isAskable = !isBackwards(asked)
  const query = useQuery({ ...statisticsQuery(asked), enabled: isAskable })
  return (
    <>
      <PageHeader
        title="Statistics"
        description="What requests add up to: how many, how well, how fast, at which cost."
        actions={<ExportMenu asked={asked} isDisabled={!isAskable} />}
      />
      <Stack gap="lg">
        <RangeBar asked={asked} statistics={query.data} onChange={change} />
        {!isAskable ? (
          <Panel>
            <EmptyState title="This range ends before it begins">Choose a “From” that is before its “To”.</EmptyState>
          </Panel>
        ) : (
          <div
            className={classes.content}
            data-waiting={query.isPlaceholderData || undefined}
            aria-busy={query.isPlaceholderData}
          >
            <Loaded query={query} skeleton={<StatisticsSkeleton />}>
              {(statistics) =>
                statistics.summary.requests === 0 && Object.keys(statistics.provider_stats ?? {}).length === 0 ? (
                  <NothingHappened asked={asked} onChange={change} />
                ) : (
                  <Stack gap="lg">
                    <SummaryTiles summary={statistics.summary} />
                    <Charts statistics={statistics} asked={asked} onChange={change} />
                    <div className={classes.pair}>
                      <Suspense fallback={<Skeleton height={360} radius="lg" />}>
                        <ErrorsPanel statistics={statistics} asked={asked} />
                      </Suspense>
                      <TokensPanel summary={statistics.summary} />
                    </div>
                    <Suspense fallback={<Skeleton height={900} radius="lg" />}>
                      <Comparisons statistics={statistics} sorts={{ providers, models, keys }} onChange={change} />
                    </Suspense>
                  </Stack>
                )
              }
            </Loaded>
          </div>
        )}
      </Stack>
    </>
  )
}
