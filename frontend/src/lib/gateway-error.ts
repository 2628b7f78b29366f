/** A request to the gateway that failed, in the gateway's own words. */

export interface GatewayErrorFacts {
  /** The HTTP status; `null` where no answer came at all. */
  status: number | null
  type?: string | undefined
  /** The field that is at fault. */
  param?: string | undefined
  code?: string | undefined
  /** When another try makes sense; `null` where nobody knows. */
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

  /** Nothing answered: the gateway is stopped, restarting, or cannot be reached. */
  get isUnreachable(): boolean {
    return this.status === null
  }

  /** Asking again, unchanged, may well succeed. */
  get isPassing(): boolean {
    return this.status === null || this.status === 408 || this.status === 429 || this.status >= 500
  }
}

interface ErrorBody {
  message: string
  type: string | undefined
  param: string | undefined
  code: string | undefined
}

/** The error that an answer with a failing status tells of; a proxy's HTML page gives a sentence of ours. */
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

/** The error for a request that nobody answered. */
export function unreachable(cause: unknown): GatewayError {
  return new GatewayError('The gateway does not answer.', { status: null, code: 'unreachable' }, { cause })
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
  if (status === 502 || status === 504) return 'The gateway behind this page does not answer.'
  return `The gateway answered with status ${status} and no explanation.`
}

/** `Retry-After` as seconds: a number, or a date. */
function secondsOf(header: string | null): number | null {
  if (header === null) return null
  const seconds = Number(header)
  if (Number.isFinite(seconds)) return Math.max(0, seconds)
  const at = Date.parse(header)
  return Number.isNaN(at) ? null : Math.max(0, (at - Date.now()) / 1000)
}
