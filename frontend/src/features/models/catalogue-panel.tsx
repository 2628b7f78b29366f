/** The catalogue: filters, and a table by model or by provider. */
import { useDebouncedValue } from '@mantine/hooks'
import { useQuery } from '@tanstack/react-query'
import { lazy, Suspense } from 'react'
import { providersQuery } from '@/api/queries'
import { providerChoices } from '@/lib/choices'
import { formatCount } from '@/lib/format'
import { countSet, useStable } from '@/lib/page-url'
import { FilterChoice, Filters, FilterSwitches } from '@/ui/filters'
import { Panel } from '@/ui/panel'
import { SearchField } from '@/ui/search-field'
import { Segmented } from '@/ui/segmented'
import { TableSkeleton } from '@/ui/skeletons'
import classes from './catalogue-panel.module.css'
import { capabilityChoices, type Model } from './model'
import { useCatalogue } from './queries'
import { filtersOf, type ModelsSearch, noFilters } from './search'

interface CataloguePanelProps {
  search: ModelsSearch
  onChange: (changed: Partial<ModelsSearch>, isStep?: boolean) => void
  onOpen: (model: string) => void
}

const CatalogueTable = lazy(() => import('./catalogue-table'))
const TYPING_MS = 150

export function CataloguePanel({ search, onChange, onOpen }: CataloguePanelProps) {
  const [debounced] = useDebouncedValue(useStable(filtersOf(search)), TYPING_MS)
  const catalogue = useCatalogue(debounced)
  return (
    <Panel
      title="Catalogue"
      description={<Counted catalogue={catalogue} />}
      isFlush
      actions={
        <Segmented
          label="Group by"
          choices={[
            { value: 'model', label: 'By model' },
            { value: 'provider', label: 'By provider' },
          ]}
          value={search.view ?? 'model'}
          onChange={(view) => onChange({ view: view === 'provider' ? 'provider' : undefined, sort: undefined })}
        />
      }
    >
      <CatalogueFilters search={search} onChange={onChange} />
      <Suspense fallback={<TableSkeleton rows={14} />}>
        <CatalogueTable catalogue={catalogue} search={search} onChange={onChange} onOpen={onOpen} />
      </Suspense>
    </Panel>
  )
}

function Counted({ catalogue: { query, models, isComplete } }: { catalogue: ReturnType<typeof useCatalogue> }) {
  if (query.data === undefined) return '\u00a0'
  const routes = models.reduce((sum, { routes }: Model) => sum + routes.length, 0)
  const counted = `${countOf(models.length, 'model')} on ${countOf(routes, 'route')}`
  return isComplete || query.isError ? counted : `${counted}, loading more …`
}

function countOf(count: number, what: string): string {
  return `${formatCount(count)} ${what}${count === 1 ? '' : 's'}`
}

const CONTEXTS = [8_000, 32_000, 128_000, 200_000, 1_000_000]
const PRICES = [0, 0.5, 1, 3, 10]

function CatalogueFilters({ search, onChange }: Pick<CataloguePanelProps, 'search' | 'onChange'>) {
  const { data: providers = [] } = useQuery({ ...providersQuery, select: providerChoices })
  const { find, provider, can = [], context, price } = search
  return (
    <div className={classes.filters}>
      <SearchField label="Find a model" value={find} onChange={(text) => onChange({ find: text }, false)} />
      <Filters count={countSet(filtersOf(search))} onClear={() => onChange(noFilters)}>
        <FilterChoice
          label="Provider"
          choices={providers}
          value={provider}
          onChange={(chosen) => onChange({ provider: chosen })}
        />
        <FilterSwitches
          label="Capabilities"
          choices={capabilityChoices}
          values={can}
          onChange={(chosen) => onChange({ can: chosen.length === 0 ? undefined : chosen })}
        />
        <FilterChoice
          label="Context"
          choices={CONTEXTS.map((tokens) => ({
            value: String(tokens),
            label: `At least ${formatCount(tokens)} tokens`,
          }))}
          value={context?.toString()}
          onChange={(chosen) => onChange({ context: chosen === undefined ? undefined : Number(chosen) })}
        />
        <FilterChoice
          label="Price"
          choices={PRICES.map((usd) => ({
            value: String(usd),
            label: usd === 0 ? 'Free' : `Up to $${usd} per 1M input`,
          }))}
          value={price?.toString()}
          onChange={(chosen) => onChange({ price: chosen === undefined ? undefined : Number(chosen) })}
        />
      </Filters>
    </div>
  )
}
