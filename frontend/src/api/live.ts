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

interface Ports {
  /** Opens a line, and tells of each frame and of its end until it is closed from here. */
  open: (url: URL, heard: (frame: unknown) => void, cut: () => void) => Line
  /** From 0 to 1. */
  chance: () => number
}

interface Line {
  close: () => void
}

const LIVE_KEYS = ['status', 'providers', 'requests'] as const

export class LiveConnection {
  #state: LiveState = notConnected
  #line: Line | null = null
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
    this.#line = this.#ports.open(url, this.#hear, this.#cut)
    this.#wait(LONGEST_SILENCE_MS, this.#cut)
  }

  readonly #hear = (frame: unknown): void => {
    const message = readMessage(frame)
    if (message === null) return
    this.#move({ kind: 'heard', cursor: message.cursor, nowMs: Date.now() })
    this.#wait(LONGEST_SILENCE_MS, this.#cut)
    if (this.#cache !== null) feed(this.#cache, message)
  }

  readonly #cut = (): void => {
    this.#drop()
    const wasLive = this.#state.phase !== 'stale'
    this.#move({ kind: 'cut', nowMs: Date.now() })
    this.#wait(retryDelayMs(this.#state.failedAttempts, this.#ports.chance()), () => this.#connect())
    // A read now, after which each query sees that it has to poll.
    if (wasLive) for (const key of LIVE_KEYS) void this.#cache?.invalidateQueries({ queryKey: [key] })
  }

  #drop(): void {
    clearTimeout(this.#timer)
    this.#line?.close()
    this.#line = null
  }

  #wait(milliseconds: number, then: () => void): void {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(then, milliseconds)
  }

  #move(event: LiveEvent): void {
    this.#state = nextState(this.#state, event)
    this.#listeners.forEach((tell) => tell())
  }
}

/** Puts a message where the queries read: `['status']`, `['providers']` and `['requests', 'latest']` (newest first). */
function feed(cache: QueryClient, message: LiveMessage): void {
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

function openWebSocket(url: URL, heard: (frame: unknown) => void, cut: () => void): Line {
  const socket = new WebSocket(url)
  socket.onmessage = ({ data }: MessageEvent<unknown>) => heard(data)
  socket.onclose = cut
  return {
    close: () => {
      socket.onmessage = null
      socket.onclose = null
      socket.close()
    },
  }
}

export const live = new LiveConnection({ open: openWebSocket, chance: Math.random })

/** The connection's state, for whoever shows it. */
export function useLive(): LiveState {
  return useSyncExternalStore(live.subscribe, live.state)
}
