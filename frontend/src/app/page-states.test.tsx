/** Every page while it loads and after an error. */
import { screen, waitFor, within } from '@testing-library/react'
import { beforeEach, expect, test } from 'vitest'
import { aConfiguration, aModelRoute, anExplanation, aProvider, aRequest, aStatus } from '@/testing/builders'
import { fakeGateway } from '@/testing/fake-gateway'
import { renderApp } from '@/testing/render'
import { someStatistics } from '@/testing/statistics-builders'

const ID = '019ab0c3f1a27d9e3b5c8f6041d2e7a9'
const range = { begins_at: '2026-11-23T12:00:00Z', ends_at: '2026-11-23T13:00:00Z' }

beforeEach(() => {
  fakeGateway.answers('get', '/api/status', aStatus())
  fakeGateway.answers('get', '/api/providers', [aProvider()])
  fakeGateway.answers('get', '/api/statistics/providers', {
    ...range,
    bucket: 'minute',
    bucket_seconds: 60,
    providers: {},
  })
  fakeGateway.answers('get', '/api/providers/{provider}/models', { items: [], next_cursor: null })
  fakeGateway.answers('get', '/api/models', {
    items: [{ name: 'gpt-4o', routes: [aModelRoute()] }],
    next_cursor: null,
  })
  fakeGateway.answers('get', '/api/autodecide/{model}', anExplanation())
  fakeGateway.answers('get', '/api/statistics', someStatistics())
  fakeGateway.answers('get', '/api/requests', { items: [aRequest()], next_cursor: null })
  fakeGateway.answers('get', '/api/config', aConfiguration())
  fakeGateway.answers('get', '/api/audit', { items: [], next_cursor: null })
})

/** The main request of a page, and its heading, which is always shown. */
const PAGES = [
  { page: '/', asks: '/api/status', title: 'Dashboard' },
  { page: '/', asks: '/api/statistics', title: 'Dashboard' },
  { page: '/', asks: '/api/requests', title: 'Dashboard' },
  { page: '/providers', asks: '/api/providers', title: 'Providers' },
  { page: '/providers?provider=groq&view=models', asks: '/api/providers/{provider}/models', title: 'Providers' },
  { page: '/providers?provider=groq&view=history', asks: '/api/audit', title: 'Providers' },
  { page: '/models', asks: '/api/models', title: 'Models' },
  { page: '/models?model=gpt-4o', asks: '/api/models', title: 'Models' },
  { page: '/models?explain=gpt-4o', asks: '/api/autodecide/{model}', title: 'Models' },
  { page: '/statistics', asks: '/api/statistics', title: 'Statistics' },
  { page: '/requests', asks: '/api/requests', title: 'Requests' },
  { page: `/requests?request=${ID}`, asks: '/api/requests/{id}', title: 'Requests' },
  { page: '/settings', asks: '/api/status', title: 'Settings' },
  { page: '/settings', asks: '/api/config', title: 'Settings' },
] as const

const FAILURES = [
  { status: 500, retryAfter: null, title: 'The gateway could not answer', advice: 'This is often temporary.' },
  { status: 429, retryAfter: '7', title: 'Too many requests', advice: 'Try again in 7 s.' },
  { status: 403, retryAfter: null, title: 'Access denied', advice: 'Sign in with a key that has access' },
] as const

test.each(PAGES)('$page shows a skeleton while $asks loads', async ({ page, asks, title }) => {
  fakeGateway.hangs('get', asks)
  await renderApp(page)

  expect((await screen.findAllByRole('status', { name: 'Loading', hidden: true })).length).toBeGreaterThan(0)
  expect(screen.getByRole('heading', { level: 1, name: title, hidden: true })).toBeInTheDocument()
})

test.each(PAGES.flatMap((page) => FAILURES.map((failure) => ({ ...page, ...failure }))))(
  '$page explains status $status of $asks and what to do',
  async ({ page, asks, status, retryAfter, title, advice }) => {
    fakeGateway.fails(
      'get',
      asks,
      status,
      { message: 'The message of the gateway.' },
      retryAfter === null ? {} : { 'retry-after': retryAfter },
    )
    await renderApp(page)

    const [alert] = await screen.findAllByRole('alert')
    if (alert === undefined) throw new Error('no alert is shown')
    expect(alert).toHaveTextContent(title)
    expect(alert).toHaveTextContent('The message of the gateway.')
    expect(alert).toHaveTextContent(advice)
    expect(within(alert).getByRole('button', { name: 'Try again' })).toBeVisible()
  },
)

test.each(PAGES)('$page requests $asks again after the gateway was unreachable', async ({ page, asks }) => {
  fakeGateway.isGone('get', asks)
  const { user } = await renderApp(page)
  const [alert] = await screen.findAllByRole('alert')
  if (alert === undefined) throw new Error('no alert is shown')
  expect(alert).toHaveTextContent('The gateway is not reachable')
  expect(alert).toHaveTextContent('Check that it is running.')

  const before = fakeGateway.received('get', asks).length
  await user.click(within(alert).getByRole('button', { name: 'Try again' }))

  await waitFor(() => expect(fakeGateway.received('get', asks).length).toBeGreaterThan(before))
})
