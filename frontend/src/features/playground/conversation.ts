/** A conversation as data: questions with their answers, and how an answer changes while it streams. */
import type { GatewayError } from '@/lib/gateway-error'
import { type ChatSettings, DEFAULT_MODEL } from './search'

/** From the response headers; `null` for a missing one. */
export interface Routing {
  requestId: string | null
  provider: string | null
  model: string | null
  attempts: number | null
  /** The requested family, if the model is its best member. */
  family: string | null
  /** The gateway's overhead until the first byte. */
  gatewayMs: number | null
}

export interface Usage {
  input: number | null
  output: number | null
}

export interface Answer {
  state: 'waiting' | 'streaming' | 'done' | 'stopped' | 'failed'
  text: string
  reasoning: string
  routing: Routing | null
  /** Since the request was sent, as measured by this page. */
  firstTokenMs: number | null
  totalMs: number | null
  usage: Usage | null
  finishReason: string | null
  error: GatewayError | null
}

export interface Turn {
  id: number
  question: string
  answer: Answer
}

export type ChatEvent =
  | { kind: 'opened'; routing: Routing }
  | { kind: 'text'; text: string }
  | { kind: 'reasoning'; text: string }
  | { kind: 'usage'; usage: Usage }
  | { kind: 'finish'; reason: string }

export type ConversationEvent =
  | { kind: 'sent'; id: number; question: string; keep: number }
  | { kind: 'received'; id: number; events: ChatEvent[]; atMs: number }
  | { kind: 'ended'; id: number; atMs: number; state: 'done' | 'stopped' }
  | { kind: 'failed'; id: number; atMs: number; error: GatewayError }
  | { kind: 'cleared' }

const pendingAnswer: Answer = {
  state: 'waiting',
  text: '',
  reasoning: '',
  routing: null,
  firstTokenMs: null,
  totalMs: null,
  usage: null,
  finishReason: null,
  error: null,
}

export function nextTurns(turns: Turn[], event: ConversationEvent): Turn[] {
  switch (event.kind) {
    case 'sent':
      return [...turns.slice(0, event.keep), { id: event.id, question: event.question, answer: pendingAnswer }]
    case 'cleared':
      return []
    default:
      return turns.map((turn) => (turn.id === event.id ? { ...turn, answer: nextAnswer(turn.answer, event) } : turn))
  }
}

function nextAnswer(answer: Answer, event: Extract<ConversationEvent, { atMs: number }>): Answer {
  switch (event.kind) {
    case 'received':
      return event.events.reduce((known, one) => received(known, one, event.atMs), answer)
    case 'ended':
      return { ...answer, state: event.state, totalMs: event.atMs }
    case 'failed':
      return { ...answer, state: 'failed', totalMs: event.atMs, error: event.error }
  }
}

function received(answer: Answer, event: ChatEvent, atMs: number): Answer {
  switch (event.kind) {
    case 'opened':
      return { ...answer, routing: event.routing }
    case 'text':
    case 'reasoning':
      return {
        ...answer,
        state: 'streaming',
        [event.kind]: answer[event.kind] + event.text,
        firstTokenMs: answer.firstTokenMs ?? atMs,
      }
    case 'usage':
      return { ...answer, usage: event.usage }
    case 'finish':
      return { ...answer, finishReason: event.reason }
  }
}

const SHORTEST_MEASURED_SECONDS = 0.05

/** Output tokens per second since the first one; `null` without usage, or if the response came at once. */
export function tokensPerSecond({ usage, firstTokenMs, totalMs }: Answer): number | null {
  if (usage?.output == null || usage.output === 0 || firstTokenMs === null || totalMs === null) return null
  const seconds = (totalMs - firstTokenMs) / 1000
  return seconds < SHORTEST_MEASURED_SECONDS ? null : usage.output / seconds
}

// No interface: the client's schema has an index signature, which interfaces do not match.
type Message = { role: 'system' | 'user' | 'assistant'; content: string }

/** The system prompt, the answered turns, and the new question. */
export function messagesOf(system: string, turns: Turn[], question: string): Message[] {
  return [
    ...(system.trim() === '' ? [] : [{ role: 'system' as const, content: system }]),
    ...turns
      .filter(({ answer }) => answer.text !== '')
      .flatMap((turn) => [
        { role: 'user' as const, content: turn.question },
        { role: 'assistant' as const, content: turn.answer.text },
      ]),
    { role: 'user', content: question },
  ]
}

/** The request without the streaming options. Unset parameters are not sent. */
export function requestOf({ model = DEFAULT_MODEL, autodecide, ...parameters }: ChatSettings, messages: Message[]) {
  const set = Object.entries<unknown>(parameters).filter(([, value]) => value !== undefined)
  return { model, messages, ...Object.fromEntries(set), ...(autodecide !== undefined && { autodecide }) }
}

export type ChatRequest = ReturnType<typeof requestOf>
