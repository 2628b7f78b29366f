/** How answers are kept and repeated. */
import { MutationCache, QueryCache, QueryClient } from '@tanstack/react-query'
import { sessionQuery } from '@/api/queries'
import { GatewayError } from '@/lib/gateway-error'

const MOST_RETRIES = 2
const FRESH_MS = 5_000
const LONGEST_WAIT_MS = 10_000

export function createQueryClient(): QueryClient {
  const queryClient: QueryClient = new QueryClient({
    queryCache: new QueryCache({ onError: lookWhetherSessionIsOver }),
    mutationCache: new MutationCache({ onError: lookWhetherSessionIsOver }),
    defaultOptions: {
      queries: {
        // The gateway is often on this very machine: whether there is an internet says nothing about it.
        networkMode: 'always',
        staleTime: FRESH_MS,
        retry: (failures, error) => failures < MOST_RETRIES && !(error instanceof GatewayError && !error.isPassing),
        retryDelay: (failures, error) => {
          const asked = error instanceof GatewayError ? error.retryAfterSeconds : null
          return Math.min(LONGEST_WAIT_MS, asked === null ? 500 * 2 ** failures : asked * 1000)
        },
      },
      // What changes something is never repeated without being asked for.
      mutations: { networkMode: 'always', retry: false },
    },
  })
  return queryClient

  /** A key is asked for where none was before: the session itself is asked, and whoever shows it hears. */
  function lookWhetherSessionIsOver(error: Error): void {
    if (error instanceof GatewayError && error.status === 401)
      void queryClient.invalidateQueries({ queryKey: sessionQuery.queryKey }, { cancelRefetch: false })
  }
}
