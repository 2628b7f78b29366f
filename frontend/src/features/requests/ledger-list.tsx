/** The list of requests, with new arrivals and further pages. */
import { Button } from '@mantine/core'
import { IconArrowUp } from '@tabler/icons-react'
import { Link } from '@tanstack/react-router'
import { type ReactNode, useMemo, useRef } from 'react'
import { formatCount } from '@/lib/format'
import { countSet } from '@/lib/page-url'
import { DataTable } from '@/ui/data-table'
import { Loaded } from '@/ui/loaded'
import { EmptyState, ErrorState } from '@/ui/messages'
import { TableSkeleton } from '@/ui/skeletons'
import { columnsFor } from './columns'
import classes from './ledger-list.module.css'
import { type Arrivals, MOST_ARRIVALS } from './model'
import type { useLedger } from './queries'
import { noFilters, type RequestFilters } from './search'

interface LedgerListProps {
  ledger: ReturnType<typeof useLedger>
  filters: RequestFilters
  opened: string | undefined
  onOpen: (id: string) => void
  onScrolled: (isAway: boolean) => void
  onFilter: (changed: RequestFilters) => void
}

export function LedgerList({ ledger, filters, opened, onOpen, onScrolled, onFilter }: LedgerListProps) {
  const { query, rows, arrivals, showArrivals, loadMore } = ledger
  const box = useRef<HTMLDivElement>(null)
  const hasClients = rows.some(({ client }) => client !== null)
  const columns = useMemo(() => columnsFor({ hasClients }), [hasClients])
  const showNew = () => {
    showArrivals()
    const table = box.current?.querySelector('[role="group"]')
    if (table) table.scrollTop = 0
  }
  // The failure of a further page is shown below the rows.
  const firstPage = query.isFetchNextPageError ? { ...query, error: null } : query
  return (
    <div
      ref={box}
      className={classes.list}
      data-loading={query.isPlaceholderData || undefined}
      aria-busy={query.isPlaceholderData}
    >
      <NewPill arrivals={arrivals} onShow={showNew} />
      <Loaded query={firstPage} skeleton={<TableSkeleton rows={14} rowHeight={40} />}>
        {() => (
          <DataTable
            caption="Requests, newest first"
            columns={columns}
            rows={rows}
            rowKey={({ id }) => id}
            openKey={opened}
            onOpen={({ id }) => onOpen(id)}
            onScrolled={onScrolled}
            onEndReached={loadMore}
            foot={<Foot ledger={ledger} />}
            empty={
              query.hasNextPage ? (
                <div className={classes.foot}>
                  <Foot ledger={ledger} />
                </div>
              ) : (
                <Empty filters={filters} onFilter={onFilter} />
              )
            }
            rowHeight={40}
            isFixed
          />
        )}
      </Loaded>
    </div>
  )
}

/** New requests wait behind a button while the list is scrolled or filtered. */
function NewPill({ arrivals, onShow }: { arrivals: Arrivals; onShow: () => void }) {
  const count = arrivals.held.length
  const isShown = count > 0 || arrivals.hasGap
  const label = arrivals.hasGap || count >= MOST_ARRIVALS ? 'New requests' : `${formatCount(count)} new`
  return (
    <div className={classes.pill} role="status">
      {isShown && (
        <Button size="compact-sm" radius="xl" leftSection={<IconArrowUp size={14} aria-hidden />} onClick={onShow}>
          {label}
        </Button>
      )}
    </div>
  )
}

function Foot({ ledger: { query, rows, isPaused, loadMore } }: { ledger: LedgerListProps['ledger'] }): ReactNode {
  if (query.isFetchNextPageError) return <ErrorState error={query.error} onRetry={loadMore} />
  if (isPaused)
    return (
      <>
        {rows.length === 0 ? 'No match among the latest requests.' : 'No further match among the requests before.'}{' '}
        <Button size="compact-xs" variant="default" onClick={loadMore}>
          Search older requests
        </Button>
      </>
    )
  if (query.hasNextPage) return 'Loading older requests …'
  return rows.length === 1 ? '1 request in total.' : `${formatCount(rows.length)} requests in total.`
}

function Empty({ filters, onFilter }: { filters: RequestFilters; onFilter: (changed: RequestFilters) => void }) {
  if (countSet(filters) > 0)
    return (
      <EmptyState
        title="No matching requests"
        action={
          <Button variant="default" onClick={() => onFilter(noFilters)}>
            Clear filters
          </Button>
        }
      >
        A request that matches these filters appears here when it finishes.
      </EmptyState>
    )
  return (
    <EmptyState
      title="No requests yet"
      action={
        <Button component={Link} to="/playground">
          Open the playground
        </Button>
      }
    >
      Requests to <code>{window.location.origin}/v1</code> appear here when they finish.
    </EmptyState>
  )
}
