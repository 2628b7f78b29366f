/** The catalogue: filters, and a table by model or by provider. */
import { TextInput } from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import { IconSearch } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { lazy, Suspense, useMemo } from 'react'
import { providersQuery } from '@/api/queries'
import { formatCount } from '@/lib/format'
import { FilterChoice, Filters, FilterSwitches } from '@/ui/filters'
import { Panel } from '@/ui/panel'
import { Segmented } from '@/ui/segmented'
import { TableSkeleton } from '@/ui/skeletons'
import classes from './catalogue-panel.module.css'
import { capabilityChoices, type Model } from './model'
import { useCatalogue } from './queries'
import { type Capability, type ModelFilters, type ModelsSearch, noFilters } from './search'

interface CataloguePanelProps {
  search: ModelsSearch
  filters: ModelFilters
  onChange: (changed: Partial<ModelsSearch>) => void
  onOpen: (model: string) => void
}

const CatalogueTable = lazy(() => import('./catalogue-table').then(({ CatalogueTable: Table }) => ({ default: Table })))
const TYPING_MS = 150

export function CataloguePanel({ search, filters, onChange, onOpen }: CataloguePanelProps) {
  const [settled] = useDebouncedValue(filters, TYPING_MS)
  const catalogue = useCatalogue(settled)
  return (
    <Panel
      title="Catalogue"
      description={<Counted catalogue={catalogue} />}
      isFlush
      actions={
        <Segmented
          label="One row for each"
          choices={[
            { value: 'model', label: 'By model' },
            { value: 'provider', label: 'By provider' },
          ]}
          value={search.view ?? 'model'}
          onChange={(view) => onChange({ view: view === 'provider' ? 'provider' : undefined, sort: undefined })}
        />
      }
    >
      <CatalogueFilters filters={filters} onChange={onChange} />
      <Suspense fallback={<TableSkeleton rows={14} />}>
        <CatalogueTable catalogue={catalogue} search={search} onChange={onChange} onOpen={onOpen} />
      </Suspense>
    </Panel>
  )
}

function Counted({ catalogue: { query, models, isWhole } }: { catalogue: ReturnType<typeof useCatalogue> }) {
  if (query.data === undefined) return '\u00a0'
  const routes = models.reduce((sum, { routes }: Model) => sum + routes.length, 0)
  const counted = `${countOf(models.length, 'model')} on ${countOf(routes, 'route')}`
  return isWhole || query.isError ? counted : `${counted}, and more are being read …`
}

function countOf(count: number, what: string): string {
  return `${formatCount(count)} ${what}${count === 1 ? '' : 's'}`
}

const CONTEXTS = [8_000, 32_000, 128_000, 200_000, 1_000_000]
const PRICES = [0, 0.5, 1, 3, 10]

function CatalogueFilters({ filters, onChange }: Pick<CataloguePanelProps, 'filters' | 'onChange'>) {
  const { data: providers = [] } = useQuery(providersQuery)
  const names = useMemo(
    () =>
      providers
        .filter(({ models_count }) => models_count > 0)
        .map(({ name, display_name }) => ({ value: name, label: display_name })),
    [providers],
  )
  const { find = '', provider, can = [], context, price } = filters
  const count = [filters.find, provider, filters.can, context, price].filter((value) => value !== undefined).length
  return (
    <div className={classes.filters}>
      <TextInput
        type="search"
        className={classes.search}
        aria-label="Find a model"
        placeholder="Find a model"
        leftSection={<IconSearch size={15} aria-hidden />}
        maxLength={200}
        value={find}
        onChange={(event) => onChange({ find: event.currentTarget.value || undefined })}
      />
      <Filters count={count} onClear={() => onChange(noFilters)}>
        <FilterChoice
          label="Provider"
          choices={names}
          value={provider}
          onChange={(chosen) => onChange({ provider: chosen })}
        />
        <FilterSwitches
          label="Takes"
          choices={capabilityChoices}
          values={can}
          onChange={(chosen) => onChange({ can: chosen.length === 0 ? undefined : (chosen as Capability[]) })}
        />
        <FilterChoice
          label="Context"
          choices={CONTEXTS.map((tokens) => ({
            value: String(tokens),
            label: `At least ${formatCount(tokens)} tokens`,
          }))}
          value={context === undefined ? undefined : String(context)}
          onChange={(chosen) => onChange({ context: chosen === undefined ? undefined : Number(chosen) })}
        />
        <FilterChoice
          label="Price"
          choices={PRICES.map((usd) => ({
            value: String(usd),
            label: usd === 0 ? 'Free' : `At most $${usd} a million in`,
          }))}
          value={price === undefined ? undefined : String(price)}
          onChange={(chosen) => onChange({ price: chosen === undefined ? undefined : Number(chosen) })}
        />
      </Filters>
    </div>
  )
}
