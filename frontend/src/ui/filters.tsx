/** Filters above a list: side by side where there is room, behind one button on a phone. */
import { Button, CloseButton, Collapse, NativeSelect } from '@mantine/core'
import { useDisclosure, useMediaQuery } from '@mantine/hooks'
import { IconFilter } from '@tabler/icons-react'
import { type ReactNode, useState } from 'react'
import classes from './filters.module.css'
import { SuggestingInput } from './suggesting-input'

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

interface FilterChoiceProps<Value extends string> {
  label: string
  /** What stands there while nothing is chosen. */
  anyLabel?: string
  choices: readonly { value: Value; label: string }[]
  value: string | undefined
  onChange: (value: Value | undefined) => void
}

/** One of several, or any of them. What the URL says stands there even if the list does not know it. */
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
  /** All of these must hold. */
  values: NoInfer<Value>[]
  onChange: (values: Value[]) => void
}

/** A few that may be asked for together, each with a switch of its own. */
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
  /** Some that are known; any other may be typed: the ledger knows more than is in sight. */
  models: string[]
  value: string | undefined
  onChange: (model: string | undefined) => void
}

/** A model by its provider's own name, chosen or typed. */
export function FilterModel({ models, value = '', onChange }: FilterModelProps) {
  const [text, setText] = useState(value)
  const [seen, setSeen] = useState(value)
  // Another URL (a link, "back", "Clear") brings its own.
  if (seen !== value) {
    setSeen(value)
    setText(value)
  }
  const choose = (model: string) => {
    if (model !== value) onChange(model === '' ? undefined : model)
  }
  return (
    <SuggestingInput
      className={classes.model}
      data-chosen={value !== '' || undefined}
      aria-label="Model, by its provider’s own name"
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
