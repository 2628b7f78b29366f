/** A button with a popover, which closes on Escape, on a click elsewhere, and when it loses the focus. */
import { cloneElement, type MouseEvent, type ReactElement, type ReactNode, useEffect, useId, useState } from 'react'
import { type Side, useFloating } from './floating'
import classes from './popover.module.css'

interface Opener {
  id?: string
  onClick?: (event: MouseEvent<HTMLElement>) => void
  'aria-expanded'?: boolean
  'aria-haspopup'?: 'dialog'
}

interface PopoverProps {
  /** A button without `onClick`. */
  button: ReactElement<Opener>
  side?: Side
  children: (close: () => void) => ReactNode
}

export function Popover({ button, side = 'bottom-start', children }: PopoverProps) {
  const id = useId()
  const [anchor, setAnchor] = useState<HTMLElement | null>(null)
  const close = () => {
    anchor?.focus()
    setAnchor(null)
  }
  return (
    <>
      {cloneElement(button, {
        id,
        'aria-expanded': anchor !== null,
        'aria-haspopup': 'dialog',
        onClick: ({ currentTarget }) => setAnchor(anchor === null ? currentTarget : null),
      })}
      {anchor !== null && (
        <Opened anchor={anchor} side={side} onClose={close} onBlur={() => setAnchor(null)}>
          {children(close)}
        </Opened>
      )}
    </>
  )
}

interface OpenedProps {
  anchor: HTMLElement
  side: Side
  /** Returns the focus to the button. */
  onClose: () => void
  /** The focus is elsewhere. */
  onBlur: () => void
  children: ReactNode
}

function Opened({ anchor, side, onClose, onBlur, children }: OpenedProps) {
  const box = useFloating<HTMLDivElement>(anchor, side)
  useEffect(() => {
    box.current?.querySelector<HTMLElement>('button, input, a[href]')?.focus()
  }, [box])
  useEffect(() => {
    const isOutside = (target: EventTarget | null) =>
      target instanceof Node && box.current?.contains(target) !== true && !anchor.contains(target)
    const closeOutside = ({ target }: Event) => {
      if (isOutside(target)) onBlur()
    }
    const closeOnEscape = (event: KeyboardEvent) => {
      if (event.key !== 'Escape') return
      event.stopPropagation()
      onClose()
    }
    document.addEventListener('pointerdown', closeOutside, { capture: true })
    document.addEventListener('focusin', closeOutside)
    document.addEventListener('keydown', closeOnEscape, { capture: true })
    return () => {
      document.removeEventListener('pointerdown', closeOutside, { capture: true })
      document.removeEventListener('focusin', closeOutside)
      document.removeEventListener('keydown', closeOnEscape, { capture: true })
    }
  })
  return (
    <div ref={box} popover="manual" role="dialog" aria-labelledby={anchor.id} className={classes.popover}>
      {children}
    </div>
  )
}
