import { MantineProvider } from '@mantine/core'
import { act, render, screen, within } from '@testing-library/react'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { GatewayError } from '@/lib/gateway-error'
import { Loaded } from './loaded'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

function show(query: { data?: string; error?: unknown; failureReason?: unknown }) {
  render(
    <MantineProvider>
      <Loaded
        query={{ data: query.data, error: null, dataUpdatedAt: Date.now(), refetch: () => undefined, ...query }}
        skeleton={<p>bones</p>}
      >
        {(data) => <p>{data}</p>}
      </Loaded>
    </MantineProvider>,
  )
}
const wait = (milliseconds: number) => {
  act(() => {
    vi.advanceTimersByTime(milliseconds)
  })
}

test('fast content is shown without a flash of the skeleton', () => {
  show({})
  expect(screen.getByText('bones')).not.toBeVisible()
  wait(200)
  expect(screen.getByText('bones')).toBeVisible()
  expect(screen.queryByText(/Still loading/)).toBeNull()
})

test('a long wait is reported', () => {
  show({})
  wait(4_500)
  expect(screen.getByText('Still loading …')).toBeVisible()
})

test('while a request is retried, the reason and the delay are shown', () => {
  show({ failureReason: new GatewayError('Slower, please.', { status: 429, retryAfterSeconds: 6.2 }) })
  expect(screen.getByText('Too many requests. Retrying in 7 s …')).toBeVisible()
})

test('an error says once what happened, and what to do', () => {
  show({ error: new GatewayError('The gateway is not reachable.', { status: null }) })
  const alert = screen.getByRole('alert')
  expect(within(alert).getAllByText(/The gateway is not reachable/)).toHaveLength(1)
  expect(alert).toHaveTextContent('reconnects automatically')
  expect(screen.getByRole('button', { name: 'Try again' })).toBeVisible()
})

test('outdated content stays, with its age', () => {
  show({ data: 'the figures', error: new GatewayError('Gone.', { status: 502 }) })
  expect(screen.getByText('the figures')).toBeVisible()
  expect(screen.getByText('Outdated.')).toBeVisible()
})
