import { expect, test } from 'vitest'
import { aProvider, aRequest } from '@/testing/builders'
import { mergedProviders, mergedRequests, nextState, notConnected, readMessage, retryDelayMs } from './live-state'

const live = nextState(notConnected, { kind: 'message', cursor: 'c1', nowMs: 1_000 })

test('the first message makes it live and sets the cursor', () =>
  expect(live).toEqual({ phase: 'live', cursor: 'c1', lastMessageAtMs: 1_000, staleSinceMs: null, failedAttempts: 0 }))

test('after a disconnect it is stale since the last message, keeps its cursor, and counts attempts', () => {
  const closed = nextState(live, { kind: 'closed', nowMs: 9_000 })
  const again = nextState(closed, { kind: 'closed', nowMs: 11_000 })

  expect(closed).toMatchObject({ phase: 'stale', cursor: 'c1', staleSinceMs: 1_000, failedAttempts: 1 })
  expect(again).toMatchObject({ phase: 'stale', staleSinceMs: 1_000, failedAttempts: 2 })
})

test('without any connection it is stale since the first attempt', () =>
  expect(nextState(notConnected, { kind: 'closed', nowMs: 5_000 })).toMatchObject({
    staleSinceMs: 5_000,
    cursor: null,
  }))

test('the next message makes it live again', () => {
  const closed = nextState(live, { kind: 'closed', nowMs: 9_000 })

  expect(nextState(closed, { kind: 'message', cursor: 'c2', nowMs: 12_000 })).toMatchObject({
    phase: 'live',
    staleSinceMs: null,
    failedAttempts: 0,
  })
})

test('the delay doubles up to 30 seconds, with jitter', () => {
  expect([1, 2, 3, 20].map((failed) => retryDelayMs(failed, 1))).toEqual([500, 1_000, 2_000, 30_000])
  expect(retryDelayMs(3, 0)).toBe(1_000)
})

test.each(['', '{', 'null', '[]', '{"type":"weather","cursor":"c"}', '{"type":"changes"}', 7])(
  'an unknown frame is ignored: %j',
  (frame) => expect(readMessage(frame)).toBeNull(),
)

test('a changed provider is replaced in place, a new one is appended', () => {
  const [groq, openai] = [aProvider(), aProvider({ name: 'openai' })]
  const flagged = aProvider({ status: 'flagged' })

  expect(
    mergedProviders([groq, openai], [flagged, aProvider({ name: 'new' })]).map(({ name, status }) => [name, status]),
  ).toEqual([
    ['groq', 'flagged'],
    ['openai', 'available'],
    ['new', 'available'],
  ])
  const known = [groq]
  expect(mergedProviders(known, [])).toBe(known)
})

test('finished requests are newest first, each once, and at most 200', () => {
  const request = (id: string) => aRequest({ id })
  const known = [request('b'), request('a')]

  expect(mergedRequests(known, [request('b'), request('c'), request('d')]).map(({ id }) => id)).toEqual([
    'd',
    'c',
    'b',
    'a',
  ])
  expect(
    mergedRequests(
      [],
      Array.from({ length: 500 }, (_, n) => request(String(n))),
    ),
  ).toHaveLength(200)
})
