/** The playground's queries. */
import { queryOptions, useQuery } from '@tanstack/react-query'
import { dataOf, gateway } from '@/api/client'
import type { FinishedRequest } from '@/api/live-state'
import { latestRequestsQuery } from '@/api/queries'

/** Every model name, plain ones before those pinned to a provider. */
export const modelNamesQuery = queryOptions({
  queryKey: ['models', 'names'],
  queryFn: async ({ signal }) => {
    const { data } = await dataOf(gateway.GET('/v1/models', { signal }))
    // Anthropic's format, which only its clients get, has no `owned_by`.
    return data.map((model) => ({ name: model.id, providers: 'owned_by' in model ? model.owned_by : '' }))
  },
})

/** The finished request of a response, once the ledger has it. */
export function useFinished(requestId: string | null): FinishedRequest | undefined {
  const { data } = useQuery({
    ...latestRequestsQuery,
    select: (latest) => latest.find((request) => request.request_id === requestId),
  })
  return requestId === null ? undefined : data
}
