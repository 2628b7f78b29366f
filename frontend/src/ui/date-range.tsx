/** A range of time in the viewer's zone: one of some common ones, or from and to. */
import { Button, TextInput } from '@mantine/core'
import { IconCalendar } from '@tabler/icons-react'
import { useState } from 'react'
import { formatMoment, formatSpan } from '@/lib/format'
import { fromLocalInput, toLocalInput } from '@/lib/local-time'
import classes from './date-range.module.css'
import { Popover } from './popover'

interface Range {
  from: string | undefined
  /** Exclusive. */
  to: string | undefined
}

interface DateRangeProps {
  range: Partial<Range>
  /** The button's text while no range is set. */
  unset: string
  presets?: { label: string; minutes: number }[]
  size?: 'xs' | 'sm'
  onChange: (range: Range) => void
}

export function DateRange({ range, unset, presets = [], size = 'sm', onChange }: DateRangeProps) {
  const words = rangeWords(range)
  return (
    <Popover
      button={
        <Button
          variant="default"
          size={size}
          fw={400}
          leftSection={<IconCalendar size={16} stroke={1.6} aria-hidden />}
          c={words === null ? 'dimmed' : undefined}
        >
          {words ?? unset}
        </Button>
      }
    >
      {(close) => {
        const choose = (chosen: Range) => {
          close()
          onChange(chosen)
        }
        return (
          <div className={classes.range}>
            {presets.map(({ label, minutes }) => (
              <Button
                key={label}
                variant="subtle"
                color="gray"
                size="compact-sm"
                justify="start"
                onClick={() => choose({ from: new Date(Date.now() - minutes * 60_000).toISOString(), to: undefined })}
              >
                {label}
              </Button>
            ))}
            <Moments range={range} onChoose={choose} />
          </div>
        )
      }}
    </Popover>
  )
}

function Moments({ range, onChoose }: { range: Partial<Range>; onChoose: (range: Range) => void }) {
  const [from, setFrom] = useState(toLocalInput(range.from))
  const [to, setTo] = useState(toLocalInput(range.to))
  const isBackwards = from !== '' && to !== '' && from >= to
  return (
    <form
      className={classes.moments}
      onSubmit={(event) => {
        event.preventDefault()
        if (!isBackwards) onChoose({ from: fromLocalInput(from), to: fromLocalInput(to) })
      }}
    >
      <TextInput
        type="datetime-local"
        label="From"
        value={from}
        onChange={(event) => setFrom(event.currentTarget.value)}
      />
      <TextInput
        type="datetime-local"
        label="To"
        description="Empty: now"
        value={to}
        error={isBackwards ? 'This must be after “From”.' : undefined}
        onChange={(event) => setTo(event.currentTarget.value)}
      />
      <Button type="submit" disabled={isBackwards}>
        Apply
      </Button>
    </form>
  )
}

/** `null` for no range. */
function rangeWords({ from, to }: Partial<Range>): string | null {
  const nowMs = Date.now()
  if (from !== undefined) return to === undefined ? `Since ${formatMoment(from, nowMs)}` : formatSpan(from, to, nowMs)
  return to === undefined ? null : `Until ${formatMoment(to, nowMs)}`
}
