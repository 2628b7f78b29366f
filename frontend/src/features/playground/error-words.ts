/** What to do when a chat fails. The gateway's own message says what happened. */
import { errorWords, retryWords } from '@/lib/error-words'
import type { GatewayError } from '@/lib/gateway-error'

export function titleOf(error: GatewayError, hasText: boolean): string {
  if (error.isUnreachable) return errorWords(error).title
  return hasText || error.status === 200 ? 'The response was cut off' : `No response (status ${error.status ?? 0})`
}

const ADVICE: Record<string, string> = {
  no_provider_configured: 'Add a provider key, such as OPENAI_API_KEY, to .env, or set AI_ENGINE_SANDBOX=true.',
  model_not_found: 'Choose a model from the list, or “auto” to let the gateway choose.',
  context_length_exceeded: 'Clear the conversation, or choose a model with a larger context.',
  insufficient_quota: 'The budget of this client key is spent; an operator can raise it.',
  stream_broken:
    'The part above is all that arrived. Try again, or open the request’s timeline for the provider’s error.',
}

export function adviceFor(error: GatewayError): string {
  const known = error.code === undefined ? undefined : ADVICE[error.code]
  if (known !== undefined) return known
  if (error.status === 401) return 'Sign in with an admin or client key.'
  if (error.status === 403) return 'A viewer key is read-only. Sign in with an admin or client key.'
  if (error.status === 429) return `${retryWords(error)} Or choose another model.`
  if (error.isTransient && !error.isUnreachable)
    return retryWords(error) + (error.requestId === undefined ? '' : ' The timeline shows every attempt.')
  return errorWords(error).advice
}
