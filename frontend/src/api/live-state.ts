/** The live connection as a pure state machine. */
import type { Schemas } from './client'

/** A finished request, as in the ledger's list. */
export type FinishedRequest = Schemas['RequestView']

interface Batch {
  /** Where to resume after a reconnect. */
  cursor: string
  at: string
  providers: Schemas['ProviderView'][]
  requests: FinishedRequest[]
}

interface Snapshot extends Batch {
  type: 'snapshot'
  status: Schemas['Status']
  /** Finished requests that are not sent, because this page was too slow or disconnected for too long. */
  missed: number
}

interface Changes extends Batch {
  type: 'changes'
  status: Schemas['Status'] | null
}

export type LiveMessage = Snapshot | Changes

export interface LiveState {
  /** `connecting` before the first message; after a disconnect `stale` until it is `live` again. */
  phase: 'connecting' | 'live' | 'stale'
  cursor: string | null
  /** `null` before the first message. */
  lastMessageAtMs: number | null
  /** Since when the data may be outdated; `null` while live. */
  staleSinceMs: number | null
  failedAttempts: number
}

export type LiveEvent =
  { kind: 'message'; cursor: string; nowMs: number } | { kind: 'closed'; nowMs: number } | { kind: 'stopped' }

export const notConnected: LiveState = {
  phase: 'connecting',
  cursor: null,
  lastMessageAtMs: null,
  staleSinceMs: null,
  failedAttempts: 0,
}

export function nextState(state: LiveState, event: LiveEvent): LiveState {
  switch (event.kind) {
    case 'message':
      return {
        phase: 'live',
        cursor: event.cursor,
        lastMessageAtMs: event.nowMs,
        staleSinceMs: null,
        failedAttempts: 0,
      }
    case 'closed':
      return {
        ...state,
        phase: 'stale',
        staleSinceMs: state.staleSinceMs ?? state.lastMessageAtMs ?? event.nowMs,
        failedAttempts: state.failedAttempts + 1,
      }
    case 'stopped':
      return notConnected
  }
}

const FIRST_DELAY_MS = 500
const LONGEST_DELAY_MS = 30_000

/** Exponential backoff with jitter; `random` is from 0 to 1. */
export function retryDelayMs(failedAttempts: number, random: number): number {
  const ceiling = Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** Math.max(0, failedAttempts - 1))
  return Math.round(ceiling * (0.5 + random / 2))
}

/** The message in a frame, or `null` for a kind that only a newer gateway knows. */
export function readMessage(frame: unknown): LiveMessage | null {
  if (typeof frame !== 'string') return null
  try {
    const message = JSON.parse(frame) as Partial<LiveMessage> | null
    const isKnown = message?.type === 'snapshot' || message?.type === 'changes'
    return isKnown && typeof message.cursor === 'string' ? (message as LiveMessage) : null
  } catch {
    return null
  }
}

/** The providers with the changed ones replaced in place, new ones at the end. */
export function mergedProviders(
  known: Schemas['ProviderView'][],
  changed: Schemas['ProviderView'][],
): Schemas['ProviderView'][] {
  if (changed.length === 0) return known
  const byName = new Map(changed.map((provider) => [provider.name, provider]))
  const merged = known.map((provider) => byName.get(provider.name) ?? provider)
  const knownNames = new Set(known.map((provider) => provider.name))
  return [...merged, ...changed.filter((provider) => !knownNames.has(provider.name))]
}

const MOST_REQUESTS = 200

/** Newest first, each once, bounded. `finished` is newest last. */
export function mergedRequests(known: FinishedRequest[], finished: FinishedRequest[]): FinishedRequest[] {
  if (finished.length === 0) return known
  const fresh = new Map(finished.toReversed().map((request) => [request.id, request]))
  return [...fresh.values(), ...known.filter((request) => !fresh.has(request.id))].slice(0, MOST_REQUESTS)
}
