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

test('what was probably meant comes first, whoever sells it', () => {
  const names = ['claude-sonnet-4-5', 'gpt-4o', 'gpt-4o-mini', 'openrouter/gpt-4o-mini', 'mistral-large']

  expect(closestNames('gtp-4o-mini', names)).toEqual(['gpt-4o-mini', 'openrouter/gpt-4o-mini'])
  expect(closestNames('Claude Sonnet 4.5', names)[0]).toBe('claude-sonnet-4-5')
})

test('nothing is offered where nothing is alike', () => {
  expect(closestNames('zzzz', ['gpt-4o', 'claude-sonnet-4-5'])).toEqual([])
  expect(closestNames('gpt-4o', [])).toEqual([])
})

test('the lowest price is compared as a number and shown as it came; an unknown one is not free', () => {
  const routes = ['10', '2.50', null].map((input_usd_per_million) => aModelRoute({ input_usd_per_million }))

  expect(lowestPrice(routes, 'input_usd_per_million')).toBe('2.50')
  expect(lowestPrice([aModelRoute({ input_usd_per_million: null })], 'input_usd_per_million')).toBeNull()
})

test('a model can what one of its routes is known to', () => {
  const unknown = { tools: null, images: null, json_schema: null, reasoning: null }
  const routes = [
    aModelRoute({ capabilities: { ...unknown, tools: true, images: false } }),
    aModelRoute({ capabilities: { ...unknown, json_schema: true } }),
  ]

  expect(capabilitiesOf(routes)).toEqual(['Tools', 'JSON schema'])
  expect(availableCount({ name: 'a', routes: [aModelRoute(), aModelRoute({ state: 'drained' })] })).toBe(1)
})

test('what nobody says spans nothing', () => {
  expect(spanOf([null, 8_000, 128_000])).toEqual({ least: 8_000, most: 128_000 })
  expect(spanOf([null])).toBeNull()
})

test('a reason or an order that this page does not know yet is shown as it is', () => {
  expect(exclusionName('keys_resting')).toBe('All keys rest')
  expect(exclusionName('rate_limit')).toBe('Rate limited')
  expect(exclusionName('strange_moon')).toBe('Strange moon')
  expect(orderWords('provider.sort: price')).toBe('Ordered by provider.sort: price.')
})

test('why all keys rest is told in a sentence, and everything else as the engine tells it', () => {
  expect(exclusionDetail('keys_resting', 'invalid_key', 'every key rests: invalid_key')).toMatch(
    /does not know this key/,
  )
  expect(exclusionDetail('drained', null, 'drained by hand')).toBe('drained by hand')
})
