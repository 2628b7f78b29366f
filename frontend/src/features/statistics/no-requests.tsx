/** Shown instead of figures that would all be 0. */
import { Button } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import { EmptyState } from '@/ui/messages'
import { Panel } from '@/ui/panel'
import { presetOf } from './range'
import { type StatisticsFilters, noFilters, type StatisticsSearch } from './search'

interface NoRequestsProps {
  filters: StatisticsFilters
  onChange: (changed: Partial<StatisticsSearch>) => void
}

export function NoRequests({ filters, onChange }: NoRequestsProps) {
  const isFiltered = filters.provider !== undefined || filters.model !== undefined || filters.client !== undefined
  const preset = presetOf(filters)
  const when = preset === null ? 'in this range' : `in ${preset.words}`
  return (
    <Panel>
      <EmptyState
        title={isFiltered ? `No matching requests ${when}` : `No requests ${when}`}
        action={
          isFiltered ? (
            <Button variant="default" onClick={() => onChange(noFilters)}>
              Clear filters
            </Button>
          ) : preset?.value === '30d' ? (
            <Button component={Link} to="/requests">
              Open Requests
            </Button>
          ) : (
            <Button
              variant="default"
              onClick={() => onChange({ range: '30d', from: undefined, to: undefined, bucket: undefined })}
            >
              Show 30 days
            </Button>
          )
        }
      >
        Requests to <code>{window.location.origin}/v1</code> are counted within a second after they finish.
      </EmptyState>
    </Panel>
  )
}
