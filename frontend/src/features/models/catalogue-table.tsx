/** The matching models. */
import { Button } from '@mantine/core'
import { useMemo } from 'react'
import { countSet } from '@/lib/page-url'
import { sortOf, sortText } from '@/lib/search-params'
import { ADD_KEY } from '@/lib/provider-words'
import { DataTable } from '@/ui/data-table'
import { Loaded } from '@/ui/loaded'
import { EmptyState } from '@/ui/messages'
import { TableSkeleton } from '@/ui/skeletons'
import { modelColumns, type RouteOfModel, routeColumns } from './columns'
import type { Model } from './model'
import type { useCatalogue } from './queries'
import { filtersOf, type ModelsSearch, noFilters } from './search'

interface CatalogueTableProps {
  catalogue: ReturnType<typeof useCatalogue>
  search: ModelsSearch
  onChange: (changed: Partial<ModelsSearch>, isStep?: boolean) => void
  onOpen: (model: string) => void
}

const ROW = 44

export default function CatalogueTable({ catalogue, search, onChange, onOpen }: CatalogueTableProps) {
  const { query, models } = catalogue
  const shared = {
    sort: sortOf(search.sort),
    onSort: (sort: Parameters<typeof sortText>[0]) => onChange({ sort: sortText(sort) }, false),
    rowHeight: ROW,
    isFixed: true,
    empty: <NoMatches isFiltered={countSet(filtersOf(search)) > 0} onClear={() => onChange(noFilters)} />,
  }
  return (
    <Loaded query={query} skeleton={<TableSkeleton rows={14} rowHeight={ROW} />}>
      {() =>
        search.view === 'provider' ? (
          <ByProvider models={models} onOpen={onOpen} {...shared} />
        ) : (
          <DataTable
            caption="Models"
            columns={modelColumns}
            rows={models}
            rowKey={({ name }) => name}
            openKey={search.model}
            onOpen={({ name }) => onOpen(name)}
            {...shared}
          />
        )
      }
    </Loaded>
  )
}

type SharedProps = Pick<
  Parameters<typeof DataTable<RouteOfModel>>[0],
  'sort' | 'onSort' | 'rowHeight' | 'isFixed' | 'empty'
>

function ByProvider({ models, onOpen, ...shared }: SharedProps & { models: Model[]; onOpen: (model: string) => void }) {
  const rows = useMemo(
    () =>
      models
        .flatMap((model) => model.routes.map((route) => ({ model: model.name, route })))
        .sort((one, other) => one.route.provider.localeCompare(other.route.provider)),
    [models],
  )
  return (
    <DataTable
      caption="Routes, by provider"
      columns={routeColumns}
      rows={rows}
      rowKey={({ route }) => route.id}
      onOpen={({ model }) => onOpen(model)}
      {...shared}
    />
  )
}

function NoMatches({ isFiltered, onClear }: { isFiltered: boolean; onClear: () => void }) {
  return isFiltered ? (
    <EmptyState
      title="No matching models"
      action={
        <Button variant="default" onClick={onClear}>
          Clear filters
        </Button>
      }
    >
      A model whose price or context is unknown does not match a filter on it.
    </EmptyState>
  ) : (
    <EmptyState title="No models yet">{ADD_KEY} Until then the sandbox responds to any model name.</EmptyState>
  )
}
