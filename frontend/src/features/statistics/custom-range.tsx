/** A range of one's own, in the viewer's zone. */
import { Button, TextInput } from '@mantine/core'
import { IconCalendar } from '@tabler/icons-react'
import { useState } from 'react'
import { formatMoment, formatSpan } from '@/lib/format'
import { fromLocalInput, toLocalInput } from '@/lib/local-time'
import { Popover } from '@/ui/popover'
import { isBackwards, presetOf } from './range'
import classes from './range-bar.module.css'
import type { Asked, StatisticsSearch } from './search'

interface CustomRangeProps {
  asked: Asked
  onChange: (changed: Partial<StatisticsSearch>) => void
}

export function CustomRange({ asked, onChange }: CustomRangeProps) {
  const isCustom = presetOf(asked) === null
  return (
    <Popover
      button={
        <Button
          variant="default"
          size="xs"
          fw={isCustom ? 550 : 400}
          leftSection={<IconCalendar size={15} stroke={1.6} aria-hidden />}
        >
          {isCustom ? rangeWords(asked) : 'Other range'}
        </Button>
      }
    >
      {(close) => (
        <Moments
          asked={asked}
          onChoose={(chosen) => {
            close()
            onChange({ ...chosen, range: undefined, bucket: undefined })
          }}
        />
      )}
    </Popover>
  )
}

function Moments({ asked, onChoose }: { asked: Asked; onChoose: (chosen: Pick<Asked, 'from' | 'to'>) => void }) {
  const [texts, setTexts] = useState({ from: toLocalInput(asked.from), to: toLocalInput(asked.to) })
  const chosen = { from: fromLocalInput(texts.from), to: fromLocalInput(texts.to) }
  const isWrong = isBackwards(chosen)
  return (
    <form
      className={classes.moments}
      onSubmit={(event) => {
        event.preventDefault()
        if (!isWrong) onChoose(chosen)
      }}
    >
      <TextInput
        type="datetime-local"
        label="From"
        value={texts.from}
        onChange={(event) => setTexts({ ...texts, from: event.currentTarget.value })}
      />
      <TextInput
        type="datetime-local"
        label="To"
        description="Empty: until now"
        value={texts.to}
        error={isWrong ? 'This must be after “From”.' : undefined}
        onChange={(event) => setTexts({ ...texts, to: event.currentTarget.value })}
      />
      <Button type="submit" disabled={isWrong || chosen.from === undefined}>
        Show this range
      </Button>
    </form>
  )
}

function rangeWords({ from, to }: Asked): string {
  const nowMs = Date.now()
  if (from !== undefined) return to === undefined ? `Since ${formatMoment(from, nowMs)}` : formatSpan(from, to, nowMs)
  return to === undefined ? 'Any time' : `24 hours until ${formatMoment(to, nowMs)}`
}
