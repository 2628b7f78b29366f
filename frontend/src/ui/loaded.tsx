/** A query's four states in one place: loading, failed, loaded, and loaded but outdated. */
import type { ReactNode } from 'react'
import { loadingWords } from '@/lib/error-words'
import { useElapsed } from '@/lib/elapsed'
import classes from './loaded.module.css'
import { ErrorState, StaleBanner } from './messages'

/** The part of a TanStack query result that is read here. */
interface Loadable<Data> {
  data: Data | undefined
  error: unknown
  /** Why the last try failed, while the next one is pending. */
  failureReason?: unknown
  dataUpdatedAt: number
  refetch: () => unknown
}

interface LoadedProps<Data> {
  query: Loadable<Data>
  /** As large as the content, so that nothing jumps. Visible only if loading takes a moment. */
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

const [FLASH_MS, LONG_MS] = [120, 4_000]

/** Takes its space at once, becomes visible after a moment (a flash would disturb more), and shows when it takes long or is retried. */
function Loading({ failure, children }: { failure: unknown; children: ReactNode }) {
  const isVisible = useElapsed(FLASH_MS)
  const isLong = useElapsed(LONG_MS)
  return (
    <div className={classes.loading}>
      <div role="status" aria-label="Loading" style={{ visibility: isVisible ? 'visible' : 'hidden' }}>
        <div aria-hidden>{children}</div>
      </div>
      <p className={classes.note} role="status">
        {(isLong || failure !== null) && <span>{loadingWords(failure)}</span>}
      </p>
    </div>
  )
}
