/** The dashboard's own queries. */
import { queryOptions, useQuery } from '@tanstack/react-query'
import { useMemo } from 'react'
import { dataOf, gateway } from '@/api/client'
import type { FinishedRequest } from '@/api/live-state'
import { latestRequestsQuery } from '@/api/queries'
import { failedRequests } from './model'

/** The sums of the day that began at `beganMs`. */
export const todayQuery = (beganMs: number) =>
  queryOptions({
    queryKey: ['statistics', 'today', beganMs],
    queryFn: async ({ signal }) => {
      const query = { from: new Date(beganMs).toISOString(), bucket: 'hour' } as const
      const { summary } = await dataOf(gateway.GET('/api/statistics', { params: { query }, signal }))
      return summary
    },
    refetchInterval: 15_000,
  })

const FAILURES = 6

const failuresQuery = queryOptions({
  queryKey: ['requests', 'failures'],
  queryFn: async ({ signal }) => {
    const ended = async (ending: 'error' | 'upstream_cut') =>
      dataOf(gateway.GET('/api/requests', { params: { query: { ending, limit: FAILURES } }, signal }))
    const [errors, cuts] = await Promise.all([ended('error'), ended('upstream_cut')])
    return [...errors.items, ...cuts.items]
  },
  staleTime: 60_000,
})

/** The latest failed requests, newest first: those of the ledger, and those that have finished since. */
export function useRecentFailures() {
  const query = useQuery(failuresQuery)
  const latest = useQuery({ ...latestRequestsQuery, select: onlyFailed }).data
  const data = useMemo(
    () => query.data && failedRequests([...(latest ?? []), ...query.data]).slice(0, FAILURES),
    [query.data, latest],
  )
  return { ...query, data }
}

function onlyFailed(requests: FinishedRequest[]): FinishedRequest[] {
  return failedRequests(requests).slice(0, FAILURES)
}
