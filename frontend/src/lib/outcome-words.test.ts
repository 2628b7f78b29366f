import { expect, test } from 'vitest'
import { blameWords, endingWords, FAILURE_CLASSES, failureWords, outcomeMeaning, reasonWords } from './outcome-words'

test('every class of failure has a name and a whole sentence', () => {
  for (const failure of FAILURE_CLASSES) {
    const { name, explanation } = failureWords(failure)
    expect(name).not.toContain('_')
    expect(explanation).toMatch(/^[A-Z].*\.$/)
  }
})

test('a class that only a newer gateway knows is shown as it is written', () => {
  expect(failureWords('teapot_error').name).toBe('Teapot error')
})

test('what the client got wrong is told without alarm, a rate limit is not the client’s mistake', () => {
  expect(outcomeMeaning('error', 404)).toBe('neutral')
  expect(outcomeMeaning('error', 429)).toBe('down')
  expect(outcomeMeaning('error', 502)).toBe('down')
  expect(outcomeMeaning('upstream_cut', 200)).toBe('down')
  expect(outcomeMeaning('completed', 200)).toBe('ok')
})

test('a client that left is not a failure', () => {
  expect(endingWords('client_cancelled').meaning).toBe('neutral')
})

test('a blame and a reason nobody has words for do not vanish', () => {
  expect(blameWords('moon')).toBe('Charged to: moon.')
  expect(blameWords(null)).toBeNull()
  expect(reasonWords('because')).toBeNull()
})
