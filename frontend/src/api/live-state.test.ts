import { expect, test } from 'vitest'
import { aProvider, aRequest } from '@/testing/builders'
import { mergedProviders, mergedRequests, nextState, notConnected, readMessage, retryDelayMs } from './live-state'

const live = nextState(notConnected, { kind: 'heard', cursor: 'c1', nowMs: 1_000 })

test('the first message makes it live and remembers where to go on', () => {
  expect(live).toEqual({ phase: 'live', cursor: 'c1', heardAtMs: 1_000, staleSinceMs: null, failedAttempts: 0 })
})

test('after a cut it is stale since the last message, keeps its cursor, and counts its tries', () => {
  const cut = nextState(live, { kind: 'cut', nowMs: 9_000 })
  const again = nextState(cut, { kind: 'cut', nowMs: 11_000 })

  expect(cut).toMatchObject({ phase: 'stale', cursor: 'c1', staleSinceMs: 1_000, failedAttempts: 1 })
  expect(again).toMatchObject({ phase: 'stale', staleSinceMs: 1_000, failedAttempts: 2 })
})

test('a connection that never came about is stale since the first try', () => {
  expect(nextState(notConnected, { kind: 'cut', nowMs: 5_000 })).toMatchObject({ staleSinceMs: 5_000, cursor: null })
})

test('the next message makes it live as if nothing had been', () => {
  const cut = nextState(live, { kind: 'cut', nowMs: 9_000 })

  expect(nextState(cut, { kind: 'heard', cursor: 'c2', nowMs: 12_000 })).toMatchObject({
    phase: 'live',
    staleSinceMs: null,
    failedAttempts: 0,
  })
})

test('tries come ever later, never all at once, and at least every half minute', () => {
  expect([1, 2, 3, 20].map((failed) => retryDelayMs(failed, 1))).toEqual([500, 1_000, 2_000, 30_000])
  expect(retryDelayMs(3, 0)).toBe(1_000)
})

test.each(['', '{', 'null', '[]', '{"type":"weather","cursor":"c"}', '{"type":"changes"}', 7])(
  'a frame that says nothing it knows is passed over: %j',
  (frame) => {
    expect(readMessage(frame)).toBeNull()
  },
)

test('a changed provider takes the place of its former self, a new one comes last', () => {
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

test('finished requests are newest first, each once, and not without end', () => {
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
