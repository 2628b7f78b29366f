/** Providers: see, test and operate each of them. */
import { Stack } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { lazy, useMemo } from 'react'
import { providersQuery } from '@/api/queries'
import { usePageUrl } from '@/lib/page-url'
import type { ProviderState } from '@/lib/provider-words'
import { Loaded } from '@/ui/loaded'
import { MountOnceOpen } from '@/ui/mount-once-open'
import { PageHeader } from '@/ui/page-header'
import { Panel } from '@/ui/panel'
import { SearchField } from '@/ui/search-field'
import { Segmented } from '@/ui/segmented'
import { TableSkeleton } from '@/ui/skeletons'
import { countOf, listed, type Provider } from './model'
import { NotSetUp } from './not-set-up'
import classes from './providers-page.module.css'
import { ProvidersTable } from './providers-table'
import type { ProvidersSearch } from './search'

// As large as the rest of the page.
const ProviderDrawer = lazy(() => import('./provider-drawer'))

const STATES: { value: ProviderState | 'any'; label: string }[] = [
  { value: 'any', label: 'All' },
  { value: 'available', label: 'Available' },
  { value: 'flagged', label: 'Flagged' },
  { value: 'drained', label: 'Drained' },
  { value: 'disabled', label: 'Off' },
  { value: 'no_key', label: 'No key' },
]

export function ProvidersPage() {
  const [search, change] = usePageUrl('/providers')
  const { find, state = 'any', provider } = search
  const query = useQuery(providersQuery)
  const open = (name: string | undefined) => change({ provider: name, view: undefined })
  return (
    <>
      <PageHeader
        title="Providers"
        description="State and health of every provider. Open one to test it or to change it."
      />
      <div className={classes.filters}>
        <SearchField
          className={classes.find}
          label="Find a provider"
          value={find}
          onChange={(text) => change({ find: text }, false)}
        />
        <div className={classes.states}>
          <Segmented
            label="State"
            choices={STATES}
            value={state}
            onChange={(value) => change({ state: value === 'any' ? undefined : value })}
          />
        </div>
      </div>
      <Loaded
        query={query}
        skeleton={
          <Panel title="Set up" isFlush>
            <TableSkeleton rows={6} rowHeight={56} />
          </Panel>
        }
      >
        {(providers) => (
          <Found providers={providers} search={search} onSort={(sort) => change({ sort }, false)} onOpen={open} />
        )}
      </Loaded>
      <MountOnceOpen isOpen={provider !== undefined}>
        <ProviderDrawer name={provider} onClose={() => open(undefined)} />
      </MountOnceOpen>
    </>
  )
}

interface FoundProps {
  providers: Provider[]
  search: ProvidersSearch
  onSort: (sort: string | undefined) => void
  onOpen: (name: string) => void
}

function Found({ providers, search: { find = '', state, sort, provider }, onSort, onOpen }: FoundProps) {
  const { setUp, others } = useMemo(() => listed(providers, find, state), [providers, find, state])
  const isNarrowed = find !== '' || state !== undefined
  return (
    <Stack gap="lg">
      {(setUp.length > 0 || !isNarrowed || others.length === 0) && (
        <ProvidersTable
          providers={setUp}
          sort={sort}
          isNarrowed={isNarrowed}
          opened={provider}
          onSort={onSort}
          onOpen={onOpen}
        />
      )}
      {others.length > 0 && <NotSetUp providers={others} onOpen={onOpen} />}
      <p className={classes.count} role="status">
        {countOf(setUp.length, others.length, isNarrowed)}
      </p>
    </Stack>
  )
}
