/** A word more about what somebody points at or has reached by keyboard. Escape takes it away, and it may be pointed at itself. */
import { cloneElement, type FocusEvent, type PointerEvent, type ReactElement, useEffect, useId, useState } from 'react'
import { type Side, useBeside } from './beside'
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
  /** One element, without handlers of its own for pointing and focus. */
  children: ReactElement<Anchor>
}

const OPEN_MS = 300
/** To get from the element to the tooltip. */
const CLOSE_MS = 120

export function Tooltip({ label, side = 'top', children }: TooltipProps) {
  const id = useId()
  const [anchor, setAnchor] = useState<HTMLElement | null>(null)
  const [pointed, setPointed] = useState<{ anchor: HTMLElement | null } | null>(null)
  // Pointing opens and closes it after a moment, so that a passing pointer leaves the page calm.
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
        // What its name says already is not said twice.
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

/** The tooltip itself, for whoever decides alone when it is there. */
export function TooltipBubble({ id, anchor, label, side = 'top', onPointed, onLeft, onClose }: TooltipBubbleProps) {
  const box = useBeside<HTMLSpanElement>(anchor, side)
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
