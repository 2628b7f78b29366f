/** The range, how finely it is cut, and the filters; all of it in the URL. */
import { useQuery } from '@tanstack/react-query'
import { useMemo } from 'react'
import { latestRequestsQuery, providersQuery } from '@/api/queries'
import { FilterChoice, FilterModel, Filters } from '@/ui/filters'
import { Segmented } from '@/ui/segmented'
import { CustomRange } from './custom-range'
import type { Statistics } from './model'
import { PRESETS, presetOf } from './range'
import classes from './range-bar.module.css'
import { type Asked, noFilters, type StatisticsSearch } from './search'

interface RangeBarProps {
  asked: Asked
  statistics: Statistics | undefined
  onChange: (changed: Partial<StatisticsSearch>) => void
}

const CUSTOM = 'custom'
const BUCKETS = [
  { value: 'minute', label: 'By the minute' },
  { value: 'hour', label: 'By the hour' },
  { value: 'day', label: 'By the day (UTC)' },
]

export function RangeBar({ asked, statistics, onChange }: RangeBarProps) {
  const { provider, model, client, bucket } = asked
  const count = [provider, model, client, bucket].filter((value) => value !== undefined).length
  const providers = useProviderChoices(statistics)
  const clients = useClientChoices()
  return (
    <div className={classes.bar}>
      <div className={classes.range}>
        <Segmented
          label="Range"
          choices={PRESETS}
          value={presetOf(asked)?.value ?? CUSTOM}
          onChange={(range) => onChange({ range, from: undefined, to: undefined, bucket: undefined })}
        />
        <CustomRange asked={asked} onChange={onChange} />
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
          label="Buckets"
          anyLabel="Auto buckets"
          choices={BUCKETS}
          value={bucket}
          onChange={(chosen) => onChange({ bucket: chosen as StatisticsSearch['bucket'] })}
        />
      </Filters>
    </div>
  )
}

/** Those that are set up, and those that the range knows. */
function useProviderChoices(statistics: Statistics | undefined) {
  const { data: providers } = useQuery(providersQuery)
  return useMemo(() => {
    const names = new Map(
      (providers ?? [])
        .filter(({ models_count, last_used_at }) => models_count > 0 || last_used_at !== null)
        .map(({ name, display_name }) => [name, display_name]),
    )
    for (const name of Object.keys(statistics?.provider_stats ?? {})) if (!names.has(name)) names.set(name, name)
    return Array.from(names, ([value, label]) => ({ value, label }))
  }, [providers, statistics])
}

/** Clients that asked lately; any other is reached by its id in the URL. */
function useClientChoices() {
  const { data: requests = [] } = useQuery(latestRequestsQuery)
  return useMemo(() => {
    const names = new Map<string, string>()
    for (const { client, client_name } of requests) if (client !== null) names.set(client, client_name ?? client)
    return Array.from(names, ([value, label]) => ({ value, label: label === value ? value : `${label} (${value})` }))
  }, [requests])
}
