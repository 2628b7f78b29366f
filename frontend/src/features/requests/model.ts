/** The ledger's list as data: which requests match, what has arrived since it was loaded, and what a row says. */
import type { FinishedRequest } from '@/api/live-state'
import type { RequestFilters } from './search'

/** Whether the ledger would list the request under these filters. */
export function matches(request: FinishedRequest, filters: RequestFilters): boolean {
  const { provider, model, client, ending, status, failure, from, to } = filters
  const receivedAt = Date.parse(request.received_at)
  return (
    (provider === undefined || request.provider === provider) &&
    (model === undefined || request.model === model) &&
    (client === undefined || request.client === client) &&
    (ending === undefined || request.ending === ending) &&
    (status === undefined || String(request.status).startsWith(status.charAt(0))) &&
    (failure === undefined || request.failure === failure) &&
    (from === undefined || receivedAt >= Date.parse(from)) &&
    (to === undefined || receivedAt < Date.parse(to))
  )
}

/** Requests that finished while the list is looked at. */
export interface Arrivals {
  /** The filters they were heard under; others begin anew. */
  filters: RequestFilters | null
  /** The ids of the latest ones that were heard of. */
  heard: ReadonlySet<string>
  /** In the list. */
  shown: FinishedRequest[]
  /** Waiting until the reader wants them: who scrolls or filters is reading. */
  held: FinishedRequest[]
  /** So many came, or the connection was away for so long, that some may be missing: only a new list shows them all. */
  hasGap: boolean
}

export const nothingArrived: Arrivals = { filters: null, heard: new Set(), shown: [], held: [], hasGap: false }

export type ArrivalEvent =
  | { kind: 'heard'; latest: FinishedRequest[]; filters: RequestFilters; isHeld: boolean }
  | { kind: 'released' }
  | { kind: 'loaded anew' }

export const MOST_ARRIVALS = 1_000

export function nextArrivals(state: Arrivals, event: ArrivalEvent): Arrivals {
  switch (event.kind) {
    case 'heard':
      return heardOf(state, event)
    case 'released':
      return { ...state, shown: unique([...state.held, ...state.shown]), held: [] }
    case 'loaded anew':
      return { ...state, shown: [], held: [], hasGap: false }
  }
}

function heardOf(state: Arrivals, { latest, filters, isHeld }: ArrivalEvent & { kind: 'heard' }): Arrivals {
  const isFirst = state.filters !== filters
  const { heard, shown, held, hasGap } = isFirst ? nothingArrived : state
  const fresh = latest.filter(({ id }) => !heard.has(id))
  if (!isFirst && fresh.length === 0 && (isHeld || held.length === 0)) return state
  const arrived = fresh.filter((request) => matches(request, filters))
  // What finished before the list was asked for belongs into it.
  const isWaiting = isHeld && !isFirst
  const list = unique(isWaiting ? [...arrived, ...held] : [...arrived, ...held, ...shown])
  const bounded = list.slice(0, MOST_ARRIVALS)
  return {
    filters,
    heard: new Set(latest.map(({ id }) => id)),
    shown: isWaiting ? shown : bounded,
    held: isWaiting ? bounded : [],
    hasGap:
      hasGap || list.length > MOST_ARRIVALS || (heard.size > 0 && fresh.length > 0 && fresh.length === latest.length),
  }
}

/** What the ledger listed with what arrived since, newest first, each once. */
export function mergedLedger(listed: FinishedRequest[], arrived: FinishedRequest[]): FinishedRequest[] {
  if (arrived.length === 0) return listed
  const known = new Set(listed.map(({ id }) => id))
  const fresh = arrived.filter(({ id }) => !known.has(id)).sort(newestFirst)
  if (fresh.length === 0) return listed
  const merged: FinishedRequest[] = []
  let next = 0
  for (const request of listed) {
    for (let one = fresh[next]; one !== undefined && newestFirst(one, request) < 0; one = fresh[next]) {
      merged.push(one)
      next += 1
    }
    merged.push(request)
  }
  return [...merged, ...fresh.slice(next)]
}

/** Ids begin with their time. */
function newestFirst(one: FinishedRequest, other: FinishedRequest): number {
  return one.id < other.id ? 1 : one.id > other.id ? -1 : 0
}

function unique(requests: FinishedRequest[]): FinishedRequest[] {
  const seen = new Set<string>()
  return requests.filter(({ id }) => !seen.has(id) && seen.add(id))
}
