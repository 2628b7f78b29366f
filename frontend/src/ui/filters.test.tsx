import { MantineProvider } from '@mantine/core'
import { render, screen } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import { useState } from 'react'
import { expect, test, vi } from 'vitest'
import { FilterChoice, FilterModel, FilterSwitches } from './filters'

const onChange = vi.fn()

function Model() {
  const [model, setModel] = useState<string | undefined>('gpt-4o')
  return (
    <MantineProvider>
      <FilterModel
        models={['gpt-4o', 'claude']}
        value={model}
        onChange={(chosen) => {
          onChange(chosen)
          setModel(chosen)
        }}
      />
      <button onClick={() => setModel(undefined)}>Clear</button>
    </MantineProvider>
  )
}

test('Enter chooses a model once, and the focus stays in the field', async () => {
  render(<Model />)
  const field = screen.getByRole('combobox', { name: /Model/ })
  await userEvent.clear(field)
  await userEvent.type(field, ' mine/own {Enter}')
  expect(onChange.mock.calls).toEqual([['mine/own']])
  expect(field).toHaveFocus()
  await userEvent.click(screen.getByRole('button', { name: 'Clear' }))
  expect(field).toHaveValue('')
})

test('a value that is not in the list is shown, and can be cleared', async () => {
  render(
    <MantineProvider>
      <FilterChoice
        label="Provider"
        choices={[{ value: 'groq', label: 'Groq' }]}
        value="gone"
        onChange={(chosen) => {
          onChange(chosen)
        }}
      />
    </MantineProvider>,
  )
  const select = screen.getByRole('combobox', { name: 'Provider' })
  expect(select).toHaveDisplayValue('gone')
  await userEvent.selectOptions(select, 'Groq')
  expect(onChange).toHaveBeenLastCalledWith('groq')
  await userEvent.selectOptions(select, 'Any provider')
  expect(onChange).toHaveBeenLastCalledWith(undefined)
})

test('each toggle button is pressed or not', async () => {
  const choices = [
    { value: 'tools', label: 'Tools' },
    { value: 'images', label: 'Images' },
  ]
  render(<FilterSwitches label="Takes" choices={choices} values={['tools']} onChange={onChange} />)
  expect(screen.getByRole('button', { name: 'Tools', pressed: true })).toBeVisible()
  await userEvent.click(screen.getByRole('button', { name: 'Images' }))
  expect(onChange).toHaveBeenLastCalledWith(['tools', 'images'])
  await userEvent.click(screen.getByRole('button', { name: 'Tools' }))
  expect(onChange).toHaveBeenLastCalledWith([])
})
