import { screen, waitFor, within } from '@testing-library/react'
import { beforeEach, expect, test } from 'vitest'
import type { Schemas } from '@/api/client'
import { aProvider, aRequest, aStatus } from '@/testing/builders'
import { fakeGateway } from '@/testing/fake-gateway'
import { renderApp } from '@/testing/render'

const percentiles = { p50: 812.4, p95: 2_310.8, p99: 4_870.1 }
const sums: Schemas['RequestSums'] = {
  requests: 1_284,
  completed: 1_270,
  rescued: 2,
  client_cancelled: 4,
  upstream_cut: 1,
  client_errors: 2,
  failed: 5,
  success_rate: 0.9953,
  attempts: 1_320,
  tokens: { input: 412_000, cached_input: 96_000, cache_write: 0, output: 88_100, reasoning: 0 },
  unknown_usage: 0,
  estimated_usage: 0,
  cost_usd: '3.1875',
  absorbed_usd: '0',
  unpriced: 12,
  latency_ms: percentiles,
  first_token_ms: { p50: 296.2, p95: 510, p99: 900 },
  overhead_ms: { p50: 0.6, p95: 1, p99: 2 },
}
const statistics: Schemas['StatisticsView'] = {
  begins_at: '2026-11-23T12:00:00Z',
  ends_at: '2026-11-23T13:00:00Z',
  bucket: 'minute',
  bucket_seconds: 60,
  summary: sums,
  provider_stats: {},
  model_stats: {},
  key_stats: [],
  error_stats: {},
  series: Array.from({ length: 60 }, (_, minute) => ({
    ...sums,
    begins_at: new Date(Date.UTC(2026, 10, 23, 12, minute)).toISOString(),
  })),
}
const history: Schemas['ProviderHistoryView'] = {
  begins_at: '2026-11-23T12:00:00Z',
  ends_at: '2026-11-23T13:00:00Z',
  bucket: 'minute',
  bucket_seconds: 60,
  providers: { groq: [{ begins_at: '2026-11-23T12:59:00Z', attempts: 40, successes: 37, failed: 3 }] },
}
const flagged = { reason: 'rate_limit' as const, message: 'No provider key is usable.', until: '2999-01-01T00:00:00Z' }
const aFailure = aRequest({
  id: '019ab0c3f1a27d9e3b5c8f6041d2e7aa',
  ending: 'error',
  failure: 'no_route_available',
  status: 503,
  requested_model: 'gpt-4o',
})

beforeEach(() => {
  fakeGateway.answers('get', '/api/status', aStatus())
  fakeGateway.answers('get', '/api/providers', [
    aProvider(),
    aProvider({ name: 'openai', display_name: 'OpenAI', status: 'flagged', flag: flagged }),
    aProvider({ name: 'xai', display_name: 'xAI', status: 'no_key', models_count: 0 }),
  ])
  fakeGateway.answers('get', '/api/requests', { items: [], next_cursor: null })
  fakeGateway.answers('get', '/api/statistics', statistics)
  fakeGateway.answers('get', '/api/statistics/providers', history)
})

test('a provider’s figures cover the same time as its health strip', async () => {
  const measured = { attempts: 40, successes: 37, failed: 3, client_errors: 0, absorbed: 0, success_rate: 0.925 }
  const { tokens, unknown_usage, estimated_usage, cost_usd, absorbed_usd, unpriced, latency_ms, first_token_ms } = sums
  const rest = { tokens, unknown_usage, estimated_usage, cost_usd, absorbed_usd, unpriced, latency_ms, first_token_ms }
  fakeGateway.answers('get', '/api/statistics', { ...statistics, provider_stats: { groq: { ...measured, ...rest } } })
  const { user } = await renderApp('/')

  const row = (await screen.findByRole('link', { name: /^Groq/ })).closest('li') ?? expect.fail()
  await waitFor(() => {
    expect(row).toHaveTextContent('Success 92.5%Latency 812 ms')
  })
  const unmeasured = screen.getByRole('link', { name: /^OpenAI/ }).closest('li')
  expect(unmeasured).toHaveTextContent('Success –Latency –')

  fakeGateway.hangs('get', '/api/statistics')
  await user.click(screen.getByText('24 hours'))
  await waitFor(() => {
    expect(row).toHaveTextContent('Success –Latency –')
  })
})

