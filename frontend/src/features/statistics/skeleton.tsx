/** As large as the figures. */
import { Skeleton, Stack } from '@mantine/core'
import { TableSkeleton } from '@/ui/skeletons'
import { Panel } from '@/ui/panel'
import classes from './charts.module.css'

export function StatisticsSkeleton() {
  return (
    <Stack gap="lg">
      <Skeleton height={196} radius="lg" />
      <Skeleton height={356} radius="lg" />
      <div className={classes.grid}>
        {Array.from({ length: 4 }, (_, index) => (
          <Skeleton key={index} height={336} radius="lg" />
        ))}
      </div>
      <Panel title="Providers" isFlush>
        <TableSkeleton rows={6} />
      </Panel>
    </Stack>
  )
}
