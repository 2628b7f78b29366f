import { MantineProvider } from '@mantine/core'
import { render, screen } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import { useState } from 'react'
import { expect, test, vi } from 'vitest'
import { NumberField } from './number-field'

const onChange = vi.fn()

function Temperature() {
  const [value, setValue] = useState<number>()
  return (
    <NumberField
      label="Temperature"
      min={0}
      max={2}
      step={0.1}
      value={value}
      onChange={(next) => {
        onChange(next)
        setValue(next)
      }}
    />
  )
}

function field() {
  render(<Temperature />, { wrapper: MantineProvider })
  return screen.getByRole('textbox', { name: 'Temperature' })
}

test('typed text stays, and only numbers in range are reported', async () => {
  const temperature = field()
  await userEvent.type(temperature, '1.50')
  expect(temperature).toHaveValue('1.50')
  expect(onChange).toHaveBeenLastCalledWith(1.5)
  await userEvent.type(temperature, '{Backspace}{Backspace}{Backspace}2')
  expect(temperature).toHaveAccessibleDescription('A number from 0 to 2.')
  expect(onChange).not.toHaveBeenCalledWith(12)
  await userEvent.clear(temperature)
  expect(onChange).toHaveBeenLastCalledWith(undefined)
  expect(temperature).toBeValid()
})

test('the arrow keys step within the range', async () => {
  const temperature = field()
  await userEvent.type(temperature, '0.1{ArrowUp}{ArrowUp}')
  expect(temperature).toHaveValue('0.3')
  await userEvent.type(temperature, '{ArrowDown}{ArrowDown}{ArrowDown}{ArrowDown}')
  expect(temperature).toHaveValue('0')
})
