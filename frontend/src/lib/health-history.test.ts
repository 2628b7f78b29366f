import { expect, test } from 'vitest'
import { historyCells, historySummary } from './health-history'

const range = { begins_at: '2026-11-23T11:58:00Z', ends_at: '2026-11-23T12:02:00Z', bucket_seconds: 60 }
const point = (minute: string, attempts: number, successes: number, failed: number) => ({
  begins_at: `2026-11-23T${minute}:00Z`,
  attempts,
  successes,
  failed,
})

test('each bucket is a cell, also an empty one', () => {
  const cells = historyCells(range, [point('11:59', 10, 9, 1), point('12:00', 4, 1, 3), point('12:01', 5, 5, 0)])

  expect(cells.map(({ meaning }) => meaning)).toEqual(['neutral', 'degraded', 'down', 'ok'])
  expect(cells[1]?.label).toBe('12:59: 1 of 10 failed')
  expect(cells[0]?.label).toBe('12:58: no requests')
})

test('invalid requests do not count', () =>
  expect(historyCells(range, [point('12:00', 3, 0, 0)])[2]?.meaning).toBe('neutral'))

test('the strip has a summary', () => {
  expect(historySummary(range, [point('12:00', 4, 1, 3), point('12:01', 1_200, 1_200, 0)])).toBe(
    'Last hour: 3 of 1,204 attempts failed',
  )
  expect(historySummary({ ...range, bucket_seconds: 3600 }, [])).toBe('No requests in the last 24 hours')
})
