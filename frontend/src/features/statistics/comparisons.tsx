/** Providers, models and keys in comparison, by attempts. */
import { useMemo } from 'react'
import { formatCount, formatPercentInColumn, type MoneyColumn, sumsColumn } from '@/lib/format'
import { sortOf, sortText } from '@/lib/search-params'
import { totalTokens } from '@/lib/tokens'
import { type Column, DataTable } from '@/ui/data-table'
import { Duration, KeyFingerprint, Money, TokenCount } from '@/ui/figures'
import { EmptyState } from '@/ui/messages'
import { Panel } from '@/ui/panel'
import { ProviderMark } from '@/ui/provider-mark'
import classes from './comparisons.module.css'
import { type Compared, comparedBy, comparedKeys, type Statistics } from './model'
import type { StatisticsSearch } from './search'

type Sorts = Pick<StatisticsSearch, 'providers' | 'models' | 'keys'>

interface ComparisonsProps {
  statistics: Statistics
  sorts: Sorts
  onChange: (changed: Partial<StatisticsSearch>, isStep?: boolean) => void
}

export default function Comparisons({ statistics, sorts, onChange }: ComparisonsProps) {
  const { provider_stats, model_stats, key_stats } = statistics
  const rows = useMemo(
    () => ({
      providers: provider_stats && comparedBy(provider_stats, true),
      models: model_stats && comparedBy(model_stats, false),
      keys: key_stats && comparedKeys(key_stats),
    }),
    [provider_stats, model_stats, key_stats],
  )
  const shared = (table: keyof Sorts) => ({
    rows: rows[table],
    sort: sorts[table],
    onSort: (sort: string | undefined) => onChange({ [table]: sort }, false),
  })
  return (
    <>
      <Comparison
        title="Providers"
        description="By attempts. Click a provider to filter by it."
        name={providerName}
        onOpen={({ name }) => onChange({ provider: name })}
        {...shared('providers')}
      />
      <Comparison
        title="Models"
        description="By the provider’s name. Click a model to filter by it."
        name={modelName}
        onOpen={({ name }) => onChange({ model: name })}
        {...shared('models')}
      />
      <Comparison
        title="Provider keys"
        description="By fingerprint. Click a key to filter by its provider."
        name={keyName}
        onOpen={({ provider }) => onChange({ provider: provider ?? undefined })}
        {...shared('keys')}
      />
    </>
  )
}

interface ComparisonProps {
  title: string
  description: string
  /** The first column; the figures follow. */
  name: Column<Compared>
  rows: Compared[] | null
  sort: string | undefined
  onSort: (sort: string | undefined) => void
  onOpen: (row: Compared) => void
}

function Comparison({ title, description, name, rows, sort, onSort, onOpen }: ComparisonProps) {
  const cost = sumsColumn(rows?.map(({ cost_usd }) => cost_usd) ?? [])
  const columns = useMemo(() => [name, ...figures, costColumn(cost)], [name, cost])
  return (
    <Panel title={title} description={description} isFlush>
      {rows === null ? (
        <EmptyState title="Not available for a client">
          Attempts are counted by provider, model and key, not by client. Clear the client filter to see them.
        </EmptyState>
      ) : (
        <DataTable
          caption={title}
          columns={columns}
          rows={rows}
          rowKey={({ key }) => key}
          sort={sortOf(sort)}
          onSort={(chosen) => onSort(sortText(chosen))}
          onOpen={onOpen}
          isFixed
          empty={<EmptyState title="No attempts">No attempts in this range.</EmptyState>}
        />
      )}
    </Panel>
  )
}

const figures: Column<Compared>[] = [
  {
    id: 'attempts',
    header: 'Attempts',
    width: '96px',
    narrowWidth: '88px',
    align: 'end',
    cell: ({ attempts }) => <>{formatCount(attempts)}</>,
    sortBy: ({ attempts }) => attempts,
  },
  {
    id: 'success',
    header: 'Success',
    width: '96px',
    narrowWidth: '96px',
    align: 'end',
    cell: ({ success_rate }) => <>{formatPercentInColumn(success_rate)}</>,
    sortBy: ({ success_rate }) => success_rate,
  },
  {
    id: 'failed',
    header: 'Failed',
    width: '84px',
    align: 'end',
    hideBelow: 'md',
    cell: ({ failed }) => <>{formatCount(failed)}</>,
    sortBy: ({ failed }) => failed,
  },
  {
    id: 'latency',
    header: 'Latency',
    width: '98px',
    align: 'end',
    hideBelow: 'sm',
    cell: ({ latency_ms }) => <Duration ms={latency_ms.p50} isInColumn />,
    sortBy: ({ latency_ms }) => latency_ms.p50,
  },
  {
    id: 'p95',
    header: 'p95',
    width: '84px',
    align: 'end',
    hideBelow: 'md',
    cell: ({ latency_ms }) => <Duration ms={latency_ms.p95} isInColumn />,
    sortBy: ({ latency_ms }) => latency_ms.p95,
  },
  {
    id: 'first_token',
    header: 'First token',
    width: '116px',
    align: 'end',
    hideBelow: 'md',
    cell: ({ first_token_ms }) => <Duration ms={first_token_ms.p50} isInColumn />,
    sortBy: ({ first_token_ms }) => first_token_ms.p50,
  },
  {
    id: 'tokens',
    header: 'Tokens',
    width: '92px',
    align: 'end',
    hideBelow: 'sm',
    cell: ({ tokens, estimated_usage }) => (
      <TokenCount count={totalTokens(tokens)} isEstimated={estimated_usage > 0} isInColumn />
    ),
    sortBy: ({ tokens }) => totalTokens(tokens),
  },
]

const costColumn = (column: MoneyColumn): Column<Compared> => ({
  id: 'cost',
  header: 'Cost',
  width: '104px',
  align: 'end',
  hideBelow: 'sm',
  cell: ({ cost_usd }) => <Money usd={cost_usd} column={column} />,
  sortBy: ({ cost_usd }) => (cost_usd === null ? null : Number(cost_usd)),
})

const providerName: Column<Compared> = {
  id: 'name',
  header: 'Provider',
  cell: ({ name }) => <Marked provider={name}>{name}</Marked>,
  sortBy: ({ name }) => name,
}

const modelName: Column<Compared> = {
  id: 'name',
  header: 'Model',
  cell: ({ name }) => (
    <span className={classes.name} dir="auto" title={name}>
      {name}
    </span>
  ),
  sortBy: ({ name }) => name,
}

const keyName: Column<Compared> = {
  id: 'name',
  header: 'Key',
  cell: ({ provider, name }) => (
    <Marked provider={provider ?? ''}>
      <span className={classes.key}>
        <bdi>{provider}</bdi> <KeyFingerprint fingerprint={name === '' ? null : name} />
      </span>
    </Marked>
  ),
  sortBy: ({ key }) => key,
}

function Marked({ provider, children }: { provider: string; children: React.ReactNode }) {
  return (
    <span className={classes.marked}>
      <ProviderMark name={provider} size="sm" />
      <span className={classes.name} dir="auto">
        {children}
      </span>
    </span>
  )
}
