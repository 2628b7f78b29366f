import { expect, test } from 'vitest'
import { aProvider } from '@/testing/builders'
import { countOf, auditWords, canRoll, hasFlags, isLastAvailable, listed, requiredVariables, usableKeys } from './model'

const aKey = {
  fingerprint: '9f86d081',
  last_four: 'x7Qa',
  active: true,
  state: 'usable' as const,
  until: null,
  reason: null,
  model_cooldowns: {},
  requests: 12,
  failures: 0,
}
const inCooldown = {
  ...aKey,
  fingerprint: '60303ae2',
  active: false,
  state: 'cooldown' as const,
  reason: 'quota' as const,
}

test('providers that are set up are listed apart from those without a key', () => {
  const { setUp, others } = listed(
    [
      aProvider({ name: 'xai', display_name: 'xAI', status: 'no_key' }),
      aProvider({ name: 'cohere', display_name: 'Cohere', status: 'no_key' }),
      aProvider({ name: 'off', display_name: 'Off', status: 'disabled', models_count: 3 }),
      aProvider({ name: 'never', display_name: 'Never', status: 'disabled', models_count: 0, last_used_at: null }),
      aProvider({ name: 'out', display_name: 'Out', status: 'flagged' }),
      aProvider(),
    ],
    '',
    undefined,
  )

  expect(setUp.map(({ name }) => name)).toEqual(['out', 'groq', 'off'])
  expect(others.map(({ name }) => name)).toEqual(['cohere', 'never', 'xai'])
})

test('providers are filtered by name, address and state', () => {
  const providers = [
    aProvider(),
    aProvider({ name: 'out', display_name: 'Out', base_url: 'http://host/v1', status: 'flagged' }),
  ]

  expect(listed(providers, 'API.GROQ', undefined).setUp.map(({ name }) => name)).toEqual(['groq'])
  expect(listed(providers, '', 'flagged').setUp.map(({ name }) => name)).toEqual(['out'])
})

test('the last provider in rotation is recognised', () => {
  const [one, other] = [aProvider({ name: 'one' }), aProvider({ name: 'other', status: 'drained' })]

  expect(isLastAvailable(one, [one, other])).toBe(true)
  expect(isLastAvailable(other, [one, other])).toBe(false)
  expect(isLastAvailable(one, [one, { ...other, status: 'available' }])).toBe(false)
})

test('a key can be rolled only to another usable one', () => {
  expect(canRoll({ keys: [aKey, inCooldown] })).toBe(false)
  expect(canRoll({ keys: [aKey, { ...inCooldown, state: 'usable' }] })).toBe(true)
  expect(usableKeys({ keys: [aKey, inCooldown] })).toEqual({ usable: 1, total: 2 })
})

test('a cooldown for a single model can be unflagged', () => {
  expect(hasFlags(aProvider({ keys: [aKey] }))).toBe(false)
  expect(hasFlags(aProvider({ keys: [{ ...aKey, model_cooldowns: { m: '2026-11-23T12:00:00Z' } }] }))).toBe(true)
})

test('changes are described', () => {
  const words = (action: string, before = {}, after = {}) => auditWords({ action, before, after })

  expect(words('provider.toggle', { enabled: null }, { enabled: false })).toBe('Switched off')
  expect(words('provider.roll_key', { preferred_key: null }, { preferred_key: '60303ae2' })).toBe(
    'Key rolled to 60303ae2',
  )
  expect(words('provider.update', { priority: null }, { priority: 20 })).toBe('Priority as configured → 20')
  expect(words('provider.drain', { drained: null }, { drained: true })).toBe('Drained')
})

test('a provider requires its key, and further variables without a default', () => {
  const variable = (name: string, provider: string) => ({ name, provider, is_set: false, keys: [] })
  const needed = requiredVariables({
    variables: [
      variable('XAI_API_KEY', 'xai'),
      variable('XAI_BASE_URL', 'xai'),
      variable('AZURE_OPENAI_API_KEY', 'azure'),
      variable('AZURE_OPENAI_ENDPOINT', 'azure'),
    ],
  })

  expect([...needed]).toEqual([
    ['xai', 'XAI_API_KEY'],
    ['azure', 'AZURE_OPENAI_API_KEY and AZURE_OPENAI_ENDPOINT'],
  ])
})

test('the count has the length of both lists, and whether they are filtered', () => {
  expect(countOf(6, 34, false)).toBe('6 set up, 34 not set up.')
  expect(countOf(1, 0, true)).toBe('Found: 1 set up, 0 not set up.')
})
