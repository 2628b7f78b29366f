/** A tooltip, opened by pointer or keyboard focus. Escape closes it, and the pointer may move onto it. */
import { cloneElement, type FocusEvent, type PointerEvent, type ReactElement, useEffect, useId, useState } from 'react'
import { type Side, useFloating } from './floating'
import classes from './tooltip.module.css'

interface Anchor {
  'aria-label'?: string | undefined
  'aria-describedby'?: string | undefined
  onPointerEnter?: (event: PointerEvent<HTMLElement>) => void
  onPointerLeave?: () => void
  onFocus?: (event: FocusEvent<HTMLElement>) => void
  onBlur?: () => void
}

interface TooltipProps {
  label: string
  side?: Side
  /** One element without handlers for pointer and focus. */
  children: ReactElement<Anchor>
}

const OPEN_MS = 300
/** Time to move from the element to the tooltip. */
const CLOSE_MS = 120

export function Tooltip({ label, side = 'top', children }: TooltipProps) {
  const id = useId()
  const [anchor, setAnchor] = useState<HTMLElement | null>(null)
  const [pointed, setPointed] = useState<{ anchor: HTMLElement | null } | null>(null)
  // Opens and closes after a delay, so that a passing pointer does not open it.
  useEffect(() => {
    if (pointed === null) return
    const timer = setTimeout(() => setAnchor(pointed.anchor), pointed.anchor === null ? CLOSE_MS : OPEN_MS)
    return () => clearTimeout(timer)
  }, [pointed])
  const close = () => {
    setPointed(null)
    setAnchor(null)
  }
  const leave = () => setPointed({ anchor: null })
  const { 'aria-label': name, 'aria-describedby': described } = children.props
  return (
    <>
      {cloneElement(children, {
        onPointerEnter: ({ pointerType, currentTarget }) => {
          if (pointerType !== 'touch') setPointed({ anchor: currentTarget })
        },
        onPointerLeave: leave,
        onFocus: ({ currentTarget }) => {
          if (currentTarget.matches(':focus-visible')) setAnchor(currentTarget)
        },
        onBlur: close,
        // Not if it repeats the accessible name.
        'aria-describedby': anchor !== null && label !== name && described === undefined ? id : described,
      })}
      {anchor !== null && (
        <TooltipBubble
          id={id}
          anchor={anchor}
          side={side}
          label={label}
          onPointed={() => setPointed(null)}
          onLeft={leave}
          onClose={close}
        />
      )}
    </>
  )
}

interface TooltipBubbleProps {
  id?: string
  anchor: Element
  label: string
  side?: Side
  onPointed?: () => void
  onLeft?: () => void
  onClose: () => void
}

/** The tooltip itself, controlled by its parent. */
export function TooltipBubble({ id, anchor, label, side = 'top', onPointed, onLeft, onClose }: TooltipBubbleProps) {
  const box = useFloating<HTMLSpanElement>(anchor, side)
  useEffect(() => {
    const closeOnEscape = ({ key }: KeyboardEvent) => {
      if (key === 'Escape') onClose()
    }
    document.addEventListener('keydown', closeOnEscape, { capture: true })
    return () => document.removeEventListener('keydown', closeOnEscape, { capture: true })
  }, [onClose])
  return (
    <span
      ref={box}
      id={id}
      role="tooltip"
      popover="manual"
      className={classes.tooltip}
      onPointerEnter={onPointed}
      onPointerLeave={onLeft}
    >
      {label}
    </span>
  )
}
