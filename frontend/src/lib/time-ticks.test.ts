import { expect, test } from 'vitest'
import { timeTicks } from './time-ticks'

const [MINUTE, HOUR, DAY] = [60_000, 3_600_000, 86_400_000]
const from = (begin: string, count: number, stepMs: number) =>
  Array.from({ length: count }, (_, index) => new Date(Date.parse(begin) + index * stepMs).toISOString())
const named = (times: string[], room: number) => timeTicks(times, () => room).map(({ index }) => times[index])

test('hours are labelled at even distances, at round hours of the viewer’s clock', () => {
  // Berlin is an hour ahead of UTC.
  const day = from('2026-11-27T12:00:00Z', 25, HOUR)

  expect(named(day, 13)).toEqual(from('2026-11-27T13:00:00Z', 12, 2 * HOUR))
  expect(named(day, 5)).toEqual(from('2026-11-27T17:00:00Z', 4, 6 * HOUR))
  expect(named(day, 2)).toEqual(['2026-11-27T23:00:00.000Z', '2026-11-28T11:00:00.000Z'])
})

test('a week of hours is labelled by its days, each at the viewer’s midnight', () => {
  const week = from('2026-11-21T12:00:00Z', 169, HOUR)
  const ticks = timeTicks(week, (isDay) => (isDay ? 8 : 5))

  expect(ticks.map(({ index }) => week[index])).toEqual(from('2026-11-21T23:00:00Z', 7, DAY))
  expect(ticks.every(({ isDay }) => isDay)).toBe(true)
})

test('a day with 23 hours keeps its ticks on round hours', () => {
  const springs = from('2026-03-28T20:00:00Z', 12, HOUR)

  // 0, 4 and 8 o’clock, though the night has no hour that begins at 2.
  expect(named(springs, 4)).toEqual([
    '2026-03-28T23:00:00.000Z',
    '2026-03-29T02:00:00.000Z',
    '2026-03-29T06:00:00.000Z',
  ])
})

test('buckets that begin at half past are labelled where a round hour is in the one before', () => {
  // As hours of UTC look in Kolkata: the clock says 17:30, 18:30, 19:30.
  expect(named(from('2026-11-28T11:30:00Z', 12, HOUR), 4)).toEqual(from('2026-11-28T11:30:00Z', 4, 3 * HOUR))
})

test('minutes and days have round ticks, too', () => {
  expect(named(from('2026-11-28T11:54:00Z', 61, MINUTE), 7)).toEqual(from('2026-11-28T12:00:00Z', 6, 10 * MINUTE))
  expect(named(from('2026-10-29T00:00:00Z', 31, DAY), 8)).toHaveLength(5)
  expect(named(from('2026-11-01T00:00:00Z', 3, DAY), 8)).toHaveLength(3)
})

test('there is at least one tick, unless there are no buckets', () => {
  expect(timeTicks([], () => 5)).toEqual([])
  expect(named(['2026-11-28T12:51:00Z'], 5)).toHaveLength(1)
  expect(named(from('2026-11-28T12:51:00Z', 3, MINUTE), 1)).toHaveLength(1)
})
