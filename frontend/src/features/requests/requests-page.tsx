/** Requests: the ledger as an endless list, and the details of one request. */
import { lazy, useState } from 'react'
import { usePageUrl, useStable } from '@/lib/page-url'
import { MountOnceOpen } from '@/ui/mount-once-open'
import { PageHeader } from '@/ui/page-header'
import { Panel } from '@/ui/panel'
import { FilterBar } from './filter-bar'
import { LedgerList } from './ledger-list'
import { useLedger } from './queries'

const RequestDrawer = lazy(() => import('./request-drawer'))

export function RequestsPage() {
  const [{ request: opened, ...search }, change] = usePageUrl('/requests')
  const filters = useStable(search)
  const [isScrolled, setIsScrolled] = useState(false)
  const ledger = useLedger(filters, isScrolled)
  return (
    <>
      <PageHeader
        title="Requests"
        description="Every finished request: client, provider, outcome, duration and cost."
      />
      <Panel isFlush>
        <FilterBar filters={filters} rows={ledger.rows} onChange={change} />
        <LedgerList
          ledger={ledger}
          filters={filters}
          opened={opened}
          onOpen={(id) => change({ request: id })}
          onScrolled={setIsScrolled}
          onFilter={change}
        />
      </Panel>
      <MountOnceOpen isOpen={opened !== undefined}>
        <RequestDrawer id={opened} onClose={() => change({ request: undefined })} onFilter={change} />
      </MountOnceOpen>
    </>
  )
}
