/**
 * What several pages read and the live connection keeps fresh: status, providers, latest requests.
 * While the connection is down they are polled. A feature's own queries stand in its `queries.ts`.
 */
import { queryOptions } from '@tanstack/react-query'
import { answerOf, gateway } from './client'
import { live } from './live'

const POLL_MS = 5_000

/** `false` while the live connection brings every change by itself. */
function pollInterval(): number | false {
  return live.state().phase === 'live' ? false : POLL_MS
}

export const statusQuery = queryOptions({
  queryKey: ['status'],
  queryFn: ({ signal }) => answerOf(gateway.GET('/api/status', { signal })),
  refetchInterval: pollInterval,
})

export const providersQuery = queryOptions({
  queryKey: ['providers'],
  queryFn: ({ signal }) => answerOf(gateway.GET('/api/providers', { signal })),
  refetchInterval: pollInterval,
})

const LATEST = 50

/** The latest finished requests, newest first. The ledger's pages have queries of their own under `['requests', …]`. */
export const latestRequestsQuery = queryOptions({
  queryKey: ['requests', 'latest'],
  queryFn: async ({ signal }) => {
    const { items } = await answerOf(gateway.GET('/api/requests', { params: { query: { limit: LATEST } }, signal }))
    return items
  },
  refetchInterval: pollInterval,
})
