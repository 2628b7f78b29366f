import { expect, test } from 'vitest'
import { aRequest } from '@/testing/builders'
import { type Arrivals, matches, mergedLedger, MOST_ARRIVALS, nextArrivals, noArrivals } from './model'
import { requestsSearch } from './search'
import { timelineOf } from './timeline'
import { parse } from 'valibot'

const id = (number: number) => number.toString(16).padStart(32, '0')
const numbered = (...numbers: number[]) => numbers.map((number) => aRequest({ id: id(number) }))
const filters = {}
const receive = (state: Arrivals, numbers: number[], isHeld = false, of: object = filters) =>
  nextArrivals(state, { kind: 'received', latest: numbered(...numbers), filters: of, isHeld })
const ids = (requests: { id: string }[]) => requests.map((request) => parseInt(request.id, 16))

test('arrivals are added on top, each once', () => {
  const state = receive(receive(noArrivals, [2, 1]), [4, 3, 2, 1])
  expect(ids(state.shown)).toEqual([4, 3, 2, 1])
  expect(ids(mergedLedger(numbered(3, 2, 1, 0), state.shown))).toEqual([4, 3, 2, 1, 0])
})

test('a long request is sorted among those that were received later', () =>
  expect(ids(mergedLedger(numbered(9, 5, 1), numbered(3, 10, 5)))).toEqual([10, 9, 5, 3, 1]))

test('while reading, arrivals are held until they are released', () => {
  const held = receive(receive(noArrivals, [1]), [3, 2, 1], true)
  expect([ids(held.shown), ids(held.held)]).toEqual([[1], [3, 2]])
  const released = nextArrivals(held, { kind: 'released' })
  expect([ids(released.shown), ids(released.held)]).toEqual([[3, 2, 1], []])
})

test('back at the top, held arrivals are shown', () => {
  const state = receive(receive(receive(noArrivals, [1]), [2, 1], true), [2, 1])
  expect([ids(state.shown), state.held]).toEqual([[2, 1], []])
})

test('other filters start over', () => {
  const state = receive(receive(noArrivals, [2, 1]), [3, 2, 1], true, { provider: 'none' })
  expect([state.shown, state.held, state.hasGap]).toEqual([[], [], false])
})

test('without overlap some arrivals may be missing, until the list is reloaded', () => {
  const state = receive(receive(noArrivals, [2, 1]), [60, 59])
  expect(state.hasGap).toBe(true)
  expect(nextArrivals(state, { kind: 'reloaded' })).toMatchObject({ hasGap: false, shown: [] })
})

test('held arrivals are bounded', () => {
  let state = receive(noArrivals, [1])
  for (let round = 0; round < MOST_ARRIVALS / 50 + 1; round += 1)
    state = receive(state, [1, ...Array.from({ length: 50 }, (_, index) => 2 + round * 50 + index)], true)
  expect(state.held).toHaveLength(MOST_ARRIVALS)
  expect(state.hasGap).toBe(true)
})

test('without new requests the state stays the same', () => {
  const state = receive(noArrivals, [2, 1])
  expect(receive(state, [2, 1])).toBe(state)
})

const request = aRequest({ status: 502, failure: 'connection_reset', ending: 'error', client: 'c1' })
test.each([
  [{ provider: 'groq' }, true],
  [{ provider: 'openai' }, false],
  [{ status: '5xx' as const }, true],
  [{ status: '4xx' as const }, false],
  [{ failure: 'connection_reset', ending: 'error' as const, client: 'c1' }, true],
  [{ from: '2026-11-23T12:59:48Z' }, true],
  [{ to: '2026-11-23T12:59:48Z' }, false],
  [{ from: '2026-11-23T13:00:00+00:00' }, false],
])('filters match as in the ledger (%j)', (wanted, isMatch) => expect(matches(request, wanted)).toBe(isMatch))

test('invalid parameters are dropped, and digits stay a name', () => {
  const search = { model: 4, ending: 'exploded', status: '2xx', from: 'yesterday', request: '<script>', other: 1 }
  expect(parse(requestsSearch, search)).toEqual({ model: '4', status: '2xx' })
})

test('attempts are placed in shares of the axis, also one that ended after the request', () => {
  const attempt = { first_token_ms: null } as never
  const { bars, ticks } = timelineOf({
    duration_ms: 1_000,
    attempts: [
      { ...(attempt as object), started_ms: 0, duration_ms: 500, first_token_ms: 250 },
      { ...(attempt as object), started_ms: 500, duration_ms: 1_500, first_token_ms: null },
    ] as never,
  })
  expect(bars).toEqual([
    { start: 0, length: 0.25, firstToken: 0.5 },
    { start: 0.25, length: 0.75, firstToken: null },
  ])
  expect(ticks.at(-1)).toEqual({ ms: 2_000, at: 1 })
})

test('a request without duration has a timeline', () =>
  expect(timelineOf({ duration_ms: 0, attempts: [] }).ticks[0]).toEqual({ ms: 0, at: 0 }))
