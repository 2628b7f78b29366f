/** Radio buttons that look like one control. */
import { useId } from 'react'
import classes from './segmented.module.css'

interface SegmentedProps<Value extends string> {
  label: string
  choices: readonly { value: Value; label: string }[]
  /** Any other value selects none. */
  value: string
  onChange: (value: Value) => void
}

export function Segmented<Value extends string>({ label, choices, value, onChange }: SegmentedProps<Value>) {
  const name = useId()
  return (
    <div role="radiogroup" aria-label={label} className={classes.group}>
      {choices.map((choice) => (
        <label key={choice.value} className={classes.choice}>
          <input type="radio" name={name} checked={choice.value === value} onChange={() => onChange(choice.value)} />
          {choice.label}
        </label>
      ))}
    </div>
  )
}
