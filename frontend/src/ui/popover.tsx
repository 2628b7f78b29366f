/** A button, and what it opens beside it: closed by Escape, by a click elsewhere, and when the focus goes on. */
import { cloneElement, type MouseEvent, type ReactElement, type ReactNode, useEffect, useId, useState } from 'react'
import { type Side, useBeside } from './beside'
import classes from './popover.module.css'

interface Opener {
  id?: string
  onClick?: (event: MouseEvent<HTMLElement>) => void
  'aria-expanded'?: boolean
  'aria-haspopup'?: 'dialog'
}

interface PopoverProps {
  /** A button without a click of its own. */
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
        <Opened anchor={anchor} side={side} onClose={close} onLeft={() => setAnchor(null)}>
          {children(close)}
        </Opened>
      )}
    </>
  )
}

interface OpenedProps {
  anchor: HTMLElement
  side: Side
  /** The focus goes back to the button. */
  onClose: () => void
  /** The focus is elsewhere already. */
  onLeft: () => void
  children: ReactNode
}

function Opened({ anchor, side, onClose, onLeft, children }: OpenedProps) {
  const box = useBeside<HTMLDivElement>(anchor, side)
  useEffect(() => {
    box.current?.querySelector<HTMLElement>('button, input, a[href]')?.focus()
  }, [box])
  useEffect(() => {
    const isOutside = (target: EventTarget | null) =>
      target instanceof Node && box.current?.contains(target) !== true && !anchor.contains(target)
    const leave = ({ target }: Event) => {
      if (isOutside(target)) onLeft()
    }
    const closeOnEscape = (event: KeyboardEvent) => {
      if (event.key !== 'Escape') return
      event.stopPropagation()
      onClose()
    }
    document.addEventListener('pointerdown', leave, { capture: true })
    document.addEventListener('focusin', leave)
    document.addEventListener('keydown', closeOnEscape, { capture: true })
    return () => {
      document.removeEventListener('pointerdown', leave, { capture: true })
      document.removeEventListener('focusin', leave)
      document.removeEventListener('keydown', closeOnEscape, { capture: true })
    }
  })
  return (
    <div ref={box} popover="manual" role="dialog" aria-labelledby={anchor.id} className={classes.popover}>
      {children}
    </div>
  )
}
