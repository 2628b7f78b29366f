import { expect, test } from 'vitest'
import { fromLocalInput, toLocalInput } from './local-time'

test('a moment is converted to the viewer’s zone and back', () => {
  expect(toLocalInput('2026-11-23T12:05:00Z')).toBe('2026-11-23T13:05')
  expect(fromLocalInput('2026-11-23T13:05')).toBe('2026-11-23T12:05:00.000Z')
})

test('an empty or incomplete date is no moment', () => {
  expect(toLocalInput(undefined)).toBe('')
  expect(fromLocalInput('')).toBeUndefined()
  expect(fromLocalInput('2026-')).toBeUndefined()
})
