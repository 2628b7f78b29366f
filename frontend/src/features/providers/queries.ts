/** The queries and actions of Providers. */
import { keepPreviousData, queryOptions, useMutation, useQueryClient } from '@tanstack/react-query'
import { dataOf, gateway, type Schemas } from '@/api/client'
import { providersQuery } from '@/api/queries'
import { notifyDone, notifyFailed } from '@/ui/notify'
import { requiredVariables } from './model'
import type { ProviderAction } from './actions'

/** The variables that a provider requires: its key, and others. */
export const variablesQuery = queryOptions({
  queryKey: ['config', 'variables'],
  queryFn: ({ signal }) => dataOf(gateway.GET('/api/config', { signal })),
  select: requiredVariables,
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

/** The latest changes of this provider by operators, newest first. */
export const auditQuery = (provider: string) =>
  queryOptions({
    queryKey: ['audit', provider],
    queryFn: ({ signal }) =>
      dataOf(gateway.GET('/api/audit', { params: { query: { target: provider, limit: 30 } }, signal })),
  })

/** Runs an action: shown at once, reverted on failure, with a notification and undo. */
export function useProviderAction() {
  const cache = useQueryClient()
  const key = providersQuery.queryKey
  const show = (provider: Schemas['ProviderView']) => {
    cache.setQueryData(key, (known) => known?.map((one) => (one.name === provider.name ? provider : one)))
  }
  const mutation = useMutation({
    mutationFn: (action: ProviderAction) => action.call(),
    onMutate: async ({ provider, optimistic }) => {
      await cache.cancelQueries({ queryKey: key, exact: true })
      const former = cache.getQueryData(key)?.find(({ name }) => name === provider)
      if (former && optimistic) show(optimistic(former))
      return { former }
    },
    onSuccess: (changed, { done, message, undo }) => {
      if (changed !== undefined) show(changed)
      notifyDone({
        title: done,
        ...(message !== undefined && { message }),
        onUndo: undo && (() => mutation.mutate(undo)),
      })
    },
    onError: (error, { failed }, context) => {
      if (context?.former) show(context.former)
      notifyFailed(failed, error)
    },
    onSettled: (_changed, _error, { provider }) => {
      void cache.invalidateQueries({ queryKey: key, exact: true })
      void cache.invalidateQueries({ queryKey: ['audit', provider] })
    },
  })
  return mutation
}
