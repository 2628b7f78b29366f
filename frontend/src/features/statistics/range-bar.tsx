/** The range, the bucket size, and the filters. */
import { useQuery } from '@tanstack/react-query'
import { latestRequestsQuery, providersQuery } from '@/api/queries'
import { clientChoices, providerChoices } from '@/lib/choices'
import { countSet } from '@/lib/page-url'
import { DateRange } from '@/ui/date-range'
import { FilterChoice, FilterModel, Filters } from '@/ui/filters'
import { Segmented } from '@/ui/segmented'
import type { Statistics } from './model'
import { PRESETS, presetOf } from './range'
import classes from './range-bar.module.css'
import { type StatisticsFilters, noFilters, type StatisticsSearch } from './search'

interface RangeBarProps {
  filters: StatisticsFilters
  statistics: Statistics | undefined
  onChange: (changed: Partial<StatisticsSearch>) => void
}

const CUSTOM = 'custom'
const BUCKETS = [
  { value: 'minute', label: 'By minute' },
  { value: 'hour', label: 'By hour' },
  { value: 'day', label: 'By day (UTC)' },
] as const

export function RangeBar({ filters, statistics, onChange }: RangeBarProps) {
  const { provider, model, client, bucket } = filters
  const count = countSet({ provider, model, client, bucket })
  const providers = useProviderChoices(statistics)
  // Any other client is reached by its id in the URL.
  const { data: clients = [] } = useQuery({ ...latestRequestsQuery, select: clientChoices })
  return (
    <div className={classes.bar}>
      <div className={classes.range}>
        <Segmented
          label="Range"
          choices={PRESETS}
          value={presetOf(filters)?.value ?? CUSTOM}
          onChange={(range) => onChange({ range, from: undefined, to: undefined, bucket: undefined })}
        />
        <DateRange
          range={filters}
          unset="Custom range"
          size="xs"
          onChange={(chosen) => onChange({ ...chosen, range: undefined, bucket: undefined })}
        />
      </div>
      <Filters count={count} onClear={() => onChange({ ...noFilters, bucket: undefined })}>
        <FilterChoice
          label="Provider"
          choices={providers}
          value={provider}
          onChange={(chosen) => onChange({ provider: chosen })}
        />
        <FilterModel
          value={model}
          models={Object.keys(statistics?.model_stats ?? {})}
          onChange={(chosen) => onChange({ model: chosen })}
        />
        {(clients.length > 0 || client !== undefined) && (
          <FilterChoice
            label="Client"
            choices={clients}
            value={client}
            onChange={(chosen) => onChange({ client: chosen })}
          />
        )}
        <FilterChoice
          label="Bucket"
          anyLabel="Auto buckets"
          choices={BUCKETS}
          value={bucket}
          onChange={(chosen) => onChange({ bucket: chosen })}
        />
      </Filters>
    </div>
  )
}

/** Those that are set up, and those of the range. */
function useProviderChoices(statistics: Statistics | undefined) {
  const { data: setUp = [] } = useQuery({ ...providersQuery, select: providerChoices })
  const known = new Set(setUp.map(({ value }) => value))
  const others = Object.keys(statistics?.provider_stats ?? {}).filter((name) => !known.has(name))
  return [...setUp, ...others.map((name) => ({ value: name, label: name }))]
}
