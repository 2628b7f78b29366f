import { type ReactNode, Suspense, useState } from 'react'

/** Mounts a lazy dialog when it is first opened, and keeps it mounted, so that closing is animated too. */
export function MountOnceOpen({ isOpen, children }: { isOpen: boolean; children: ReactNode }) {
  const [wasOpen, setWasOpen] = useState(isOpen)
  if (isOpen && !wasOpen) setWasOpen(true)
  return wasOpen ? <Suspense>{children}</Suspense> : null
}
