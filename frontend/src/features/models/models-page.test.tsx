import { screen, waitFor, within } from '@testing-library/react'
import { beforeEach, expect, test } from 'vitest'
import { anAttempt, anExplanation, aModelRoute, aProvider, aStatus } from '@/testing/builders'
import { fakeGateway } from '@/testing/fake-gateway'
import { renderApp } from '@/testing/render'

const openrouter = aModelRoute({
  id: 'openrouter/openai/gpt-4o',
  provider: 'openrouter',
  name: 'openai/gpt-4o',
  input_usd_per_million: '0',
  state: 'flagged',
  flag: { reason: 'rate_limit', message: 'Both keys rest.', until: null },
})
const models = [
  { name: 'gpt-4o', routes: [aModelRoute(), openrouter] },
  { name: '<script>alert(1)</script>', routes: [aModelRoute({ id: 'x/<script>', name: '<script>alert(1)</script>' })] },
]

beforeEach(() => {
  fakeGateway.answers('get', '/api/status', aStatus())
  fakeGateway.answers('get', '/api/providers', [aProvider({ name: 'openai', display_name: 'OpenAI' })])
  fakeGateway.answers('get', '/api/models', { items: models, next_cursor: null })
})

test('the catalogue is listed by model, and hostile names are shown as text', async () => {
  await renderApp('/models')

  const table = await screen.findByRole('table', { name: 'Models' })
  expect(within(table).getByRole('row', { name: /^gpt-4o/ })).toHaveTextContent('1 of 2')
  expect(within(table).getByText('<script>alert(1)</script>')).toBeVisible()
  expect(screen.getByText('2 models on 3 routes')).toBeVisible()
  expect(document.title).toBe('Models · AI Engine')
})

test('a large catalogue is loaded in a small first page and large further ones', async () => {
  const many = (from: number, count: number) =>
    Array.from({ length: count }, (_, index) => ({ name: `model-${from + index}`, routes: [aModelRoute()] }))
  fakeGateway.answers('get', '/api/models', ({ searchParams }) => {
    const from = Number(searchParams.get('cursor') ?? 0)
    const limit = Number(searchParams.get('limit'))
    const next = from + limit
    return { items: many(from, Math.min(limit, 5_000 - from)), next_cursor: next < 5_000 ? String(next) : null }
  })
  await renderApp('/models')

  expect(await screen.findByText('5,000 models on 5,000 routes')).toBeVisible()
  const asked = fakeGateway.received('get', '/api/models').map(({ url }) => url.searchParams.get('limit'))
  expect(asked).toEqual(['200', '1000', '1000', '1000', '1000', '1000'])
})

test('by provider each route has a row', async () => {
  const { user, url } = await renderApp('/models')
  await screen.findByRole('table', { name: 'Models' })

  await user.click(screen.getByRole('radio', { name: 'By provider' }))

  const table = await screen.findByRole('table', { name: 'Routes, by provider' })
  expect(within(table).getAllByRole('row')).toHaveLength(4)
  expect(url()).toBe('/models?view=provider')
})

test('the filters of the URL are sent to the gateway', async () => {
  await renderApp('/models?find=gpt&provider=openai&can=%5B%22tools%22%2C%22images%22%5D&context=128000&price=3')
  await screen.findByRole('table', { name: 'Models' })

  const asked = fakeGateway.received('get', '/api/models').at(-1)?.url.searchParams
  expect(asked?.get('search')).toBe('gpt')
  expect(asked?.get('provider')).toBe('openai')
  expect(asked?.getAll('capability')).toEqual(['tools', 'images'])
  expect(asked?.get('min_context_tokens')).toBe('128000')
  expect(asked?.get('max_input_usd_per_million')).toBe('3')
})

test('a search without matches can be cleared', async () => {
  fakeGateway.answers('get', '/api/models', { items: [], next_cursor: null })
  const { user, url } = await renderApp('/models?find=nothing&price=0')

  expect(await screen.findByText('No matching models')).toBeVisible()
  await user.click(screen.getByRole('button', { name: 'Clear filters' }))
  expect(url()).toBe('/models')
})

test('a click opens the details of a model, which have a URL', async () => {
  const { user, url } = await renderApp('/models')

  await user.click(await screen.findByRole('button', { name: 'gpt-4o' }))

  expect(url()).toBe('/models?model=gpt-4o')
  const route = await screen.findByRole('article', { name: 'openrouter/openai/gpt-4o' })
  expect(route).toHaveTextContent('Rate limited. Both keys rest.')
  expect(route).toHaveTextContent('free')
})

test('an unknown model is reported', async () => {
  await renderApp('/models?model=gpt-1')

  expect(await screen.findByText('No model has this name')).toBeVisible()
})

test('a route can be tested, and the provider’s error is shown', async () => {
  fakeGateway.answers('post', '/api/providers/{provider}/test', {
    success: false,
    provider: 'openai',
    model: 'gpt-4o',
    response: null,
    latency_ms: 81.5,
    ttft_ms: null,
    usage: null,
    key: '9f86d081',
    error: 'HTTP 401: Incorrect API key provided',
    attempts: [],
  })
  const { user } = await renderApp('/models?model=gpt-4o')
  const route = await screen.findByRole('article', { name: 'openai/gpt-4o' })

  await user.click(within(route).getByRole('button', { name: 'Send test message' }))

  expect(await within(route).findByText('HTTP 401: Incorrect API key provided')).toBeVisible()
  expect(route).toHaveTextContent('82 ms')
  expect(fakeGateway.received('post', '/api/providers/{provider}/test')[0]?.body).toMatchObject({ model: 'gpt-4o' })
})

