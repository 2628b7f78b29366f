/** The conversation of the page, with the one answer that may be on its way. It is forgotten when the page is left. */
import { useQueryClient } from '@tanstack/react-query'
import { useEffect, useReducer, useRef } from 'react'
import { sessionQuery } from '@/api/queries'
import { GatewayError } from '@/lib/gateway-error'
import { type ChatEvent, messagesOf, nextTurns, requestOf } from './conversation'
import type { ChatSettings } from './search'
import { streamChat } from './stream-chat'

export function useChat(settings: ChatSettings, system: string) {
  const queryClient = useQueryClient()
  const [turns, tell] = useReducer(nextTurns, [])
  const running = useRef<AbortController | null>(null)
  const lastId = useRef(0)
  useEffect(
    () => () => {
      running.current?.abort()
    },
    [],
  )

  /** Asks after the first `keep` turns; what came after them is given up. */
  const ask = async (question: string, keep = turns.length) => {
    running.current?.abort()
    const controller = new AbortController()
    running.current = controller
    lastId.current += 1
    const id = lastId.current
    const askedAt = performance.now()
    const since = () => performance.now() - askedAt
    tell({ kind: 'asked', id, question, keep })
    const batch = batched((events) => tell({ kind: 'heard', id, events, atMs: since() }))
    const fail = (error: GatewayError) => {
      tell({ kind: 'failed', id, atMs: since(), error })
      // The session may be over, which whoever shows it finds out by asking.
      if (error.status === 401) void queryClient.invalidateQueries({ queryKey: sessionQuery.queryKey })
    }
    try {
      const request = requestOf(settings, messagesOf(system, turns.slice(0, keep), question))
      for await (const event of streamChat(request, controller.signal)) batch.add(event)
      batch.flush()
      tell({ kind: 'ended', id, atMs: since(), state: 'done' })
    } catch (error) {
      batch.flush()
      if (controller.signal.aborted) tell({ kind: 'ended', id, atMs: since(), state: 'stopped' })
      else fail(asGatewayError(error))
    }
  }

  const stop = () => running.current?.abort()
  const clear = () => {
    stop()
    tell({ kind: 'cleared' })
  }
  const state = turns.at(-1)?.answer.state
  return { turns, ask, stop, clear, isAnswering: state === 'waiting' || state === 'streaming' }
}

/** A fast model sends a thousand pieces a second: the page is drawn once a frame. The first piece is told at once. */
function batched(tell: (events: ChatEvent[]) => void) {
  let events: ChatEvent[] = []
  let frame: number | null = null
  let isFirst = true
  const flush = () => {
    if (frame !== null) cancelAnimationFrame(frame)
    frame = null
    if (events.length > 0) tell(events)
    events = []
  }
  return {
    flush,
    add(event: ChatEvent) {
      events.push(event)
      if (isFirst && event.kind !== 'opened') {
        isFirst = false
        flush()
      } else frame ??= requestAnimationFrame(flush)
    },
  }
}

function asGatewayError(error: unknown): GatewayError {
  return error instanceof GatewayError
    ? error
    : new GatewayError('This page failed to read the answer.', { status: 200, code: 'page_failed' }, { cause: error })
}
