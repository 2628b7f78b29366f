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

test('what comes at once is shown without a flash of anything else', () => {
  show({})
  expect(screen.getByText('bones')).not.toBeVisible()
  wait(200)
  expect(screen.getByText('bones')).toBeVisible()
  expect(screen.queryByText(/takes its time/)).toBeNull()
})

test('a wait that gets long is told', () => {
  show({})
  wait(4_500)
  expect(screen.getByText('The gateway takes its time. Still waiting …')).toBeVisible()
})

test('while a refused question is repeated, it is told why and how long', () => {
  show({ failureReason: new GatewayError('Slower, please.', { status: 429, retryAfterSeconds: 6.2 }) })
  expect(screen.getByText('Too many requests. It asks to wait 7 s. Trying again …')).toBeVisible()
})

test('a failure says once what happened, and what to do', () => {
  show({ error: new GatewayError('The gateway does not answer.', { status: null }) })
  const alert = screen.getByRole('alert')
  expect(within(alert).getAllByText(/The gateway does not answer/)).toHaveLength(1)
  expect(alert).toHaveTextContent('tries again by itself')
  expect(screen.getByRole('button', { name: 'Try again' })).toBeVisible()
})

test('what was there stays, and says how old it is', () => {
  show({ data: 'the figures', error: new GatewayError('Gone.', { status: 502 }) })
  expect(screen.getByText('the figures')).toBeVisible()
  expect(screen.getByText('Not up to date.')).toBeVisible()
})
