/** One clock for the whole page: however many countdowns are shown, one timer moves them all. */
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
      listeners.forEach((tell) => tell())
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

/** The time in milliseconds, which moves once a second. */
export function useNow(): number {
  return useSyncExternalStore(subscribe, () => nowMs)
}

/** When the viewer's day began, in milliseconds: whoever only shows days is not drawn anew every second. */
export function useToday(): number {
  return useSyncExternalStore(subscribe, () => new Date(nowMs).setHours(0, 0, 0, 0))
}
