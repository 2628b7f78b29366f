/** The filters of the list. */
import { useQuery } from '@tanstack/react-query'
import { useMemo } from 'react'
import type { FinishedRequest } from '@/api/live-state'
import { providersQuery } from '@/api/queries'
import { clientChoices, providerChoices } from '@/lib/choices'
import { ENDINGS, endingWords, FAILURE_CLASSES, failureWords } from '@/lib/outcome-words'
import { countSet } from '@/lib/page-url'
import { DateRange } from '@/ui/date-range'
import { FilterChoice, FilterModel, Filters } from '@/ui/filters'
import classes from './filter-bar.module.css'
import { noFilters, type RequestFilters } from './search'

const endingChoices = ENDINGS.map((ending) => ({ value: ending, label: endingWords(ending).name }))

const statusChoices: { value: '2xx' | '4xx' | '5xx'; label: string }[] = [
  { value: '2xx', label: '2xx, success' },
  { value: '4xx', label: '4xx, client error' },
  { value: '5xx', label: '5xx, server error' },
]

/** A name that two classes share is followed by the class. */
const failureChoices = FAILURE_CLASSES.map((failure) => {
  const { name } = failureWords(failure)
  const isShared = FAILURE_CLASSES.some((other) => other !== failure && failureWords(other).name === name)
  return { value: failure, label: isShared ? `${name} (${failure})` : name }
}).sort((one, other) => one.label.localeCompare(other.label))

const PERIODS = [
  { label: 'Last 15 minutes', minutes: 15 },
  { label: 'Last hour', minutes: 60 },
  { label: 'Last 24 hours', minutes: 1_440 },
  { label: 'Last 7 days', minutes: 10_080 },
]

interface FilterBarProps {
  filters: RequestFilters
  rows: FinishedRequest[]
  onChange: (changed: RequestFilters) => void
}

export function FilterBar({ filters, rows, onChange }: FilterBarProps) {
  const { data: providers = [] } = useQuery({ ...providersQuery, select: providerChoices })
  const models = useMemo(() => [...new Set(rows.flatMap(({ model }) => model ?? []))].sort(), [rows])
  const clients = useMemo(() => clientChoices(rows), [rows])
  return (
    <div className={classes.bar}>
      <Filters count={countSet(filters)} onClear={() => onChange(noFilters)}>
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
          onChange={(ending) => onChange({ ending })}
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
          onChange={(status) => onChange({ status })}
        />
        {(clients.length > 0 || filters.client !== undefined) && (
          <FilterChoice
            label="Client"
            choices={clients}
            value={filters.client}
            onChange={(client) => onChange({ client })}
          />
        )}
        <DateRange range={filters} unset="Any time" presets={PERIODS} onChange={onChange} />
      </Filters>
    </div>
  )
}
