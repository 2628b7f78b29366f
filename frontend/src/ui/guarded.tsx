/** Around a control that changes something: with a `reason` it is disabled, stays reachable by keyboard, and shows the reason. */
import { VisuallyHidden } from '@mantine/core'
import { cloneElement, type MouseEvent, type ReactElement, useId } from 'react'
import { Tooltip } from './tooltip'

interface Control {
  onClick?: ((event: MouseEvent<never>) => void) | undefined
  'aria-disabled'?: boolean
  'aria-describedby'?: string
  'data-disabled'?: boolean
}

interface GuardedProps {
  /** Why it is disabled; `null` if it is not. See `useReadOnlyReason`. */
  reason: string | null
  /** One button, menu item or switch. */
  children: ReactElement<Control>
}

export function Guarded({ reason, children }: GuardedProps) {
  const reasonId = useId()
  if (reason === null) return children
  return (
    <>
      <Tooltip label={reason}>
        {cloneElement(children, {
          'aria-disabled': true,
          'aria-describedby': reasonId,
          'data-disabled': true,
          onClick: (event) => event.preventDefault(),
        })}
      </Tooltip>
      <VisuallyHidden id={reasonId}>{reason}</VisuallyHidden>
    </>
  )
}
