/** Around a control that changes something: where it may not be used it stays reachable, does nothing, and says why. */
import { VisuallyHidden } from '@mantine/core'
import { cloneElement, type MouseEvent, type ReactElement, useId } from 'react'
import { Tooltip } from './tooltip'

interface Control {
  onClick?: ((event: MouseEvent<never>) => void) | undefined
  'aria-disabled'?: boolean
  'aria-describedby'?: string
  'data-disabled'?: boolean
}

interface AllowedProps {
  /** `null` where it may be used; see `useWhyNotChange`. */
  whyNot: string | null
  /** One button, menu item or switch. A truly disabled one could not be reached by keyboard, nor its reason be read. */
  children: ReactElement<Control>
}

export function Allowed({ whyNot, children }: AllowedProps) {
  const reasonId = useId()
  if (whyNot === null) return children
  return (
    <>
      <Tooltip label={whyNot}>
        {cloneElement(children, {
          'aria-disabled': true,
          'aria-describedby': reasonId,
          'data-disabled': true,
          onClick: (event) => event.preventDefault(),
        })}
      </Tooltip>
      <VisuallyHidden id={reasonId}>{whyNot}</VisuallyHidden>
    </>
  )
}
