import { act, fireEvent, render, screen } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import { afterEach, expect, test, vi } from 'vitest'
import { Tooltip } from './tooltip'

const tooltip = () => screen.queryByRole('tooltip')

afterEach(() => {
  vi.useRealTimers()
})

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

test('the pointer opens it after a delay, and can move onto it', () => {
  vi.useFakeTimers()
  const wait = (milliseconds: number) => {
    act(() => {
      vi.advanceTimersByTime(milliseconds)
    })
  }
  render(
    <Tooltip label="2026-11-23 13:00:00">
      <time>12 s ago</time>
    </Tooltip>,
  )
  const anchor = screen.getByText('12 s ago')
  fireEvent.pointerEnter(anchor)
  wait(200)
  expect(tooltip()).toBeNull()
  wait(200)
  const opened = screen.getByRole('tooltip')
  fireEvent.pointerLeave(anchor)
  wait(50)
  fireEvent.pointerEnter(opened)
  wait(1_000)
  expect(tooltip()).not.toBeNull()
  fireEvent.pointerLeave(opened)
  wait(1_000)
  expect(tooltip()).toBeNull()
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
  await userEvent.hover(screen.getByRole('button'))
  expect(await screen.findByRole('tooltip')).toBeVisible()
  expect(screen.getByRole('button')).not.toHaveAttribute('aria-describedby')
})