test('an explanation shows candidates, scores, weights and exclusions', async () => {
  fakeGateway.answers('get', '/api/autodecide/{model}', anExplanation())
  await renderApp('/models?explain=gpt-4o')

  const candidates = await screen.findByRole('list', { name: 'Candidates in order' })
  const [first] = within(candidates).getAllByRole('listitem')
  expect(first).toHaveAccessibleName('openai/gpt-4o')
  expect(first).toHaveTextContent('Priority × 10.50')
  expect(first).toHaveTextContent('Score0.83')
  expect(screen.getByRole('region', { name: 'Excluded' })).toHaveTextContent('Drained by an operator')
  expect(screen.getByRole('button', { name: 'claude-sonnet-4-5' })).toBeVisible()
})

test('a typed name is in the URL', async () => {
  fakeGateway.answers('get', '/api/autodecide/{model}', anExplanation())
  const { user, url } = await renderApp('/models')

  await user.type(await screen.findByRole('combobox', { name: 'Model to explain' }), 'openai/gpt-4o{Enter}')

  expect(url()).toBe('/models?explain=openai%2Fgpt-4o')
  expect(await screen.findByRole('list', { name: 'Candidates in order' })).toBeVisible()
})

test('for an unknown name similar names are suggested', async () => {
  const unknown = anExplanation({ model: 'gtp-4o', known: false, candidates: [], excluded: [], fallbacks: [] })
  fakeGateway.answers('get', '/api/autodecide/{model}', unknown)
  const { user, url } = await renderApp('/models?explain=gtp-4o')

  expect(await screen.findByText('No provider has a model of this name')).toBeVisible()
  const similar = await screen.findByRole('group', { name: 'Similar names' })
  await user.click(within(similar).getByRole('button', { name: 'gpt-4o' }))
  expect(url()).toBe('/models?explain=gpt-4o')
})

test('a test by autodecide shows every attempt', async () => {
  fakeGateway.answers('get', '/api/autodecide/{model}', anExplanation())
  fakeGateway.answers('post', '/api/autodecide/test', {
    explanation: anExplanation(),
    success: true,
    provider: 'openai',
    model: 'gpt-4o',
    response: 'All is well.',
    usage: { input_tokens: 9, output_tokens: 4 },
    latency_ms: 900,
    attempts: [
      anAttempt({ failure: 'server_error', status: 503 }),
      anAttempt({ reason: 'next_candidate', succeeded: true, failure: null, status: 200 }),
    ],
    error: null,
  })
  const { user } = await renderApp('/models?explain=gpt-4o')

  await user.click(await screen.findByRole('button', { name: 'Send test message' }))

  expect(await screen.findByText('All is well.')).toBeVisible()
  const attempts = within(screen.getByRole('list', { name: 'Attempts' })).getAllByRole('listitem')
  expect(attempts[0]).toHaveTextContent('first candidate · Provider error · 503')
  expect(attempts[1]).toHaveTextContent('next candidate · 200')
})

test('a refresh shows the outcome for each provider', async () => {
  const refreshed_at = '2026-11-23T12:00:00Z'
  fakeGateway.answers('post', '/api/models/refresh', {
    providers: [
      { provider: 'openai', outcome: 'refreshed', models_count: 13, refreshed_at, error: null },
      { provider: 'mistral', outcome: 'failed', models_count: 4, refreshed_at, error: 'HTTP 500: boom' },
      { provider: 'groq', outcome: 'in_progress', models_count: 6, refreshed_at, error: null },
    ],
  })
  const { user } = await renderApp('/models')

  await user.click(await screen.findByRole('button', { name: 'Refresh models' }))

  expect(await screen.findByText('1 of 3 providers listed 13 models.')).toBeVisible()
  expect(screen.getByText(/HTTP 500: boom.*its 4 known models are kept/)).toBeVisible()
  expect(screen.getByText('is still loading in the background.')).toBeVisible()
})

test('the catalogue is loaded page by page until it is complete', async () => {
  let isFirst = true
  fakeGateway.answers('get', '/api/models', { items: models, next_cursor: 'more' })
  await renderApp('/models')
  await waitFor(() => {
    if (isFirst && fakeGateway.received('get', '/api/models').length > 0) {
      isFirst = false
      fakeGateway.answers('get', '/api/models', { items: [{ name: 'o3', routes: [aModelRoute()] }], next_cursor: null })
    }
    expect(screen.getByText('o3')).toBeVisible()
  })
  expect(fakeGateway.received('get', '/api/models').at(-1)?.url.searchParams.get('cursor')).toBe('more')
})

test('an error of the gateway is shown and can be retried', async () => {
  fakeGateway.fails('get', '/api/models', 503, { message: 'The catalogue is not there yet.' })
  const { user } = await renderApp('/models')

  expect(await screen.findByText('The catalogue is not there yet.')).toBeVisible()
  fakeGateway.answers('get', '/api/models', { items: models, next_cursor: null })
  await user.click(screen.getByRole('button', { name: 'Try again' }))
  expect(await screen.findByRole('table', { name: 'Models' })).toBeVisible()
})
