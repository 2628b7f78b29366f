/** Floating elements: above the page, next to their anchor, inside the window. */
import { type RefObject, useLayoutEffect, useRef } from 'react'

/** `start` and `end` align with that edge; `top` and `right` are centred. It flips where there is no room. */
export type Side = 'top' | 'right' | 'bottom-start' | 'bottom-end'

const GAP = 6
const MARGIN = 8

/** For an element with `popover="manual"`, which is shown while it is mounted. */
export function useFloating<Floating extends HTMLElement>(
  anchor: Element | null,
  side: Side,
): RefObject<Floating | null> {
  const floating = useRef<Floating>(null)
  useLayoutEffect(() => {
    const box = floating.current
    if (box === null || anchor === null) return
    const update = () => place(box, anchor, side)
    box.showPopover()
    update()
    const observer = new ResizeObserver(update)
    observer.observe(box)
    window.addEventListener('scroll', update, { capture: true, passive: true })
    window.addEventListener('resize', update)
    return () => {
      observer.disconnect()
      window.removeEventListener('scroll', update, { capture: true })
      window.removeEventListener('resize', update)
      box.hidePopover()
    }
  }, [anchor, side])
  return floating
}

function place(box: HTMLElement, anchor: Element, side: Side): void {
  const at = anchor.getBoundingClientRect()
  const { offsetWidth: width, offsetHeight: height } = box
  const { clientWidth, clientHeight } = document.documentElement
  const above = at.top - height - GAP
  const below = at.bottom + GAP
  const isRight = side === 'right' && at.right + GAP + width + MARGIN <= clientWidth
  const preferred = side === 'top' || (side === 'right' && !isRight) ? above : below
  const top =
    preferred === above ? (above < MARGIN ? below : above) : below + height > clientHeight - MARGIN ? above : below
  const left = {
    top: at.left + at.width / 2 - width / 2,
    right: isRight ? at.right + GAP : at.left,
    'bottom-start': at.left,
    'bottom-end': at.right - width,
  }[side]
  box.style.top = `${inside(isRight ? at.top + at.height / 2 - height / 2 : top, height, clientHeight)}px`
  box.style.left = `${inside(left, width, clientWidth)}px`
}

function inside(start: number, length: number, room: number): number {
  return Math.round(Math.max(MARGIN, Math.min(start, room - length - MARGIN)))
}
