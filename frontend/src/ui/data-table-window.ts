/** Which of very many rows, all of the same height, are in the document: those in sight, and a few above and below. */
import { useLayoutEffect, useState } from 'react'
import { flushSync } from 'react-dom'

/** So many more rows on either side, for the keyboard and for scrolling that is drawn ahead. */
const BEYOND = 8
/** The window moves by so many rows at a time. */
const STEP = 4

export interface RowWindow {
  /** From this row on … */
  first: number
  /** … up to, and without, this one. */
  end: number
  scrollTo: (index: number) => void
}

/** `box` is what scrolls; `null` where all rows are in the document. */
export function useRowWindow(box: HTMLElement | null, count: number, rowHeight: number): RowWindow {
  const [top, setTop] = useState(0)
  const [rowsInSight, setRowsInSight] = useState(0)
  useLayoutEffect(() => {
    if (box === null) return
    const look = () => setTop(Math.floor(box.scrollTop / rowHeight / STEP) * STEP)
    // At once: a row that comes a frame late is a gap that is seen.
    const scrolled = () => flushSync(look)
    const observer = new ResizeObserver(() => setRowsInSight(Math.ceil(box.clientHeight / rowHeight)))
    observer.observe(box)
    look()
    box.addEventListener('scroll', scrolled, { passive: true })
    return () => {
      observer.disconnect()
      box.removeEventListener('scroll', scrolled)
    }
  }, [box, rowHeight])

  const last = Math.max(0, count - 1)
  const first = Math.max(0, Math.min(top, last) - BEYOND)
  return {
    first,
    end: Math.min(count, top + rowsInSight + STEP + BEYOND),
    scrollTo: (index) => {
      if (box === null) return
      const head = box.querySelector('thead')?.offsetHeight ?? 0
      const [above, below] = [index * rowHeight, head + (index + 1) * rowHeight - box.clientHeight]
      box.scrollTo({ top: Math.max(below, Math.min(above, box.scrollTop)) })
    },
  }
}
