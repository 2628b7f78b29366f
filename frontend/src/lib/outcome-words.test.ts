import { expect, test } from 'vitest'
import { blameWords, FAILURE_CLASSES, failureWords, outcomeOf, reasonWords } from './outcome-words'

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

test('an outcome is named by its failure, else by its ending', () => {
  expect(outcomeOf({ ending: 'error', failure: 'reset', status: 502 }).name).toBe('Connection reset')
  expect(outcomeOf({ ending: 'client_cancelled', failure: null, status: 499 }).name).toBe('Client left')
})

test.each([
  ['error', 404, 'neutral'],
  ['error', 429, 'down'],
  ['error', 502, 'down'],
  ['upstream_cut', 200, 'down'],
  ['client_cancelled', 499, 'neutral'],
  ['completed', 200, 'ok'],
] as const)(
  '%s with status %i is %s: a client’s mistake is no alarm, a rate limit is not its mistake',
  (ending, status, meaning) => {
    expect(outcomeOf({ ending, failure: null, status }).meaning).toBe(meaning)
  },
)

test('a blame and a reason nobody has words for do not vanish', () => {
  expect(blameWords('moon')).toBe('Charged to: moon.')
  expect(blameWords(null)).toBeNull()
  expect(reasonWords('because')).toBeNull()
})
