/** A request to the gateway that failed. */

export interface GatewayErrorFacts {
  /** The HTTP status; `null` without a response. */
  status: number | null
  type?: string | undefined
  /** The field at fault. */
  param?: string | undefined
  code?: string | undefined
  /** `null` without a `Retry-After`. */
  retryAfterSeconds?: number | null
  requestId?: string | undefined
}

export class GatewayError extends Error {
  readonly status: number | null
  readonly type: string | undefined
  readonly param: string | undefined
  readonly code: string | undefined
  readonly retryAfterSeconds: number | null
  readonly requestId: string | undefined

  constructor(message: string, facts: GatewayErrorFacts, options?: ErrorOptions) {
    super(message, options)
    this.name = 'GatewayError'
    this.status = facts.status
    this.type = facts.type
    this.param = facts.param
    this.code = facts.code
    this.retryAfterSeconds = facts.retryAfterSeconds ?? null
    this.requestId = facts.requestId
  }

  /** No response: the gateway is stopped, restarting, or not reachable. */
  get isUnreachable(): boolean {
    return this.status === null
  }

  /** The same request may succeed later. */
  get isTransient(): boolean {
    return this.status === null || this.status === 408 || this.status === 429 || this.status >= 500
  }
}

interface ErrorBody {
  message: string
  type: string | undefined
  param: string | undefined
  code: string | undefined
}

/** The error of a response with a failing status; without one in JSON, such as from a proxy, a sentence about the status. */
export async function errorOf(response: Response): Promise<GatewayError> {
  const body = errorBody(await response.text().catch(() => ''))
  return new GatewayError(body?.message ?? sentenceFor(response.status), {
    status: response.status,
    type: body?.type,
    param: body?.param,
    code: body?.code,
    retryAfterSeconds: secondsOf(response.headers.get('retry-after')),
    requestId: response.headers.get('x-request-id') ?? undefined,
  })
}

/** The error for a request without a response. */
export function unreachable(cause: unknown): GatewayError {
  return new GatewayError('The gateway is not reachable.', { status: null, code: 'unreachable' }, { cause })
}

function errorBody(text: string): ErrorBody | null {
  let body: unknown
  try {
    body = JSON.parse(text)
  } catch {
    return null
  }
  const error = isRecord(body) ? body.error : null
  if (!isRecord(error) || typeof error.message !== 'string') return null
  const word = (value: unknown) => (typeof value === 'string' ? value : undefined)
  return { message: error.message, type: word(error.type), param: word(error.param), code: word(error.code) }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}

function sentenceFor(status: number): string {
  if (status === 502 || status === 504) return 'The proxy could not reach the gateway.'
  return `The gateway returned status ${status} without a message.`
}

/** `Retry-After` as seconds: a number, or a date. */
function secondsOf(header: string | null): number | null {
  if (header === null) return null
  const seconds = Number(header)
  if (Number.isFinite(seconds)) return Math.max(0, seconds)
  const at = Date.parse(header)
  return Number.isNaN(at) ? null : Math.max(0, (at - Date.now()) / 1000)
}
