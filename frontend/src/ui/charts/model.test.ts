import { expect, test } from 'vitest'
import { edges, labelWidth, scaleOf } from './model'

const series = [
  { name: 'ok', values: [3, null, 5] },
  { name: 'failed', values: [1, 2, 0] },
]

test('stacked series stand on each other, and what is not known is a gap that lifts nothing', () => {
  expect(edges(series, true)).toEqual([
    [[0, 3], null, [0, 5]],
    [
      [3, 4],
      [0, 2],
      [5, 5],
    ],
  ])
})

test('lines all stand on zero', () => {
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

test('long labels of values have the room that they need, and short ones leave every chart alike', () => {
  expect(labelWidth(['0', '200'])).toBe(labelWidth(['$1.50']))
  expect(labelWidth(['$0.00', '$0.00004'])).toBeGreaterThan('$0.00004'.length * 6.5)
})
