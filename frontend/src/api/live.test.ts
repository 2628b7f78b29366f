import { QueryClient } from '@tanstack/react-query'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { aProvider, aRequest, aStatus } from '@/testing/builders'
import { LiveConnection } from './live'
import type { LiveMessage } from './live-state'

/** A line that a test holds the other end of. */
class Line {
  isClosed = false
  constructor(
    readonly url: URL,
    readonly heard: (frame: unknown) => void,
    readonly breaks: () => void,
  ) {}
  close() {
    this.isClosed = true
  }
  says(message: LiveMessage) {
    this.heard(JSON.stringify(message))
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

let lines: Line[]
let cache: QueryClient
let connection: LiveConnection
let stop: () => void

function latest(): Line {
  return lines.at(-1) ?? expect.fail('nothing was connected')
}

beforeEach(() => {
  vi.useFakeTimers()
  lines = []
  cache = new QueryClient()
  connection = new LiveConnection({
    open: (...given) => {
      const line = new Line(...given)
      lines.push(line)
      return line
    },
    chance: () => 1,
  })
  stop = connection.start(cache)
})

afterEach(() => {
  stop()
  vi.useRealTimers()
})

test('a snapshot fills what the pages read, newest request first', () => {
  latest().says(snapshot)

  expect(connection.state().phase).toBe('live')
  expect(cache.getQueryData(['status'])).toMatchObject({ generation: 3 })
  expect(cache.getQueryData(['providers'])).toHaveLength(1)
  expect(cache.getQueryData(['requests', 'latest'])).toMatchObject([{ id: 'newer' }, { id: 'older' }])
})

test('changes change only what they name', () => {
  latest().says(snapshot)
  const requestsBefore = cache.getQueryData(['requests', 'latest'])

  latest().says({
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

test('after a cut it comes back by itself where it was, and says so meanwhile', () => {
  latest().says(snapshot)
  latest().breaks()
  expect(connection.state().phase).toBe('stale')

  vi.advanceTimersByTime(500)

  expect(lines).toHaveLength(2)
  expect(latest().url.searchParams.get('cursor')).toBe('c1')
})

test('tries come ever later until one succeeds', () => {
  for (const waitMs of [500, 1_000, 2_000]) {
    latest().breaks()
    const tried = lines.length
    vi.advanceTimersByTime(waitMs - 1)
    expect(lines).toHaveLength(tried)
    vi.advanceTimersByTime(1)
    expect(lines).toHaveLength(tried + 1)
  }
})

test('a line that is silent for too long is dead, even if nobody said so', () => {
  latest().says(snapshot)
  const line = latest()

  vi.advanceTimersByTime(40_000)

  expect(line.isClosed).toBe(true)
  expect(connection.state().phase).toBe('stale')
})

test('a cut makes pages ask once, so that they begin to poll', () => {
  const invalidated = vi.spyOn(cache, 'invalidateQueries')
  latest().says(snapshot)

  latest().breaks()
  vi.advanceTimersByTime(500)
  latest().breaks()

  expect(invalidated.mock.calls.map(([filters]) => filters?.queryKey)).toEqual([
    ['status'],
    ['providers'],
    ['requests'],
  ])
})

test('whoever cannot wait tries at once, which a live line takes calmly', () => {
  latest().breaks()
  connection.retry()
  expect(lines).toHaveLength(2)

  latest().says(snapshot)
  connection.retry()
  expect(lines).toHaveLength(2)
})

test('once stopped it stays silent', () => {
  stop()
  vi.advanceTimersByTime(120_000)

  expect(lines).toHaveLength(1)
  expect(latest().isClosed).toBe(true)
})
