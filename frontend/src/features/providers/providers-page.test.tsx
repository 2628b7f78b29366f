import { screen, waitFor, within } from '@testing-library/react'
import { beforeEach, expect, test } from 'vitest'
import { aProvider } from '@/testing/builders'
import { fakeGateway } from '@/testing/fake-gateway'
import { renderApp } from '@/testing/render'
import { someAttemptSums, someStatistics } from '@/testing/statistics-builders'
import { aKey, another, drawer, fakeProviders, groq, list, openai, out, waiting } from './provider-fixtures'

beforeEach(fakeProviders)

test('providers that are set up come first, the others with their variable', async () => {
  await renderApp('/providers')

  const rows = within(await screen.findByRole('table', { name: 'Providers that are set up' })).getAllByRole('row')
  expect(rows.slice(1).map((row) => row.textContent.slice(0, 12))).toEqual([
    expect.stringContaining('Mistral'),
    expect.stringContaining('Groq'),
    expect.stringContaining('OpenAI'),
  ])
  expect(await screen.findByRole('button', { name: /xAI.*XAI_API_KEY/ })).toBeVisible()
})

const slow = { p50: 2_300, p95: 4_000, p99: 5_000 }

test('success and latency cover the same hour as the strip, and sort the table', async () => {
  fakeGateway.answers(
    'get',
    '/api/statistics',
    someStatistics({
      provider_stats: {
        groq: someAttemptSums({ success_rate: 0.903 }),
        openai: someAttemptSums({ success_rate: 1, latency_ms: slow }),
      },
    }),
  )
  await renderApp('/providers?sort=-latency')

  const table = await screen.findByRole('table', { name: 'Providers that are set up' })
  await waitFor(() => {
    const rows = within(table)
      .getAllByRole('row')
      .slice(1)
      .map((row) => row.textContent)
    expect(rows).toEqual([
      expect.stringMatching(/OpenAI.*100\.0%2\.30\ss/),
      expect.stringMatching(/Groq.*90\.3%812\sms/),
      expect.stringMatching(/Mistral.*––/),
    ])
  })
  expect(screen.getByText(/^Success and latency of the last hour/)).toBeVisible()
  const [request] = fakeGateway.received('get', '/api/statistics')
  expect(request?.url.searchParams.get('bucket')).toBe('minute')
})

test('a provider unused since startup is marked as such', async () => {
  list(aProvider({ last_used_at: null }))
  await renderApp('/providers')

  expect(await screen.findByText('not since startup')).toBeVisible()
})

test('the details have the figures of the same day as the strip', async () => {
  fakeGateway.answers(
    'get',
    '/api/statistics',
    someStatistics({ provider_stats: { groq: someAttemptSums({ success_rate: 0.903 }) } }),
  )
  await renderApp('/providers?provider=groq')

  const opened = await drawer()
  expect(await opened.findByText('90.3%')).toBeVisible()
  expect(opened.getByText('812 ms')).toBeVisible()
  expect(opened.getByText(/^Last 24 hours/)).toBeVisible()
  expect(opened.getAllByText('12 requests, 0 failed since startup')).toHaveLength(2)
  expect(fakeGateway.received('get', '/api/statistics').map(({ url }) => url.searchParams.get('bucket'))).toContain(
    'hour',
  )
})

test('search and state are in the URL', async () => {
  const { user, url } = await renderApp('/providers?state=available')
  expect(await screen.findByText('Groq')).toBeVisible()
  expect(screen.queryByText('Mistral')).toBeNull()

  await user.type(screen.getByRole('searchbox', { name: 'Find a provider' }), 'openai')

  await waitFor(() => expect(screen.queryByText('Groq')).toBeNull())
  expect(url()).toBe('/providers?state=available&find=openai')
})

test('the details explain why a provider is out of rotation, and have a URL', async () => {
  await renderApp('/providers?provider=mistral')

  const opened = await drawer()
  expect(opened.getByText('Provider error.')).toBeVisible()
  expect(opened.getByText('The provider answered with status 503.')).toBeVisible()
  expect(opened.getByRole('button', { name: 'Unflag' })).toBeVisible()
})

