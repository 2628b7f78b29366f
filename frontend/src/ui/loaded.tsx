/** A query's four states in one place: loading, failed, there, and there but out of date. */
import type { ReactNode } from 'react'
import { useIsOver } from '@/lib/is-over'
import classes from './loaded.module.css'
import { ErrorState, StaleBanner, waitingWords } from './messages'

/** What a TanStack query result has of this. */
interface Loadable<Data> {
  data: Data | undefined
  error: unknown
  /** Why the last try failed, while another is to come. */
  failureReason?: unknown
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
    return query.error === null ? (
      <Loading failure={query.failureReason ?? null}>{skeleton}</Loading>
    ) : (
      <ErrorState error={query.error} onRetry={retry} />
    )
  return (
    <>
      {query.error !== null && <StaleBanner sinceMs={query.dataUpdatedAt} error={query.error} onRetry={retry} />}
      {children(query.data)}
    </>
  )
}

const [UNNOTICED_MS, LONG_MS] = [120, 4_000]

/**
 * Holds its place from the start, and shows itself only where loading can be noticed: a flash would disturb more. Where it takes
 * long, or had to be tried again, it says so.
 */
function Loading({ failure, children }: { failure: unknown; children: ReactNode }) {
  const isNoticed = useIsOver(UNNOTICED_MS)
  const isLong = useIsOver(LONG_MS)
  return (
    <div className={classes.loading}>
      <div role="status" aria-label="Loading" style={{ visibility: isNoticed ? 'visible' : 'hidden' }}>
        <div aria-hidden>{children}</div>
      </div>
      <p className={classes.waiting} role="status">
        {(isLong || failure !== null) && <span>{waitingWords(failure)}</span>}
      </p>
    </div>
  )
}
