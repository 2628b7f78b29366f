/**
 * The one live connection that all pages share. It feeds the query cache, so pages just read queries; it resumes where it was
 * cut, with jittered backoff, and tells its state.
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

/** The gateway speaks every 15 s at least; after this long the line is dead, even if nobody has said so. */
const LONGEST_SILENCE_MS = 40_000
const LIVE_KEYS = ['status', 'providers', 'requests'] as const

export class LiveConnection {
  #state: LiveState = notConnected
  #socket: WebSocket | null = null
  #timer: ReturnType<typeof setTimeout> | undefined
  #cache: QueryClient | null = null
  readonly #listeners = new Set<() => void>()

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
    document.addEventListener('visibilitychange', this.#retryWhenSeen)
    return () => {
      window.removeEventListener('online', this.retry)
      document.removeEventListener('visibilitychange', this.#retryWhenSeen)
      this.#drop()
      this.#cache = null
      this.#move({ kind: 'restarted' })
    }
  }

  /** Tries again now instead of waiting; nothing happens while it is live. */
  readonly retry = (): void => {
    if (this.#cache !== null && this.#state.phase !== 'live') {
      this.#drop()
      this.#connect()
    }
  }

  readonly #retryWhenSeen = (): void => {
    if (document.visibilityState === 'visible') this.retry()
  }

  #connect(): void {
    const url = new URL('/ws', window.location.href)
    url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:'
    if (this.#state.cursor !== null) url.searchParams.set('cursor', this.#state.cursor)
    const socket = new WebSocket(url)
    this.#socket = socket
    socket.onmessage = (event) => {
      const message = readMessage(event.data)
      if (message === null) return
      this.#move({ kind: 'heard', cursor: message.cursor, nowMs: Date.now() })
      this.#wait(LONGEST_SILENCE_MS, this.#cut)
      if (this.#cache !== null) feed(this.#cache, message)
    }
    socket.onclose = this.#cut
    this.#wait(LONGEST_SILENCE_MS, this.#cut)
  }

  readonly #cut = (): void => {
    this.#drop()
    const wasLive = this.#state.phase !== 'stale'
    this.#move({ kind: 'cut', nowMs: Date.now() })
    this.#wait(retryDelayMs(this.#state.failedAttempts, Math.random()), () => {
      this.#connect()
    })
    // A read now, after which each query sees that it has to poll.
    if (wasLive) for (const key of LIVE_KEYS) void this.#cache?.invalidateQueries({ queryKey: [key] })
  }

  #drop(): void {
    clearTimeout(this.#timer)
    if (this.#socket === null) return
    this.#socket.onmessage = null
    this.#socket.onclose = null
    this.#socket.close()
    this.#socket = null
  }

  #wait(milliseconds: number, then: () => void): void {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(then, milliseconds)
  }

  #move(event: LiveEvent): void {
    this.#state = nextState(this.#state, event)
    this.#listeners.forEach((tell) => {
      tell()
    })
  }
}

/** Puts a message where the queries read: `['status']`, `['providers']` and `['requests', 'latest']` (newest first). */
export function feed(cache: QueryClient, message: LiveMessage): void {
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

export const live = new LiveConnection()

/** The connection's state, for whoever shows it. */
export function useLive(): LiveState {
  return useSyncExternalStore(live.subscribe, live.state)
}
