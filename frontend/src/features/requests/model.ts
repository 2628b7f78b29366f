/** The list of requests as data: which ones match the filters, and which have arrived since it was loaded. */
import type { FinishedRequest } from '@/api/live-state'
import type { RequestFilters } from './search'

/** Whether the gateway would list the request with these filters. */
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

/** Requests that finished since the list was loaded. */
export interface Arrivals {
  /** The filters of the list; other filters start over. */
  filters: RequestFilters | null
  /** The ids of the latest received ones. */
  received: ReadonlySet<string>
  /** Part of the list. */
  shown: FinishedRequest[]
  /** Held back while the list is scrolled or filtered. */
  held: FinishedRequest[]
  /** Some may be missing, after too many arrivals or a long disconnect: the list has to be loaded again. */
  hasGap: boolean
}

export const noArrivals: Arrivals = { filters: null, received: new Set(), shown: [], held: [], hasGap: false }

export type ArrivalEvent =
  | { kind: 'received'; latest: FinishedRequest[]; filters: RequestFilters; isHeld: boolean }
  | { kind: 'released' }
  | { kind: 'reloaded' }

export const MOST_ARRIVALS = 1_000

export function nextArrivals(state: Arrivals, event: ArrivalEvent): Arrivals {
  switch (event.kind) {
    case 'received':
      return received(state, event)
    case 'released':
      return { ...state, shown: unique([...state.held, ...state.shown]), held: [] }
    case 'reloaded':
      return { ...state, shown: [], held: [], hasGap: false }
  }
}

function received(state: Arrivals, { latest, filters, isHeld }: ArrivalEvent & { kind: 'received' }): Arrivals {
  const isFirst = state.filters !== filters
  const { received: known, shown, held, hasGap } = isFirst ? noArrivals : state
  const fresh = latest.filter(({ id }) => !known.has(id))
  if (!isFirst && fresh.length === 0 && (isHeld || held.length === 0)) return state
  const arrived = fresh.filter((request) => matches(request, filters))
  // The first ones finished before the list was loaded and are part of it.
  const isHolding = isHeld && !isFirst
  const list = unique(isHolding ? [...arrived, ...held] : [...arrived, ...held, ...shown])
  const bounded = list.slice(0, MOST_ARRIVALS)
  return {
    filters,
    received: new Set(latest.map(({ id }) => id)),
    shown: isHolding ? shown : bounded,
    held: isHolding ? bounded : [],
    hasGap:
      hasGap || list.length > MOST_ARRIVALS || (known.size > 0 && fresh.length > 0 && fresh.length === latest.length),
  }
}

/** The loaded list and the arrivals, newest first, each once. */
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

/** Ids start with their time. */
function newestFirst(one: FinishedRequest, other: FinishedRequest): number {
  return one.id < other.id ? 1 : one.id > other.id ? -1 : 0
}

function unique(requests: FinishedRequest[]): FinishedRequest[] {
  const seen = new Set<string>()
  return requests.filter(({ id }) => !seen.has(id) && seen.add(id))
}
