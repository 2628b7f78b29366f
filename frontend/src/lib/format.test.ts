import { expect, test } from 'vitest'
import {
  formatBytes,
  formatCompact,
  formatCompactInColumn,
  formatCount,
  formatDateTime,
  formatDuration,
  formatDurationInColumn,
  formatMoney,
  formatMoment,
  formatMoneyExactly,
  formatMoneyInColumn,
  formatPercent,
  formatPercentInColumn,
  formatRelative,
  formatSeconds,
  formatSpan,
  sumsColumn,
} from './format'

/** A figure and its unit never part: between them is no ordinary space. */
const onOneLine = (text: string) => text.replaceAll('\u00a0', ' ')

test('a figure and its unit stay on one line', () => expect(formatDuration(125_000)).toBe('2\u00a0min 5\u00a0s'))

test('an unknown value is a dash and never 0', () => {
  for (const format of [
    formatCount,
    formatCompact,
    formatPercent,
    formatDuration,
    formatMoney,
    formatMoneyExactly,
    formatBytes,
    formatCompactInColumn,
    formatPercentInColumn,
    formatDurationInColumn,
    (usd: null) => formatMoneyInColumn(usd, 'sum'),
  ])
    expect(format(null)).toBe('–')
})

test.each([
  [1, '100%'],
  [0.99999, '>99.99%'],
  [0.9995, '99.95%'],
  [0.987, '98.7%'],
  [0.9, '90%'],
  [0.05, '5%'],
  [0.00001, '<0.01%'],
  [0, '0%'],
])('a rate of %d is %s, and only all is 100%%', (rate, text) => expect(formatPercent(rate)).toBe(text))

test.each([
  [0, '0 ms'],
  [0.4234, '0.42 ms'],
  [3.14, '3.1 ms'],
  [87.4, '87 ms'],
  [999.6, '1 s'],
  [1240, '1.24 s'],
  [12_340, '12.3 s'],
  [59_960, '1 min'],
  [125_000, '2 min 5 s'],
  [12_000_000, '3 h 20 min'],
  [187_200_000, '2 d 4 h'],
])('%d milliseconds are %s', (milliseconds, text) => expect(onOneLine(formatDuration(milliseconds))).toBe(text))

test.each([
  ['0', '$0.00'],
  ['12', '$12.00'],
  ['1234.5', '$1,234.50'],
  ['1234.567', '$1,234.57'],
  ['0.99999', '$1.00'],
  ['0.0123456', '$0.0123'],
  ['0.00000012', '$0.00000012'],
  ['-0.5', '-$0.50'],
  ['123456789012345678.01', '$123,456,789,012,345,678.01'],
])('%s dollars are %s, without a float in between', (usd, text) => expect(formatMoney(usd)).toBe(text))

test('the exact amount keeps every digit', () => expect(formatMoneyExactly('0.000123456789')).toBe('$0.000123456789'))

test('in a column the digits align, and a rate does not round to 100% or 0%', () => {
  expect([1, 0.9999, 0.903, 0.85, 0.0001, 0].map(formatPercentInColumn)).toEqual([
    '100.0%',
    '99.9%',
    '90.3%',
    '85.0%',
    '0.1%',
    '0.0%',
  ])
  expect([0, 0.3, 87.4, 999.6, 3_200, 12_340, 59_994, 59_996].map(formatDurationInColumn).map(onOneLine)).toEqual([
    '0 ms',
    '<1 ms',
    '87 ms',
    '1.00 s',
    '3.20 s',
    '12.34 s',
    '59.99 s',
    '1 min',
  ])
  expect([0, 987, 1_600, 12_000, 3_200_000, 999_999].map(formatCompactInColumn)).toEqual([
    '0',
    '987',
    '1.60k',
    '12.0k',
    '3.20M',
    '1.00M',
  ])
})

test.each([
  [
    'sum',
    ['0.974', '1.28', '1234.5', '0.004', '0', '-0.001', '0.995'],
    '$0.97 $1.28 $1,234.50 <$0.01 $0.00 -<$0.01 $1.00',
  ],
  ['price', ['0.075', '15', '0.0375'], '$0.075 $15.000 $0.038'],
  ['small', ['0.0000087', '0.012', '0.00000012'], '$0.000009 $0.012000 <$0.000001'],
] as const)('dollars of the column %s have the same number of digits', (column, amounts, texts) =>
  expect(amounts.map((usd) => formatMoneyInColumn(usd, column)).join(' ')).toBe(texts),
)

test('sums are shown in cents, unless all of them are less than a dollar', () => {
  expect(sumsColumn(['0.02', null, '1.5'])).toBe('sum')
  expect(sumsColumn(['0.02', null])).toBe('small')
  expect(sumsColumn([])).toBe('small')
})

test('counts are grouped and large ones have a short form', () => {
  expect(formatCount(1234567)).toBe('1,234,567')
  expect([987, 12_345, 4_560_000, 7_000_000_000].map(formatCompact)).toEqual(['987', '12.3k', '4.56M', '7B'])
})

test('a time is shown in the viewer’s zone', () =>
  expect(formatDateTime('2026-11-23T13:03:22Z')).toBe('23 Nov 2026, 14:03:22'))

test('today is shown without a date', () => {
  const now = Date.parse('2026-11-23T13:00:00Z')
  expect(formatMoment('2026-11-23T12:59:48Z', now)).toBe('13:59:48')
  expect(formatMoment('2026-11-21T12:59:48Z', now)).toBe('21 Nov, 13:59:48')
})

test('a span has both days, unless they are the same', () => {
  const now = Date.parse('2026-11-23T13:00:00Z')
  expect(formatSpan('2026-11-23T11:00:00Z', '2026-11-23T12:00:00Z', now)).toBe('12:00 – 13:00')
  expect(formatSpan('2026-11-21T11:00:00Z', '2026-11-21T12:00:00Z', now)).toBe('21 Nov, 12:00 – 13:00')
  expect(formatSpan('2026-09-30T10:00:00Z', '2026-11-23T12:52:00Z', now)).toBe('30 Sept, 12:00 – 23 Nov, 13:52')
  expect(formatSpan('2026-11-23T11:00:30Z', '2026-11-23T12:00:00Z', now)).toBe('12:00:30 – 13:00:00')
})

test('a relative time is from now', () => {
  const now = Date.parse('2026-11-23T13:00:00Z')
  expect(onOneLine(formatRelative('2026-11-23T12:59:48Z', now))).toBe('12 s ago')
  expect(onOneLine(formatRelative('2026-11-23T13:02:05Z', now))).toBe('in 2 min 5 s')
  expect(formatRelative('2026-11-23T13:00:00.400Z', now)).toBe('just now')
})

test('seconds have at most two units', () => {
  expect([0, 59, 60, 3_661, 90_000].map(formatSeconds).map(onOneLine)).toEqual([
    '0 s',
    '59 s',
    '1 min',
    '1 h 1 min',
    '1 d 1 h',
  ])
})

test('bytes are counted in powers of 1,024', () => {
  expect(onOneLine(formatBytes(10_485_760))).toBe('10 MB')
  expect(onOneLine(formatBytes(512))).toBe('512 B')
})
