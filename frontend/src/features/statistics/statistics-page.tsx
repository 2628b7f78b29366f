/** Statistics: the sums of requests and attempts over a range of time. */
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
import { NoRequests } from './no-requests'
import { TokensPanel } from './tokens-panel'

// Further down on the page.
const Comparisons = lazy(() => import('./comparisons'))
const ErrorsPanel = lazy(() => import('./errors-panel'))

export function StatisticsPage() {
  const [{ providers, models, keys, ...search }, change] = usePageUrl('/statistics')
  const filters = useStable(search)
  const isValid = !isBackwards(filters)
  const query = useQuery({ ...statisticsQuery(filters), enabled: isValid })
  return (
    <>
      <PageHeader
        title="Statistics"
        description="Requests, success, latency, tokens and cost over a range of time."
        actions={<ExportMenu filters={filters} isDisabled={!isValid} />}
      />
      <Stack gap="lg">
        <RangeBar filters={filters} statistics={query.data} onChange={change} />
        {!isValid ? (
          <Panel>
            <EmptyState title="Invalid range">“From” must be before “To”.</EmptyState>
          </Panel>
        ) : (
          <div
            className={classes.content}
            data-loading={query.isPlaceholderData || undefined}
            aria-busy={query.isPlaceholderData}
          >
            <Loaded query={query} skeleton={<StatisticsSkeleton />}>
              {(statistics) =>
                statistics.summary.requests === 0 && Object.keys(statistics.provider_stats ?? {}).length === 0 ? (
                  <NoRequests filters={filters} onChange={change} />
                ) : (
                  <Stack gap="lg">
                    <SummaryTiles summary={statistics.summary} />
                    <Charts statistics={statistics} filters={filters} onChange={change} />
                    <div className={classes.pair}>
                      <Suspense fallback={<Skeleton height={360} radius="lg" />}>
                        <ErrorsPanel statistics={statistics} filters={filters} />
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
