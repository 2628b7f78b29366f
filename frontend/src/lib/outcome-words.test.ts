import { expect, test } from 'vitest'
import { blameWords, FAILURE_CLASSES, failureWords, outcomeOf, reasonWords } from './outcome-words'

test('every class of failure has a name and a whole sentence', () => {
  for (const failure of FAILURE_CLASSES) {
    const { name, explanation } = failureWords(failure)
    expect(name).not.toContain('_')
    expect(explanation).toMatch(/^[A-Z].*\.$/)
  }
})

test('an unknown class is shown as it is written', () => expect(failureWords('teapot_error').name).toBe('Teapot error'))

test('an outcome is named by its failure, else by its ending', () => {
  expect(outcomeOf({ ending: 'error', failure: 'connection_reset', status: 502 }).name).toBe('Connection reset')
  expect(outcomeOf({ ending: 'client_cancelled', failure: null, status: 499 }).name).toBe('Client disconnected')
})

test.each([
  ['error', 404, 'neutral'],
  ['error', 429, 'down'],
  ['error', 502, 'down'],
  ['upstream_cut', 200, 'down'],
  ['client_cancelled', 499, 'neutral'],
  ['completed', 200, 'ok'],
] as const)('%s with status %i is %s: a client error is no alarm, a rate limit is one', (ending, status, meaning) =>
  expect(outcomeOf({ ending, failure: null, status }).meaning).toBe(meaning),
)

test('an unknown blame is shown, an unknown reason has no description', () => {
  expect(blameWords('moon')).toBe('Counts against: moon.')
  expect(blameWords(null)).toBeNull()
  expect(reasonWords('because')).toBeNull()
})
