/** Arrow keys, Home and End between the rows that open something, also to rows that are not in the document yet. */
import type { KeyboardEvent } from 'react'

export function moveBetweenRows(
  event: KeyboardEvent<HTMLElement>,
  count: number,
  scrollTo: (index: number) => void,
): void {
  const row = event.target instanceof HTMLElement ? event.target.dataset.row : undefined
  if (row === undefined || event.ctrlKey || event.metaKey || event.altKey) return
  const index = Number(row)
  const wanted = { ArrowDown: index + 1, ArrowUp: index - 1, Home: 0, End: count - 1 }[event.key]
  if (wanted === undefined) return
  event.preventDefault()
  const next = Math.min(count - 1, Math.max(0, wanted))
  const box = event.currentTarget
  const focus = () => {
    const target = box.querySelector<HTMLElement>(`[data-row="${next}"]`)
    target?.focus()
    return target !== null
  }
  if (focus()) return
  scrollTo(next)
  // Rows come into the document with the frame after the scrolling.
  requestAnimationFrame(() => requestAnimationFrame(focus))
}
