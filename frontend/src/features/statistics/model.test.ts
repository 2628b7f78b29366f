import { expect, test } from 'vitest'
import { someAttemptSums, someRequestSums, someStatistics } from '@/testing/statistics-builders'
import { bucketsOf } from '@/lib/buckets'
import { bucketFormat, caveats, comparedBy, costSeries, endingSeries, percentileSeries, tokenSeries } from './model'

test('empty hours have 0 requests and no latency', () => {
  const all = bucketsOf(someStatistics(), someStatistics().series)

  expect(all.map(({ time }) => time)).toEqual([
    '2026-11-23T09:00:00.000Z',
    '2026-11-23T10:00:00.000Z',
    '2026-11-23T11:00:00.000Z',
  ])
  expect(endingSeries(all)[0]).toMatchObject({ name: 'Completed', values: [482, 0, 482] })
  expect(percentileSeries(all, 'latency_ms')[0]?.values).toEqual([812.4, null, 812.4])
  expect(costSeries(all)[0]?.values).toEqual([3.1875, 0, 3.1875])
})

test('endings that do not occur are not in the legend', () => {
  const names = endingSeries(bucketsOf(someStatistics(), someStatistics().series)).map(({ name }) => name)

  expect(names).toEqual(['Completed', 'Client disconnected', 'Client error', 'Interrupted', 'Failed'])
})

test('unknown tokens and costs are gaps and not 0', () => {
  const point = { ...someRequestSums({ tokens: null, cost_usd: null }), begins_at: '2026-11-23T09:00:00Z' }
  const known = { ...someRequestSums(), begins_at: '2026-11-23T11:00:00Z' }
  const all = bucketsOf(someStatistics(), [point, known])

  expect(tokenSeries(all)[0]).toEqual({ name: 'Input', values: [null, 0, 412_000] })
  expect(costSeries(all)[0]?.values).toEqual([null, 0, 3.1875])
})

test('omissions of the sums are described', () => {
  expect(caveats(someRequestSums())).toEqual([])
  expect(caveats(someRequestSums({ unpriced: 3, unknown_usage: 2, estimated_usage: 1 }))).toEqual([
    '3 of 1,000 requests have no known price and are not in the cost.',
    '2 of 1,000 requests reported no usage and are not in the token sums.',
    'The tokens of 1 of 1,000 requests are estimates of the gateway.',
  ])
})

test('rows are sorted by attempts', () => {
  const rows = comparedBy({ a: someAttemptSums({ attempts: 1 }), b: someAttemptSums({ attempts: 2 }) }, true)

  expect(rows.map(({ name }) => name)).toEqual(['b', 'a'])
})

test('hours are in the viewer’s zone, days in UTC', () => {
  expect(bucketFormat(60, 1)('2026-11-23T12:05:00Z')).toBe('13:05')
  expect(bucketFormat(3_600, 24)('2026-11-23T12:00:00Z')).toBe('13:00')
  expect(bucketFormat(3_600, 168)('2026-11-23T12:00:00Z')).toBe('23 Nov, 13:00')
  expect(bucketFormat(86_400, 720)('2026-11-23T00:00:00Z')).toBe('23 Nov')
})
