/** Why a key was not taken, and what to do about it. */
import { formatSeconds } from '@/lib/format'
import { GatewayError } from '@/lib/gateway-error'

export function refusalWords(error: unknown): string {
  if (!(error instanceof GatewayError)) return 'Something on this page failed. Loading it anew may help.'
  if (error.isUnreachable) return 'The gateway does not answer. Is it running? Try again once it does.'
  switch (error.status) {
    case 401:
      return 'The gateway does not know this key. Look for a missing end, or for a key of another gateway.'
    case 429: {
      const wait = error.retryAfterSeconds
      return `Too many tries. ${wait === null ? 'Wait a moment' : `Wait ${formatSeconds(wait)}`}, then try again.`
    }
    default:
      return error.isPassing ? `${error.message} That often passes: try again in a moment.` : error.message
  }
}
