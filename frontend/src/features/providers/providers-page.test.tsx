import { screen, waitFor, within } from '@testing-library/react'
import { beforeEach, expect, test } from 'vitest'
import type { Schemas } from '@/api/client'
import { aConfiguration, aProvider } from '@/testing/builders'
import { fakeGateway } from '@/testing/fake-gateway'
import { renderApp } from '@/testing/render'

const aKey: Schemas['ProviderKeyView'] = {
  fingerprint: '9f86d081',
  last_four: 'x7Qa',
  active: true,
  state: 'usable',
  until: null,
  reason: null,
  resting_models: {},
  requests: 12,
  failures: 0,
}
const another = { ...aKey, fingerprint: '60303ae2', active: false }
const resting: Schemas['ProviderKeyView'] = {
  ...another,
  state: 'resting',
  reason: 'quota',
  until: '2999-01-01T00:00:00Z',
}
const groq = aProvider({ keys: [aKey, another] })
const openai = aProvider({ name: 'openai', display_name: 'OpenAI', keys: [aKey, resting] })
const out = aProvider({
  name: 'mistral',
  display_name: 'Mistral',
  status: 'flagged',
  flag: { reason: 'server_error', message: 'The provider answered with status 503.', until: '2999-01-01T00:00:00Z' },
})
const waiting = aProvider({ name: 'xai', display_name: 'xAI', status: 'no_key', models_count: 0, last_used_at: null })

function list(...providers: Schemas['ProviderView'][]) {
  fakeGateway.answers('get', '/api/providers', providers)
}

beforeEach(() => {
  list(groq, openai, out, waiting)
  fakeGateway.answers(
    'get',
    '/api/config',
    aConfiguration({ variables: [{ name: 'XAI_API_KEY', provider: 'xai', is_set: false, keys: [] }] }),
  )
  fakeGateway.answers('get', '/api/statistics/providers', {
    begins_at: '2026-11-23T12:00:00Z',
    ends_at: '2026-11-23T13:00:00Z',
    bucket: 'minute',
    bucket_seconds: 60,
    providers: {},
  })
  fakeGateway.answers('get', '/api/providers/{provider}/models', { items: [], next_cursor: null })
  fakeGateway.answers('get', '/api/audit', { items: [], next_cursor: null })
})

async function drawer() {
  await screen.findByRole('tablist')
  // A question stands in a dialog of its own, in front of it.
  return within(screen.getAllByRole('dialog')[0] ?? expect.fail())
}

test('those that are set up come first, the others with the variable they wait for', async () => {
  await renderApp('/providers')

  const rows = within(await screen.findByRole('table', { name: 'Providers that are set up' })).getAllByRole('row')
  expect(rows.slice(1).map((row) => row.textContent.slice(0, 12))).toEqual([
    expect.stringContaining('Mistral'),
    expect.stringContaining('Groq'),
    expect.stringContaining('OpenAI'),
  ])
  expect(await screen.findByRole('button', { name: /xAI.*XAI_API_KEY/ })).toBeVisible()
})

test('search and state are in the URL', async () => {
  const { user, url } = await renderApp('/providers?state=available')
  expect(await screen.findByText('Groq')).toBeVisible()
  expect(screen.queryByText('Mistral')).toBeNull()

  await user.type(screen.getByRole('searchbox', { name: 'Find a provider' }), 'openai')

  await waitFor(() => {
    expect(screen.queryByText('Groq')).toBeNull()
  })
  expect(url()).toBe('/providers?state=available&find=openai')
})

test('one that is opened tells why it is out, and has a URL', async () => {
  await renderApp('/providers?provider=mistral')

  const opened = await drawer()
  expect(opened.getByText('Provider error.')).toBeVisible()
  expect(opened.getByText('The provider answered with status 503.')).toBeVisible()
  expect(opened.getByRole('button', { name: 'Unflag' })).toBeVisible()
})

