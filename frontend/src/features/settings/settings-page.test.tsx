import { screen, within } from '@testing-library/react'
import { expect, test } from 'vitest'
import { aStatus } from '@/testing/builders'
import { fakeGateway } from '@/testing/fake-gateway'
import { renderApp } from '@/testing/render'

const configuration = aStatus().configuration

test('the configuration in use is shown with its generation', async () => {
  fakeGateway.answers('get', '/api/status', aStatus({ generation: 7 }))
  await renderApp('/settings')

  const inUse = await screen.findByRole('region', { name: 'In use' })
  expect(within(inUse).getByText('7')).toBeVisible()
  expect(within(inUse).getByText('ai-engine.yaml')).toBeVisible()
  expect(screen.getByText('10 MB')).toBeVisible()
  expect(document.title).toBe('Settings · AI Engine')
})

test('a reload tells the new generation and shows it', async () => {
  fakeGateway.answers('get', '/api/status', aStatus())
  const { user } = await renderApp('/settings')
  await screen.findByText('1')
  fakeGateway.answers('post', '/api/config/reload', { generation: 2, loaded_at: '2026-11-23T13:00:00Z' })
  fakeGateway.answers('get', '/api/status', aStatus({ generation: 2 }))

  await user.click(screen.getByRole('button', { name: 'Reload configuration' }))

  expect(await screen.findByText('Generation 2 is in force.')).toBeVisible()
  expect(await screen.findByText('2')).toBeVisible()
})

test('a refused reload says why, in the words of the gateway', async () => {
  fakeGateway.answers('get', '/api/status', aStatus())
  fakeGateway.fails('post', '/api/config/reload', 400, {
    message: 'AI_ENGINE_PORT is not usable: it must be a number.',
  })
  const { user } = await renderApp('/settings')

  await user.click(await screen.findByRole('button', { name: 'Reload configuration' }))

  expect(await screen.findByText('AI_ENGINE_PORT is not usable: it must be a number.')).toBeVisible()
  expect(screen.getByText('Nothing was changed')).toBeVisible()
})

test('a gateway that is gone is told with what to do, and a retry brings the page', async () => {
  fakeGateway.isGone('get', '/api/status')
  const { user } = await renderApp('/settings')
  expect(await screen.findByText('The gateway does not answer')).toBeVisible()

  fakeGateway.answers('get', '/api/status', aStatus())
  await user.click(screen.getByRole('button', { name: 'Try again' }))

  expect(await screen.findByRole('region', { name: 'In use' })).toBeVisible()
})

test('a gateway that asks for a key says so', async () => {
  fakeGateway.fails('get', '/api/status', 401, { message: 'A key is needed.', code: 'missing_api_key' })
  await renderApp('/settings')

  expect(await screen.findByText('This gateway asks for a key')).toBeVisible()
})

test('what cannot be refreshed stays readable and says that it is old', async () => {
  fakeGateway.answers('get', '/api/status', aStatus())
  const { user } = await renderApp('/settings')
  await screen.findByRole('region', { name: 'In use' })
  fakeGateway.fails('get', '/api/status', 500, { message: 'Something broke inside.' })
  fakeGateway.answers('post', '/api/config/reload', { generation: 2, loaded_at: '2026-11-23T13:00:00Z' })

  await user.click(screen.getByRole('button', { name: 'Reload configuration' }))

  expect(await screen.findByText('Not up to date.')).toBeVisible()
  expect(screen.getByRole('region', { name: 'In use' })).toBeVisible()
})

test('hostile text in the configuration is text', async () => {
  const origin = '<img src=x onerror=alert(1)>'
  fakeGateway.answers('get', '/api/status', aStatus({ configuration: { ...configuration, cors_origins: [origin] } }))
  await renderApp('/settings')

  expect(await screen.findByText(origin)).toBeVisible()
  expect(document.querySelector('img')).toBeNull()
})
