import { screen, waitFor, within } from '@testing-library/react'
import { beforeEach, expect, test } from 'vitest'
import { aConfiguration, aStatus } from '@/testing/builders'
import { fakeGateway } from '@/testing/fake-gateway'
import { renderApp } from '@/testing/render'

beforeEach(() => {
  fakeGateway.answers('get', '/api/status', aStatus({ generation: 7 }))
  fakeGateway.answers('get', '/api/config', aConfiguration())
})

test('the active configuration is shown with its generation', async () => {
  await renderApp('/settings')

  expect(await screen.findByText('7')).toBeVisible()
  const variables = await screen.findByRole('table', { name: 'Variables' })
  expect(within(variables).getByRole('row', { name: /AI_ENGINE_PORT/ })).toHaveTextContent('8741set')
  expect(document.title).toBe('Settings · AI Engine')
})

test('a secret is hidden, and a key is a fingerprint', async () => {
  await renderApp('/settings')

  expect(await screen.findByRole('row', { name: /AI_ENGINE_ADMIN_KEY/ })).toHaveTextContent('set (hidden)')
  expect(screen.getByRole('row', { name: /OPENAI_API_KEY/ })).toHaveTextContent('9f86d081')
})

test('the search is in the URL', async () => {
  const { user, url } = await renderApp('/settings?show=set')
  const variables = await screen.findByRole('table', { name: 'Variables' })
  expect(within(variables).queryByText('AI_ENGINE_HOST')).toBeNull()

  await user.type(screen.getByRole('searchbox', { name: 'Find a variable' }), 'port')
  expect(url()).toBe('/settings?show=set&find=port')
  expect(within(variables).getAllByRole('row')).toHaveLength(2)

  await user.type(screen.getByRole('searchbox', { name: 'Find a variable' }), 'zzz')
  expect(await screen.findByText('No matching variables')).toBeVisible()
})

test('invalid parameters of the URL are ignored', async () => {
  await renderApp('/settings?show=nonsense&find=port')

  const variables = await screen.findByRole('table', { name: 'Variables' })
  expect(within(variables).getAllByRole('row')).toHaveLength(2)
})

test('without provider keys the page explains how to add one', async () => {
  fakeGateway.answers('get', '/api/config', aConfiguration({ variables: [] }))
  await renderApp('/settings')

  expect(await screen.findByText('No provider keys')).toBeVisible()
})

test('a reload shows the new generation', async () => {
  const { user } = await renderApp('/settings')
  await screen.findByText('7')
  fakeGateway.answers('post', '/api/config/reload', { generation: 8, loaded_at: '2026-11-23T13:00:00Z' })
  fakeGateway.answers('get', '/api/status', aStatus({ generation: 8 }))

  await user.click(screen.getByRole('button', { name: 'Reload configuration' }))

  expect(await screen.findByText('Generation 8 is active.')).toBeVisible()
  expect(await screen.findByText('8')).toBeVisible()
  await waitFor(() => expect(fakeGateway.received('get', '/api/config')).toHaveLength(2))
})

test('a failed reload shows the gateway’s message', async () => {
  fakeGateway.fails('post', '/api/config/reload', 400, {
    message: 'AI_ENGINE_PORT is invalid: it must be a number.',
  })
  const { user } = await renderApp('/settings')

  await user.click(await screen.findByRole('button', { name: 'Reload configuration' }))

  expect(await screen.findByText('AI_ENGINE_PORT is invalid: it must be a number.')).toBeVisible()
  expect(screen.getByText('Reload failed; nothing was changed')).toBeVisible()
})

test('an unreachable gateway is reported, and a retry loads the page', async () => {
  fakeGateway.isGone('get', '/api/status')
  const { user } = await renderApp('/settings')
  expect(await screen.findByText('The gateway is not reachable')).toBeVisible()

  fakeGateway.answers('get', '/api/status', aStatus())
  await user.click(screen.getByRole('button', { name: 'Try again' }))

  expect(await screen.findByRole('table', { name: 'Variables' })).toBeVisible()
})

test('a 401 asks to sign in', async () => {
  fakeGateway.fails('get', '/api/status', 401, { message: 'A key is needed.', code: 'missing_api_key' })
  await renderApp('/settings')

  expect(await screen.findByText('Sign-in required')).toBeVisible()
})

test('while it loads the page shows a skeleton', async () => {
  fakeGateway.hangs('get', '/api/status')
  await renderApp('/settings')

  expect(await screen.findByRole('status', { name: 'Loading' })).toBeVisible()
})

test('data that cannot be refreshed stays, marked as outdated', async () => {
  const { user } = await renderApp('/settings')
  await screen.findByRole('table', { name: 'Variables' })
  fakeGateway.fails('get', '/api/status', 500, { message: 'Something broke inside.' })
  fakeGateway.answers('post', '/api/config/reload', { generation: 8, loaded_at: '2026-11-23T13:00:00Z' })

  await user.click(screen.getByRole('button', { name: 'Reload configuration' }))

  expect(await screen.findByText('Outdated.')).toBeVisible()
  expect(screen.getByRole('table', { name: 'Variables' })).toBeVisible()
})

test('hostile text in the configuration is shown as text', async () => {
  const hostile = '<img src=x onerror=alert(1)>'
  fakeGateway.answers('get', '/api/config', aConfiguration({ aliases: { [hostile]: 'gpt-4' } }))
  await renderApp('/settings')

  expect(await screen.findByText(hostile)).toBeVisible()
  expect(document.querySelector('img')).toBeNull()
})
