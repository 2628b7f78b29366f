import { render, screen } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import { expect, test } from 'vitest'
import { Popover } from './popover'

async function opened() {
  render(
    <>
      <Popover button={<button>Export</button>}>{(close) => <button onClick={close}>CSV</button>}</Popover>
      <button>Elsewhere</button>
    </>,
  )
  const user = userEvent.setup()
  const button = screen.getByRole('button', { name: 'Export' })
  await user.click(button)
  return { user, button, choice: screen.getByRole('button', { name: 'CSV' }) }
}
const dialog = () => screen.queryByRole('dialog', { name: 'Export' })

test('it opens with the focus inside, and Escape returns it to the button', async () => {
  const { user, button, choice } = await opened()
  expect(button).toHaveAttribute('aria-expanded', 'true')
  expect(choice).toHaveFocus()
  await user.keyboard('{Escape}')
  expect(dialog()).toBeNull()
  expect(button).toHaveFocus()
})

test('a choice closes it', async () => {
  const { user, button, choice } = await opened()
  await user.click(choice)
  expect(dialog()).toBeNull()
  expect(button).toHaveFocus()
})

test('a click elsewhere, its button, and a lost focus close it', async () => {
  const { user, button } = await opened()
  await user.click(screen.getByRole('button', { name: 'Elsewhere' }))
  expect(dialog()).toBeNull()
  await user.click(button)
  expect(dialog()).not.toBeNull()
  await user.click(button)
  expect(dialog()).toBeNull()
  await user.click(button)
  await user.tab()
  expect(screen.getByRole('button', { name: 'Elsewhere' })).toHaveFocus()
  expect(dialog()).toBeNull()
})
