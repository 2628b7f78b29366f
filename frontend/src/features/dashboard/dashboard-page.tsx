/** The dashboard: how the engine is, at a glance and live. Each part reads what it shows, so that an update moves only that. */
import { Skeleton } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { statusQuery } from '@/api/queries'
import { usePageUrl } from '@/lib/page-url'
import { Loaded } from '@/ui/loaded'
import { PageHeader } from '@/ui/page-header'
import { Segmented } from '@/ui/segmented'
import { ConfigurationPanel } from './configuration-panel'
import { CourseCharts } from './course-charts'
import classes from './dashboard.module.css'
import { isSandboxAlone } from './model'
import { ProviderHealth } from './provider-health'
import { RangeTiles } from './range-tiles'
import { RecentFailures } from './recent-failures'
import { TodayTiles } from './today-tiles'
import { VerdictBanner } from './verdict-banner'
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
        description="How the gateway is doing, as it happens."
        actions={
          stage.data === 'at work' && (
            <Segmented
              label="How far back"
              choices={SPANS}
              value={span}
              onChange={(value) => change({ span: value === 'day' ? 'day' : undefined }, false)}
            />
          )
        }
      />
      <Loaded query={stage} skeleton={<DashboardSkeleton />}>
        {(found) => (
          <div className={classes.stack}>
            {found === 'at work' && <VerdictBanner />}
            {found !== 'at work' && <Welcome isAnswering={found === 'sandbox'} />}
            {found === 'at work' && (
              <>
                <RangeTiles span={span} />
                <TodayTiles />
                <CourseCharts span={span} />
                <div className={classes.columns}>
                  <ProviderHealth span={span} />
                  <RecentFailures />
                </div>
              </>
            )}
            <ConfigurationPanel />
          </div>
        )}
      </Loaded>
    </>
  )
}

type Stage = 'at work' | 'sandbox' | 'nobody'

/** Whether there is anything to watch yet: figures of nothing would only look like a fault. */
function stageOf(status: Parameters<typeof isSandboxAlone>[0]): Stage {
  if (status.performance.requests > 0) return 'at work'
  if (isSandboxAlone(status)) return 'sandbox'
  return status.enabled_providers === 0 ? 'nobody' : 'at work'
}

function DashboardSkeleton() {
  return (
    <div className={classes.stack}>
      <Skeleton height={74} radius="lg" />
      <Skeleton height={142} radius="lg" />
      <Skeleton height={98} radius="lg" />
      <Skeleton height={320} radius="lg" />
    </div>
  )
}
