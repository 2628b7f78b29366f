import * as v from 'valibot'
import { expect, test } from 'vitest'
import { maybe, momentParam, nameParam, sortOf, sortParam, sortText } from './search-params'

test('invalid values are dropped', () => {
  const schema = v.object({ at: maybe(momentParam), sort: maybe(sortParam), name: maybe(nameParam) })

  expect(v.parse(schema, { at: 'yesterday', sort: '<script>', name: '' })).toEqual({})
  expect(v.parse(schema, { at: '2026-11-23T12:00:00Z', sort: '-price', name: 4711 })).toEqual({
    at: '2026-11-23T12:00:00Z',
    sort: '-price',
    name: '4711',
  })
})

test('a sort survives the URL', () => {
  for (const sort of [{ column: 'price', isDescending: true }, { column: 'name', isDescending: false }, null])
    expect(sortOf(sortText(sort))).toEqual(sort)
})
