/** Signing in and out. Who the pages act for is `sessionQuery`, which all of them share. */
import { type QueryClient, useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { dataOf, gateway, type Schemas } from '@/api/client'
import { sessionQuery } from '@/api/queries'
import { notifyFailed } from '@/ui/notify'

export function useSignIn() {
  const queryClient = useQueryClient()
  return useMutation({
    mutationFn: (key: string) => dataOf(gateway.POST('/api/session', { body: { key } })),
    onSuccess: (session) => goOnAs(session, queryClient),
  })
}

interface SignOut {
  /** Whether there is a session to end: not where the gateway asks nobody for a key. */
  isPossible: boolean
  isPending: boolean
  start: () => void
}

export function useSignOut(): SignOut {
  const queryClient = useQueryClient()
  const { data: session } = useQuery(sessionQuery)
  const { isPending, mutate } = useMutation({
    mutationFn: () => dataOf(gateway.DELETE('/api/session')),
    onSuccess: () => goOnAs(null, queryClient),
    onError: (error) => notifyFailed('You are still signed in', error),
  })
  return {
    isPossible: session?.access === 'keys',
    isPending,
    start: () => mutate(),
  }
}

/** What one role has read is not shown to the next. */
function goOnAs(session: Schemas['SessionView'] | null, queryClient: QueryClient): void {
  const { queryKey } = sessionQuery
  queryClient.setQueryData(queryKey, session)
  queryClient.removeQueries({ predicate: (query) => query.queryKey[0] !== queryKey[0] })
}
