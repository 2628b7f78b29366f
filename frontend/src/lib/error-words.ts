/** What an error means and what to do about it: the one table for all pages. */
import { formatSeconds } from './format'
import { GatewayError } from './gateway-error'

interface ErrorWords {
  title: string
  advice: string
}

export function errorWords(error: unknown): ErrorWords {
  if (!(error instanceof GatewayError))
    return { title: 'This page failed', advice: 'This is a bug in the page. Reload it.' }
  if (error.isUnreachable)
    return {
      title: 'The gateway is not reachable',
      advice: 'Check that it is running. This page reconnects automatically.',
    }
  switch (error.status) {
    case 401:
      return { title: 'Sign-in required', advice: 'Sign in with an admin or viewer key.' }
    case 403:
      return {
        title: 'Access denied',
        advice: 'Sign in with a key that has access, or open the page at the gateway’s own address.',
      }
    case 404:
      return { title: 'Not found', advice: 'It may have been removed, or the gateway is older than this page.' }
    case 429:
      return { title: 'Too many requests', advice: `The gateway limits the request rate. ${retryWords(error)}` }
    default:
      return error.isTransient
        ? {
            title: 'The gateway could not answer',
            advice: `This is often temporary. ${retryWords(error)} If it persists, check the gateway’s log.`,
          }
        : { title: 'Request rejected', advice: 'Change the request, then try again.' }
  }
}

/** `Try again in 7 s.` */
export function retryWords({ retryAfterSeconds: wait }: GatewayError): string {
  return `Try again in ${wait === null ? 'a moment' : formatSeconds(Math.max(1, Math.ceil(wait)))}.`
}

/** The gateway's own message, and when to try again. */
export function errorSentence(error: unknown): string {
  if (!(error instanceof Error)) return 'Unknown error.'
  if (!(error instanceof GatewayError) || !error.isTransient) return error.message
  return `${error.message} ${error.isUnreachable ? 'Check that it is running.' : retryWords(error)}`
}

/** Why loading takes long: the error of the last try, or `null` if it just has not finished. */
export function loadingWords(failure: unknown): string {
  if (failure === null || failure === undefined) return 'Still loading …'
  const wait = failure instanceof GatewayError ? failure.retryAfterSeconds : null
  return `${errorWords(failure).title}. Retrying${wait === null ? '' : ` in ${formatSeconds(Math.ceil(wait))}`} …`
}
