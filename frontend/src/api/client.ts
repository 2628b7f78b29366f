/** The gateway, typed by its own OpenAPI document (`make client`). Every failure is a `GatewayError`. */
import createClient from 'openapi-fetch'
import { errorOf, GatewayError, unreachable } from '@/lib/gateway-error'
import type { components, paths } from './schema.gen'

/** What the gateway speaks of: `Schemas['ProviderView']`. */
export type Schemas = components['schemas']

/** Reads are given up after this long; what changes something or asks a model may take its time. */
const LONGEST_READ_MS = 20_000

export const gateway = createClient<paths>({ baseUrl: window.location.origin, fetch: fetchOrSay })

async function fetchOrSay(request: Request): Promise<Response> {
  // Late bound, so that tests can stand in front of it.
  const deadline = request.method === 'GET' ? AbortSignal.timeout(LONGEST_READ_MS) : null
  const signal = deadline ? AbortSignal.any([request.signal, deadline]) : request.signal
  let response: Response
  try {
    response = await globalThis.fetch(request, { signal })
  } catch (cause) {
    if (request.signal.aborted) throw cause
    throw deadline?.aborted === true
      ? new GatewayError('The gateway took too long to answer.', { status: 408, code: 'timeout' }, { cause })
      : unreachable(cause)
  }
  if (!response.ok) throw await errorOf(response)
  return response
}

/**
 * The answer itself: `answerOf(gateway.GET('/api/status', { signal }))`.
 * Raises `GatewayError`.
 */
export async function answerOf<Answer>(call: Promise<{ data?: Answer }>): Promise<Answer> {
  const { data } = await call.catch(sayWhatWasWrong)
  if (data === undefined)
    throw new GatewayError('The gateway answered with nothing where an answer was due.', { status: 200, code: 'empty' })
  return data
}

/** An answer that broke off, or that something between here and the gateway made up. Whoever asked no more is told nothing new. */
function sayWhatWasWrong(cause: unknown): never {
  if (cause instanceof GatewayError || (cause instanceof DOMException && cause.name === 'AbortError')) throw cause
  if (cause instanceof DOMException && cause.name === 'TimeoutError')
    throw new GatewayError('The gateway took too long to answer.', { status: 408, code: 'timeout' }, { cause })
  throw new GatewayError(
    'The answer broke off on its way, or did not come from the gateway.',
    { status: 502, code: 'answer_broken' },
    { cause },
  )
}
