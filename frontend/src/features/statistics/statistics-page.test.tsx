import { screen, waitFor, within } from '@testing-library/react'
import { beforeEach, expect, test, vi } from 'vitest'
import { aProvider, aStatus } from '@/testing/builders'
import { fakeGateway } from '@/testing/fake-gateway'
import { renderApp } from '@/testing/render'
import { someAttemptSums, someRequestSums, someStatistics } from '@/testing/statistics-builders'

beforeEach(() => {
  fakeGateway.answers('get', '/api/status', aStatus())
  fakeGateway.answers('get', '/api/providers', [aProvider({ name: 'openai', display_name: 'OpenAI' }), aProvider()])
  fakeGateway.answers('get', '/api/requests', { items: [], next_cursor: null })
  fakeGateway.answers('get', '/api/statistics', someStatistics())
})

function lastQuery(): URLSearchParams | undefined {
  return fakeGateway.received('get', '/api/statistics').at(-1)?.url.searchParams
}

test('the last 24 hours are shown as figures, charts and comparisons', async () => {
  await renderApp('/statistics')

  expect(await screen.findByText('1,000')).toBeVisible()
  expect(screen.getByText('99.4%')).toBeVisible()
  expect(await screen.findByRole('group', { name: 'Providers' })).toBeVisible()
  expect(await screen.findByText('The provider’s rate limit was reached.', { exact: false })).toBeVisible()
  expect(document.title).toBe('Statistics · AI Engine')
})

test('the figures of a column have the same number of digits, and small costs enough of them', async () => {
  const costs = (openai: string, groq: string) =>
    someStatistics({
      provider_stats: {
        openai: someAttemptSums({ success_rate: 0.85, cost_usd: openai }),
        groq: someAttemptSums({ cost_usd: groq }),
      },
      model_stats: { 'gpt-4o': someAttemptSums({ cost_usd: '0.0123' }) },
    })
  fakeGateway.answers('get', '/api/statistics', costs('1.28', '0.974'))
  await renderApp('/statistics')

  const table = await screen.findByRole('table', { name: 'Providers' })
  expect(within(table).getByRole('row', { name: /openai/ })).toHaveTextContent(/85\.0%.*\$1\.28$/)
  expect(within(table).getByRole('row', { name: /groq/ })).toHaveTextContent(/95\.9%.*\$0\.97$/)
  expect(within(screen.getByRole('table', { name: 'Models' })).getByText('$0.012300')).toBeVisible()
})

test('unknown and estimated parts of the sums are noted', async () => {
  fakeGateway.answers('get', '/api/statistics', someStatistics({ summary: someRequestSums({ unpriced: 48 }) }))
  await renderApp('/statistics')

  expect(await screen.findByText(/48 of 1,000 requests have no known price/)).toBeVisible()
})

test('preset, filters and bucket are in the URL and are requested', async () => {
  const { user, url } = await renderApp('/statistics?provider=openai&model=gpt-4o&client=c1&bucket=minute&range=1h')
  await screen.findByText('1,000')
  expect(Object.fromEntries(lastQuery() ?? [])).toMatchObject({
    provider: 'openai',
    model: 'gpt-4o',
    client: 'c1',
    bucket: 'minute',
  })

  await user.click(screen.getByRole('radio', { name: '7 d' }))

  expect(url()).toBe('/statistics?provider=openai&model=gpt-4o&client=c1&range=7d')
  await waitFor(() => expect(lastQuery()?.get('bucket')).toBe('auto'))
})

test('invalid parameters of the URL are ignored', async () => {
  await renderApp('/statistics?range=century&from=yesterday&bucket=second&provider=openai')

  await screen.findByText('1,000')
  expect(lastQuery()?.get('provider')).toBe('openai')
  expect(lastQuery()?.get('bucket')).toBe('auto')
})

test('a click filters by a provider, and the URL sorts its table', async () => {
  const { user, url } = await renderApp('/statistics')
  const table = await screen.findByRole('table', { name: 'Providers' })
  expect(within(table).getAllByRole('row')[1]).toHaveTextContent('openai')

  await user.click(within(table).getByRole('button', { name: 'Latency' }))
  await user.click(within(table).getByRole('button', { name: 'Latency' }))
  expect(url()).toBe('/statistics?providers=latency')
  expect(within(table).getAllByRole('row')[1]).toHaveTextContent('groq')

  await user.click(within(table).getByRole('button', { name: /openai/ }))
  expect(url()).toBe('/statistics?providers=latency&provider=openai')
})

