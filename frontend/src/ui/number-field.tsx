/** A number, typed or stepped with the arrow keys. `onChange` gets only numbers in range; `undefined` for an empty field. */
import { TextInput, type TextInputProps } from '@mantine/core'
import { useState } from 'react'

interface NumberFieldProps extends Omit<TextInputProps, 'value' | 'onChange' | 'error'> {
  value: number | undefined
  onChange: (value: number | undefined) => void
  min?: number
  max?: number
  step?: number
  isWhole?: boolean
}

export function NumberField({ value, onChange, isWhole = false, step = 1, ...field }: NumberFieldProps) {
  const { min = -Infinity, max = Infinity } = field
  const [text, setText] = useState(textOf(value))
  const [known, setKnown] = useState(value)
  // A link or "back" sets another value.
  if (known !== value) {
    setKnown(value)
    setText(textOf(value))
  }
  const set = (next: number | undefined) => {
    setKnown(next)
    if (next !== value) onChange(next)
  }
  const isValid = (number: number) => number >= min && number <= max && (!isWhole || Number.isInteger(number))
  const change = (typed: string) => {
    setText(typed)
    const number = Number(typed)
    if (typed.trim() === '') set(undefined)
    else if (isValid(number)) set(number)
  }
  const stepBy = (by: number) => {
    const next = (value ?? (min > 0 ? min - step : 0)) + by
    // 0.1 + 0.2 is shown as 0.3.
    const rounded = Number(Math.min(max, Math.max(min, next)).toFixed(6))
    setText(String(rounded))
    set(rounded)
  }
  return (
    <TextInput
      {...field}
      inputMode={isWhole ? 'numeric' : 'decimal'}
      autoComplete="off"
      value={text}
      error={text.trim() !== '' && !isValid(Number(text)) ? errorFor(min, max, isWhole) : undefined}
      onChange={(event) => change(event.currentTarget.value)}
      onKeyDown={(event) => {
        const by = { ArrowUp: step, ArrowDown: -step }[event.key]
        if (by === undefined || field.readOnly === true) return
        event.preventDefault()
        stepBy(by)
      }}
    />
  )
}

function textOf(value: number | undefined): string {
  return value === undefined ? '' : String(value)
}

function errorFor(min: number, max: number, isWhole: boolean): string {
  const what = isWhole ? 'A whole number' : 'A number'
  if (min === -Infinity && max === Infinity) return `${what}.`
  return max === Infinity ? `${what} of ${min} or more.` : `${what} from ${min} to ${max}.`
}
