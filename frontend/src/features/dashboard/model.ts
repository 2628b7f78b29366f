/** What the figures say, in words and in series. */
import type { Schemas } from '@/api/client'
import type { FinishedRequest } from '@/api/live-state'
import { formatCount } from '@/lib/format'
import { byUrgency, flagWords, isSetUp } from '@/lib/provider-words'

type Status = Schemas['Status']
type Provider = Schemas['ProviderView']
type Point = Schemas['SeriesPoint']

export interface StatusWords {
  meaning: 'ok' | 'degraded' | 'down'
  word: string
  /** Why, and what it means for a request that comes now. */
  sentence: string
}

const NAMED = 3

/** The status at a glance, with its reasons. `displayName` turns a provider's name into the one that people know. */
export function statusWords(status: Status, displayName: (name: string) => string): StatusWords {
  const { enabled_providers: enabled, available_providers: available, flagged_details } = status
  const reasons = flagged_details.map(
    ({ provider, flag }) => `${displayName(provider)} (${flagWords(flag.reason).name.toLowerCase()})`,
  )
  if (status.status === 'down')
    return {
      meaning: 'down',
      word: 'Down',
      sentence:
        enabled === 0
          ? 'No provider is set up, so nobody can answer a request.'
          : `Nobody could answer a request now${reasons.length > 0 ? `: ${listed(reasons)}` : ''}. ${counted(enabled)} set up, none in rotation.`,
    }
  const drained = Math.max(0, enabled - available - flagged_details.length)
  const byHand = drained > 0 ? ` ${counted(drained)} drained by an operator.` : ''
  if (status.status === 'degraded')
    return {
      meaning: 'degraded',
      word: 'Degraded',
      sentence: `Out of rotation: ${listed(reasons)}. Requests go to the other ${available === 1 ? 'one' : formatCount(available)}.${byHand}`,
    }
  if (isSandboxAlone(status))
    return {
      meaning: 'ok',
      word: 'Running',
      sentence: 'The sandbox answers with made-up text, until a provider has a key in .env.',
    }
  return {
    meaning: 'ok',
    word: 'All good',
    sentence: drained > 0 ? `${counted(available)} in rotation.${byHand}` : `${everyProvider(enabled)} in rotation.`,
  }
}

function counted(providers: number): string {
  return providers === 1 ? '1 provider is' : `${formatCount(providers)} providers are`
}

function listed(parts: string[]): string {
  const rest = parts.length - NAMED
  return rest > 0 ? `${parts.slice(0, NAMED).join(', ')} and ${formatCount(rest)} more` : parts.join(', ')
}

/** Nobody has set up a provider yet. */
export function isSandboxAlone({ configuration, enabled_providers }: Status): boolean {
  return configuration.sandbox && enabled_providers <= 1
}

export function answered({ completed, rescued }: Pick<Point, 'completed' | 'rescued'>): number {
  return completed + rescued
}

/** What was ours to answer and was not. */
export function failed({ failed, upstream_cut }: Pick<Point, 'failed' | 'upstream_cut'>): number {
  return failed + upstream_cut
}

/** Neither answered nor failed: who left, and who asked wrongly. */
export function clientsOwn({
  client_cancelled,
  client_errors,
}: Pick<Point, 'client_cancelled' | 'client_errors'>): number {
  return client_cancelled + client_errors
}

/** What a success rate says; `undefined` where there is none, or nothing to worry about. */
export function rateMeaning(rate: number | null): 'degraded' | 'down' | undefined {
  if (rate === null || rate >= 0.99) return undefined
  return rate >= 0.9 ? 'degraded' : 'down'
}

function everyProvider(count: number): string {
  if (count === 1) return 'The provider that is set up is'
  return count === 2 ? 'Both providers are' : `All ${formatCount(count)} providers are`
}

/** Those that are set up, whoever is out of rotation first; else as they are preferred. */
export function watchedProviders(providers: Provider[]): Provider[] {
  return providers.filter(isSetUp).sort(byUrgency)
}

/** `2 keys`, `2 of 3 keys usable`, `no key needed`, and how many of its models are out. */
export function keysInShort({ keys, routes }: Pick<Provider, 'keys' | 'routes'>): string {
  const secrets = keys.filter(({ fingerprint }) => fingerprint !== null)
  const usable = secrets.filter(({ state }) => state === 'usable').length
  const noun = secrets.length === 1 ? 'key' : 'keys'
  const inShort =
    secrets.length === 0
      ? 'no key needed'
      : usable === secrets.length
        ? `${formatCount(usable)} ${noun}`
        : `${formatCount(usable)} of ${formatCount(secrets.length)} ${noun} usable`
  if (routes.length === 0) return inShort
  return `${inShort}, ${formatCount(routes.length)} ${routes.length === 1 ? 'model' : 'models'} out`
}

/** Of these, each once, those whose client got no whole answer, newest first. */
export function failedRequests(requests: FinishedRequest[]): FinishedRequest[] {
  const byId = new Map(requests.map((request) => [request.id, request]))
  return [...byId.values()]
    .filter(({ ending }) => ending === 'error' || ending === 'upstream_cut')
    .sort((one, other) => (one.id < other.id ? 1 : -1))
}