test('switching off is shown at once and can be undone', async () => {
  const { user } = await renderApp('/providers?provider=groq')
  const opened = await drawer()
  const off = { ...groq, enabled: false, status: 'disabled' as const }
  fakeGateway.answers('post', '/api/providers/{provider}/toggle', off)
  list(off, openai, out, waiting)

  await user.click(opened.getByRole('switch', { name: 'Switched on' }))

  expect(await opened.findByText('Off')).toBeVisible()
  expect(await screen.findByText('Groq is off')).toBeVisible()
  fakeGateway.answers('post', '/api/providers/{provider}/toggle', groq)
  list(groq, openai, out, waiting)
  await user.click(screen.getByRole('button', { name: 'Undo', hidden: true }))
  expect(await screen.findByText('Groq is on')).toBeVisible()
  expect(fakeGateway.received('post', '/api/providers/{provider}/toggle').map(({ body }) => body)).toEqual([
    { enabled: false },
    { enabled: true },
  ])
})

test('a failed action is reverted and explained', async () => {
  const { user } = await renderApp('/providers?provider=groq')
  fakeGateway.fails('post', '/api/providers/{provider}/drain', 503, { message: 'The database does not answer.' })
  const opened = await drawer()

  await user.click(opened.getByRole('button', { name: 'Drain' }))

  expect(await screen.findByText('Groq is still in rotation')).toBeVisible()
  expect(screen.getByText('The database does not answer. Try again in a moment.')).toBeVisible()
  expect(opened.getByText('Available')).toBeVisible()
})

test('switching off the last provider in rotation has to be confirmed', async () => {
  list(groq, out)
  const { user } = await renderApp('/providers?provider=groq')
  const opened = await drawer()
  await user.click(opened.getByRole('switch', { name: 'Switched on' }))

  expect(await screen.findByText('Switch off Groq, the last provider in rotation?')).toBeInTheDocument()
  await user.click(await screen.findByRole('button', { name: 'Cancel' }))
  expect(fakeGateway.received('post', '/api/providers/{provider}/toggle')).toEqual([])
})

test('rolling has to be confirmed, and uses the next key', async () => {
  const { user } = await renderApp('/providers?provider=groq')
  const rolled = {
    ...groq,
    keys: [
      { ...aKey, active: false },
      { ...another, active: true },
    ],
  }
  fakeGateway.answers('post', '/api/providers/{provider}/roll-key', { provider: 'groq', preferred_key: '60303ae2' })
  fakeGateway.answers('get', '/api/providers/{provider}', rolled)
  await user.click((await drawer()).getByRole('button', { name: 'Roll key' }))
  list(rolled, openai, out, waiting)
  const dialog = await screen.findByRole('dialog', { name: 'Roll the key of Groq?' })
  await user.click(within(dialog).getByRole('button', { name: 'Roll key' }))

  expect(await screen.findByText('Groq uses its next key')).toBeVisible()
  expect((await drawer()).getByText('60303ae2').closest('li')).toHaveTextContent('Active')
})

test('a key in cooldown shows its time left and can be restored', async () => {
  const { user } = await renderApp('/providers?provider=openai')
  const opened = await drawer()
  expect(opened.getByText(/Quota exceeded\. Usable again in/)).toBeVisible()
  expect(opened.getByRole('button', { name: 'Roll key' })).toBeDisabled()

  const whole = { ...openai, keys: [aKey, another] }
  fakeGateway.answers('post', '/api/providers/{provider}/keys/{fingerprint}/restore', whole)
  list(groq, whole, out, waiting)
  await user.click(opened.getByRole('button', { name: 'Restore key 60303ae2' }))

  expect(await screen.findByText('Key 60303ae2 of OpenAI is usable')).toBeVisible()
})

test('the priority is saved, and reset by Undo', async () => {
  const { user } = await renderApp('/providers?provider=groq')
  const changed = { ...groq, priority: 20 }
  fakeGateway.answers('patch', '/api/providers/{provider}', changed)
  const field = (await drawer()).getByRole('textbox', { name: 'Priority' })
  await user.clear(field)
  await user.type(field, '20')
  list(changed, openai, out, waiting)
  await user.click((await drawer()).getByRole('button', { name: 'Save' }))
  await user.click(await screen.findByRole('button', { name: 'Undo', hidden: true }))

  await waitFor(() => {
    expect(fakeGateway.received('patch', '/api/providers/{provider}').map(({ body }) => body)).toEqual([
      { priority: 20 },
      { priority: 100 },
    ])
  })
})
