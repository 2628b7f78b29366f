/** What Models asks and does. */
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

/** What fills the screen comes first; whatever else there is follows in few and large pages. */
const FIRST_PAGE = 200
const NEXT_PAGE = 1_000
const LONGEST_SEARCH = 200
const CATALOGUE_FRESH_MS = 60_000
const EXPLANATION_REPEATED_MS = 5_000

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

/** The models that fit. The first ones are there at once; the others follow page by page, so that all can be sorted and counted. */
export function useCatalogue(filters: ModelFilters, isWanted = true) {
  const query = useInfiniteQuery({ ...catalogueQuery(filters), enabled: isWanted })
  const { data, hasNextPage, isFetching, isError, fetchNextPage } = query
  const goesOn = isWanted && hasNextPage && !isFetching && !isError
  const pagesRead = data?.pages.length
  useEffect(() => {
    // After each page: one that comes at once is never seen to be fetched.
    if (goesOn) void fetchNextPage()
  }, [goesOn, pagesRead, fetchNextPage])
  const models = useMemo(() => data?.pages.flatMap(({ items }) => items) ?? [], [data])
  return { query, models, isWhole: data !== undefined && !hasNextPage }
}

/** One model with all of its routes, as they stand now; `null` if the catalogue has none of that name. */
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
    refetchInterval: EXPLANATION_REPEATED_MS,
  })

/** What autodecide would do with the name now; asked again, since scores and flags move. */
export const explanationQuery = (model: string) =>
  queryOptions({
    queryKey: ['autodecide', model],
    queryFn: ({ signal }) => dataOf(gateway.GET('/api/autodecide/{model}', { params: { path: { model } }, signal })),
    refetchInterval: EXPLANATION_REPEATED_MS,
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

/** Sends one real message by autodecide. */
export function useAutodecideTest() {
  const cache = useQueryClient()
  return useMutation({
    mutationFn: (body: { model: string; message: string }) => dataOf(gateway.POST('/api/autodecide/test', { body })),
    onSettled: () => cache.invalidateQueries({ queryKey: ['autodecide'] }),
  })
}
