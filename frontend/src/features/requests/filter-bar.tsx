/** The filters of the list. Each is in the URL as soon as it is chosen. */
import { useQuery } from '@tanstack/react-query'
import { useMemo } from 'react'
import type { FinishedRequest } from '@/api/live-state'
import { providersQuery } from '@/api/queries'
import { clientChoices, providerChoices } from '@/lib/choices'
import { FilterChoice, FilterModel, Filters } from '@/ui/filters'
import classes from './filter-bar.module.css'
import { endingChoices, failureChoices, noFilters, seenModels, statusChoices } from './filter-choices'
import { PeriodFilter } from './period-filter'
import type { ChangeFilters, RequestFilters } from './search'

interface FilterBarProps {
  filters: RequestFilters
  rows: FinishedRequest[]
  onChange: ChangeFilters
}

export function FilterBar({ filters, rows, onChange }: FilterBarProps) {
  const { data: providers = [] } = useQuery({ ...providersQuery, select: providerChoices })
  const models = useMemo(() => seenModels(rows), [rows])
  const clients = useMemo(() => clientChoices(rows), [rows])
  return (
    <div className={classes.bar}>
      <Filters
        count={Object.values<unknown>(filters).filter((value) => value !== undefined).length}
        onClear={() => onChange(noFilters)}
      >
        <FilterChoice
          label="Provider"
          choices={providers}
          value={filters.provider}
          onChange={(provider) => onChange({ provider })}
        />
        <FilterModel models={models} value={filters.model} onChange={(model) => onChange({ model })} />
        <FilterChoice
          label="Ending"
          choices={endingChoices}
          value={filters.ending}
          onChange={(ending) => onChange({ ending: ending as RequestFilters['ending'] })}
        />
        <FilterChoice
          label="Failure"
          choices={failureChoices}
          value={filters.failure}
          onChange={(failure) => onChange({ failure })}
        />
        <FilterChoice
          label="Status"
          choices={statusChoices}
          value={filters.status}
          onChange={(status) => onChange({ status: status as RequestFilters['status'] })}
        />
        {(clients.length > 0 || filters.client !== undefined) && (
          <FilterChoice
            label="Client"
            choices={clients}
            value={filters.client}
            onChange={(client) => onChange({ client })}
          />
        )}
        <PeriodFilter filters={filters} onChange={onChange} />
      </Filters>
    </div>
  )
}
