import { expect, test } from 'vitest'
import { inputTokens, outputTokens, totalTokens } from './tokens'

test('unknown tokens are null and not 0', () => {
  const unknown = { input: null, cached_input: null, cache_write: null, output: null, reasoning: null }

  expect([inputTokens(unknown), outputTokens(unknown), totalTokens(null)]).toEqual([null, null, null])
  expect(totalTokens({ ...unknown, input: 3, cached_input: 4, reasoning: 5 })).toBe(12)
})
