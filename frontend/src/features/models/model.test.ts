import { expect, test } from 'vitest'
import { aModelRoute } from '@/testing/builders'
import {
  availableCount,
  capabilitiesOf,
  closestNames,
  exclusionDetail,
  exclusionName,
  lowestPrice,
  orderWords,
  spanOf,
} from './model'

test('the closest name comes first, whatever its vendor', () => {
  const names = ['claude-sonnet-4-5', 'gpt-4o', 'gpt-4o-mini', 'openrouter/gpt-4o-mini', 'mistral-large']

  expect(closestNames('gtp-4o-mini', names)).toEqual(['gpt-4o-mini', 'openrouter/gpt-4o-mini'])
  expect(closestNames('Claude Sonnet 4.5', names)[0]).toBe('claude-sonnet-4-5')
})

test('without a similar name there is no suggestion', () => {
  expect(closestNames('zzzz', ['gpt-4o', 'claude-sonnet-4-5'])).toEqual([])
  expect(closestNames('gpt-4o', [])).toEqual([])
})

test('the lowest price is compared as a number and kept as a string; unknown is not free', () => {
  const routes = ['10', '2.50', null].map((input_usd_per_million) => aModelRoute({ input_usd_per_million }))

  expect(lowestPrice(routes, 'input_usd_per_million')).toBe('2.50')
  expect(lowestPrice([aModelRoute({ input_usd_per_million: null })], 'input_usd_per_million')).toBeNull()
})

test('a model has the capabilities of its routes', () => {
  const unknown = { tools: null, images: null, json_schema: null, reasoning: null }
  const routes = [
    aModelRoute({ capabilities: { ...unknown, tools: true, images: false } }),
    aModelRoute({ capabilities: { ...unknown, json_schema: true } }),
  ]

  expect(capabilitiesOf(routes)).toEqual(['Tools', 'JSON schema'])
  expect(availableCount({ name: 'a', routes: [aModelRoute(), aModelRoute({ state: 'drained' })] })).toBe(1)
})

test('unknown values have no span', () => {
  expect(spanOf([null, 8_000, 128_000])).toEqual({ least: 8_000, most: 128_000 })
  expect(spanOf([null])).toBeNull()
})

test('an unknown reason or order is shown as it is', () => {
  expect(exclusionName('keys_in_cooldown')).toBe('All keys in cooldown')
  expect(exclusionName('rate_limit')).toBe('Rate limited')
  expect(exclusionName('strange_moon')).toBe('Strange moon')
  expect(orderWords('provider.sort: price')).toBe('Ordered by provider.sort: price.')
})

test('keys in cooldown are explained by their failure, other exclusions by the gateway', () => {
  expect(exclusionDetail('keys_in_cooldown', 'invalid_key', 'every key is in cooldown: invalid_key')).toMatch(
    /rejected the key/,
  )
  expect(exclusionDetail('drained', null, 'drained by hand')).toBe('drained by hand')
})
