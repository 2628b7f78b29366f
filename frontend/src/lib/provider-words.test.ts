import { expect, test } from 'vitest'
import { flagWords, PROVIDER_STATES, providerStateWords } from './provider-words'

test('every state has a name and a sentence', () => {
  for (const state of PROVIDER_STATES) {
    expect(providerStateWords(state).name).not.toContain('_')
    expect(providerStateWords(state).explanation).toMatch(/^[A-Z].*\.$/)
  }
})

test('a flag is named by the operator or by its failure', () => {
  expect(flagWords('drained').name).toBe('Drained by an operator')
  expect(flagWords('server_error').name).toBe('Provider error')
})
