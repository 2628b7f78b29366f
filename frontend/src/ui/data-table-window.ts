/** Renders only the visible rows of a long table, and a few above and below. All rows have the same height. */
import { useLayoutEffect, useState } from 'react'
import { flushSync } from 'react-dom'

/** Extra rows on either side, for the keyboard and for smooth scrolling. */
const OVERSCAN = 8
/** The window moves by this many rows. */
const STEP = 4

export interface RowWindow {
  /** The first rendered row. */
  first: number
  /** Behind the last rendered row. */
  end: number
  scrollTo: (index: number) => void
}

/** `box` is the scroll container; `null` to render all rows. */
export function useRowWindow(box: HTMLElement | null, count: number, rowHeight: number): RowWindow {
  const [top, setTop] = useState(0)
  const [visibleRows, setVisibleRows] = useState(0)
  useLayoutEffect(() => {
    if (box === null) return
    const update = () => setTop(Math.floor(box.scrollTop / rowHeight / STEP) * STEP)
    // At once: a row that is a frame late is a visible gap.
    const scrolled = () => flushSync(update)
    const observer = new ResizeObserver(() => setVisibleRows(Math.ceil(box.clientHeight / rowHeight)))
    observer.observe(box)
    update()
    box.addEventListener('scroll', scrolled, { passive: true })
    return () => {
      observer.disconnect()
      box.removeEventListener('scroll', scrolled)
    }
  }, [box, rowHeight])

  const last = Math.max(0, count - 1)
  const first = Math.max(0, Math.min(top, last) - OVERSCAN)
  return {
    first,
    end: Math.min(count, top + visibleRows + STEP + OVERSCAN),
    scrollTo: (index) => {
      if (box === null) return
      const head = box.querySelector('thead')?.offsetHeight ?? 0
      const [above, below] = [index * rowHeight, head + (index + 1) * rowHeight - box.clientHeight]
      box.scrollTo({ top: Math.max(below, Math.min(above, box.scrollTop)) })
    },
  }
}
