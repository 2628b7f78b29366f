import { QueryClient } from '@tanstack/react-query'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { aProvider, aRequest, aStatus } from '@/testing/builders'
import { LiveConnection } from './live'
import type { LiveMessage } from './live-state'

/** A connection whose other end is the test. */
class FakeConnection {
  isClosed = false
  constructor(
    readonly url: URL,
    readonly onFrame: (frame: unknown) => void,
    readonly breaks: () => void,
  ) {}
  close() {
    this.isClosed = true
  }
  sends(message: LiveMessage) {
    this.onFrame(JSON.stringify(message))
  }
}

const snapshot: LiveMessage = {
  type: 'snapshot',
  cursor: 'c1',
  at: '2026-11-23T13:00:00Z',
  status: aStatus({ generation: 3 }),
  providers: [aProvider()],
  requests: [aRequest({ id: 'older' }), aRequest({ id: 'newer' })],
  missed: 0,
}

let connections: FakeConnection[]
let cache: QueryClient
let connection: LiveConnection
let stop: () => void

function latest(): FakeConnection {
  return connections.at(-1) ?? expect.fail('nothing was connected')
}

beforeEach(() => {
  vi.useFakeTimers()
  connections = []
  cache = new QueryClient()
  connection = new LiveConnection({
    open: (...given) => {
      const opened = new FakeConnection(...given)
      connections.push(opened)
      return opened
    },
    random: () => 1,
  })
  stop = connection.start(cache)
})

afterEach(() => {
  stop()
  vi.useRealTimers()
})

test('a snapshot fills the cache, newest request first', () => {
  latest().sends(snapshot)

  expect(connection.state().phase).toBe('live')
  expect(cache.getQueryData(['status'])).toMatchObject({ generation: 3 })
  expect(cache.getQueryData(['providers'])).toHaveLength(1)
  expect(cache.getQueryData(['requests', 'latest'])).toMatchObject([{ id: 'newer' }, { id: 'older' }])
})

test('a change updates only what it contains', () => {
  latest().sends(snapshot)
  const requestsBefore = cache.getQueryData(['requests', 'latest'])

  latest().sends({
    type: 'changes',
    cursor: 'c2',
    at: '2026-11-23T13:00:01Z',
    status: null,
    providers: [aProvider({ status: 'flagged' })],
    requests: [],
  })

  expect(cache.getQueryData(['status'])).toMatchObject({ generation: 3 })
  expect(cache.getQueryData(['providers'])).toMatchObject([{ status: 'flagged' }])
  expect(cache.getQueryData(['requests', 'latest'])).toBe(requestsBefore)
})

test('after a disconnect it is stale, and resumes at its cursor', () => {
  latest().sends(snapshot)
  latest().breaks()
  expect(connection.state().phase).toBe('stale')

  vi.advanceTimersByTime(500)

  expect(connections).toHaveLength(2)
  expect(latest().url.searchParams.get('cursor')).toBe('c1')
})

test('the delay between attempts grows until one succeeds', () => {
  for (const waitMs of [500, 1_000, 2_000]) {
    latest().breaks()
    const attempts = connections.length
    vi.advanceTimersByTime(waitMs - 1)
    expect(connections).toHaveLength(attempts)
    vi.advanceTimersByTime(1)
    expect(connections).toHaveLength(attempts + 1)
  }
})

test('a connection without messages for 40 seconds is closed', () => {
  latest().sends(snapshot)
  const silent = latest()

  vi.advanceTimersByTime(40_000)

  expect(silent.isClosed).toBe(true)
  expect(connection.state().phase).toBe('stale')
})

test('a disconnect invalidates the queries once, so that they start polling', () => {
  const invalidated = vi.spyOn(cache, 'invalidateQueries')
  latest().sends(snapshot)

  latest().breaks()
  vi.advanceTimersByTime(500)
  latest().breaks()

  expect(invalidated.mock.calls.map(([filters]) => filters?.queryKey)).toEqual([
    ['status'],
    ['providers'],
    ['requests'],
  ])
})

test('retry reconnects at once, and does nothing while live', () => {
  latest().breaks()
  connection.retry()
  expect(connections).toHaveLength(2)

  latest().sends(snapshot)
  connection.retry()
  expect(connections).toHaveLength(2)
})

test('after stop it does not reconnect', () => {
  stop()
  vi.advanceTimersByTime(120_000)

  expect(connections).toHaveLength(1)
  expect(latest().isClosed).toBe(true)
})
