/** How answers are kept and repeated. */
import { QueryClient } from '@tanstack/react-query'
import { GatewayError } from '@/lib/gateway-error'

const MOST_RETRIES = 2
const FRESH_MS = 5_000
const LONGEST_WAIT_MS = 10_000

export function createQueryClient(): QueryClient {
  return new QueryClient({
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
}
