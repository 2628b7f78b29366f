/** Requests: the ledger as a list that goes on for ever, and one request opened beside it. */
import { lazy, Suspense, useState } from 'react'
import { PageHeader } from '@/ui/page-header'
import { Panel } from '@/ui/panel'
import { FilterBar } from './filter-bar'
import { LedgerList } from './ledger-list'
import { useRequestsUrl } from './use-requests-url'
import { useLedger } from './queries'

const RequestDrawer = lazy(() => import('./request-drawer').then((module) => ({ default: module.RequestDrawer })))

export function RequestsPage() {
  const { filters, opened, setFilters, open } = useRequestsUrl()
  const [isAway, setIsAway] = useState(false)
  const ledger = useLedger(filters, isAway)
  // Opened once, the drawer stays, so that it can be seen to close.
  const [wasOpened, setWasOpened] = useState(opened !== undefined)
  if (opened !== undefined && !wasOpened) setWasOpened(true)
  return (
    <>
      <PageHeader
        title="Requests"
        description="Every request as it ended: who asked, who answered, how long, at which cost."
      />
      <Panel isFlush>
        <FilterBar filters={filters} rows={ledger.rows} onChange={setFilters} />
        <LedgerList
          ledger={ledger}
          filters={filters}
          opened={opened}
          onOpen={open}
          onScrolled={setIsAway}
          onFilter={setFilters}
        />
      </Panel>
      {wasOpened && (
        <Suspense>
          <RequestDrawer id={opened} onClose={() => open(undefined)} onFilter={setFilters} />
        </Suspense>
      )}
    </>
  )
}
