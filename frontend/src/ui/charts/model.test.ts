import { expect, test } from 'vitest'
import { edges, labelWidth, scaleOf } from './model'

const series = [
  { name: 'ok', values: [3, null, 5] },
  { name: 'failed', values: [1, 2, 0] },
]

test('stacked series add up, and an unknown value is a gap', () => {
  expect(edges(series, true)).toEqual([
    [[0, 3], null, [0, 5]],
    [
      [3, 4],
      [0, 2],
      [5, 5],
    ],
  ])
})

test('lines start at zero', () => {
  expect(edges(series, false)[1]).toEqual([
    [0, 1],
    [0, 2],
    [0, 0],
  ])
})

test('the axis holds the highest stack', () => {
  expect(scaleOf(series, true).max).toBeGreaterThanOrEqual(5)
  expect(scaleOf([], true).ticks).toEqual([0, 1])
})

test('long labels get more room, and short ones a common width', () => {
  expect(labelWidth(['0', '200'])).toBe(labelWidth(['$1.50']))
  expect(labelWidth(['$0.00', '$0.00004'])).toBeGreaterThan('$0.00004'.length * 6.5)
})
