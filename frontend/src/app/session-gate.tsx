/** In front of every page: if the gateway requires a key, the sign-in form is shown first, at the same URL. */
import { useQuery } from '@tanstack/react-query'
import { lazy, Suspense, useState } from 'react'
import { sessionQuery } from '@/api/queries'
import { useElapsed } from '@/lib/elapsed'
import { Shell } from './shell/shell'

const SignInPage = lazy(() => import('@/features/session/sign-in-page'))

/** If the session takes longer than this to load, the gateway may be down: a page shows that better than an empty screen. */
const LONGEST_WAIT_MS = 600

export function SessionGate() {
  const { data: session, isPending } = useQuery(sessionQuery)
  const isLate = useElapsed(LONGEST_WAIT_MS)
  const [wasSignedIn, setWasSignedIn] = useState(false)
  const [wasSignedOut, setWasSignedOut] = useState(false)
  if (session && !wasSignedIn) setWasSignedIn(true)
  if (session === null && !wasSignedOut) setWasSignedOut(true)

  if (session === null)
    return (
      <Suspense>
        <SignInPage wasSignedIn={wasSignedIn} />
      </Suspense>
    )
  if (isPending && !isLate) return null
  return <Shell isFocused={wasSignedOut} />
}
