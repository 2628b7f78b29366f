/** The providers of this feature's tests. */
import { screen, within } from '@testing-library/react'
import { expect } from 'vitest'
import type { Schemas } from '@/api/client'
import { aConfiguration, aProvider } from '@/testing/builders'
import { fakeGateway } from '@/testing/fake-gateway'
import { someStatistics } from '@/testing/statistics-builders'

export const aKey: Schemas['ProviderKeyView'] = {
  fingerprint: '9f86d081',
  last_four: 'x7Qa',
  active: true,
  state: 'usable',
  until: null,
  reason: null,
  model_cooldowns: {},
  requests: 12,
  failures: 0,
}
export const another = { ...aKey, fingerprint: '60303ae2', active: false }
const inCooldown: Schemas['ProviderKeyView'] = {
  ...another,
  state: 'cooldown',
  reason: 'quota',
  until: '2999-01-01T00:00:00Z',
}
export const groq = aProvider({ keys: [aKey, another] })
export const openai = aProvider({ name: 'openai', display_name: 'OpenAI', keys: [aKey, inCooldown] })
export const out = aProvider({
  name: 'mistral',
  display_name: 'Mistral',
  status: 'flagged',
  flag: { reason: 'server_error', message: 'The provider answered with status 503.', until: '2999-01-01T00:00:00Z' },
})
export const waiting = aProvider({
  name: 'xai',
  display_name: 'xAI',
  status: 'no_key',
  models_count: 0,
  last_used_at: null,
})

export function list(...providers: Schemas['ProviderView'][]) {
  fakeGateway.answers('get', '/api/providers', providers)
}

/** For `beforeEach`. */
export function fakeProviders() {
  list(groq, openai, out, waiting)
  fakeGateway.answers(
    'get',
    '/api/config',
    aConfiguration({ variables: [{ name: 'XAI_API_KEY', provider: 'xai', is_set: false, keys: [] }] }),
  )
  fakeGateway.answers('get', '/api/statistics', someStatistics({ provider_stats: {} }))
  fakeGateway.answers('get', '/api/statistics/providers', {
    begins_at: '2026-11-23T12:00:00Z',
    ends_at: '2026-11-23T13:00:00Z',
    bucket: 'minute',
    bucket_seconds: 60,
    providers: {},
  })
  fakeGateway.answers('get', '/api/providers/{provider}/models', { items: [], next_cursor: null })
  fakeGateway.answers('get', '/api/audit', { items: [], next_cursor: null })
}

/** The drawer, once it shows a provider. */
export async function drawer() {
  await screen.findByRole('tablist')
  // A confirmation is a dialog of its own in front of it.
  return within(screen.getAllByRole('dialog')[0] ?? expect.fail())
}
