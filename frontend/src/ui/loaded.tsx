/** A query's four states in one place: loading, failed, there, and there but out of date. */
import { type ReactNode, useEffect, useState } from 'react'
import { ErrorState, StaleBanner } from './messages'

/** What a TanStack query result has of this. */
interface Loadable<Data> {
  data: Data | undefined
  error: unknown
  dataUpdatedAt: number
  refetch: () => unknown
}

interface LoadedProps<Data> {
  query: Loadable<Data>
  /** As large as what it stands for, so that nothing jumps. Shown only where loading takes a moment. */
  skeleton: ReactNode
  children: (data: Data) => ReactNode
}

export function Loaded<Data>({ query, skeleton, children }: LoadedProps<Data>) {
  const retry = () => void query.refetch()
  if (query.data === undefined)
    return query.error === null ? <Loading>{skeleton}</Loading> : <ErrorState error={query.error} onRetry={retry} />
  return (
    <>
      {query.error !== null && <StaleBanner sinceMs={query.dataUpdatedAt} error={query.error} onRetry={retry} />}
      {children(query.data)}
    </>
  )
}

const UNNOTICED_MS = 120

/** Holds its place from the start, and shows itself only where loading can be noticed: a flash would disturb more. */
function Loading({ children }: { children: ReactNode }) {
  const [isNoticed, setIsNoticed] = useState(false)
  useEffect(() => {
    const timer = setTimeout(() => {
      setIsNoticed(true)
    }, UNNOTICED_MS)
    return () => {
      clearTimeout(timer)
    }
  }, [])
  return (
    <div role="status" aria-label="Loading" style={{ visibility: isNoticed ? 'visible' : 'hidden' }}>
      <div aria-hidden>{children}</div>
    </div>
  )
}
