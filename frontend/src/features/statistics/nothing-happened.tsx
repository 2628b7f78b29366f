/** In place of figures that would all be 0. */
import { Button } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import { EmptyState } from '@/ui/messages'
import { Panel } from '@/ui/panel'
import { presetOf } from './range'
import { type Asked, noFilters, type StatisticsSearch } from './search'

interface NothingHappenedProps {
  asked: Asked
  onChange: (changed: Partial<StatisticsSearch>) => void
}

export function NothingHappened({ asked, onChange }: NothingHappenedProps) {
  const isFiltered = asked.provider !== undefined || asked.model !== undefined || asked.client !== undefined
  const preset = presetOf(asked)
  const when = preset === null ? 'in this range' : `in ${preset.words}`
  return (
    <Panel>
      <EmptyState
        title={isFiltered ? `No request fits these filters ${when}` : `No request ${when}`}
        action={
          isFiltered ? (
            <Button variant="default" onClick={() => onChange(noFilters)}>
              Clear the filters
            </Button>
          ) : preset?.value === '30d' ? (
            <Button component={Link} to="/requests">
              Open the ledger
            </Button>
          ) : (
            <Button
              variant="default"
              onClick={() => onChange({ range: '30d', from: undefined, to: undefined, bucket: undefined })}
            >
              Look at 30 days
            </Button>
          )
        }
      >
        A request is counted within a second of its end. Whatever is asked at <code>{window.location.origin}/v1</code>{' '}
        is counted here.
      </EmptyState>
    </Panel>
  )
}
