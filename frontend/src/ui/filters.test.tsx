import { MantineProvider } from '@mantine/core'
import { render, screen } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import { useState } from 'react'
import { expect, test, vi } from 'vitest'
import { FilterChoice, FilterModel, FilterSwitches } from './filters'

const told = vi.fn()

function Model() {
  const [model, setModel] = useState<string | undefined>('gpt-4o')
  return (
    <MantineProvider>
      <FilterModel
        models={['gpt-4o', 'claude']}
        value={model}
        onChange={(chosen) => {
          told(chosen)
          setModel(chosen)
        }}
      />
      <button
        onClick={() => {
          setModel(undefined)
        }}
      >
        Clear
      </button>
    </MantineProvider>
  )
}

test('a model is taken by Enter, once, and the focus stays in its field', async () => {
  render(<Model />)
  const field = screen.getByRole('combobox', { name: /Model/ })
  await userEvent.clear(field)
  await userEvent.type(field, ' mine/own {Enter}')
  expect(told.mock.calls).toEqual([['mine/own']])
  expect(field).toHaveFocus()
  await userEvent.click(screen.getByRole('button', { name: 'Clear' }))
  expect(field).toHaveValue('')
})

test('what the URL says stands there even if the list does not know it, and any can be chosen again', async () => {
  render(
    <MantineProvider>
      <FilterChoice
        label="Provider"
        choices={[{ value: 'groq', label: 'Groq' }]}
        value="gone"
        onChange={(chosen) => {
          told(chosen)
        }}
      />
    </MantineProvider>,
  )
  const select = screen.getByRole('combobox', { name: 'Provider' })
  expect(select).toHaveDisplayValue('gone')
  await userEvent.selectOptions(select, 'Groq')
  expect(told).toHaveBeenLastCalledWith('groq')
  await userEvent.selectOptions(select, 'Any provider')
  expect(told).toHaveBeenLastCalledWith(undefined)
})

test('switches are pressed or not, each for itself', async () => {
  const choices = [
    { value: 'tools', label: 'Tools' },
    { value: 'images', label: 'Images' },
  ]
  render(<FilterSwitches label="Takes" choices={choices} values={['tools']} onChange={told} />)
  expect(screen.getByRole('button', { name: 'Tools', pressed: true })).toBeVisible()
  await userEvent.click(screen.getByRole('button', { name: 'Images' }))
  expect(told).toHaveBeenLastCalledWith(['tools', 'images'])
  await userEvent.click(screen.getByRole('button', { name: 'Tools' }))
  expect(told).toHaveBeenLastCalledWith([])
})
