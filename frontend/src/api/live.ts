/**
 * The live connection that all pages share. It updates the query cache, so that pages just read queries. After a disconnect it
 * resumes at its cursor, with backoff and jitter.
 */
import type { QueryClient } from '@tanstack/react-query'
import { useSyncExternalStore } from 'react'
import {
  type FinishedRequest,
  type LiveEvent,
  type LiveMessage,
  type LiveState,
  mergedProviders,
  mergedRequests,
  nextState,
  notConnected,
  readMessage,
  retryDelayMs,
} from './live-state'
import type { Schemas } from './client'

/** The gateway sends a message at least every 15 s; without one for this long the connection counts as closed. */
const SILENCE_TIMEOUT_MS = 40_000

interface Ports {
  /** The callbacks are not called after `close`. */
  open: (url: URL, onFrame: (frame: unknown) => void, onClose: () => void) => Connection
  /** From 0 to 1. */
  random: () => number
}

interface Connection {
  close: () => void
}

const LIVE_KEYS = ['status', 'providers', 'requests'] as const

export class LiveConnection {
  #state: LiveState = notConnected
  #connection: Connection | null = null
  #timer: ReturnType<typeof setTimeout> | undefined
  #cache: QueryClient | null = null
  readonly #listeners = new Set<() => void>()
  readonly #ports: Ports

  constructor(ports: Ports) {
    this.#ports = ports
  }

  readonly state = (): LiveState => this.#state

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Connects and keeps connected until the returned function is called. */
  start(cache: QueryClient): () => void {
    this.#cache = cache
    this.#connect()
    window.addEventListener('online', this.retry)
    document.addEventListener('visibilitychange', this.#retryWhenVisible)
    return () => {
      window.removeEventListener('online', this.retry)
      document.removeEventListener('visibilitychange', this.#retryWhenVisible)
      this.#disconnect()
      this.#cache = null
      this.#apply({ kind: 'stopped' })
    }
  }

  /** Reconnects now instead of waiting; does nothing while live. */
  readonly retry = (): void => {
    if (this.#cache !== null && this.#state.phase !== 'live') {
      this.#disconnect()
      this.#connect()
    }
  }

  readonly #retryWhenVisible = (): void => {
    if (document.visibilityState === 'visible') this.retry()
  }

  #connect(): void {
    const url = new URL('/ws', window.location.href)
    url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:'
    if (this.#state.cursor !== null) url.searchParams.set('cursor', this.#state.cursor)
    this.#connection = this.#ports.open(url, this.#onFrame, this.#onClose)
    this.#wait(SILENCE_TIMEOUT_MS, this.#onClose)
  }

  readonly #onFrame = (frame: unknown): void => {
    const message = readMessage(frame)
    if (message === null) return
    this.#apply({ kind: 'message', cursor: message.cursor, nowMs: Date.now() })
    this.#wait(SILENCE_TIMEOUT_MS, this.#onClose)
    if (this.#cache !== null) updateCache(this.#cache, message)
  }

  readonly #onClose = (): void => {
    this.#disconnect()
    const wasLive = this.#state.phase !== 'stale'
    this.#apply({ kind: 'closed', nowMs: Date.now() })
    this.#wait(retryDelayMs(this.#state.failedAttempts, this.#ports.random()), () => this.#connect())
    // Read now; after that each query polls.
    if (wasLive) for (const key of LIVE_KEYS) void this.#cache?.invalidateQueries({ queryKey: [key] })
  }

  #disconnect(): void {
    clearTimeout(this.#timer)
    this.#connection?.close()
    this.#connection = null
  }

  #wait(milliseconds: number, then: () => void): void {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(then, milliseconds)
  }

  #apply(event: LiveEvent): void {
    this.#state = nextState(this.#state, event)
    this.#listeners.forEach((listener) => listener())
  }
}

/** Writes a message to the queries `['status']`, `['providers']` and `['requests', 'latest']` (newest first). */
function updateCache(cache: QueryClient, message: LiveMessage): void {
  if (message.status) cache.setQueryData<Schemas['Status']>(['status'], message.status)
  if (message.type === 'snapshot') {
    cache.setQueryData<Schemas['ProviderView'][]>(['providers'], message.providers)
    cache.setQueryData<FinishedRequest[]>(['requests', 'latest'], message.requests.toReversed())
    return
  }
  cache.setQueryData<Schemas['ProviderView'][]>(['providers'], (known) =>
    known ? mergedProviders(known, message.providers) : undefined,
  )
  cache.setQueryData<FinishedRequest[]>(['requests', 'latest'], (known) =>
    mergedRequests(known ?? [], message.requests),
  )
}

function openWebSocket(url: URL, onFrame: (frame: unknown) => void, onClose: () => void): Connection {
  const socket = new WebSocket(url)
  socket.onmessage = ({ data }: MessageEvent<unknown>) => onFrame(data)
  socket.onclose = onClose
  return {
    close: () => {
      socket.onmessage = null
      socket.onclose = null
      socket.close()
    },
  }
}

export const live = new LiveConnection({ open: openWebSocket, random: Math.random })

/** The state of the connection; renders anew when it changes. */
export function useLive(): LiveState {
  return useSyncExternalStore(live.subscribe, live.state)
}
