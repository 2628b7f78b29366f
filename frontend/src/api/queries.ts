/**
 * Queries that several pages share. The live connection updates status, providers and latest requests; without it they are polled.
 * A feature's own queries are in its `queries.ts`.
 */
import { keepPreviousData, queryOptions, useMutation, useQuery } from '@tanstack/react-query'
import { GatewayError } from '@/lib/gateway-error'
import { dataOf, gateway, type Schemas } from './client'
import { live } from './live'

const POLL_MS = 5_000

/** `false` while the live connection sends every change. */
function pollInterval(): number | false {
  return live.state().phase === 'live' ? false : POLL_MS
}

export const statusQuery = queryOptions({
  queryKey: ['status'],
  queryFn: ({ signal }) => dataOf(gateway.GET('/api/status', { signal })),
  refetchInterval: pollInterval,
})

export const providersQuery = queryOptions({
  queryKey: ['providers'],
  queryFn: ({ signal }) => dataOf(gateway.GET('/api/providers', { signal })),
  refetchInterval: pollInterval,
})

const LATEST = 50

/** The latest finished requests, newest first. */
export const latestRequestsQuery = queryOptions({
  queryKey: ['requests', 'latest'],
  queryFn: async ({ signal }) => {
    const { items } = await dataOf(gateway.GET('/api/requests', { params: { query: { limit: LATEST } }, signal }))
    return items
  },
  refetchInterval: pollInterval,
})

/** The signed-in session; `null` if the gateway requires a key and none is set. */
export const sessionQuery = queryOptions({
  queryKey: ['session'],
  queryFn: async ({ signal }): Promise<Schemas['SessionView'] | null> => {
    try {
      return await dataOf(gateway.GET('/api/session', { signal }))
    } catch (error) {
      if (error instanceof GatewayError && error.status === 401) return null
      throw error
    }
  },
  // The user may have signed in in another tab.
  staleTime: ({ state }) => (state.data ? 60_000 : 0),
})

/** Whether the role is read-only. The gateway enforces it; `false` until the role is known. */
export function useIsViewer(): boolean {
  return useQuery({ ...sessionQuery, select: (session) => session?.role === 'viewer' }).data ?? false
}

/** Why controls are disabled for this role, for `ui/guarded.tsx`; `null` if they are not. */
export function useReadOnlyReason(): string | null {
  return useIsViewer() ? 'You are signed in with a viewer key, which is read-only.' : null
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

/** Sums and series of the last hour by minute, or of 24 hours by hour: the same time as in a health strip. */
export const recentStatisticsQuery = (span: HistorySpan) =>
  queryOptions({
    queryKey: ['statistics', 'recent', span],
    queryFn: ({ signal }) => {
      const { milliseconds, bucket } = RECENT[span]
      const from = new Date(Date.now() - milliseconds + 1).toISOString()
      return dataOf(gateway.GET('/api/statistics', { params: { query: { from, bucket } }, signal }))
    },
    refetchInterval: RECENT[span].refetchInterval,
    placeholderData: keepPreviousData,
  })

/** Every provider's recent attempts: the last hour by minute, or 24 hours by hour. */
export const providerHistoryQuery = (span: HistorySpan) =>
  queryOptions({
    queryKey: ['provider-history', span],
    queryFn: ({ signal }) =>
      dataOf(gateway.GET('/api/statistics/providers', { params: { query: HISTORIES[span].query }, signal })),
    refetchInterval: HISTORIES[span].refetchInterval,
    staleTime: HISTORIES[span].refetchInterval,
  })

export const TEST_MESSAGE = 'Hello! Please answer with one short sentence.'

/** Sends a real message to this provider and no other. */
export function useProviderTest(provider: string) {
  return useMutation({
    mutationFn: (body: { message: string; model?: string }) =>
      dataOf(gateway.POST('/api/providers/{provider}/test', { params: { path: { provider } }, body })),
  })
}
