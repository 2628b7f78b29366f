/** The dashboard: the gateway's state at a glance, live. Each part reads only what it shows, so that an update renders only that. */
import { Skeleton, Stack } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { statusQuery } from '@/api/queries'
import { usePageUrl } from '@/lib/page-url'
import { Loaded } from '@/ui/loaded'
import { PageHeader } from '@/ui/page-header'
import { Segmented } from '@/ui/segmented'
import { ConfigurationPanel } from './configuration-panel'
import { CourseCharts } from './course-charts'
import classes from './dashboard.module.css'
import { isSandboxOnly } from './model'
import { ProviderHealth } from './provider-health'
import { RangeTiles } from './range-tiles'
import { RecentFailures } from './recent-failures'
import { TodayTiles } from './today-tiles'
import { StatusBanner } from './status-banner'
import { Welcome } from './welcome'

const SPANS = [
  { value: 'hour', label: 'Last hour' },
  { value: 'day', label: '24 hours' },
]

export function DashboardPage() {
  const [{ span = 'hour' }, change] = usePageUrl('/')
  const stage = useQuery({ ...statusQuery, select: stageOf })
  return (
    <>
      <PageHeader
        title="Dashboard"
        description="Live status of the gateway."
        actions={
          stage.data === 'working' && (
            <Segmented
              label="Time span"
              choices={SPANS}
              value={span}
              onChange={(value) => change({ span: value === 'day' ? 'day' : undefined }, false)}
            />
          )
        }
      />
      <Loaded query={stage} skeleton={<DashboardSkeleton />}>
        {(found) => (
          <Stack gap="lg">
            {found === 'working' ? (
              <>
                <StatusBanner />
                <RangeTiles span={span} />
                <TodayTiles />
                <CourseCharts span={span} />
                <div className={classes.columns}>
                  <ProviderHealth span={span} />
                  <RecentFailures />
                </div>
              </>
            ) : (
              <Welcome hasSandbox={found === 'sandbox'} />
            )}
            <ConfigurationPanel />
          </Stack>
        )}
      </Loaded>
    </>
  )
}

type Stage = 'working' | 'sandbox' | 'empty'

/** Without a provider and without a request there are no figures to show yet. */
function stageOf(status: Parameters<typeof isSandboxOnly>[0]): Stage {
  if (status.performance.requests > 0) return 'working'
  if (isSandboxOnly(status)) return 'sandbox'
  return status.enabled_providers === 0 ? 'empty' : 'working'
}

function DashboardSkeleton() {
  return (
    <Stack gap="lg">
      <Skeleton height={74} radius="lg" />
      <Skeleton height={142} radius="lg" />
      <Skeleton height={98} radius="lg" />
      <Skeleton height={320} radius="lg" />
    </Stack>
  )
}
