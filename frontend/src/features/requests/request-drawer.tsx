/** One request beside the list, with a URL of its own. */
import { Drawer } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { latestRequestsQuery } from '@/api/queries'
import { useFocusBack } from '@/ui/focus-back'
import { Loaded } from '@/ui/loaded'
import { FactsSkeleton, TableSkeleton } from '@/ui/skeletons'
import { requestQuery } from './queries'
import classes from './request-drawer.module.css'
import { RequestDetails } from './request-details'
import type { RequestFilters } from './search'

interface RequestDrawerProps {
  id: string | undefined
  onClose: () => void
  onFilter: (changed: RequestFilters) => void
}

export function RequestDrawer({ id, onClose, onFilter }: RequestDrawerProps) {
  useFocusBack(id !== undefined)
  return (
    <Drawer
      opened={id !== undefined}
      onClose={onClose}
      position="right"
      size="min(760px, 100vw)"
      title="Request"
      classNames={{ body: classes.body, header: classes.header, title: classes.title }}
    >
      {id !== undefined && <Opened key={id} id={id} onFilter={onFilter} />}
    </Drawer>
  )
}

function Opened({ id, onFilter }: { id: string; onFilter: (changed: RequestFilters) => void }) {
  const cache = useQueryClient()
  const hasJustFinished = () =>
    cache.getQueryData(latestRequestsQuery.queryKey)?.some((request) => request.id === id) === true
  const query = useQuery(requestQuery(id, hasJustFinished))
  return (
    <Loaded
      query={query}
      skeleton={
        <>
          <FactsSkeleton facts={6} />
          <TableSkeleton rows={4} rowHeight={64} />
        </>
      }
    >
      {(request) => <RequestDetails request={request} onFilter={onFilter} />}
    </Loaded>
  )
}
