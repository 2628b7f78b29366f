/** Tokens by class. The classes are disjoint, so that they add up. */

export const TOKEN_CLASSES = [
  { field: 'input', name: 'Input' },
  { field: 'cached_input', name: 'Cached input' },
  { field: 'cache_write', name: 'Cache write' },
  { field: 'output', name: 'Output' },
  { field: 'reasoning', name: 'Reasoning' },
] as const

type Tokens = Record<(typeof TOKEN_CLASSES)[number]['field'], number | null> | null

/** Cached or not; `null` where nothing is known. */
export function inputTokens(tokens: Tokens): number | null {
  return tokens && sum([tokens.input, tokens.cached_input, tokens.cache_write])
}

/** With reasoning; `null` where nothing is known. */
export function outputTokens(tokens: Tokens): number | null {
  return tokens && sum([tokens.output, tokens.reasoning])
}

export function totalTokens(tokens: Tokens): number | null {
  return sum([inputTokens(tokens), outputTokens(tokens)])
}

function sum(counts: (number | null)[]): number | null {
  const known = counts.filter((count) => count !== null)
  return known.length === 0 ? null : known.reduce((total, count) => total + count, 0)
}