test('the status has its reasons', async () => {
  fakeGateway.answers(
    'get',
    '/api/status',
    aStatus({
      status: 'degraded',
      enabled_providers: 2,
      available_providers: 1,
      flagged_details: [{ provider: 'openai', flag: flagged }],
    }),
  )
  await renderApp('/')

  expect(await screen.findByText('Degraded')).toBeVisible()
  expect(await screen.findByText(/Out of rotation: OpenAI \(rate limited\)/)).toBeVisible()
  expect(document.title).toBe('Dashboard · AI Engine')
})

test('figures have units, and an incomplete sum is marked', async () => {
  await renderApp('/')

  expect(await screen.findByText('99.53%')).toBeVisible()
  expect(screen.getByText('296 ms')).toBeVisible()
  expect(await screen.findByText('$3.19')).toBeVisible()
  expect(screen.getByText('without 12 of unknown price')).toBeVisible()
  expect(screen.getByText('508k in, 88.1k out')).toBeVisible()
})

test('providers that are set up have a health strip and a link', async () => {
  const { user, url } = await renderApp('/')

  expect(await screen.findByRole('img', { name: 'Last hour: 3 of 40 attempts failed' })).toBeVisible()
  expect(screen.queryByText('xAI')).toBeNull()
  fakeGateway.answers('get', '/api/config', {} as never)
  await user.click(screen.getByRole('link', { name: /OpenAI/ }))
  expect(url()).toBe('/providers?provider=openai')
})

test('recent failures are links to the request', async () => {
  fakeGateway.answers('get', '/api/requests', { items: [aFailure], next_cursor: null })
  await renderApp('/')

  const link = await screen.findByRole('link', { name: /No route available.*gpt-4o/ })
  expect(link).toHaveAttribute('href', `/requests?request=${aFailure.id}`)
})

test('the time span is in the URL and is requested', async () => {
  const { user, url } = await renderApp('/')
  await user.click(await screen.findByText('24 hours'))

  expect(url()).toBe('/?span=day')
  expect(await screen.findByText('in the last 24 hours')).toBeVisible()
  expect(
    fakeGateway
      .received('get', '/api/statistics')
      .some(({ url: { searchParams } }) => searchParams.get('bucket') === 'hour'),
  ).toBe(true)
})

test('the first start shows the next steps instead of zeros', async () => {
  const { configuration, performance } = aStatus()
  fakeGateway.answers(
    'get',
    '/api/status',
    aStatus({
      enabled_providers: 1,
      available_providers: 1,
      configuration: { ...configuration, sandbox: true },
      performance: { ...performance, requests: 0, success_rate: null },
    }),
  )
  await renderApp('/')

  expect(
    await screen.findByRole('heading', { name: 'The gateway is running. No provider is set up yet.' }),
  ).toBeVisible()
  expect(screen.getByRole('heading', { name: 'Add a key to .env' })).toBeVisible()
  expect(screen.queryByText('Success rate')).toBeNull()
})

test('without the database the rest of the page still works', async () => {
  fakeGateway.fails('get', '/api/statistics', 503, { message: 'The database does not answer.' })
  await renderApp('/')

  expect((await screen.findAllByText('The database does not answer.')).length).toBeGreaterThan(0)
  expect(screen.getByText('Operational')).toBeVisible()
  expect(await screen.findByText('OpenAI')).toBeVisible()
})

test('hostile names are shown as text', async () => {
  fakeGateway.answers('get', '/api/providers', [aProvider({ display_name: '<img src=x onerror=alert(1)>' })])
  await renderApp('/')

  expect(await screen.findByText('<img src=x onerror=alert(1)>')).toBeVisible()
  expect(document.querySelector('main img')).toBeNull()
})

test('live updates appear on the page', async () => {
  await renderApp('/')
  const providers = within(await screen.findByRole('region', { name: 'Providers' }))
  expect(await providers.findByRole('img', { name: /attempts failed/ })).toBeVisible()

  const before = fakeGateway.received('get', '/api/status').length
  await fakeGateway.says({
    type: 'changes',
    cursor: 'c2',
    at: '2026-11-23T13:00:01Z',
    status: aStatus({ performance: { ...aStatus().performance, in_flight: 77 } }),
    providers: [aProvider({ status: 'drained', flag: { reason: 'drained', message: 'By hand.', until: null } })],
    requests: [aFailure],
  })

  expect(await screen.findByText('77')).toBeVisible()
  expect(await providers.findByText('Drained by an operator')).toBeVisible()
  expect(await screen.findByRole('link', { name: /No route available/ })).toBeVisible()
  expect(fakeGateway.received('get', '/api/status')).toHaveLength(before)
})
