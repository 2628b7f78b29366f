import { MantineProvider } from '@mantine/core'
import { render, screen } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import { useState } from 'react'
import { expect, test, vi } from 'vitest'
import { AutocompleteInput } from './autocomplete-input'

const chosen = vi.fn()
const submitted = vi.fn()

function Form() {
  const [text, setText] = useState('')
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault()
        submitted()
      }}
    >
      <AutocompleteInput
        aria-label="Model"
        value={text}
        onChange={setText}
        onChoose={chosen}
        suggestions={['gpt-4o', 'gpt-4o-mini', 'claude']}
      />
      <output>{text}</output>
    </form>
  )
}

async function openForm() {
  render(<Form />, { wrapper: MantineProvider })
  const user = userEvent.setup()
  await user.tab()
  return { user, field: screen.getByRole('combobox', { name: 'Model' }) }
}
const names = () => screen.queryAllByRole('option').map(({ textContent }) => textContent)

test('all are suggested before typing, then those that contain the text', async () => {
  const { user, field } = await openForm()
  expect(names()).toEqual(['gpt-4o', 'gpt-4o-mini', 'claude'])
  await user.type(field, 'MINI')
  expect(names()).toEqual(['gpt-4o-mini'])
  await user.type(field, ' of no one')
  expect(names()).toEqual([])
  expect(field).toHaveAttribute('aria-expanded', 'false')
})

test('the arrow keys move through the list, and Enter chooses without submitting the form', async () => {
  const { user, field } = await openForm()
  await user.keyboard('{ArrowDown}{ArrowDown}')
  const active = document.getElementById(field.getAttribute('aria-activedescendant') ?? '')
  expect(active).toHaveTextContent('gpt-4o-mini')
  expect(active).toHaveAttribute('aria-selected', 'true')
  await user.keyboard('{ArrowUp}{ArrowUp}{Enter}')
  expect(chosen).toHaveBeenLastCalledWith('claude')
  expect(field).toHaveValue('claude')
  expect(submitted).not.toHaveBeenCalled()
  expect(names()).toEqual([])
})

test('a click chooses and keeps the focus in the field', async () => {
  const { user, field } = await openForm()
  await user.click(screen.getByRole('option', { name: 'gpt-4o' }))
  expect(field).toHaveValue('gpt-4o')
  expect(field).toHaveFocus()
})

test('Escape closes the list and keeps the text, which Enter then submits', async () => {
  const { user, field } = await openForm()
  await user.type(field, 'gpt')
  await user.keyboard('{Escape}')
  expect(names()).toEqual([])
  await user.keyboard('{Enter}')
  expect(field).toHaveValue('gpt')
  expect(submitted).toHaveBeenCalledTimes(1)
})
