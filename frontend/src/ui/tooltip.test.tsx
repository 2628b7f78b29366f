import { render, screen } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import { expect, test } from 'vitest'
import { Tooltip } from './tooltip'

const tooltip = () => screen.queryByRole('tooltip')

test('keyboard focus opens it at once, and Escape closes it', async () => {
  render(
    <Tooltip label="Every change is shown as it happens.">
      <button>Live</button>
    </Tooltip>,
  )
  await userEvent.tab()
  expect(tooltip()).toHaveTextContent('Every change is shown as it happens.')
  expect(screen.getByRole('button')).toHaveAttribute('aria-describedby', tooltip()?.id)
  await userEvent.keyboard('{Escape}')
  expect(tooltip()).toBeNull()
})

test('the pointer opens it after a delay, and can move onto it', async () => {
  const user = userEvent.setup()
  const { container } = render(
    <Tooltip label="2026-11-23 13:00:00">
      <time>12 s ago</time>
    </Tooltip>,
  )
  await user.hover(screen.getByText('12 s ago'))
  expect(tooltip()).toBeNull()
  await user.hover(await screen.findByRole('tooltip'))
  await new Promise((resolve) => setTimeout(resolve, 200))
  expect(tooltip()).not.toBeNull()
  await user.hover(container)
  await expect.poll(tooltip).toBeNull()
})

test('touch does not open it, and a name is not repeated', async () => {
  render(
    <Tooltip label="Sign out">
      <button aria-label="Sign out" />
    </Tooltip>,
  )
  await userEvent.pointer({ keys: '[TouchA]', target: screen.getByRole('button') })
  await new Promise((resolve) => setTimeout(resolve, 400))
  expect(tooltip()).toBeNull()
  screen.getByRole('button').blur()
  await userEvent.tab()
  expect(tooltip()).not.toBeNull()
  expect(screen.getByRole('button')).not.toHaveAttribute('aria-describedby')
})
