import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'

const css = readFileSync('src/app/tokens.css', 'utf-8')

function tokensOf(selector: string): Map<string, string> {
  const block = css.slice(css.indexOf(`${selector} {`)).split('}')[0] ?? ''
  return new Map(
    [...block.matchAll(/--ae-([\w-]+): (#[0-9a-f]{6});/g)].map(([, name = '', colour = '']) => [name, colour]),
  )
}

function luminance(colour: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
    const part = parseInt(colour.slice(at, at + 2), 16) / 255
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4
  })
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue
}

function contrast(one: string, other: string): number {
  const [light = 0, dark = 0] = [luminance(one), luminance(other)].sort((a, b) => b - a)
  return (light + 0.05) / (dark + 0.05)
}

const surfaces = ['canvas', 'surface', 'surface-sunken', 'surface-hover']
const pairs: [text: string, on: string][] = [
  ...['text', 'text-muted'].flatMap((text) => surfaces.map((on): [string, string] => [text, on])),
  ...['canvas', 'surface', 'field'].map((on): [string, string] => ['text-faint', on]),
  ['text', 'field'],
  ...['ok', 'degraded', 'down', 'neutral', 'accent'].flatMap((meaning): [string, string][] => [
    [`${meaning}-text`, `${meaning}-soft`],
    [`${meaning}-text`, 'surface'],
    [`${meaning}-text`, 'canvas'],
  ]),
  ['accent-on', 'accent'],
]

test.each([
  ['light', ':root'],
  ['dark', ":root[data-mantine-color-scheme='dark']"],
])('%s: text reaches the contrast of WCAG AA on its surfaces', (_, selector) => {
  const tokens = tokensOf(selector)
  const colour = (name: string) => tokens.get(name) ?? expect.fail(`no --ae-${name}`)
  const tooFaint = pairs
    .map(([text, on]) => `${text} on ${on}: ${contrast(colour(text), colour(on)).toFixed(2)}`)
    .filter((line) => Number(line.split(': ')[1]) < 4.5)

  expect(tooFaint).toEqual([])
})

test.each([':root', ":root[data-mantine-color-scheme='dark']"])(
  'colours of states and series contrast with the surface in %s',
  (selector) => {
    const tokens = tokensOf(selector)
    const surface = tokens.get('surface') ?? ''
    const marks = [...tokens].filter(([name]) => name.startsWith('series-') || ['ok', 'down', 'neutral'].includes(name))

    expect(marks.length).toBe(9)
    expect(marks.filter(([, colour]) => contrast(colour, surface) < 3)).toEqual([])
  },
)

test.each([':root', ":root[data-mantine-color-scheme='dark']"])(
  'the border of a field contrasts with its surfaces in %s (WCAG 1.4.11)',
  (selector) => {
    const tokens = tokensOf(selector)
    const edge = tokens.get('field-border') ?? ''

    for (const on of ['canvas', 'surface', 'surface-sunken', 'field'])
      expect(contrast(edge, tokens.get(on) ?? ''), on).toBeGreaterThanOrEqual(3)
  },
)
