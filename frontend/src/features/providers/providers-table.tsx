/** The providers that are set up. */
import { useQuery } from '@tanstack/react-query'
import { useMemo } from 'react'
import { providerHistoryQuery, recentStatisticsQuery } from '@/api/queries'
import { formatDurationInColumn, formatPercentInColumn } from '@/lib/format'
import { failureWords } from '@/lib/outcome-words'
import { ADD_KEY, providerStateWords } from '@/lib/provider-words'
import { sortOf, sortText } from '@/lib/search-params'
import { type Column, DataTable } from '@/ui/data-table'
import { RelativeTime } from '@/ui/figures'
import { FlagReason } from '@/ui/flag-reason'
import { HealthStrip } from '@/ui/health-strip'
import { EmptyState } from '@/ui/messages'
import { Panel } from '@/ui/panel'
import { ProviderMark } from '@/ui/provider-mark'
import { StatusBadge } from '@/ui/status-badge'
import { type MeasuredProvider, type Provider, usableKeys } from './model'
import classes from './providers-table.module.css'

interface ProvidersTableProps {
  providers: Provider[]
  sort: string | undefined
  isNarrowed: boolean
  opened: string | undefined
  onSort: (sort: string | undefined) => void
  onOpen: (name: string) => void
}

export function ProvidersTable({ providers, sort, isNarrowed, opened, onSort, onOpen }: ProvidersTableProps) {
  const sums = useQuery(recentStatisticsQuery('hour')).data?.provider_stats
  const measured = useMemo(
    () => providers.map((provider): MeasuredProvider => ({ ...provider, measured: sums?.[provider.name] })),
    [providers, sums],
  )
  return (
    <Panel
      title="Set up"
      description="Success and latency of the last hour. Click a provider for its details and actions."
      isFlush
    >
      <DataTable
        caption="Providers that are set up"
        columns={COLUMNS}
        rows={measured}
        rowKey={({ name }) => name}
        rowHeight={56}
        openKey={opened}
        sort={sortOf(sort)}
        onSort={(chosen) => onSort(sortText(chosen))}
        onOpen={({ name }) => onOpen(name)}
        empty={
          isNarrowed ? (
            <EmptyState title="No matching providers">Change the search or the state filter.</EmptyState>
          ) : (
            <EmptyState title="No providers set up">{ADD_KEY} Until then the sandbox responds on localhost.</EmptyState>
          )
        }
      />
    </Panel>
  )
}

const COLUMNS: Column<MeasuredProvider>[] = [
  {
    id: 'provider',
    header: 'Provider',
    sortBy: ({ display_name }) => display_name.toLowerCase(),
    cell: ({ name, display_name, base_url, status, flag }) => (
      <span className={classes.provider}>
        <ProviderMark name={name} />
        <span className={classes.words}>
          <span className={classes.name} dir="auto">
            {display_name}
          </span>
          <span className={classes.address}>{base_url.replace(/^https?:\/\//, '')}</span>
          <span className={classes.stateBelow}>
            <State status={status} flag={flag} />
          </span>
        </span>
      </span>
    ),
  },
  {
    id: 'state',
    header: 'State',
    width: '176px',
    hideBelow: 'sm',
    cell: ({ status, flag }) => <State status={status} flag={flag} />,
  },
  {
    id: 'health',
    header: 'Last hour',
    width: '190px',
    hideBelow: 'md',
    cell: ({ name }) => <LastHour name={name} />,
  },
  {
    id: 'success',
    header: 'Success',
    align: 'end',
    sortBy: ({ measured }) => measured?.success_rate ?? null,
    cell: ({ measured }) => formatPercentInColumn(measured?.success_rate ?? null),
  },
  {
    id: 'latency',
    header: 'Latency',
    align: 'end',
    hideBelow: 'sm',
    sortBy: ({ measured }) => measured?.latency_ms.p50 ?? null,
    cell: ({ measured }) => formatDurationInColumn(measured?.latency_ms.p50 ?? null),
  },
  {
    id: 'priority',
    header: 'Priority',
    align: 'end',
    hideBelow: 'md',
    sortBy: ({ priority }) => priority,
    cell: ({ priority }) => priority,
  },
  { id: 'keys', header: 'Keys', hideBelow: 'md', cell: (provider) => <KeyCount provider={provider} /> },
  {
    id: 'used',
    header: 'Last used',
    hideBelow: 'md',
    sortBy: ({ last_used_at }) => last_used_at,
    cell: ({ last_used_at, last_error }) => (
      <span className={classes.used}>
        <RelativeTime at={last_used_at} fallback="not since startup" />
        {last_error !== null && <span className={classes.small}>{failureWords(last_error).name}</span>}
      </span>
    ),
  },
]

function State({ status, flag }: Pick<Provider, 'status' | 'flag'>) {
  const { name, meaning } = providerStateWords(status)
  return (
    <span className={classes.state}>
      <StatusBadge meaning={meaning}>{name}</StatusBadge>
      {status === 'flagged' && flag !== null && (
        <span className={classes.small}>
          <FlagReason {...flag} />
        </span>
      )}
    </span>
  )
}

function KeyCount({ provider }: { provider: Provider }) {
  const { usable, total } = usableKeys(provider)
  if (total === 0) return <span className={classes.noKey}>not needed</span>
  return (
    <span className={classes.keys} data-short={usable < total || undefined}>
      {usable === total ? total : `${usable} of ${total}`}
    </span>
  )
}

function LastHour({ name }: { name: string }) {
  return <HealthStrip history={useQuery(providerHistoryQuery('hour')).data} provider={name} size="sm" />
}
