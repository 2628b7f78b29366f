/** Sends a chat and yields its events. Every failure is a `GatewayError`, before and inside the stream. */
import { gateway } from '@/api/client'
import { GatewayError } from '@/lib/gateway-error'
import { eventsOf } from '@/lib/sse'
import type { ChatEvent, ChatRequest, Routing, Usage } from './conversation'

/** Throws `GatewayError`; `AbortError` after `signal`. */
export async function* streamChat(
  request: ChatRequest,
  signal: AbortSignal,
): AsyncGenerator<ChatEvent, void, undefined> {
  const { data, response } = await gateway.POST('/v1/chat/completions', {
    body: { ...request, stream: true, stream_options: { include_usage: true } },
    parseAs: 'stream',
    signal,
  })
  const routing = routingOf(response.headers)
  yield { kind: 'opened', routing }
  let isComplete = false
  try {
    for await (const event of eventsOf(data as ReadableStream<Uint8Array>, signal)) {
      if (event === '[DONE]') return
      for (const one of chatEventsOf(event, routing.requestId)) {
        isComplete ||= one.kind === 'finish'
        yield one
      }
    }
  } catch (error) {
    if (signal.aborted || error instanceof GatewayError) throw error
    throw cutOff('The connection to the gateway broke off during the response.', routing.requestId, error)
  }
  if (!isComplete) throw cutOff('The response broke off before its end.', routing.requestId)
}

function cutOff(message: string, requestId: string | null, cause?: unknown): GatewayError {
  return new GatewayError(message, { status: 200, code: 'stream_broken', requestId: requestId ?? undefined }, { cause })
}

function routingOf(headers: Headers): Routing {
  const attempts = headers.get('x-ai-engine-attempts')
  const gatewayMs = /(?:^|,)\s*gateway;dur=([\d.]+)/.exec(headers.get('server-timing') ?? '')?.[1]
  return {
    requestId: headers.get('x-request-id'),
    provider: headers.get('x-ai-engine-provider'),
    model: headers.get('x-ai-engine-model'),
    attempts: attempts === null ? null : Number(attempts),
    family: headers.get('x-ai-engine-family'),
    gatewayMs: gatewayMs === undefined ? null : Number(gatewayMs),
  }
}

/** The events of one chunk; none if it cannot be parsed. Throws the error in it. */
function chatEventsOf(data: string, requestId: string | null): ChatEvent[] {
  const chunk = recordOf(parsed(data))
  if (chunk === null) return []
  const error = recordOf(chunk.error)
  if (error !== null) throw errorInStream(error, requestId)
  const events: ChatEvent[] = []
  const choice = recordOf(Array.isArray(chunk.choices) ? chunk.choices[0] : null)
  const delta = recordOf(choice?.delta)
  const reasoning = delta?.reasoning_content ?? delta?.reasoning
  if (typeof reasoning === 'string' && reasoning !== '') events.push({ kind: 'reasoning', text: reasoning })
  for (const text of [delta?.content, delta?.refusal])
    if (typeof text === 'string' && text !== '') events.push({ kind: 'text', text })
  if (typeof choice?.finish_reason === 'string') events.push({ kind: 'finish', reason: choice.finish_reason })
  const usage = recordOf(chunk.usage)
  if (usage !== null) events.push({ kind: 'usage', usage: usageOf(usage) })
  return events
}

function errorInStream(error: Record<string, unknown>, requestId: string | null): GatewayError {
  const word = (value: unknown) => (typeof value === 'string' ? value : undefined)
  return new GatewayError(word(error.message) ?? 'The response ended with an error without a message.', {
    status: 200,
    type: word(error.type),
    param: word(error.param),
    code: word(error.code) ?? 'stream_broken',
    requestId: requestId ?? undefined,
  })
}

function usageOf(usage: Record<string, unknown>): Usage {
  const count = (value: unknown) => (typeof value === 'number' ? value : null)
  return { input: count(usage.prompt_tokens), output: count(usage.completion_tokens) }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

function recordOf(value: unknown): Record<string, unknown> | null {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : null
}
