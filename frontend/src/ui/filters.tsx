/** Filters above a list: side by side where there is room, behind one button on a phone. */
import { Button, Collapse, Select } from '@mantine/core'
import { useDisclosure, useMediaQuery } from '@mantine/hooks'
import { IconFilter } from '@tabler/icons-react'
import type { ReactNode } from 'react'
import classes from './filters.module.css'

interface FiltersProps {
  /** How many are set. */
  count: number
  onClear: () => void
  children: ReactNode
}

export function Filters({ count, onClear, children }: FiltersProps) {
  const isNarrow = useMediaQuery('(max-width: 700px)', false)
  const [isOpen, { toggle }] = useDisclosure(false)
  const filters = (
    <div className={classes.filters}>
      {children}
      {count > 0 && (
        <Button variant="subtle" color="gray" onClick={onClear}>
          Clear
        </Button>
      )}
    </div>
  )
  if (!isNarrow) return filters
  return (
    <div>
      <Button
        variant="default"
        leftSection={<IconFilter size={16} aria-hidden />}
        aria-expanded={isOpen}
        onClick={toggle}
        fullWidth
      >
        {count === 0 ? 'Filters' : `Filters (${count})`}
      </Button>
      <Collapse expanded={isOpen}>
        <div className={classes.folded}>{filters}</div>
      </Collapse>
    </div>
  )
}

interface FilterChoiceProps {
  label: string
  choices: { value: string; label: string }[]
  value: string | undefined
  onChange: (value: string | undefined) => void
}

/** One of several, or any of them. What the URL says stands there even if the list does not know it. */
export function FilterChoice({ label, choices, value, onChange }: FilterChoiceProps) {
  const isKnown = value === undefined || choices.some((choice) => choice.value === value)
  return (
    <Select
      className={classes.choice}
      data-chosen={value !== undefined || undefined}
      aria-label={label}
      placeholder={label}
      data={isKnown ? choices : [...choices, { value, label: value }]}
      value={value ?? null}
      onChange={(chosen) => {
        onChange(chosen ?? undefined)
      }}
      searchable={choices.length > 8}
      clearable
      clearButtonProps={{ 'aria-label': `Any ${label.toLowerCase()}` }}
      nothingFoundMessage="None by that name"
      comboboxProps={{ width: 'max-content', position: 'bottom-start' }}
    />
  )
}
