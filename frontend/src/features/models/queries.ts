/** The queries and actions of Models. */
import {
  infiniteQueryOptions,
  keepPreviousData,
  queryOptions,
  useInfiniteQuery,
  useMutation,
  useQueryClient,
} from '@tanstack/react-query'
import { useEffect, useMemo } from 'react'
import { dataOf, gateway } from '@/api/client'
import type { ModelFilters } from './search'

/** The first page fills the screen; the others are few and large. */
const FIRST_PAGE = 200
const NEXT_PAGE = 1_000
const LONGEST_SEARCH = 200
const CATALOGUE_FRESH_MS = 60_000
const POLL_MS = 5_000

const catalogueQuery = ({ find, provider, can, context, price }: ModelFilters) =>
  infiniteQueryOptions({
    queryKey: ['models', 'catalogue', { find, provider, can, context, price }],
    queryFn: ({ signal, pageParam }) => {
      const query = {
        limit: pageParam === undefined ? FIRST_PAGE : NEXT_PAGE,
        cursor: pageParam,
        search: find,
        provider,
        capability: can,
        min_context_tokens: context,
        max_input_usd_per_million: price,
      }
      return dataOf(gateway.GET('/api/models', { params: { query }, signal }))
    },
    initialPageParam: undefined as string | undefined,
    getNextPageParam: ({ next_cursor }) => next_cursor ?? undefined,
    staleTime: CATALOGUE_FRESH_MS,
    placeholderData: keepPreviousData,
  })

/** The matching models. All pages are loaded, so that the models can be sorted and counted. */
export function useCatalogue(filters: ModelFilters, isEnabled = true) {
  const query = useInfiniteQuery({ ...catalogueQuery(filters), enabled: isEnabled })
  const { data, hasNextPage, isFetching, isError, fetchNextPage } = query
  const hasToFetch = isEnabled && hasNextPage && !isFetching && !isError
  const pagesRead = data?.pages.length
  useEffect(() => {
    // `pagesRead`: a page from the cache never sets `isFetching`.
    if (hasToFetch) void fetchNextPage()
  }, [hasToFetch, pagesRead, fetchNextPage])
  const models = useMemo(() => data?.pages.flatMap(({ items }) => items) ?? [], [data])
  return { query, models, isComplete: data !== undefined && !hasNextPage }
}

/** One model with its routes; `null` if the catalogue has none of this name. */
export const modelQuery = (name: string) =>
  queryOptions({
    queryKey: ['models', 'one', name],
    queryFn: async ({ signal }) => {
      let cursor: string | undefined
      do {
        const query = { limit: NEXT_PAGE, search: name.slice(0, LONGEST_SEARCH), cursor }
        const page = await dataOf(gateway.GET('/api/models', { params: { query }, signal }))
        const found = page.items.find((model) => model.name === name)
        if (found !== undefined) return found
        cursor = page.next_cursor ?? undefined
      } while (cursor !== undefined)
      return null
    },
    refetchInterval: POLL_MS,
  })

/** How autodecide routes this name; polled, since scores and flags change. */
export const explanationQuery = (model: string) =>
  queryOptions({
    queryKey: ['autodecide', model],
    queryFn: ({ signal }) => dataOf(gateway.GET('/api/autodecide/{model}', { params: { path: { model } }, signal })),
    refetchInterval: POLL_MS,
  })

export function useRefresh() {
  const cache = useQueryClient()
  return useMutation({
    mutationFn: () => dataOf(gateway.POST('/api/models/refresh')),
    onSettled: () =>
      Promise.all([
        cache.invalidateQueries({ queryKey: ['models'] }),
        cache.invalidateQueries({ queryKey: ['autodecide'] }),
        cache.invalidateQueries({ queryKey: ['providers'] }),
      ]),
  })
}

/** Sends a real message by autodecide. */
export function useAutodecideTest() {
  const cache = useQueryClient()
  return useMutation({
    mutationFn: (body: { model: string; message: string }) => dataOf(gateway.POST('/api/autodecide/test', { body })),
    onSettled: () => cache.invalidateQueries({ queryKey: ['autodecide'] }),
  })
}
