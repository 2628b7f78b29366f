/** The queries and actions of Settings. */
import { keepPreviousData, queryOptions, useMutation, useQueryClient } from '@tanstack/react-query'
import { dataOf, gateway } from '@/api/client'
import { statusQuery } from '@/api/queries'

/** The configuration of a generation: after a reload, from anywhere, the new one is fetched. */
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
    // The status has the new generation, which updates all else.
    onSuccess: () => cache.invalidateQueries({ queryKey: statusQuery.queryKey }),
  })
}
