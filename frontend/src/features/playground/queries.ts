/** What the playground asks beyond the chat itself. */
import { queryOptions, useQuery } from '@tanstack/react-query'
import { dataOf, gateway } from '@/api/client'
import type { FinishedRequest } from '@/api/live-state'
import { latestRequestsQuery } from '@/api/queries'

/** Every name that a request may use now, plain ones before those that are pinned to a provider. */
export const modelNamesQuery = queryOptions({
  queryKey: ['models', 'names'],
  queryFn: async ({ signal }) => {
    const { data } = await dataOf(gateway.GET('/v1/models', { signal }))
    // In Anthropic's form, which only its own clients are given, nobody owns a model.
    return data.map((model) => ({ name: model.id, providers: 'owned_by' in model ? model.owned_by : '' }))
  },
})

/** The ledger's word on an answer of this page, as soon as it has one. */
export function useFinished(requestId: string | null): FinishedRequest | undefined {
  const { data } = useQuery({
    ...latestRequestsQuery,
    select: (latest) => latest.find((request) => request.request_id === requestId),
  })
  return requestId === null ? undefined : data
}
