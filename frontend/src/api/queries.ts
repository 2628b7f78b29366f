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
