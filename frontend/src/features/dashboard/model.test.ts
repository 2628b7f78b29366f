import { expect, test } from 'vitest'
import type { Schemas } from '@/api/client'
import { aProvider, aRequest, aStatus } from '@/testing/builders'
import { failedRequests, keysInShort, statusWords, watchedProviders } from './model'

const flag = (reason: Schemas['FlagReason']) => ({ reason, message: 'It failed.', until: null })
const same = (name: string) => name

test('all in rotation is told in a sentence', () => {
  expect(statusWords(aStatus({ enabled_providers: 3, available_providers: 3 }), same)).toEqual({
    meaning: 'ok',
    word: 'All good',
    sentence: 'All 3 providers are in rotation.',
  })
})

test('degraded names who is out and why, and who is left', () => {
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
    'Out of rotation: GROQ (rate limited), OPENAI (quota spent). Requests go to the other one.',
  )
})

test('of many only three are named', () => {
  const flagged_details = ['a', 'b', 'c', 'd', 'e'].map((provider) => ({ provider, flag: flag('timeout') }))
  const status = aStatus({ status: 'degraded', enabled_providers: 9, available_providers: 4, flagged_details })

  expect(statusWords(status, same).sentence).toContain('c (no answer in time) and 2 more')
})

test('down says whether anybody is set up at all', () => {
  const nobody = aStatus({ status: 'down', enabled_providers: 0, available_providers: 0 })
  const resting = aStatus({
    ...nobody,
    enabled_providers: 1,
    flagged_details: [{ provider: 'groq', flag: flag('quota') }],
  })

  expect(statusWords(nobody, same).sentence).toContain('No provider is set up')
  expect(statusWords(resting, same).sentence).toBe(
    'Nobody could answer a request now: groq (quota spent). 1 provider is set up, none in rotation.',
  )
})

test('who was drained by hand is told apart from who failed', () => {
  expect(statusWords(aStatus({ enabled_providers: 3, available_providers: 2 }), same).sentence).toBe(
    '2 providers are in rotation. 1 provider is drained by an operator.',
  )
})

test('only who is set up is watched, whoever is out of rotation first', () => {
  const watched = watchedProviders([
    aProvider({ name: 'later', priority: 200 }),
    aProvider({ name: 'first', priority: 1 }),
    aProvider({ name: 'unknown', status: 'no_key' }),
    aProvider({ name: 'out', status: 'flagged', priority: 300 }),
    aProvider({ name: 'sandbox', status: 'disabled', base_url: 'sandbox://local' }),
  ])

  expect(watched.map(({ name }) => name)).toEqual(['out', 'first', 'later'])
})

test('a client that left is no failure, and each failure is there once, newest first', () => {
  const requests = [
    aRequest({ id: '03', ending: 'error', failure: 'no_route_available', status: 503 }),
    aRequest({ id: '01', ending: 'client_cancelled' }),
    aRequest({ id: '04', ending: 'upstream_cut', failure: 'incomplete_stream' }),
    aRequest({ id: '03', ending: 'error', failure: 'no_route_available', status: 503 }),
    aRequest({ id: '02' }),
  ]

  expect(failedRequests(requests).map(({ id }) => id)).toEqual(['04', '03'])
})

test('keys are counted in short', () => {
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
  const resting = { ...key, fingerprint: '60303ae2', state: 'cooldown' as const }
  const out = { model: 'm', state: 'flagged' as const, reason: 'timeout' as const, until: null }

  expect(keysInShort({ keys: [], routes: [] })).toBe('no key needed')
  expect(keysInShort({ keys: [usable], routes: [] })).toBe('1 key')
  expect(keysInShort({ keys: [usable, resting], routes: [out] })).toBe('1 of 2 keys usable, 1 model out')
})
