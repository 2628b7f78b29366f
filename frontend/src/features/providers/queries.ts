/** What Providers asks and does beyond the shared list. */
import { keepPreviousData, queryOptions, useMutation, useQueryClient } from '@tanstack/react-query'
import { dataOf, gateway, type Schemas } from '@/api/client'
import { providersQuery } from '@/api/queries'
import { notifyDone, notifyFailed } from '@/ui/notify'
import { neededVariables } from './model'
import type { Steering } from './steering'

/** Which variables of the environment a provider waits for: its key, and what else it cannot do without. */
export const variablesQuery = queryOptions({
  queryKey: ['config', 'variables'],
  queryFn: ({ signal }) => dataOf(gateway.GET('/api/config', { signal })),
  select: neededVariables,
  staleTime: 60_000,
})

const MODELS = 50

export const providerModelsQuery = (provider: string, search: string) =>
  queryOptions({
    queryKey: ['providers', provider, 'models', search],
    queryFn: ({ signal }) =>
      dataOf(
        gateway.GET('/api/providers/{provider}/models', {
          params: { path: { provider }, query: { limit: MODELS, ...(search !== '' && { search }) } },
          signal,
        }),
      ),
    staleTime: 30_000,
    placeholderData: keepPreviousData,
  })

/** The latest changes of this provider by hand, newest first. */
export const auditQuery = (provider: string) =>
  queryOptions({
    queryKey: ['audit', provider],
    queryFn: ({ signal }) =>
      dataOf(gateway.GET('/api/audit', { params: { query: { target: provider, limit: 30 } }, signal })),
  })

/** Does what an operator wants: shown at once, put back where it is refused, and told with a way back. */
export function useSteering() {
  const cache = useQueryClient()
  const key = providersQuery.queryKey
  const show = (provider: Schemas['ProviderView']) => {
    cache.setQueryData(key, (known) => known?.map((one) => (one.name === provider.name ? provider : one)))
  }
  const mutation = useMutation({
    mutationFn: (steering: Steering) => steering.call(),
    onMutate: async ({ provider, guess }) => {
      await cache.cancelQueries({ queryKey: key, exact: true })
      const former = cache.getQueryData(key)?.find(({ name }) => name === provider)
      if (former && guess) show(guess(former))
      return { former }
    },
    onSuccess: (answer, { done, message, undo }) => {
      if (answer !== undefined) show(answer)
      notifyDone({
        title: done,
        ...(message !== undefined && { message }),
        onUndo: undo && (() => mutation.mutate(undo)),
      })
    },
    onError: (error, { refused }, context) => {
      if (context?.former) show(context.former)
      notifyFailed(refused, error)
    },
    onSettled: (_answer, _error, { provider }) => {
      void cache.invalidateQueries({ queryKey: key, exact: true })
      void cache.invalidateQueries({ queryKey: ['audit', provider] })
    },
  })
  return mutation
}
