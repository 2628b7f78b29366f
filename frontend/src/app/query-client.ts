/** How responses are cached and requests retried. */
import { MutationCache, QueryCache, QueryClient } from '@tanstack/react-query'
import { sessionQuery } from '@/api/queries'
import { GatewayError } from '@/lib/gateway-error'

const MOST_RETRIES = 2
const FRESH_MS = 5_000
const LONGEST_WAIT_MS = 10_000

export function createQueryClient(): QueryClient {
  const queryClient: QueryClient = new QueryClient({
    queryCache: new QueryCache({ onError: checkSession }),
    mutationCache: new MutationCache({ onError: checkSession }),
    defaultOptions: {
      queries: {
        // The gateway is often on this machine, reachable without an internet connection.
        networkMode: 'always',
        staleTime: FRESH_MS,
        retry: (failures, error) => failures < MOST_RETRIES && !(error instanceof GatewayError && !error.isTransient),
        retryDelay: (failures, error) => {
          const wait = error instanceof GatewayError ? error.retryAfterSeconds : null
          return Math.min(LONGEST_WAIT_MS, wait === null ? 500 * 2 ** failures : wait * 1000)
        },
      },
      // A change is never repeated automatically.
      mutations: { networkMode: 'always', retry: false },
    },
  })
  return queryClient

  /** After a 401 the session is read again, and the pages show the sign-in form if it has ended. */
  function checkSession(error: Error): void {
    if (error instanceof GatewayError && error.status === 401)
      void queryClient.invalidateQueries({ queryKey: sessionQuery.queryKey }, { cancelRefetch: false })
  }
}
