/** The queries of Requests: the list, page by page, with new arrivals; and the details of one request. */
import {
  infiniteQueryOptions,
  keepPreviousData,
  queryOptions,
  useInfiniteQuery,
  useQuery,
  useQueryClient,
} from '@tanstack/react-query'
import { useEffect, useMemo, useReducer } from 'react'
import { dataOf, gateway } from '@/api/client'
import { latestRequestsQuery } from '@/api/queries'
import { GatewayError } from '@/lib/gateway-error'
import { countSet } from '@/lib/page-url'
import { mergedLedger, nextArrivals, noArrivals } from './model'
import type { RequestFilters } from './search'

const PAGE = 100
/** A page covers a bounded number of requests, so that a rare filter gives empty pages; after this many in a row the user decides. */
const MOST_EMPTY_PAGES = 10

/**
 * Not under `['requests', …]`, which is invalidated after a disconnect: with ten thousand rows that would be a hundred reads. Missed
 * requests are shown as new instead.
 */
const ledgerQuery = (filters: RequestFilters) =>
  infiniteQueryOptions({
    queryKey: ['ledger', 'list', filters],
    queryFn: ({ pageParam, signal }) =>
      dataOf(
        gateway.GET('/api/requests', {
          params: { query: { ...filters, limit: PAGE, ...(pageParam !== null && { cursor: pageParam }) } },
          signal,
        }),
      ),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_cursor,
    staleTime: Infinity,
    gcTime: 0,
    placeholderData: keepPreviousData,
    refetchOnWindowFocus: false,
    refetchOnReconnect: false,
  })

/** The list with these filters, which are memoised. While `isReading`, arrivals wait for `showArrivals`. */
export function useLedger(filters: RequestFilters, isReading: boolean) {
  const options = ledgerQuery(filters)
  const query = useInfiniteQuery(options)
  const { data: latest } = useQuery(latestRequestsQuery)
  const cache = useQueryClient()
  const [arrivals, dispatch] = useReducer(nextArrivals, noArrivals)
  const isHeld = isReading || countSet(filters) > 0
  useEffect(() => {
    if (latest !== undefined) dispatch({ kind: 'received', latest, filters, isHeld })
  }, [latest, filters, isHeld])

  const { data, hasNextPage, isFetching, isFetchNextPageError, isPlaceholderData, fetchNextPage, refetch } = query
  const loadMore = () => {
    if (hasNextPage && !isFetching) void fetchNextPage()
  }
  const emptyPages = countEmptyPages(data?.pages ?? [])
  const isPaused = hasNextPage && emptyPages > 0 && emptyPages % MOST_EMPTY_PAGES === 0
  const hasToFetch = hasNextPage && !isFetching && emptyPages > 0 && !isPaused && !isFetchNextPageError
  useEffect(() => {
    if (hasToFetch) void fetchNextPage()
  }, [hasToFetch, fetchNextPage])

  const showArrivals = () => {
    if (!arrivals.hasGap) {
      dispatch({ kind: 'released' })
      return
    }
    // Only the first page is fetched again; the others follow on scrolling.
    cache.setQueryData(
      options.queryKey,
      (known) => known && { pages: known.pages.slice(0, 1), pageParams: known.pageParams.slice(0, 1) },
    )
    void refetch().then(() => dispatch({ kind: 'reloaded' }))
  }

  const listed = useMemo(() => data?.pages.flatMap(({ items }) => items) ?? [], [data])
  const isSettled = arrivals.filters === filters && !isPlaceholderData
  const rows = useMemo(
    () => (isSettled ? mergedLedger(listed, arrivals.shown) : listed),
    [isSettled, listed, arrivals.shown],
  )
  return { query, rows, arrivals, showArrivals, loadMore, isPaused }
}

function countEmptyPages(pages: { items: unknown[] }[]): number {
  return pages.length - 1 - pages.findLastIndex(({ items }) => items.length > 0)
}

const MOST_WAITS = 8
const WAIT_MS = 500

/** One request with its attempts. If it has just finished it may not be in the ledger yet: `isExpected` retries. */
export const requestQuery = (id: string, isExpected: () => boolean) =>
  queryOptions({
    queryKey: ['ledger', 'request', id],
    queryFn: ({ signal }) => dataOf(gateway.GET('/api/requests/{id}', { params: { path: { id } }, signal })),
    // A request in the ledger does not change.
    staleTime: Infinity,
    retry: (failures, error) =>
      error instanceof GatewayError && error.status === 404 && failures < MOST_WAITS && isExpected(),
    retryDelay: WAIT_MS,
  })
