/** What to do when a chat fails. The gateway's own message says what happened. */
import { formatSeconds } from '@/lib/format'
import type { GatewayError } from '@/lib/gateway-error'

export function titleOf(error: GatewayError, hasText: boolean): string {
  if (error.isUnreachable) return 'The gateway does not answer'
  return hasText || error.status === 200 ? 'The answer broke off' : `No answer (status ${error.status ?? 0})`
}

export function adviceFor(error: GatewayError): string {
  const wait = error.retryAfterSeconds === null ? 'a moment' : formatSeconds(Math.ceil(error.retryAfterSeconds))
  switch (error.code) {
    case 'no_provider_configured':
      return 'Put a provider key, such as OPENAI_API_KEY, into .env, or set AI_ENGINE_SANDBOX=true.'
    case 'model_not_found':
      return 'Choose a model from the list, or “auto” to let the engine pick.'
    case 'context_length_exceeded':
      return 'Clear the conversation, or choose a model with a larger context.'
    case 'insufficient_quota':
      return 'The budget of this key is spent; an operator can raise it.'
    case 'stream_broken':
      return 'What came before stands above. Ask again, or see the request’s timeline for what the provider did.'
  }
  if (error.isUnreachable) return 'Is it running? Ask again once it is.'
  if (error.status === 401) return 'Sign in with an admin or client key.'
  if (error.status === 403) return 'A viewer may read but not ask: sign in with an admin or client key.'
  if (error.status === 429) return `Wait ${wait}, then ask again, or choose another model.`
  if (error.isPassing)
    return `Ask again in ${wait}${error.requestId === undefined ? '' : '; its timeline shows what was tried'}.`
  return 'Change the question or the parameters, then ask again.'
}
