/** The catalogue as data: the figures of a row, the words of an explanation, and similar names. */
import type { Schemas } from '@/api/client'
import { flagWords } from '@/lib/provider-words'

export type Model = Schemas['ModelView']
export type Route = Schemas['ModelRouteView']

/** How many routes of a model are available now. */
export function availableCount({ routes }: Model): number {
  return routes.filter(({ state }) => state === 'available').length
}

/** The lowest and highest known value; `null` without one. */
export function spanOf(values: (number | null)[]): { least: number; most: number } | null {
  const known = values.filter((value) => value !== null)
  return known.length === 0 ? null : { least: Math.min(...known), most: Math.max(...known) }
}

/** The lowest known price of the routes; `null` without one. */
export function lowestPrice(routes: Route[], kind: 'input_usd_per_million' | 'output_usd_per_million'): string | null {
  const prices = routes.map((route) => route[kind]).filter((price) => price !== null)
  return prices.toSorted((one, other) => Number(one) - Number(other))[0] ?? null
}

const CAPABILITY_WORDS = {
  tools: 'Tools',
  images: 'Images',
  json_schema: 'JSON schema',
  reasoning: 'Reasoning',
} as const

export const capabilityChoices = (['tools', 'images', 'json_schema', 'reasoning'] as const).map((value) => ({
  value,
  label: CAPABILITY_WORDS[value],
}))

/** What some route is known to support. */
export function capabilitiesOf(routes: Route[]): string[] {
  return capabilityChoices
    .filter(({ value }) => routes.some(({ capabilities }) => capabilities[value] === true))
    .map(({ label }) => label)
}

const EXCLUSIONS: Record<string, string> = {
  disabled: 'Switched off',
  no_key: 'No key',
  keys_in_cooldown: 'All keys in cooldown',
  flagged: 'Out of rotation',
  excluded_by_request: 'Excluded by the request',
  lacks_tools: 'No tools',
  lacks_images: 'No images',
  lacks_json_schema: 'No JSON schema',
  context_too_short: 'Context too short',
}

/** Why a route gets no requests, in two or three words: an exclusion of autodecide, or a class of failure. */
export function exclusionName(reason: string): string {
  return EXCLUSIONS[reason] ?? flagWords(reason).name
}

/** The same in a sentence. For keys in cooldown autodecide only knows the class of failure. */
export function exclusionDetail(reason: string, cause: string | null, detail: string): string {
  return reason === 'keys_in_cooldown' && cause !== null ? flagWords(cause).explanation : detail
}

export function isFree(usd: string | null): boolean {
  return usd !== null && Number(usd) === 0
}

export const SCORE_PARTS = [
  { part: 'priority', name: 'Priority', meaning: '100 ÷ (100 + the provider’s priority)' },
  { part: 'health', name: 'Health', meaning: 'Recent success rate; 1 without attempts' },
  { part: 'latency', name: 'Speed', meaning: '1 ÷ (1 + seconds to the first token); 0.5 if unknown' },
  { part: 'cost', name: 'Price', meaning: '1 ÷ (1 + $ per million tokens ÷ 10); 0.5 if unknown, 1 if free' },
  { part: 'load', name: 'Load', meaning: '1 ÷ (1 + requests in flight per key ÷ 8)' },
] as const

const MATCHES: Record<string, string> = {
  exact: 'exact match',
  normalised: 'same name, normalised',
  alias: 'alias',
  dated: 'dated version',
  family: 'best of its family',
}

/** How the candidate matches the requested name. */
export function matchWords(matched: string): string {
  return MATCHES[matched] ?? matched
}

/** How the candidates are ordered, as a sentence. */
export function orderWords(order: string): string {
  if (order === 'score') return 'Ordered by score; equal scores alternate.'
  if (order === 'configured') return 'In the order of ai-engine.yaml.'
  return `Ordered by ${order}.`
}

const MOST_NAMES = 6
const [LEAST_SIMILARITY, SHARE_OF_BEST] = [0.25, 0.6]

/** The names most similar to `name`, the closest first: what a typo may have meant. */
export function closestNames(name: string, names: string[]): string[] {
  const pairs = pairsOf(name)
  const candidates = names.map((each) => ({ name: each, similarity: similarity(pairs, pairsOf(each)) }))
  const best = Math.max(...candidates.map((candidate) => candidate.similarity), 0)
  return candidates
    .filter((candidate) => candidate.similarity >= Math.max(LEAST_SIMILARITY, best * SHARE_OF_BEST))
    .sort((one, other) => other.similarity - one.similarity || one.name.length - other.name.length)
    .slice(0, MOST_NAMES)
    .map(({ name }) => name)
}

/** The pairs of adjacent letters, without the vendor before a slash. */
function pairsOf(name: string): Set<string> {
  const text = ` ${(name.split('/').at(-1) ?? name).toLowerCase().replaceAll(/[^\p{L}\p{N}]+/gu, ' ')} `
  return new Set(Array.from({ length: text.length - 1 }, (_, index) => text.slice(index, index + 2)))
}

/** Dice's coefficient: 1 for the same pairs, 0 for no common one. */
function similarity(one: Set<string>, other: Set<string>): number {
  let shared = 0
  for (const pair of one) if (other.has(pair)) shared += 1
  return (2 * shared) / (one.size + other.size)
}
