/** What the ledger is asked: its list, page by page, with what arrives meanwhile; and one request whole. */
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
import { mergedLedger, nextArrivals, nothingArrived } from './model'
import type { RequestFilters } from './search'

const PAGE = 100
/** A page looks at a bounded number of requests, so a rare filter may give empty ones; so many in a row, then the reader decides. */
const MOST_EMPTY_PAGES = 10

/**
 * Not under `['requests', …]`, which the live connection reads anew after a cut: with ten thousand rows on the page that would be
 * a hundred reads. What was missed meanwhile is told as new instead.
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

/** The list under these filters, which are memoised. `isReading`: what arrives waits until `showArrivals`. */
export function useLedger(filters: RequestFilters, isReading: boolean) {
  const options = ledgerQuery(filters)
  const query = useInfiniteQuery(options)
  const { data: latest } = useQuery(latestRequestsQuery)
  const cache = useQueryClient()
  const [arrivals, tell] = useReducer(nextArrivals, nothingArrived)
  const isHeld = isReading || countSet(filters) > 0
  useEffect(() => {
    if (latest !== undefined) tell({ kind: 'heard', latest, filters, isHeld })
  }, [latest, filters, isHeld])

  const { data, hasNextPage, isFetching, isFetchNextPageError, isPlaceholderData, fetchNextPage, refetch } = query
  const loadMore = () => {
    if (hasNextPage && !isFetching) void fetchNextPage()
  }
  const emptyPages = countEmptyPages(data?.pages ?? [])
  const isPaused = hasNextPage && emptyPages > 0 && emptyPages % MOST_EMPTY_PAGES === 0
  const goesOn = hasNextPage && !isFetching && emptyPages > 0 && !isPaused && !isFetchNextPageError
  useEffect(() => {
    if (goesOn) void fetchNextPage()
  }, [goesOn, fetchNextPage])

  const showArrivals = () => {
    if (!arrivals.hasGap) {
      tell({ kind: 'released' })
      return
    }
    // Of many pages only the first is read anew; the others follow as they are scrolled to.
    cache.setQueryData(
      options.queryKey,
      (known) => known && { pages: known.pages.slice(0, 1), pageParams: known.pageParams.slice(0, 1) },
    )
    void refetch().then(() => tell({ kind: 'loaded anew' }))
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

/** One request with its attempts. One that has only just finished may not be in the ledger yet: `isExpected` waits for it. */
export const requestQuery = (id: string, isExpected: () => boolean) =>
  queryOptions({
    queryKey: ['ledger', 'request', id],
    queryFn: ({ signal }) => dataOf(gateway.GET('/api/requests/{id}', { params: { path: { id } }, signal })),
    // What is in the ledger does not change any more.
    staleTime: Infinity,
    retry: (failures, error) =>
      error instanceof GatewayError && error.status === 404 && failures < MOST_WAITS && isExpected(),
    retryDelay: WAIT_MS,
  })
