import { screen, within } from '@testing-library/react'
import { beforeEach, expect, test } from 'vitest'
import { aConfiguration, aStatus } from '@/testing/builders'
import { fakeGateway } from '@/testing/fake-gateway'
import { renderApp } from '@/testing/render'

beforeEach(() => {
  fakeGateway.answers('get', '/api/status', aStatus({ generation: 7 }))
  fakeGateway.answers('get', '/api/config', aConfiguration())
})

test('the configuration in use is shown with its generation', async () => {
  await renderApp('/settings')

  expect(await screen.findByText('7')).toBeVisible()
  const variables = await screen.findByRole('table', { name: 'Variables' })
  expect(within(variables).getByRole('row', { name: /AI_ENGINE_PORT/ })).toHaveTextContent('8741set')
  expect(document.title).toBe('Settings · AI Engine')
})

test('a secret says only that it is set, and a key is its fingerprint', async () => {
  await renderApp('/settings')

  expect(await screen.findByRole('row', { name: /AI_ENGINE_ADMIN_KEY/ })).toHaveTextContent('set, and never shown')
  expect(screen.getByRole('row', { name: /OPENAI_API_KEY/ })).toHaveTextContent('9f86d081')
})

test('what is searched is in the URL, and the URL is what is searched', async () => {
  const { user, url } = await renderApp('/settings?show=set')
  const variables = await screen.findByRole('table', { name: 'Variables' })
  expect(within(variables).queryByText('AI_ENGINE_HOST')).toBeNull()

  await user.type(screen.getByRole('searchbox', { name: 'Find a variable' }), 'port')
  expect(url()).toBe('/settings?show=set&find=port')
  expect(within(variables).getAllByRole('row')).toHaveLength(2)

  await user.type(screen.getByRole('searchbox', { name: 'Find a variable' }), 'zzz')
  expect(await screen.findByText('No variable has that in its name or description')).toBeVisible()
})

test('a URL with nonsense is read as far as it makes sense', async () => {
  await renderApp('/settings?show=nonsense&find=port')

  const variables = await screen.findByRole('table', { name: 'Variables' })
  expect(within(variables).getAllByRole('row')).toHaveLength(2)
})

test('a gateway without provider keys says how to get one', async () => {
  fakeGateway.answers('get', '/api/config', aConfiguration({ variables: [] }))
  await renderApp('/settings')

  expect(await screen.findByText('No provider has a key yet')).toBeVisible()
})

test('a reload tells the new generation and shows it', async () => {
  const { user } = await renderApp('/settings')
  await screen.findByText('7')
  fakeGateway.answers('post', '/api/config/reload', { generation: 8, loaded_at: '2026-11-23T13:00:00Z' })
  fakeGateway.answers('get', '/api/status', aStatus({ generation: 8 }))

  await user.click(screen.getByRole('button', { name: 'Reload configuration' }))

  expect(await screen.findByText('Generation 8 is in force.')).toBeVisible()
  expect(await screen.findByText('8')).toBeVisible()
  expect(fakeGateway.received('get', '/api/config')).toHaveLength(2)
})

test('a refused reload says why, in the words of the gateway', async () => {
  fakeGateway.fails('post', '/api/config/reload', 400, {
    message: 'AI_ENGINE_PORT is invalid: it must be a number.',
  })
  const { user } = await renderApp('/settings')

  await user.click(await screen.findByRole('button', { name: 'Reload configuration' }))

  expect(await screen.findByText('AI_ENGINE_PORT is invalid: it must be a number.')).toBeVisible()
  expect(screen.getByText('Nothing was changed')).toBeVisible()
})

test('a gateway that is gone is told with what to do, and a retry brings the page', async () => {
  fakeGateway.isGone('get', '/api/status')
  const { user } = await renderApp('/settings')
  expect(await screen.findByText('The gateway does not answer')).toBeVisible()

  fakeGateway.answers('get', '/api/status', aStatus())
  await user.click(screen.getByRole('button', { name: 'Try again' }))

  expect(await screen.findByRole('table', { name: 'Variables' })).toBeVisible()
})

test('a gateway that asks for a key says so', async () => {
  fakeGateway.fails('get', '/api/status', 401, { message: 'A key is needed.', code: 'missing_api_key' })
  await renderApp('/settings')

  expect(await screen.findByText('This gateway asks for a key')).toBeVisible()
})

test('while it loads the page holds its place', async () => {
  fakeGateway.hangs('get', '/api/status')
  await renderApp('/settings')

  expect(await screen.findByRole('status', { name: 'Loading' })).toBeVisible()
})

test('what cannot be refreshed stays readable and says that it is old', async () => {
  const { user } = await renderApp('/settings')
  await screen.findByRole('table', { name: 'Variables' })
  fakeGateway.fails('get', '/api/status', 500, { message: 'Something broke inside.' })
  fakeGateway.answers('post', '/api/config/reload', { generation: 8, loaded_at: '2026-11-23T13:00:00Z' })

  await user.click(screen.getByRole('button', { name: 'Reload configuration' }))

  expect(await screen.findByText('Not up to date.')).toBeVisible()
  expect(screen.getByRole('table', { name: 'Variables' })).toBeVisible()
})

test('hostile text in the configuration is text', async () => {
  const hostile = '<img src=x onerror=alert(1)>'
  fakeGateway.answers('get', '/api/config', aConfiguration({ aliases: { [hostile]: 'gpt-4' } }))
  await renderApp('/settings')

  expect(await screen.findByText(hostile)).toBeVisible()
  expect(document.querySelector('img')).toBeNull()
})
