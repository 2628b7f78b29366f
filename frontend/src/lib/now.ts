/** One clock for the whole page: one timer for all countdowns. */
import { useSyncExternalStore } from 'react'

const TICK_MS = 1000
const listeners = new Set<() => void>()
let timer: ReturnType<typeof setInterval> | undefined
let nowMs = Date.now()

function subscribe(listener: () => void): () => void {
  listeners.add(listener)
  if (timer === undefined) {
    nowMs = Date.now()
    timer = setInterval(() => {
      nowMs = Date.now()
      listeners.forEach((listener) => listener())
    }, TICK_MS)
  }
  return () => {
    listeners.delete(listener)
    if (listeners.size === 0) {
      clearInterval(timer)
      timer = undefined
    }
  }
}

/** The time in milliseconds, updated once a second. */
export function useNow(): number {
  return useSyncExternalStore(subscribe, () => nowMs)
}

/** When the viewer's day began, in milliseconds: it renders once a day, not every second. */
export function useToday(): number {
  return useSyncExternalStore(subscribe, () => new Date(nowMs).setHours(0, 0, 0, 0))
}
