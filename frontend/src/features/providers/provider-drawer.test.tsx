import { screen, within } from '@testing-library/react'
import { beforeEach, expect, test } from 'vitest'
import { anAttempt } from '@/testing/builders'
import { fakeGateway } from '@/testing/fake-gateway'
import { renderApp } from '@/testing/render'
import { drawer, fakeProviders } from './provider-fixtures'

beforeEach(fakeProviders)
test('a test sends the message and shows timing, response, key and attempts', async () => {
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
      anAttempt({ provider: 'groq' }),
      anAttempt({ provider: 'groq', key_fingerprint: '60303ae2', succeeded: true, failure: null, status: 200 }),
    ],
    error: null,
  })
  const { user } = await renderApp('/providers?provider=groq&view=test')
  const opened = await drawer()
  const message = opened.getByRole('textbox', { name: 'Message' })
  await user.clear(message)
  await user.type(message, 'Are you well?')
  await user.click(opened.getByRole('button', { name: 'Send' }))

  const result = within(await opened.findByRole('region', { name: 'Test result' }))
  expect(result.getByText('<b>I am well.</b>')).toBeVisible()
  expect(result.getByText('96 ms')).toBeVisible()
  expect(within(opened.getByRole('list', { name: 'Attempts' })).getByText(/Rate limited/)).toBeVisible()
  expect(fakeGateway.received('post', '/api/providers/{provider}/test')[0]?.body).toEqual({ message: 'Are you well?' })
})

test('a viewer cannot change anything and sees the reason', async () => {
  fakeGateway.answers('get', '/api/session', { role: 'viewer', name: 'viewer key', access: 'keys', expires_at: null })
  const { user } = await renderApp('/providers?provider=groq')
  const drain = (await drawer()).getByRole('button', { name: 'Drain' })
  await user.click(drain)

  expect(drain).toHaveAccessibleDescription(/viewer key/)
  expect(fakeGateway.received('post', '/api/providers/{provider}/drain')).toEqual([])
})

test('the history lists changes with their actor', async () => {
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

test('an unknown name is reported', async () => {
  await renderApp('/providers?provider=unknown')

  expect(await screen.findByText('No provider has this name')).toBeVisible()
})
