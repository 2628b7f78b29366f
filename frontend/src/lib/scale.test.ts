import { expect, test } from 'vitest'
import { scaleFromZero } from './scale'

test.each([
  [87, [0, 25, 50, 75, 100]],
  [4, [0, 1, 2, 3, 4]],
  [0.37, [0, 0.1, 0.2, 0.3, 0.4]],
  [1_240, [0, 500, 1_000, 1_500]],
  [0, [0, 1]],
  [NaN, [0, 1]],
])('an axis up to %d has round ticks', (highest, ticks) => expect(scaleFromZero(highest).ticks).toEqual(ticks))

test('the highest value is on the axis', () => {
  for (let value = 0.001; value < 1e6; value *= 1.37)
    expect(scaleFromZero(value).max).toBeGreaterThanOrEqual(value * 0.999_999)
})
