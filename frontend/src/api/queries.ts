/**
 * What several pages read and the live connection keeps fresh: status, providers, latest requests.
 * While the connection is down they are polled. A feature's own queries stand in its `queries.ts`.
 */
import { keepPreviousData, queryOptions, useMutation, useQuery } from '@tanstack/react-query'
import { GatewayError } from '@/lib/gateway-error'
import { answerOf, gateway, type Schemas } from './client'
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

/** Who the pages act for; `null` where the gateway asks for a key and none came. */
export const sessionQuery = queryOptions({
  queryKey: ['session'],
  queryFn: async ({ signal }): Promise<Schemas['SessionView'] | null> => {
    try {
      return await answerOf(gateway.GET('/api/session', { signal }))
    } catch (error) {
      if (error instanceof GatewayError && error.status === 401) return null
      throw error
    }
  },
  // Whoever is asked for a key may have signed in beside, in another tab.
  staleTime: ({ state }) => (state.data ? 60_000 : 0),
})

/** Whether this role only looks. Until the role is known the gateway decides, which it does in any case. */
export function useIsViewer(): boolean {
  return useQuery({ ...sessionQuery, select: (session) => session?.role === 'viewer' }).data ?? false
}

/** Why this role may change nothing, for `ui/allowed.tsx`; `null` where it may. */
export function useWhyNotChange(): string | null {
  return useIsViewer() ? 'You are signed in with a viewer’s key: it may see everything and change nothing.' : null
}

export type HistorySpan = 'hour' | 'day'

const HISTORIES = {
  hour: { query: { bucket: 'minute', points: 60 }, refetchInterval: 15_000 },
  day: { query: { bucket: 'hour', points: 24 }, refetchInterval: 60_000 },
} as const

const HOUR_MS = 3_600_000
const RECENT = {
  hour: { milliseconds: HOUR_MS, bucket: 'minute', refetchInterval: 10_000 },
  day: { milliseconds: 24 * HOUR_MS, bucket: 'hour', refetchInterval: 30_000 },
} as const

/** Sums and series of the last hour by the minute, or of 24 hours by the hour: of the time that a provider's strip shows. */
export const recentStatisticsQuery = (span: HistorySpan) =>
  queryOptions({
    queryKey: ['statistics', 'recent', span],
    queryFn: ({ signal }) => {
      const { milliseconds, bucket } = RECENT[span]
      const from = new Date(Date.now() - milliseconds + 1).toISOString()
      return answerOf(gateway.GET('/api/statistics', { params: { query: { from, bucket } }, signal }))
    },
    refetchInterval: RECENT[span].refetchInterval,
    placeholderData: keepPreviousData,
  })

/** Every provider's recent attempts: the last hour by the minute, or 24 hours by the hour. One question for all of them. */
export const providerHistoryQuery = (span: HistorySpan) =>
  queryOptions({
    queryKey: ['provider-history', span],
    queryFn: ({ signal }) =>
      answerOf(gateway.GET('/api/statistics/providers', { params: { query: HISTORIES[span].query }, signal })),
    refetchInterval: HISTORIES[span].refetchInterval,
    staleTime: HISTORIES[span].refetchInterval,
  })

export const TEST_MESSAGE = 'Hello! Please answer with one short sentence.'

/** Sends a real message to this provider and no other. */
export function useProviderTest(provider: string) {
  return useMutation({
    mutationFn: (body: { message: string; model?: string }) =>
      answerOf(gateway.POST('/api/providers/{provider}/test', { params: { path: { provider } }, body })),
  })
}
