import { expect, test } from 'vitest'
import { isBackwards, isOpenEnded, presetOf, queryOf } from './range'

const now = Date.parse('2026-11-23T12:00:00Z')

test('the default range is 24 hours until now', () => {
  expect(presetOf({})?.value).toBe('24h')
  expect(queryOf({}, now)).toMatchObject({ from: '2026-11-22T12:00:00.000Z', to: undefined, bucket: 'auto' })
  expect(queryOf({ range: '1h' }, now).from).toBe('2026-11-23T11:00:00.000Z')
})

test('two moments override a preset', () => {
  const filters = { range: '7d', from: '2026-11-01T00:00:00Z', to: '2026-11-02T00:00:00Z' } as const

  expect(presetOf(filters)).toBeNull()
  expect(queryOf(filters, now)).toMatchObject({ from: filters.from, to: filters.to })
})

test('only an open range is polled', () => {
  expect(isOpenEnded({}, now)).toBe(true)
  expect(isOpenEnded({ to: '2026-11-23T12:00:01Z' }, now)).toBe(true)
  expect(isOpenEnded({ to: '2026-11-23T11:59:59Z' }, now)).toBe(false)
})

test('a backwards range is recognised across time zones', () => {
  expect(isBackwards({ from: '2026-11-23T12:00:00Z', to: '2026-11-23T12:30:00+01:00' })).toBe(true)
  expect(isBackwards({ from: '2026-11-23T12:00:00Z', to: '2026-11-23T13:30:00+01:00' })).toBe(false)
  expect(isBackwards({ to: '2026-11-23T12:00:00Z' })).toBe(false)
})
