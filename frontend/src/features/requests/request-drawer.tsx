/** The details of one request. */
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { latestRequestsQuery } from '@/api/queries'
import { DetailDrawer } from '@/ui/detail-drawer'
import { Loaded } from '@/ui/loaded'
import { FactsSkeleton, TableSkeleton } from '@/ui/skeletons'
import { requestQuery } from './queries'
import { RequestDetails } from './request-details'
import type { RequestFilters } from './search'

interface RequestDrawerProps {
  id: string | undefined
  onClose: () => void
  onFilter: (changed: RequestFilters) => void
}

export default function RequestDrawer({ id, onClose, onFilter }: RequestDrawerProps) {
  return (
    <DetailDrawer isOpen={id !== undefined} onClose={onClose} title="Request" width={760}>
      {id !== undefined && <Opened key={id} id={id} onFilter={onFilter} />}
    </DetailDrawer>
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
