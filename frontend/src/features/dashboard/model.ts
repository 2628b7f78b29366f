/** The dashboard's figures as text and series. */
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
  /** Why, and what it means for requests. */
  sentence: string
}

const MOST_NAMED = 3

/** The status with its reasons. `displayName` is the display name of a provider. */
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
          ? 'No provider is set up: every request fails.'
          : `No provider is available${reasons.length > 0 ? `: ${listed(reasons)}` : ''}. ${counted(enabled)} set up.`,
    }
  const drained = Math.max(0, enabled - available - flagged_details.length)
  const byHand = drained > 0 ? ` ${counted(drained)} drained by an operator.` : ''
  if (status.status === 'degraded')
    return {
      meaning: 'degraded',
      word: 'Degraded',
      sentence: `Out of rotation: ${listed(reasons)}. ${counted(available)} available.${byHand}`,
    }
  if (isSandboxOnly(status))
    return {
      meaning: 'ok',
      word: 'Operational',
      sentence: 'Only the sandbox responds, with placeholder text. Add a provider key to .env.',
    }
  return {
    meaning: 'ok',
    word: 'Operational',
    sentence: drained > 0 ? `${counted(available)} available.${byHand}` : `${everyProvider(enabled)} available.`,
  }
}

function counted(providers: number): string {
  return providers === 1 ? '1 provider is' : `${formatCount(providers)} providers are`
}

function listed(parts: string[]): string {
  const rest = parts.length - MOST_NAMED
  return rest > 0 ? `${parts.slice(0, MOST_NAMED).join(', ')} and ${formatCount(rest)} more` : parts.join(', ')
}

/** No provider is set up but the sandbox. */
export function isSandboxOnly({ configuration, enabled_providers }: Status): boolean {
  return configuration.sandbox && enabled_providers <= 1
}

export function succeeded({ completed, rescued }: Pick<Point, 'completed' | 'rescued'>): number {
  return completed + rescued
}

export function unsuccessful({ failed, upstream_cut }: Pick<Point, 'failed' | 'upstream_cut'>): number {
  return failed + upstream_cut
}

/** Neither succeeded nor failed: the client disconnected, or its request was invalid. */
export function clientSide({
  client_cancelled,
  client_errors,
}: Pick<Point, 'client_cancelled' | 'client_errors'>): number {
  return client_cancelled + client_errors
}

/** `undefined` for a good rate, and without one. */
export function rateMeaning(rate: number | null): 'degraded' | 'down' | undefined {
  if (rate === null || rate >= 0.99) return undefined
  return rate >= 0.9 ? 'degraded' : 'down'
}

function everyProvider(count: number): string {
  if (count === 1) return 'The provider is'
  return count === 2 ? 'Both providers are' : `All ${formatCount(count)} providers are`
}

/** The providers that are set up, by urgency. */
export function watchedProviders(providers: Provider[]): Provider[] {
  return providers.filter(isSetUp).sort(byUrgency)
}

/** `2 keys`, `2 of 3 keys usable`, `no key needed`, and how many models are out of rotation. */
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

/** The failed and interrupted ones, each once, newest first. */
export function failedRequests(requests: FinishedRequest[]): FinishedRequest[] {
  const byId = new Map(requests.map((request) => [request.id, request]))
  return [...byId.values()]
    .filter(({ ending }) => ending === 'error' || ending === 'upstream_cut')
    .sort((one, other) => (one.id < other.id ? 1 : -1))
}
