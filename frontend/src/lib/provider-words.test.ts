import { expect, test } from 'vitest'
import { flagWords, PROVIDER_STATES, providerStateWords } from './provider-words'

test('every state has a word and a whole sentence', () => {
  for (const state of PROVIDER_STATES) {
    expect(providerStateWords(state).name).not.toContain('_')
    expect(providerStateWords(state).explanation).toMatch(/^[A-Z].*\.$/)
  }
})

test('a flag is told by the operator’s hand or by the failure that raised it', () => {
  expect(flagWords('drained').name).toBe('Drained by an operator')
  expect(flagWords('server_error').name).toBe('Provider error')
})
