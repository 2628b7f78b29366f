import { screen, waitFor } from '@testing-library/react'
import { beforeEach, expect, test } from 'vitest'
import type { Schemas } from '@/api/client'
import { aConfiguration, aStatus } from '@/testing/builders'
import { fakeGateway } from '@/testing/fake-gateway'
import { renderApp } from '@/testing/render'

const anAdmin: Schemas['SessionView'] = {
  role: 'admin',
  name: 'admin key',
  access: 'keys',
  expires_at: '2026-11-30T12:00:00Z',
}

function requireKey() {
  fakeGateway.fails('get', '/api/session', 401, { message: 'A key is needed.', code: 'missing_api_key' })
}

beforeEach(() => {
  fakeGateway.answers('get', '/api/status', aStatus())
  fakeGateway.answers('get', '/api/config', aConfiguration())
})

test('without keys there is no sign-in and no sign-out', async () => {
  await renderApp('/settings')

  expect(await screen.findByRole('table', { name: 'Variables' })).toBeVisible()
  expect(screen.queryByRole('button', { name: 'Sign out' })).toBeNull()
})

test('after sign-in the page that was opened is shown', async () => {
  requireKey()
  const { user, url } = await renderApp('/settings?show=set')
  const key = await screen.findByLabelText('Key')
  expect(key).toHaveFocus()
  expect(document.title).toBe('Sign in · AI Engine')
  fakeGateway.answers('post', '/api/session', anAdmin)

  await user.type(key, ' aie_abc \n')
  await user.keyboard('{Enter}')

  expect(await screen.findByRole('table', { name: 'Variables' })).toBeVisible()
  expect(url()).toBe('/settings?show=set')
  expect(fakeGateway.received('post', '/api/session').map(({ body }) => body)).toEqual([{ key: 'aie_abc' }])
  expect(document.title).toBe('Settings · AI Engine')
  expect(screen.getByRole('main')).toHaveFocus()
})

test('before sign-in nothing else is requested', async () => {
  requireKey()
  await renderApp('/settings')

  await screen.findByLabelText('Key')

  expect(fakeGateway.received('get', '/api/status')).toEqual([])
})

test('an unknown key is reported, and the next one can be typed at once', async () => {
  requireKey()
  const { user } = await renderApp('/settings')
  fakeGateway.fails('post', '/api/session', 401, { message: 'The key … is not one of this gateway’s.' })

  await user.type(await screen.findByLabelText('Key'), 'aie_wrong{Enter}')

  expect(await screen.findByRole('alert')).toHaveTextContent('Unknown key.')
  const key = screen.getByLabelText('Key')
  expect(key).toHaveFocus()
  expect(key).toBeInvalid()
  expect(key).toHaveAccessibleDescription(/Unknown key/)
})

test('a client key is rejected with the gateway’s message', async () => {
  requireKey()
  const { user } = await renderApp('/settings')
  const words = 'This key is a client’s, for /v1; the pages need a viewer’s or an admin’s.'
  fakeGateway.fails('post', '/api/session', 403, { message: words })

  await user.type(await screen.findByLabelText('Key'), 'aie_client{Enter}')

  expect(await screen.findByRole('alert')).toHaveTextContent(words)
})

test('if the gateway is unreachable the form says so and keeps its text', async () => {
  requireKey()
  const { user } = await renderApp('/settings')
  fakeGateway.isGone('post', '/api/session')

  await user.type(await screen.findByLabelText('Key'), 'aie_abc{Enter}')

  expect(await screen.findByRole('alert')).toHaveTextContent('The gateway is not reachable.')
  expect(screen.getByLabelText('Key')).toHaveValue('aie_abc')
})

test('an empty form is not sent', async () => {
  requireKey()
  const { user } = await renderApp('/settings')
  await screen.findByLabelText('Key')

  await user.click(screen.getByRole('button', { name: 'Sign in' }))

  expect(await screen.findByRole('alert')).toHaveTextContent('Enter a key.')
  expect(fakeGateway.received('post', '/api/session')).toEqual([])
})

