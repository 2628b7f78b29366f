import { screen, waitFor, within } from '@testing-library/react'
import { beforeEach, expect, test } from 'vitest'
import type { Schemas } from '@/api/client'
import { anAttempt, aProvider, aRequest, aStatus } from '@/testing/builders'
import { fakeGateway } from '@/testing/fake-gateway'
import { renderApp } from '@/testing/render'

const ID = '019ab0c3f1a27d9e3b5c8f6041d2e7a9'
const list = (...items: Schemas['RequestView'][]) =>
  fakeGateway.answers('get', '/api/requests', { items, next_cursor: null })
const says = (...requests: Schemas['RequestView'][]) =>
  fakeGateway.says({ type: 'changes', cursor: 'c', at: '2026-11-23T13:00:00Z', status: null, providers: [], requests })

beforeEach(() => {
  fakeGateway.answers('get', '/api/providers', [])
  fakeGateway.answers('get', '/api/status', aStatus())
})

test('each request has outcome, provider and duration', async () => {
  list(aRequest({ ending: 'error', failure: 'rate_limit', status: 429, attempts_count: 3 }))
  await renderApp('/requests')

  const row = within(await screen.findByRole('table')).getAllByRole('row')[1] ?? expect.fail()
  expect(within(row).getByText(/Rate limited/)).toHaveTextContent('429')
  expect(row).toHaveTextContent('groq')
  expect(row).toHaveTextContent('1.48 s')
})

test('a provider’s mark comes from its display name', async () => {
  fakeGateway.answers('get', '/api/providers', [aProvider({ name: 'together', display_name: 'Together AI' })])
  list(aRequest({ provider: 'together' }))
  await renderApp('/requests')

  const row = within(await screen.findByRole('table')).getAllByRole('row')[1] ?? expect.fail()
  expect(await within(row).findByText('TA')).toBeInTheDocument()
  expect(row).toHaveTextContent('together')
})

test('the filters of the URL are requested, and a click changes both', async () => {
  list(aRequest())
  const { user, url } = await renderApp('/requests?provider=groq&status=5xx')
  await screen.findByRole('table')
  const asked = fakeGateway.received('get', '/api/requests').map((one) => one.url.searchParams)
  expect(asked.some((query) => query.get('provider') === 'groq' && query.get('status') === '5xx')).toBe(true)

  await user.click(screen.getByRole('button', { name: 'Clear' }))
  await waitFor(() => expect(url()).toBe('/requests'))
})

test('“back” undoes a choice', async () => {
  list(aRequest())
  const { user, url, back } = await renderApp('/requests')
  await user.selectOptions(await screen.findByRole('combobox', { name: 'Ending' }), 'Failed')
  await waitFor(() => expect(url()).toBe('/requests?ending=error'))
  await user.selectOptions(screen.getByRole('combobox', { name: 'Status' }), '5xx')
  await waitFor(() => expect(url()).toBe('/requests?ending=error&status=5xx'))

  back()

  await waitFor(() => expect(url()).toBe('/requests?ending=error'))
  expect(screen.getByRole('combobox', { name: 'Status' })).toHaveDisplayValue('Any status')
})

test('a filter without matches can be cleared', async () => {
  list()
  const { user, url } = await renderApp('/requests?model=none')
  expect(await screen.findByText('No matching requests')).toBeVisible()
  await user.click(screen.getByRole('button', { name: 'Clear filters' }))
  await waitFor(() => expect(url()).toBe('/requests'))
})

test('an empty ledger explains how to fill it', async () => {
  list()
  await renderApp('/requests')
  expect(await screen.findByText('No requests yet')).toBeVisible()
  expect(screen.getByRole('link', { name: 'Open the playground' })).toBeVisible()
})

test('a finished request appears on top; with a filter it waits behind a button', async () => {
  list(aRequest())
  const { user } = await renderApp('/requests?provider=groq')
  await screen.findByRole('table')
  await says(
    aRequest({ id: 'f'.repeat(32), requested_model: 'brand-new' }),
    aRequest({ id: 'e'.repeat(32), provider: 'openai' }),
  )
  expect(await screen.findByRole('button', { name: /new/i })).toBeVisible()
  expect(screen.queryByText('brand-new')).toBeNull()

  await user.click(screen.getByRole('button', { name: /new/i }))
  await screen.findByText('brand-new')
  const row = within(screen.getByRole('table')).getAllByRole('row')[1]
  expect(row).toHaveTextContent('brand-new')
})

test('a request opens with its attempts, and has a URL', async () => {
  list(aRequest())
  const detail = {
    ...aRequest({ cost_usd: null, attempts_count: 2 }),
    attempts: [
      anAttempt(),
      anAttempt({
        number: 2,
        provider: 'groq',
        succeeded: true,
        failure: null,
        detail: null,
        blame: null,
        status: 200,
        reason: 'next_candidate',
      }),
    ],
  }
  fakeGateway.answers('get', '/api/requests/{id}', detail)
  const { user, url } = await renderApp('/requests')
  await user.click(within(await screen.findByRole('table')).getAllByRole('button')[0] ?? expect.fail())

  const dialog = await screen.findByRole('dialog', { name: 'Request' })
  expect(await within(dialog).findByText('2 attempts')).toBeVisible()
  expect(within(dialog).getByText(/rate limit was reached/)).toBeVisible()
  expect(within(dialog).getByText('The provider answered with status 429.')).toBeVisible()
  expect(within(dialog).getByText(/Counts against the key/)).toBeVisible()
  expect(within(dialog).getAllByText(/unknown/).length).toBeGreaterThan(0)
  expect(url()).toBe(`/requests?request=${ID}`)

  await user.click(within(dialog).getByRole('button', { name: 'Close' }))
  await waitFor(() => expect(url()).toBe('/requests'))
})

test('an unknown request is reported, and the list stays', async () => {
  list(aRequest({ id: 'a'.repeat(32) }))
  fakeGateway.fails('get', '/api/requests/{id}', 404, { message: 'The ledger has no request with this id.' })
  await renderApp(`/requests?request=${ID}`)
  expect(await screen.findByText('The ledger has no request with this id.')).toBeVisible()
})

test('an error of the gateway is shown with its message', async () => {
  fakeGateway.fails('get', '/api/requests', 400, { message: 'No provider ‘x’ is configured.', param: 'provider' })
  await renderApp('/requests?provider=x')
  expect(await screen.findByText('No provider ‘x’ is configured.')).toBeVisible()
})

test('hostile names are shown as text', async () => {
  list(
    aRequest({
      requested_model: '<img src=x onerror=alert(1)>',
      client: 'c',
      client_name: '<script>alert(1)</script>',
    }),
  )
  await renderApp('/requests')
  expect(await screen.findByText('<img src=x onerror=alert(1)>')).toBeVisible()
  expect(document.querySelector('main img, main script')).toBeNull()
})
