/** Filters above a list: in a row, or behind one button on a phone. */
import { Button, CloseButton, Collapse, NativeSelect } from '@mantine/core'
import { useDisclosure, useMediaQuery } from '@mantine/hooks'
import { IconFilter } from '@tabler/icons-react'
import { type ReactNode, useState } from 'react'
import classes from './filters.module.css'
import { AutocompleteInput } from './autocomplete-input'

interface FiltersProps {
  /** How many filters are set. */
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

interface FilterChoiceProps<Value extends string> {
  label: string
  /** The label of no choice; by default "Any …". */
  anyLabel?: string
  choices: readonly { value: Value; label: string }[]
  value: string | undefined
  onChange: (value: Value | undefined) => void
}

/** One of several values, or any. A value from the URL that is not in the list is shown, too. */
export function FilterChoice<Value extends string>(props: FilterChoiceProps<Value>) {
  const { label, anyLabel, choices, value, onChange } = props
  const isKnown = value === undefined || choices.some((choice) => choice.value === value)
  return (
    <NativeSelect
      className={classes.choice}
      data-chosen={value !== undefined || undefined}
      aria-label={label}
      data={[
        { value: '', label: anyLabel ?? `Any ${label.toLowerCase()}` },
        ...choices,
        ...(isKnown ? [] : [{ value, label: value }]),
      ]}
      value={value ?? ''}
      onChange={(event) => onChange((event.currentTarget.value || undefined) as Value | undefined)}
    />
  )
}

interface FilterSwitchesProps<Value extends string> {
  label: string
  choices: readonly { value: Value; label: string }[]
  /** All of these are required. */
  values: NoInfer<Value>[]
  onChange: (values: Value[]) => void
}

/** Several values that can be combined, each with a toggle button. */
export function FilterSwitches<Value extends string>(props: FilterSwitchesProps<Value>) {
  const { label, choices, values, onChange } = props
  return (
    <div className={classes.switches} role="group" aria-label={label}>
      {choices.map((choice) => {
        const isChosen = values.includes(choice.value)
        return (
          <button
            key={choice.value}
            type="button"
            aria-pressed={isChosen}
            onClick={() =>
              onChange(isChosen ? values.filter((value) => value !== choice.value) : [...values, choice.value])
            }
          >
            {choice.label}
          </button>
        )
      })}
    </div>
  )
}

interface FilterModelProps {
  /** Suggestions; any other model can be typed. */
  models: string[]
  value: string | undefined
  onChange: (model: string | undefined) => void
}

/** A model by its provider's name for it, chosen or typed. */
export function FilterModel({ models, value = '', onChange }: FilterModelProps) {
  const [text, setText] = useState(value)
  const [seen, setSeen] = useState(value)
  // A link, "back" or "Clear" sets another value.
  if (seen !== value) {
    setSeen(value)
    setText(value)
  }
  const choose = (model: string) => {
    if (model !== value) onChange(model === '' ? undefined : model)
  }
  return (
    <AutocompleteInput
      className={classes.model}
      data-chosen={value !== '' || undefined}
      aria-label="Model, by its provider’s name"
      placeholder="Any model"
      suggestions={models}
      maxLength={500}
      value={text}
      onChange={setText}
      onChoose={choose}
      onBlur={() => choose(text.trim())}
      onKeyDown={(event) => {
        if (event.key === 'Enter') choose(text.trim())
      }}
      rightSection={
        text === '' ? undefined : (
          <CloseButton
            size="sm"
            aria-label="Any model"
            onClick={() => {
              setText('')
              choose('')
            }}
          />
        )
      }
    />
  )
}
