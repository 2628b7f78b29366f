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

function asksForAKey() {
  fakeGateway.fails('get', '/api/session', 401, { message: 'A key is needed.', code: 'missing_api_key' })
}

beforeEach(() => {
  fakeGateway.answers('get', '/api/status', aStatus())
  fakeGateway.answers('get', '/api/config', aConfiguration())
})

test('a gateway that asks nobody for a key shows nothing of signing in or out', async () => {
  await renderApp('/settings')

  expect(await screen.findByRole('table', { name: 'Variables' })).toBeVisible()
  expect(screen.queryByRole('button', { name: 'Sign out' })).toBeNull()
})

test('who is asked for a key signs in and is on the page that was asked for', async () => {
  asksForAKey()
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

test('nothing else is asked of the gateway before somebody has signed in', async () => {
  asksForAKey()
  await renderApp('/settings')

  await screen.findByLabelText('Key')

  expect(fakeGateway.received('get', '/api/status')).toEqual([])
})

test('a key that nobody knows is told in plain words, and the next one can be typed at once', async () => {
  asksForAKey()
  const { user } = await renderApp('/settings')
  fakeGateway.fails('post', '/api/session', 401, { message: 'The key … is not one of this gateway’s.' })

  await user.type(await screen.findByLabelText('Key'), 'aie_wrong{Enter}')

  expect(await screen.findByRole('alert')).toHaveTextContent('The gateway does not know this key.')
  const key = screen.getByLabelText('Key')
  expect(key).toHaveFocus()
  expect(key).toBeInvalid()
  expect(key).toHaveAccessibleDescription(/does not know this key/)
})

test('a client’s key is refused in the words of the gateway', async () => {
  asksForAKey()
  const { user } = await renderApp('/settings')
  const words = 'This key is a client’s, for /v1; the pages need a viewer’s or an admin’s.'
  fakeGateway.fails('post', '/api/session', 403, { message: words })

  await user.type(await screen.findByLabelText('Key'), 'aie_client{Enter}')

  expect(await screen.findByRole('alert')).toHaveTextContent(words)
})

test('a gateway that is gone while somebody signs in says so and keeps what was typed', async () => {
  asksForAKey()
  const { user } = await renderApp('/settings')
  fakeGateway.isGone('post', '/api/session')

  await user.type(await screen.findByLabelText('Key'), 'aie_abc{Enter}')

  expect(await screen.findByRole('alert')).toHaveTextContent('The gateway does not answer.')
  expect(screen.getByLabelText('Key')).toHaveValue('aie_abc')
})

test('an empty form asks for a key and not the gateway', async () => {
  asksForAKey()
  const { user } = await renderApp('/settings')
  await screen.findByLabelText('Key')

  await user.click(screen.getByRole('button', { name: 'Sign in' }))

  expect(await screen.findByRole('alert')).toHaveTextContent('Paste a key first.')
  expect(fakeGateway.received('post', '/api/session')).toEqual([])
})

test('a key is hidden, can be shown, and is found by a password manager', async () => {
  asksForAKey()
  const { user } = await renderApp('/settings')
  const key = await screen.findByLabelText('Key')
  expect(key).toHaveAttribute('type', 'password')
  expect(key).toHaveAttribute('autocomplete', 'current-password')

  await user.click(screen.getByRole('button', { name: 'Show the key' }))

  expect(key).toHaveAttribute('type', 'text')
  expect(screen.getByRole('button', { name: 'Hide the key' })).toBeVisible()
})

test('who is signed in sees whose key it is, and signs out to the form', async () => {
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

test('a sign-out that fails says that one is still signed in', async () => {
  fakeGateway.answers('get', '/api/session', anAdmin)
  const { user } = await renderApp('/settings')
  fakeGateway.fails('delete', '/api/session', 500, { message: 'Something broke inside.' })

  await user.click(await screen.findByRole('button', { name: 'Sign out' }))

  expect(await screen.findByText('You are still signed in')).toBeVisible()
})

test('a session that is over leads to the form at the same URL, and back', async () => {
  fakeGateway.answers('get', '/api/session', anAdmin)
  fakeGateway.fails('post', '/api/config/reload', 401, { message: 'A key is needed.', code: 'missing_api_key' })
  const { user, url } = await renderApp('/settings?find=port')
  const reload = await screen.findByRole('button', { name: 'Reload configuration' })
  asksForAKey()

  await user.click(reload)

  const key = await screen.findByLabelText('Key')
  expect(screen.getByText(/You are signed out/)).toBeVisible()
  fakeGateway.answers('post', '/api/session', anAdmin)
  await user.type(key, 'aie_abc{Enter}')
  expect(await screen.findByRole('searchbox', { name: 'Find a variable' })).toHaveValue('port')
  expect(url()).toBe('/settings?find=port')
})

test('a 401 that is not about the session leaves the page where it is', async () => {
  fakeGateway.answers('get', '/api/session', anAdmin)
  fakeGateway.fails('get', '/api/status', 401, { message: 'Not this one.' })
  await renderApp('/settings')

  expect(await screen.findByText('This gateway asks for a key')).toBeVisible()
  await waitFor(() => {
    expect(fakeGateway.received('get', '/api/session').length).toBeGreaterThan(1)
  })
  expect(screen.queryByLabelText('Key')).toBeNull()
})

test('a gateway that does not say who we are does not hold the page back', async () => {
  fakeGateway.hangs('get', '/api/session')
  await renderApp('/settings')

  expect(await screen.findByRole('table', { name: 'Variables' })).toBeVisible()
})

test('a viewer reads, and is told why nothing can be changed', async () => {
  fakeGateway.answers('get', '/api/session', { ...anAdmin, role: 'viewer', name: 'viewer key' })
  const { user } = await renderApp('/settings')
  expect(await screen.findByText('Viewer')).toBeVisible()
  const reload = await screen.findByRole('button', { name: 'Reload configuration' })

  expect(reload).toHaveAttribute('aria-disabled', 'true')
  expect(reload).toHaveAccessibleDescription(/viewer’s key/)
  await user.click(reload)
  expect(fakeGateway.received('post', '/api/config/reload')).toEqual([])
})
