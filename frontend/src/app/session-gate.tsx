/** In front of every page: who the gateway asks for a key signs in first, at the same URL. Nobody else sees anything of it. */
import { useQuery } from '@tanstack/react-query'
import { lazy, Suspense, useState } from 'react'
import { sessionQuery } from '@/api/queries'
import { useIsOver } from '@/lib/is-over'
import { Shell } from './shell/shell'

const SignInPage = lazy(() => import('@/features/session/sign-in-page'))

/** A gateway that takes longer than this to say who we are may be gone: the pages can tell that better than an empty one. */
const PATIENCE_MS = 600

export function SessionGate() {
  const { data: session, isPending } = useQuery(sessionQuery)
  const isPatienceOver = useIsOver(PATIENCE_MS)
  const [wasIn, setWasIn] = useState(false)
  const [wasAsked, setWasAsked] = useState(false)
  if (session && !wasIn) setWasIn(true)
  if (session === null && !wasAsked) setWasAsked(true)

  if (session === null)
    return (
      <Suspense>
        <SignInPage wasIn={wasIn} />
      </Suspense>
    )
  if (isPending && !isPatienceOver) return null
  return <Shell isFocused={wasAsked} />
}
