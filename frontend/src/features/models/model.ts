/** The catalogue as data: what a row says of a model, what a part adds to a score, and which names are alike. */
import type { Schemas } from '@/api/client'
import { flagWords } from '@/lib/provider-words'

export type Model = Schemas['ModelView']
export type Route = Schemas['ModelRouteView']

/** How many routes of a model can take a request now. */
export function availableCount({ routes }: Model): number {
  return routes.filter(({ state }) => state === 'available').length
}

/** The least and the most of what the routes say; `null` where none says anything. */
export function spanOf(values: (number | null)[]): { least: number; most: number } | null {
  const known = values.filter((value) => value !== null)
  return known.length === 0 ? null : { least: Math.min(...known), most: Math.max(...known) }
}

/** The lowest price of the routes, as the gateway writes it; `null` where nobody knows one. */
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

const LEFT_OUT: Record<string, string> = {
  disabled: 'Switched off',
  no_key: 'No key',
  keys_in_cooldown: 'All keys rest',
  flagged: 'Out of rotation',
  excluded_by_request: 'Excluded by the request',
  lacks_tools: 'Takes no tools',
  lacks_images: 'Takes no images',
  lacks_json_schema: 'Takes no JSON schema',
  context_too_short: 'Context too short',
}

/** Why a route gets no requests now, in two or three words: a reason of autodecide's, or a class of failure. */
export function leftOutWords(reason: string): string {
  return LEFT_OUT[reason] ?? flagWords(reason).name
}

/** What autodecide says of a route that is left out. Of keys that rest it knows the class of failure alone. */
export function leftOutDetail(reason: string, cause: string | null, detail: string): string {
  return reason === 'keys_in_cooldown' && cause !== null ? flagWords(cause).explanation : detail
}

/** A price of tokens: free is said in a word. */
export function isFree(usd: string | null): boolean {
  return usd !== null && Number(usd) === 0
}

export const SCORE_PARTS = [
  { part: 'priority', name: 'Priority', meaning: '100 ÷ (100 + the provider’s priority)' },
  { part: 'health', name: 'Health', meaning: 'Recent success rate; 1 while it was never tried' },
  { part: 'latency', name: 'Speed', meaning: '1 ÷ (1 + seconds to the first token); 0.5 while unknown' },
  { part: 'cost', name: 'Price', meaning: '1 ÷ (1 + $ per million tokens ÷ 10); 0.5 if unknown, 1 if free' },
  { part: 'load', name: 'Load', meaning: '1 ÷ (1 + requests in flight per key ÷ 8)' },
] as const

const MATCHES: Record<string, string> = {
  exact: 'the very name',
  normalised: 'the same name, written differently',
  alias: 'an alias of yours',
  dated: 'a dated version',
  family: 'the best of its family',
}

/** How the candidate's name fits what was asked for. */
export function matchWords(matched: string): string {
  return MATCHES[matched] ?? matched
}

/** What ordered the candidates, as a sentence. */
export function orderWords(order: string): string {
  if (order === 'score') return 'Ordered by score; equal scores take turns.'
  if (order === 'configured') return 'In the order that ai-engine.yaml gives.'
  return `Ordered by ${order}.`
}

const MOST_NAMES = 6
const [ALIKE, NEARLY_AS_ALIKE] = [0.25, 0.6]

/** The names that look most like `asked`, the likest first: what was meant by a slip of the finger. */
export function closestNames(asked: string, names: string[]): string[] {
  const wanted = pairsOf(asked)
  const candidates = names.map((name) => ({ name, likeness: likeness(wanted, pairsOf(name)) }))
  const best = Math.max(...candidates.map((candidate) => candidate.likeness), 0)
  return candidates
    .filter((candidate) => candidate.likeness >= Math.max(ALIKE, best * NEARLY_AS_ALIKE))
    .sort((one, other) => other.likeness - one.likeness || one.name.length - other.name.length)
    .slice(0, MOST_NAMES)
    .map(({ name }) => name)
}

/** The pairs of neighbouring letters, the vendor before a slash set aside. */
function pairsOf(name: string): Set<string> {
  const text = ` ${(name.split('/').at(-1) ?? name).toLowerCase().replaceAll(/[^\p{L}\p{N}]+/gu, ' ')} `
  return new Set(Array.from({ length: text.length - 1 }, (_, index) => text.slice(index, index + 2)))
}

/** Dice's coefficient: 1 for the same pairs, 0 for none in common. */
function likeness(one: Set<string>, other: Set<string>): number {
  let shared = 0
  for (const pair of one) if (other.has(pair)) shared += 1
  return (2 * shared) / (one.size + other.size)
}
