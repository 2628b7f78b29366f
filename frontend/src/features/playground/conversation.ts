/** A conversation as data: questions with their answers, and what becomes of an answer while it comes. */
import type { GatewayError } from '@/lib/gateway-error'
import { type ChatSettings, DEFAULT_MODEL } from './search'

/** What the answer's headers say; each is `null` where they do not. */
export interface Decision {
  requestId: string | null
  provider: string | null
  model: string | null
  attempts: number | null
  /** Set where the model is only the best member of the family that was asked for. */
  family: string | null
  /** The engine's own time until the answer began. */
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
  decision: Decision | null
  /** After it was asked, as this page saw it. */
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
  | { kind: 'opened'; decision: Decision }
  | { kind: 'text'; text: string }
  | { kind: 'reasoning'; text: string }
  | { kind: 'usage'; usage: Usage }
  | { kind: 'finish'; reason: string }

export type ConversationEvent =
  | { kind: 'asked'; id: number; question: string; keep: number }
  | { kind: 'heard'; id: number; events: ChatEvent[]; atMs: number }
  | { kind: 'ended'; id: number; atMs: number; state: 'done' | 'stopped' }
  | { kind: 'failed'; id: number; atMs: number; error: GatewayError }
  | { kind: 'cleared' }

const unanswered: Answer = {
  state: 'waiting',
  text: '',
  reasoning: '',
  decision: null,
  firstTokenMs: null,
  totalMs: null,
  usage: null,
  finishReason: null,
  error: null,
}

export function nextTurns(turns: Turn[], event: ConversationEvent): Turn[] {
  switch (event.kind) {
    case 'asked':
      return [...turns.slice(0, event.keep), { id: event.id, question: event.question, answer: unanswered }]
    case 'cleared':
      return []
    default:
      return turns.map((turn) => (turn.id === event.id ? { ...turn, answer: nextAnswer(turn.answer, event) } : turn))
  }
}

function nextAnswer(answer: Answer, event: Extract<ConversationEvent, { atMs: number }>): Answer {
  switch (event.kind) {
    case 'heard':
      return event.events.reduce((known, one) => heard(known, one, event.atMs), answer)
    case 'ended':
      return { ...answer, state: event.state, totalMs: event.atMs }
    case 'failed':
      return { ...answer, state: 'failed', totalMs: event.atMs, error: event.error }
  }
}

function heard(answer: Answer, event: ChatEvent, atMs: number): Answer {
  switch (event.kind) {
    case 'opened':
      return { ...answer, decision: event.decision }
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

/** Output tokens a second, from the first one on; `null` where the provider did not count or the answer came at once. */
export function tokensPerSecond({ usage, firstTokenMs, totalMs }: Answer): number | null {
  if (usage?.output == null || usage.output === 0 || firstTokenMs === null || totalMs === null) return null
  const seconds = (totalMs - firstTokenMs) / 1000
  return seconds < SHORTEST_MEASURED_SECONDS ? null : usage.output / seconds
}

// An alias and no interface: the client's schema allows further fields, and interfaces do not fit that.

type Message = { role: 'system' | 'user' | 'assistant'; content: string }

/** What is sent: the system prompt, the turns that have an answer, and the new question. */
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

/** The request without what only streaming needs. What is not set is not sent. */
export function requestOf({ model = DEFAULT_MODEL, autodecide, ...parameters }: ChatSettings, messages: Message[]) {
  const set = Object.entries<unknown>(parameters).filter(([, value]) => value !== undefined)
  return { model, messages, ...Object.fromEntries(set), ...(autodecide !== undefined && { autodecide }) }
}

export type ChatRequest = ReturnType<typeof requestOf>
