/** Providers: see, test and steer each of them. */
import { Stack, TextInput } from '@mantine/core'
import { IconSearch } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { lazy, Suspense, useMemo, useState } from 'react'
import { providersQuery } from '@/api/queries'
import type { ProviderState } from '@/lib/provider-words'
import { Loaded } from '@/ui/loaded'
import { PageHeader } from '@/ui/page-header'
import { Panel } from '@/ui/panel'
import { Segmented } from '@/ui/segmented'
import { TableSkeleton } from '@/ui/skeletons'
import { countOf, listed, type Provider } from './model'
import { NotSetUp } from './not-set-up'
import classes from './providers-page.module.css'
import { ProvidersTable } from './providers-table'
import { useProvidersUrl } from './use-providers-url'

// Its forms and tabs are as large as the whole list.
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
  const { search, narrow, open } = useProvidersUrl()
  const { find = '', state, sort, provider } = search
  const query = useQuery(providersQuery)
  // Kept once it is there, so that it can slide away.
  const [wasOpened, setWasOpened] = useState(false)
  if (provider !== undefined && !wasOpened) setWasOpened(true)
  return (
    <>
      <PageHeader title="Providers" description="Who may answer, how they are doing, and what to do about it." />
      <div className={classes.filters}>
        <TextInput
          type="search"
          className={classes.find}
          aria-label="Find a provider"
          placeholder="Find a provider"
          leftSection={<IconSearch size={15} aria-hidden />}
          value={find}
          onChange={(event) => narrow({ find: event.currentTarget.value || undefined })}
        />
        <div className={classes.states}>
          <Segmented
            label="In which state"
            choices={STATES}
            value={state ?? 'any'}
            onChange={(value) => narrow({ state: value === 'any' ? undefined : value })}
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
          <Found
            providers={providers}
            find={find}
            state={state}
            sort={sort}
            opened={provider}
            onSort={(text) => narrow({ sort: text })}
            onOpen={open}
          />
        )}
      </Loaded>
      {wasOpened && (
        <Suspense>
          <ProviderDrawer name={provider} onClose={() => open(undefined)} />
        </Suspense>
      )}
    </>
  )
}

interface FoundProps {
  providers: Provider[]
  find: string
  state: ProviderState | undefined
  sort: ReturnType<typeof useProvidersUrl>['search']['sort']
  opened: string | undefined
  onSort: (sort: FoundProps['sort']) => void
  onOpen: (name: string) => void
}

function Found({ providers, find, state, sort, opened, onSort, onOpen }: FoundProps) {
  const { setUp, others } = useMemo(() => listed(providers, find, state), [providers, find, state])
  const isNarrowed = find !== '' || state !== undefined
  return (
    <Stack gap="lg">
      {(setUp.length > 0 || !isNarrowed || others.length === 0) && (
        <ProvidersTable
          providers={setUp}
          sort={sort}
          isNarrowed={isNarrowed}
          opened={opened}
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
