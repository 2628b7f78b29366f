import { expect, test } from 'vitest'
import type { Schemas } from '@/api/client'
import { aProvider, aRequest, aStatus } from '@/testing/builders'
import { failedRequests, keysInShort, statusWords, watchedProviders } from './model'

const flag = (reason: Schemas['FlagReason']) => ({ reason, message: 'It failed.', until: null })
const same = (name: string) => name

test('with all providers in rotation the status is operational', () => {
  expect(statusWords(aStatus({ enabled_providers: 3, available_providers: 3 }), same)).toEqual({
    meaning: 'ok',
    word: 'Operational',
    sentence: 'All 3 providers are available.',
  })
})

test('degraded names the providers out of rotation and their reasons', () => {
  const status = aStatus({
    status: 'degraded',
    enabled_providers: 3,
    available_providers: 1,
    flagged_details: [
      { provider: 'groq', flag: flag('rate_limit') },
      { provider: 'openai', flag: flag('quota') },
    ],
  })

  expect(statusWords(status, (name) => name.toUpperCase()).sentence).toBe(
    'Out of rotation: GROQ (rate limited), OPENAI (quota exceeded). 1 provider is available.',
  )
})

test('at most three providers are named', () => {
  const flagged_details = ['a', 'b', 'c', 'd', 'e'].map((provider) => ({ provider, flag: flag('timeout') }))
  const status = aStatus({ status: 'degraded', enabled_providers: 9, available_providers: 4, flagged_details })

  expect(statusWords(status, same).sentence).toContain('c (timeout) and 2 more')
})

test('down says whether a provider is set up', () => {
  const empty = aStatus({ status: 'down', enabled_providers: 0, available_providers: 0 })
  const flagged = aStatus({
    ...empty,
    enabled_providers: 1,
    flagged_details: [{ provider: 'groq', flag: flag('quota') }],
  })

  expect(statusWords(empty, same).sentence).toContain('No provider is set up')
  expect(statusWords(flagged, same).sentence).toBe(
    'No provider is available: groq (quota exceeded). 1 provider is set up.',
  )
})

test('drained providers are counted separately', () => {
  expect(statusWords(aStatus({ enabled_providers: 3, available_providers: 2 }), same).sentence).toBe(
    '2 providers are available. 1 provider is drained by an operator.',
  )
})

test('only providers that are set up are listed, by urgency', () => {
  const watched = watchedProviders([
    aProvider({ name: 'later', priority: 200 }),
    aProvider({ name: 'first', priority: 1 }),
    aProvider({ name: 'unknown', status: 'no_key' }),
    aProvider({ name: 'out', status: 'flagged', priority: 300 }),
    aProvider({ name: 'sandbox', status: 'disabled', base_url: 'sandbox://local' }),
  ])

  expect(watched.map(({ name }) => name)).toEqual(['out', 'first', 'later'])
})

test('a disconnected client is no failure, and each failure is listed once, newest first', () => {
  const requests = [
    aRequest({ id: '03', ending: 'error', failure: 'no_route_available', status: 503 }),
    aRequest({ id: '01', ending: 'client_cancelled' }),
    aRequest({ id: '04', ending: 'upstream_cut', failure: 'incomplete_stream' }),
    aRequest({ id: '03', ending: 'error', failure: 'no_route_available', status: 503 }),
    aRequest({ id: '02' }),
  ]

  expect(failedRequests(requests).map(({ id }) => id)).toEqual(['04', '03'])
})

test('keys are counted', () => {
  const key = {
    last_four: null,
    active: false,
    until: null,
    reason: null,
    model_cooldowns: {},
    requests: 0,
    failures: 0,
  }
  const usable = { ...key, fingerprint: '9f86d081', state: 'usable' as const }
  const inCooldown = { ...key, fingerprint: '60303ae2', state: 'cooldown' as const }
  const out = { model: 'm', state: 'flagged' as const, reason: 'timeout' as const, until: null }

  expect(keysInShort({ keys: [], routes: [] })).toBe('no key needed')
  expect(keysInShort({ keys: [usable], routes: [] })).toBe('1 key')
  expect(keysInShort({ keys: [usable, inCooldown], routes: [out] })).toBe('1 of 2 keys usable, 1 model out')
})