test('switching off shows at once, and can be undone', async () => {
  const { user } = await renderApp('/providers?provider=groq')
  const opened = await drawer()
  const off = { ...groq, enabled: false, status: 'disabled' as const }
  fakeGateway.answers('post', '/api/providers/{provider}/toggle', off)
  list(off, openai, out, waiting)

  await user.click(opened.getByRole('switch', { name: 'Switched on' }))

  expect(opened.getByText('Off')).toBeVisible()
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

test('a refusal puts back what was shown and says why', async () => {
  const { user } = await renderApp('/providers?provider=groq')
  fakeGateway.fails('post', '/api/providers/{provider}/drain', 503, { message: 'The database does not answer.' })
  const opened = await drawer()

  await user.click(opened.getByRole('button', { name: 'Drain' }))

  expect(await screen.findByText('Groq is still in rotation')).toBeVisible()
  expect(screen.getByText('The database does not answer.')).toBeVisible()
  expect(opened.getByText('Available')).toBeVisible()
})

test('the last one in rotation is not switched off without a question', async () => {
  list(groq, out)
  const { user } = await renderApp('/providers?provider=groq')
  const opened = await drawer()
  await user.click(opened.getByRole('switch', { name: 'Switched on' }))

  expect(await screen.findByText('Switch off Groq, the last one in rotation?')).toBeInTheDocument()
  await user.click(await screen.findByRole('button', { name: 'Cancel' }))
  expect(fakeGateway.received('post', '/api/providers/{provider}/toggle')).toEqual([])
})

test('rolling asks first, and uses the next key', async () => {
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
  await user.click(await screen.findByRole('button', { name: 'Roll the key' }))

  expect(await screen.findByText('Groq uses its next key')).toBeVisible()
  expect((await drawer()).getByText('60303ae2').closest('li')).toHaveTextContent('Next')
})

test('a key that rests says for how long, and can be restored', async () => {
  const { user } = await renderApp('/providers?provider=openai')
  const opened = await drawer()
  expect(opened.getByText(/Quota spent\. Back in/)).toBeVisible()
  expect(opened.getByRole('button', { name: 'Roll key' })).toBeDisabled()

  const whole = { ...openai, keys: [aKey, another] }
  fakeGateway.answers('post', '/api/providers/{provider}/keys/{fingerprint}/restore', whole)
  list(groq, whole, out, waiting)
  await user.click(opened.getByRole('button', { name: 'Restore key 60303ae2' }))

  expect(await screen.findByText('Key 60303ae2 of OpenAI is usable')).toBeVisible()
})

test('the priority is set, and goes back on Undo', async () => {
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

test('a test sends one’s own message and tells the times, the text, the key and each attempt', async () => {
  const attempt = { provider: 'groq', model: 'm', why: 'first choice', status: 200, duration_ms: 240, ttft_ms: 96 }
  fakeGateway.answers('post', '/api/providers/{provider}/test', {
    success: true,
    provider: 'groq',
    model: 'llama-3.3-70b-versatile',
    response: '<b>I am well.</b>',
    latency_ms: 241.18,
    ttft_ms: 96.4,
    usage: { input_tokens: 14, output_tokens: 6 },
    key: '60303ae2',
    attempts: [
      { ...attempt, key: '9f86d081', succeeded: false, failure: 'rate_limit', status: 429 },
      { ...attempt, key: '60303ae2', succeeded: true, failure: null },
    ],
    error: null,
  })
  const { user } = await renderApp('/providers?provider=groq&view=test')
  const opened = await drawer()
  const message = opened.getByRole('textbox', { name: 'Message' })
  await user.clear(message)
  await user.type(message, 'Are you well?')
  await user.click(opened.getByRole('button', { name: 'Send' }))

  const result = within(await opened.findByRole('region', { name: 'Result of the test' }))
  expect(result.getByText('<b>I am well.</b>')).toBeVisible()
  expect(result.getByText('96 ms')).toBeVisible()
  expect(result.getByText('Rate limited')).toBeVisible()
  expect(fakeGateway.received('post', '/api/providers/{provider}/test')[0]?.body).toEqual({ message: 'Are you well?' })
})

test('a viewer sees everything, can change nothing, and is told why', async () => {
  fakeGateway.answers('get', '/api/session', { role: 'viewer', name: 'viewer key', access: 'keys', expires_at: null })
  const { user } = await renderApp('/providers?provider=groq')
  const drain = (await drawer()).getByRole('button', { name: 'Drain' })
  await user.click(drain)

  expect(drain).toHaveAccessibleDescription(/viewer’s key/)
  expect(fakeGateway.received('post', '/api/providers/{provider}/drain')).toEqual([])
})

test('its history tells who changed what', async () => {
  fakeGateway.answers('get', '/api/audit', {
    items: [
      {
        id: '42',
        at: '2026-11-23T12:00:00Z',
        actor: { name: 'admin key', key_id: null, role: 'admin' },
        action: 'provider.toggle',
        target: 'groq',
        before: { enabled: null },
        after: { enabled: false },
        address: '127.0.0.1',
        request_id: null,
      },
    ],
    next_cursor: null,
  })
  await renderApp('/providers?provider=groq&view=history')

  expect(await (await drawer()).findByText('Switched off')).toBeVisible()
  expect((await drawer()).getByText(/admin key from 127\.0\.0\.1/)).toBeVisible()
})

test('a name that nobody has says so', async () => {
  await renderApp('/providers?provider=nobody')

  expect(await screen.findByText('No provider has this name')).toBeVisible()
})
