import { expect, test } from 'vitest'
import { fromLocalInput, toLocalInput } from './local-time'

test('a moment is written in the viewer’s zone and read back as it was', () => {
  expect(toLocalInput('2026-11-23T12:05:00Z')).toBe('2026-11-23T13:05')
  expect(fromLocalInput('2026-11-23T13:05')).toBe('2026-11-23T12:05:00.000Z')
})

test('nothing, or half a date, is no moment', () => {
  expect(toLocalInput(undefined)).toBe('')
  expect(fromLocalInput('')).toBeUndefined()
  expect(fromLocalInput('2026-')).toBeUndefined()
})
