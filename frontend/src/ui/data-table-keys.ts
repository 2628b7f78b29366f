/** Arrow keys, Home and End move between rows, also to rows that are not rendered yet. */
import type { KeyboardEvent } from 'react'

export function moveBetweenRows(
  event: KeyboardEvent<HTMLElement>,
  count: number,
  scrollTo: (index: number) => void,
): void {
  const row = event.target instanceof HTMLElement ? event.target.dataset.row : undefined
  if (row === undefined || event.ctrlKey || event.metaKey || event.altKey) return
  const index = Number(row)
  const target = { ArrowDown: index + 1, ArrowUp: index - 1, Home: 0, End: count - 1 }[event.key]
  if (target === undefined) return
  event.preventDefault()
  const next = Math.min(count - 1, Math.max(0, target))
  const box = event.currentTarget
  const focus = () => {
    const button = box.querySelector<HTMLElement>(`[data-row="${next}"]`)
    button?.focus()
    return button !== null
  }
  if (focus()) return
  scrollTo(next)
  // Rows are rendered in the frame after scrolling.
  requestAnimationFrame(() => requestAnimationFrame(focus))
}
