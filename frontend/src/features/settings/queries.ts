/** What Settings asks and does beyond the shared status. */
import { keepPreviousData, queryOptions, useMutation, useQueryClient } from '@tanstack/react-query'
import { dataOf, gateway } from '@/api/client'
import { statusQuery } from '@/api/queries'

/** The configuration of a generation: whoever reloads it, from wherever, this page asks anew. */
export const configurationQuery = (generation: number | undefined) =>
  queryOptions({
    queryKey: ['config', generation],
    queryFn: ({ signal }) => dataOf(gateway.GET('/api/config', { signal })),
    placeholderData: keepPreviousData,
  })

export function useReload() {
  const cache = useQueryClient()
  return useMutation({
    mutationFn: () => dataOf(gateway.POST('/api/config/reload')),
    // The status tells the new generation, and that leads to all else.
    onSuccess: () => cache.invalidateQueries({ queryKey: statusQuery.queryKey }),
  })
}
