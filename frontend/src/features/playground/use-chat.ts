/** The conversation of the page, with at most one response in progress. Leaving the page discards it. */
import { useQueryClient } from '@tanstack/react-query'
import { useEffect, useReducer, useRef } from 'react'
import { sessionQuery } from '@/api/queries'
import { GatewayError } from '@/lib/gateway-error'
import { type ChatEvent, messagesOf, nextTurns, requestOf } from './conversation'
import type { ChatSettings } from './search'
import { streamChat } from './stream-chat'

export function useChat(settings: ChatSettings, system: string) {
  const queryClient = useQueryClient()
  const [turns, dispatch] = useReducer(nextTurns, [])
  const running = useRef<AbortController | null>(null)
  const lastId = useRef(0)
  useEffect(
    () => () => {
      running.current?.abort()
    },
    [],
  )

  /** Sends a message after the first `keep` turns; later turns are discarded. */
  const send = async (question: string, keep = turns.length) => {
    running.current?.abort()
    const controller = new AbortController()
    running.current = controller
    lastId.current += 1
    const id = lastId.current
    const sentAt = performance.now()
    const since = () => performance.now() - sentAt
    dispatch({ kind: 'sent', id, question, keep })
    const batch = batched((events) => dispatch({ kind: 'received', id, events, atMs: since() }))
    const fail = (error: GatewayError) => {
      dispatch({ kind: 'failed', id, atMs: since(), error })
      // The session may have ended.
      if (error.status === 401) void queryClient.invalidateQueries({ queryKey: sessionQuery.queryKey })
    }
    try {
      const request = requestOf(settings, messagesOf(system, turns.slice(0, keep), question))
      for await (const event of streamChat(request, controller.signal)) batch.add(event)
      batch.flush()
      dispatch({ kind: 'ended', id, atMs: since(), state: 'done' })
    } catch (error) {
      batch.flush()
      if (controller.signal.aborted) dispatch({ kind: 'ended', id, atMs: since(), state: 'stopped' })
      else fail(asGatewayError(error))
    }
  }

  const stop = () => running.current?.abort()
  const clear = () => {
    stop()
    dispatch({ kind: 'cleared' })
  }
  const state = turns.at(-1)?.answer.state
  return { turns, send, stop, clear, isAnswering: state === 'waiting' || state === 'streaming' }
}

/** A fast model sends a thousand chunks a second: they are rendered once a frame, the first one at once. */
function batched(emit: (events: ChatEvent[]) => void) {
  let events: ChatEvent[] = []
  let frame: number | null = null
  let isFirst = true
  const flush = () => {
    if (frame !== null) cancelAnimationFrame(frame)
    frame = null
    if (events.length > 0) emit(events)
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
    : new GatewayError('This page failed to read the response.', { status: 200, code: 'page_failed' }, { cause: error })
}
