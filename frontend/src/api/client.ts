/** The gateway's API, typed by its OpenAPI document (`make client`). Every failure is a `GatewayError`. */
import createClient from 'openapi-fetch'
import { errorOf, GatewayError, unreachable } from '@/lib/gateway-error'
import type { components, paths } from './schema.gen'

/** The types of the API: `Schemas['ProviderView']`. */
export type Schemas = components['schemas']

/** The timeout of reads; changes and model requests have none. */
const READ_TIMEOUT_MS = 20_000

export const gateway = createClient<paths>({ baseUrl: window.location.origin, fetch: fetchOrThrow })

async function fetchOrThrow(request: Request): Promise<Response> {
  // Looked up on each call, so that tests can replace it.
  const deadline = request.method === 'GET' ? AbortSignal.timeout(READ_TIMEOUT_MS) : null
  const signal = deadline ? AbortSignal.any([request.signal, deadline]) : request.signal
  let response: Response
  try {
    response = await globalThis.fetch(request, { signal })
  } catch (cause) {
    if (request.signal.aborted) throw cause
    throw deadline?.aborted === true
      ? new GatewayError('The gateway took too long to respond.', { status: 408, code: 'timeout' }, { cause })
      : unreachable(cause)
  }
  if (!response.ok) throw await errorOf(response)
  return response
}

/**
 * The body of a response: `dataOf(gateway.GET('/api/status', { signal }))`.
 * Raises `GatewayError`.
 */
export async function dataOf<Data>(call: Promise<{ data?: Data }>): Promise<Data> {
  const { data } = await call.catch(throwGatewayError)
  if (data === undefined)
    throw new GatewayError('The gateway returned an empty response.', { status: 200, code: 'empty' })
  return data
}

/** For a response that broke off or is no JSON. An aborted request stays an `AbortError`. */
function throwGatewayError(cause: unknown): never {
  if (cause instanceof GatewayError || (cause instanceof DOMException && cause.name === 'AbortError')) throw cause
  if (cause instanceof DOMException && cause.name === 'TimeoutError')
    throw new GatewayError('The gateway took too long to respond.', { status: 408, code: 'timeout' }, { cause })
  throw new GatewayError(
    'The response broke off, or did not come from the gateway.',
    { status: 502, code: 'response_broken' },
    { cause },
  )
}
