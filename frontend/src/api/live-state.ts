/** The live connection as a pure state machine: what happened, and what is to be said and done about it. */
import type { Schemas } from './client'

/** A finished request, as an item of the ledger's list. */
export type FinishedRequest = Schemas['RequestView']

interface Batch {
  /** Where to go on after a cut. */
  cursor: string
  at: string
  providers: Schemas['ProviderView'][]
  requests: FinishedRequest[]
}

interface Snapshot extends Batch {
  type: 'snapshot'
  status: Schemas['Status']
  /** Finished requests that will never be sent, because this page was too slow or away too long. */
  missed: number
}

interface Changes extends Batch {
  type: 'changes'
  status: Schemas['Status'] | null
}

export type LiveMessage = Snapshot | Changes

export interface LiveState {
  /** `connecting` only before the first answer; after a cut it is `stale` until it is `live` again. */
  phase: 'connecting' | 'live' | 'stale'
  cursor: string | null
  /** When the last message came; `null` before the first. */
  heardAtMs: number | null
  /** Since when what is shown may be out of date; `null` while it is live. */
  staleSinceMs: number | null
  failedAttempts: number
}

export type LiveEvent =
  { kind: 'heard'; cursor: string; nowMs: number } | { kind: 'cut'; nowMs: number } | { kind: 'restarted' }

export const notConnected: LiveState = {
  phase: 'connecting',
  cursor: null,
  heardAtMs: null,
  staleSinceMs: null,
  failedAttempts: 0,
}

export function nextState(state: LiveState, event: LiveEvent): LiveState {
  switch (event.kind) {
    case 'heard':
      return { phase: 'live', cursor: event.cursor, heardAtMs: event.nowMs, staleSinceMs: null, failedAttempts: 0 }
    case 'cut':
      return {
        ...state,
        phase: 'stale',
        staleSinceMs: state.staleSinceMs ?? state.heardAtMs ?? event.nowMs,
        failedAttempts: state.failedAttempts + 1,
      }
    case 'restarted':
      return notConnected
  }
}

const FIRST_DELAY_MS = 500
const LONGEST_DELAY_MS = 30_000

/** How long to wait before the next try: doubling, and between half and all of it, so that many pages do not return at once. */
export function retryDelayMs(failedAttempts: number, chance: number): number {
  const ceiling = Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** Math.max(0, failedAttempts - 1))
  return Math.round(ceiling * (0.5 + chance / 2))
}

/** The message in a frame, or `null` for one that a newer gateway may send and this page does not know. */
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

/** The providers with those that changed in place of their former selves, new ones at the end. */
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

/** Newest first, each once, bounded. `finished` comes newest last. */
export function mergedRequests(known: FinishedRequest[], finished: FinishedRequest[]): FinishedRequest[] {
  if (finished.length === 0) return known
  const fresh = new Map(finished.toReversed().map((request) => [request.id, request]))
  return [...fresh.values(), ...known.filter((request) => !fresh.has(request.id))].slice(0, MOST_REQUESTS)
}
