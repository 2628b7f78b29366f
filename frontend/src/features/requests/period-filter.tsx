/** From when to when, by a common period or exactly, in the viewer's zone. */
import { Button, TextInput } from '@mantine/core'
import { IconCalendar } from '@tabler/icons-react'
import { formatMoment, formatSpan } from '@/lib/format'
import { fromLocalInput, toLocalInput } from '@/lib/local-time'
import { Popover } from '@/ui/popover'
import classes from './filter-bar.module.css'
import { PERIODS } from './filter-choices'
import type { ChangeFilters, RequestFilters } from './search'

interface PeriodFilterProps {
  filters: RequestFilters
  onChange: ChangeFilters
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
                  onClick={() =>
                    onChange({ from: new Date(Date.now() - minutes * 60_000).toISOString(), to: undefined })
                  }
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
            onChange={(event) => onChange({ from: fromLocalInput(event.currentTarget.value) }, false)}
          />
          <TextInput
            type="datetime-local"
            label="Before"
            value={toLocalInput(to)}
            error={from !== undefined && to !== undefined && from >= to ? 'This must be after “From”.' : undefined}
            onChange={(event) => onChange({ to: fromLocalInput(event.currentTarget.value) }, false)}
          />
        </div>
      )}
    </Popover>
  )
}

function periodOf(from: string | undefined, to: string | undefined): string {
  const nowMs = Date.now()
  if (from !== undefined) return to === undefined ? `Since ${formatMoment(from, nowMs)}` : formatSpan(from, to, nowMs)
  return to === undefined ? 'Any time' : `Before ${formatMoment(to, nowMs)}`
}
