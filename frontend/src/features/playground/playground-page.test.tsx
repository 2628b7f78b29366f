import { screen, waitFor, within } from '@testing-library/react'
import { beforeEach, expect, test } from 'vitest'
import { aRequest, aStatus } from '@/testing/builders'
import { fakeGateway } from '@/testing/fake-gateway'
import { renderApp } from '@/testing/render'

const HEADERS = {
  'x-request-id': 'req_5f0c6d',
  'x-ai-engine-provider': 'groq',
  'x-ai-engine-model': 'llama-3.3-70b-versatile',
  'x-ai-engine-attempts': '2',
  'server-timing': 'gateway;dur=0.61, upstream;dur=296.2',
}
const piece = (content: string) => ({ choices: [{ index: 0, delta: { content } }] })
const finish = { choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] }
const body = () => fakeGateway.received('post', '/v1/chat/completions').at(-1)?.body

beforeEach(() => {
  fakeGateway.answers('get', '/api/status', aStatus())
  fakeGateway.answers('get', '/api/providers', [])
  fakeGateway.answers('get', '/api/requests', { items: [aRequest()], next_cursor: null })
  fakeGateway.answers('get', '/v1/models', {
    object: 'list',
    data: [{ id: 'gpt-4o', object: 'model', created: 1, owned_by: 'openai' }],
  })
})

/** The Markdown renderer replaces the plain text once it has loaded, and with it the element that was found. */
const isShown = (text: string) =>
  waitFor(() => {
    expect(screen.getByText(text)).toBeVisible()
  })

async function send(url: string, text = 'Hello') {
  const page = await renderApp(url)
  await page.user.type(await screen.findByRole('textbox', { name: 'Message' }), `${text}{Enter}`)
  return page
}

test('an answer streams in, with its provider and a link to its timeline', async () => {
  const stream = fakeGateway.streams('post', '/v1/chat/completions', HEADERS)
  await send('/playground')
  stream.send(piece('Good '))
  await isShown('Good')
  stream.send(piece('day'))
  stream.send(finish)
  stream.send({ choices: [], usage: { prompt_tokens: 12, completion_tokens: 34 } })
  stream.send('[DONE]')
  stream.end()

  expect(await screen.findByText('Response complete')).toBeInTheDocument()
  await isShown('Good day')
  expect(screen.getByText('llama-3.3-70b-versatile')).toBeVisible()
  expect(screen.getByText('12 in, 34 out')).toBeVisible()
  expect(await screen.findByRole('link', { name: 'Timeline' })).toHaveAttribute(
    'href',
    `/requests?request=${aRequest().id}`,
  )
})

test('unset parameters are not sent', async () => {
  fakeGateway.fails('post', '/v1/chat/completions', 503, { message: 'No provider is available.' })
  await send('/playground?model=gpt-4o&temperature=0&seed=7&autodecide=false&top_p=9')
  await screen.findByRole('alert')
  expect(body()).toEqual({
    model: 'gpt-4o',
    temperature: 0,
    seed: 7,
    autodecide: false,
    stream: true,
    stream_options: { include_usage: true },
    messages: [{ role: 'user', content: 'Hello' }],
  })
})

test('an error before the stream shows the gateway’s message and what to do', async () => {
  fakeGateway.fails('post', '/v1/chat/completions', 503, {
    message: 'No provider is configured.',
    code: 'no_provider_configured',
  })
  await send('/playground')
  const alert = await screen.findByRole('alert')
  expect(alert).toHaveTextContent('No response (status 503)')
  expect(alert).toHaveTextContent('No provider is configured.')
  expect(alert).toHaveTextContent('OPENAI_API_KEY')
})

test('an error inside the stream keeps the text before it', async () => {
  const stream = fakeGateway.streams('post', '/v1/chat/completions', HEADERS)
  await send('/playground')
  stream.send(piece('half an answer'))
  stream.send({ error: { message: 'The stream ended without a finish.', type: 'server_error', code: 'upstream_cut' } })
  expect(await screen.findByRole('alert')).toHaveTextContent('The stream ended without a finish.')
  await isShown('half an answer')
})

test.each(['end', 'cut'] as const)('a stream that stops early (%s) is an error', async (how) => {
  const stream = fakeGateway.streams('post', '/v1/chat/completions', HEADERS)
  await send('/playground')
  stream.send(piece('half'))
  await screen.findByText('half')
  stream[how]()
  expect(await screen.findByRole('alert')).toHaveTextContent('The response was cut off')
})

test('the stop button ends the stream and keeps its text', async () => {
  const stream = fakeGateway.streams('post', '/v1/chat/completions', HEADERS)
  const { user } = await send('/playground')
  stream.send(piece('so far'))
  await screen.findByText('so far')
  await user.click(screen.getByRole('button', { name: 'Stop' }))
  expect(await screen.findByText('Stopped.')).toBeVisible()
  expect(screen.getByText('so far')).toBeVisible()
  expect(screen.queryByRole('alert')).toBeNull()
})

test('a message can be edited: the messages after it are discarded', async () => {
  fakeGateway.fails('post', '/v1/chat/completions', 500, { message: 'Broken.' })
  const { user } = await send('/playground', 'frist')
  await screen.findByRole('alert')
  await user.click(screen.getByRole('button', { name: 'Edit message' }))
  const field = screen.getByRole('textbox', { name: 'Edited message' })
  await user.clear(field)
  await user.type(field, 'first')
  await user.click(screen.getByRole('button', { name: 'Resend' }))
  await waitFor(() => expect(body()).toMatchObject({ messages: [{ role: 'user', content: 'first' }] }))
  expect(screen.queryByText('frist')).toBeNull()
})

test('the chosen model is in the URL, and any name can be typed', async () => {
  const { user, url } = await renderApp('/playground')
  const field = await screen.findByRole('combobox', { name: 'Model' })
  await user.clear(field)
  await user.type(field, 'mine/own')
  await waitFor(() => expect(new URLSearchParams(url().split('?')[1]).get('model')).toBe('mine/own'))
})

test('the request is available as code, with the address of this page', async () => {
  const { user } = await renderApp('/playground?model=gpt-4o')
  await user.click(await screen.findByRole('button', { name: 'Copy as code' }))
  const dialog = await screen.findByRole('dialog')
  expect(dialog).toHaveTextContent(`${window.location.origin}/v1/chat/completions`)
  await user.click(within(dialog).getByText('Python'))
  expect(dialog).toHaveTextContent('model="gpt-4o"')
})