test('a kind of failure links to its failed requests, if there are any', async () => {
  await renderApp('/statistics?provider=openai')

  const link = await screen.findByRole('link', { name: '5 requests failed with Rate limited' })
  const target = new URL(link.getAttribute('href') ?? '', 'http://localhost')
  expect(target.pathname).toBe('/requests')
  expect(Object.fromEntries(target.searchParams)).toEqual({
    failure: 'rate_limit',
    provider: 'openai',
    from: '2026-11-23T09:00:00Z',
    to: '2026-11-23T12:00:00Z',
  })
  expect(screen.queryByRole('link', { name: /Provider error/ })).toBeNull()
})

test('with a client filter the comparisons are not available', async () => {
  const statistics = someStatistics({ provider_stats: null, model_stats: null, key_stats: null })
  fakeGateway.answers('get', '/api/statistics', statistics)
  await renderApp('/statistics?client=c1')

  expect(await screen.findAllByText('Not available for a client')).toHaveLength(3)
})

test('an empty range offers a longer one', async () => {
  const nothing = { requests: 0, attempts: 0, success_rate: null, tokens: null, cost_usd: null }
  const empty = someStatistics({
    summary: someRequestSums(nothing),
    provider_stats: {},
    model_stats: {},
    key_stats: [],
    error_stats: {},
    series: [],
  })
  fakeGateway.answers('get', '/api/statistics', empty)
  const { user, url } = await renderApp('/statistics?range=1h')

  expect(await screen.findByText('No requests in the last hour')).toBeVisible()
  await user.click(screen.getByRole('button', { name: 'Show 30 days' }))
  expect(url()).toBe('/statistics?range=30d')
})

test('a backwards range is not requested', async () => {
  await renderApp('/statistics?from=2026-11-23T12%3A00%3A00Z&to=2026-11-22T12%3A00%3A00Z')

  expect(await screen.findByText('Invalid range')).toBeVisible()
  expect(fakeGateway.received('get', '/api/statistics')).toHaveLength(0)
})

test('a filter that the gateway rejects is reported with its message', async () => {
  fakeGateway.fails('get', '/api/statistics', 400, { message: 'There is no provider "unknown".', param: 'provider' })
  await renderApp('/statistics?provider=unknown')

  expect(await screen.findByText('There is no provider "unknown".')).toBeVisible()
  expect(screen.getByRole('button', { name: 'Clear' })).toBeVisible()
})

function watchDownloads() {
  Object.assign(URL, { createObjectURL: () => 'blob:download', revokeObjectURL: () => undefined })
  return vi.spyOn(HTMLAnchorElement.prototype, 'click').mockImplementation(() => undefined)
}

test('a download has the filters of the page', async () => {
  const download = watchDownloads()
  fakeGateway.answers('get', '/api/statistics/export', [])
  const { user } = await renderApp('/statistics?provider=openai')

  await screen.findByText('1,000')
  await user.click(screen.getByRole('button', { name: 'Export' }))
  await user.click(await screen.findByRole('button', { name: /JSON/ }))

  expect(await screen.findByText('Exported')).toBeVisible()
  expect(download).toHaveBeenCalledTimes(1)
  const query = fakeGateway.received('get', '/api/statistics/export')[0]?.url.searchParams
  expect(query?.get('format')).toBe('json')
  expect(query?.get('provider')).toBe('openai')
})

test('a failed download is reported and saves no file', async () => {
  const download = watchDownloads()
  fakeGateway.fails('get', '/api/statistics/export', 503, { message: 'The ledger’s database does not answer.' })
  const { user } = await renderApp('/statistics')

  await screen.findByText('1,000')
  await user.click(screen.getByRole('button', { name: 'Export' }))
  await user.click(await screen.findByRole('button', { name: /CSV/ }))

  expect(await screen.findByText('The ledger’s database does not answer. Try again in a moment.')).toBeVisible()
  expect(download).not.toHaveBeenCalled()
})
