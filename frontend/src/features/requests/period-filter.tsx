/** From when to when, by a common period or exactly, in the viewer's zone. */
import { Button, TextInput } from '@mantine/core'
import { IconCalendar } from '@tabler/icons-react'
import { formatMoment } from '@/lib/format'
import { fromLocalInput, toLocalInput } from '@/lib/local-time'
import { Popover } from '@/ui/popover'
import classes from './filter-bar.module.css'
import { PERIODS } from './filter-choices'
import type { RequestFilters } from './search'

interface PeriodFilterProps {
  filters: RequestFilters
  onChange: (changed: RequestFilters) => void
}

export function PeriodFilter({ filters: { from, to }, onChange }: PeriodFilterProps) {
  return (
    <Popover
      button={
        <Button
          variant="default"
          fw={400}
          leftSection={<IconCalendar size={16} stroke={1.6} aria-hidden />}
          c={from === undefined && to === undefined ? 'dimmed' : undefined}
        >
          {periodOf(from, to)}
        </Button>
      }
    >
      {() => (
        <div className={classes.period}>
          <ul>
            {PERIODS.map(({ label, minutes }) => (
              <li key={label}>
                <Button
                  variant="subtle"
                  color="gray"
                  size="compact-sm"
                  fullWidth
                  justify="start"
                  onClick={() => {
                    onChange({ from: new Date(Date.now() - minutes * 60_000).toISOString(), to: undefined })
                  }}
                >
                  {label}
                </Button>
              </li>
            ))}
          </ul>
          <TextInput
            type="datetime-local"
            label="From"
            value={toLocalInput(from)}
            onChange={(event) => {
              onChange({ from: fromLocalInput(event.currentTarget.value) })
            }}
          />
          <TextInput
            type="datetime-local"
            label="Before"
            value={toLocalInput(to)}
            error={from !== undefined && to !== undefined && from >= to ? 'This must be after “From”.' : undefined}
            onChange={(event) => {
              onChange({ to: fromLocalInput(event.currentTarget.value) })
            }}
          />
        </div>
      )}
    </Popover>
  )
}

function periodOf(from: string | undefined, to: string | undefined): string {
  const [begin, end] = [from, to].map((at) => (at === undefined ? undefined : formatMoment(at, Date.now())))
  if (begin !== undefined) return end === undefined ? `Since ${begin}` : `${begin} – ${end}`
  return end === undefined ? 'Any time' : `Before ${end}`
}
