/** Sign-in and sign-out. The session itself is `sessionQuery`. */
import { type QueryClient, useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { dataOf, gateway, type Schemas } from '@/api/client'
import { sessionQuery } from '@/api/queries'
import { notifyFailed } from '@/ui/notify'

export function useSignIn() {
  const queryClient = useQueryClient()
  return useMutation({
    mutationFn: (key: string) => dataOf(gateway.POST('/api/session', { body: { key } })),
    onSuccess: (session) => switchSession(session, queryClient),
  })
}

interface SignOut {
  /** `false` if the gateway requires no key. */
  isPossible: boolean
  isPending: boolean
  start: () => void
}

export function useSignOut(): SignOut {
  const queryClient = useQueryClient()
  const { data: session } = useQuery(sessionQuery)
  const { isPending, mutate } = useMutation({
    mutationFn: () => dataOf(gateway.DELETE('/api/session')),
    onSuccess: () => switchSession(null, queryClient),
    onError: (error) => notifyFailed('Sign-out failed', error),
  })
  return {
    isPossible: session?.access === 'keys',
    isPending,
    start: () => mutate(),
  }
}

/** Data that one role has read is not shown to the next. */
function switchSession(session: Schemas['SessionView'] | null, queryClient: QueryClient): void {
  const { queryKey } = sessionQuery
  queryClient.setQueryData(queryKey, session)
  queryClient.removeQueries({ predicate: (query) => query.queryKey[0] !== queryKey[0] })
}