test('a key is hidden, can be shown, and works with password managers', async () => {
  requireKey()
  const { user } = await renderApp('/settings')
  const key = await screen.findByLabelText('Key')
  expect(key).toHaveAttribute('type', 'password')
  expect(key).toHaveAttribute('autocomplete', 'current-password')

  await user.click(screen.getByRole('button', { name: 'Show the key' }))

  expect(key).toHaveAttribute('type', 'text')
  expect(screen.getByRole('button', { name: 'Hide the key' })).toBeVisible()
})

test('a signed-in user sees the name of the key, and signs out to the form', async () => {
  fakeGateway.answers('get', '/api/session', anAdmin)
  const { user, url } = await renderApp('/settings')
  expect(await screen.findByText('admin key')).toBeVisible()
  expect(screen.getByText('Admin')).toBeVisible()
  fakeGateway.answers('delete', '/api/session', { signed_out: true })

  await user.click(screen.getByRole('button', { name: 'Sign out' }))

  expect(await screen.findByLabelText('Key')).toBeVisible()
  expect(screen.getByText(/You are signed out/)).toBeVisible()
  expect(url()).toBe('/settings')
})

test('a failed sign-out is reported', async () => {
  fakeGateway.answers('get', '/api/session', anAdmin)
  const { user } = await renderApp('/settings')
  fakeGateway.fails('delete', '/api/session', 500, { message: 'Something broke inside.' })

  await user.click(await screen.findByRole('button', { name: 'Sign out' }))

  expect(await screen.findByText('Sign-out failed')).toBeVisible()
})

test('an expired session leads to the form at the same URL, and back', async () => {
  fakeGateway.answers('get', '/api/session', anAdmin)
  fakeGateway.fails('post', '/api/config/reload', 401, { message: 'A key is needed.', code: 'missing_api_key' })
  const { user, url } = await renderApp('/settings?find=port')
  const reload = await screen.findByRole('button', { name: 'Reload configuration' })
  requireKey()

  await user.click(reload)

  const key = await screen.findByLabelText('Key')
  expect(screen.getByText(/You are signed out/)).toBeVisible()
  fakeGateway.answers('post', '/api/session', anAdmin)
  await user.type(key, 'aie_abc{Enter}')
  expect(await screen.findByRole('searchbox', { name: 'Find a variable' })).toHaveValue('port')
  expect(url()).toBe('/settings?find=port')
})

test('a 401 with a valid session does not leave the page', async () => {
  fakeGateway.answers('get', '/api/session', anAdmin)
  fakeGateway.fails('get', '/api/status', 401, { message: 'Not this one.' })
  await renderApp('/settings')

  expect(await screen.findByText('Sign-in required')).toBeVisible()
  await waitFor(() => expect(fakeGateway.received('get', '/api/session').length).toBeGreaterThan(1))
  expect(screen.queryByLabelText('Key')).toBeNull()
})

test('a session that does not load does not block the page', async () => {
  fakeGateway.hangs('get', '/api/session')
  await renderApp('/settings')

  expect(await screen.findByRole('table', { name: 'Variables' })).toBeVisible()
})

test('a viewer sees why changes are disabled', async () => {
  fakeGateway.answers('get', '/api/session', { ...anAdmin, role: 'viewer', name: 'viewer key' })
  const { user } = await renderApp('/settings')
  expect(await screen.findByText('Viewer')).toBeVisible()
  const reload = await screen.findByRole('button', { name: 'Reload configuration' })

  expect(reload).toHaveAttribute('aria-disabled', 'true')
  expect(reload).toHaveAccessibleDescription(/viewer key/)
  await user.click(reload)
  expect(fakeGateway.received('post', '/api/config/reload')).toEqual([])
})
