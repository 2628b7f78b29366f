/** A failure in a sentence or two: what happened, in the gateway's own words where it had any, and when to try again. */
import { formatSeconds } from './format'
import { GatewayError } from './gateway-error'

export function errorSentence(error: unknown): string {
  if (!(error instanceof Error)) return 'The gateway did not say why.'
  if (!(error instanceof GatewayError) || !error.isPassing) return error.message
  if (error.isUnreachable) return `${error.message} Is it running? Try again once it is.`
  const { retryAfterSeconds: wait } = error
  return `${error.message} Try again in ${wait === null ? 'a moment' : formatSeconds(Math.max(1, Math.ceil(wait)))}.`
}
