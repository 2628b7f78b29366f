/** Refreshes the model lists of the providers and shows the outcome for each. */
import { Button, CloseButton } from '@mantine/core'
import { IconRefresh } from '@tabler/icons-react'
import { useQueryClient } from '@tanstack/react-query'
import { useEffect } from 'react'
import type { Schemas } from '@/api/client'
import { useReadOnlyReason } from '@/api/queries'
import { formatCount } from '@/lib/format'
import { Guarded } from '@/ui/guarded'
import { ErrorState } from '@/ui/messages'
import { Panel } from '@/ui/panel'
import { StatusBadge } from '@/ui/status-badge'
import type { useRefresh } from './queries'
import classes from './refresh.module.css'

type Refreshed = Schemas['RefreshedProvider']
type Refresh = ReturnType<typeof useRefresh>

export function RefreshButton({ refresh }: { refresh: Refresh }) {
  const readOnly = useReadOnlyReason()
  return (
    <Guarded reason={readOnly}>
      <Button
        variant="default"
        leftSection={<IconRefresh size={16} aria-hidden />}
        loading={refresh.isPending}
        onClick={() => refresh.mutate()}
      >
        Refresh models
      </Button>
    </Guarded>
  )
}

/** The gateway's timeout of a model list. */
const LISTING_TIMEOUT_MS = 10_000

export function RefreshOutcome({ refresh }: { refresh: Refresh }) {
  const { data, error, isPending, reset, mutate } = refresh
  useDelayedRefetch(data?.providers.some(({ outcome }) => outcome === 'in_progress') ?? false)
  if (isPending)
    return (
      <p className={classes.pending} role="status">
        Refreshing the models of every provider with a key. A list that takes longer than 15 seconds is loaded in the
        background.
      </p>
    )
  if (error !== null)
    return (
      <Panel>
        <ErrorState error={error} onRetry={() => mutate()} />
      </Panel>
    )
  if (data === undefined) return null
  return (
    <div className={classes.outcome} role="status">
      <div className={classes.words}>
        <strong>{summaryOf(data.providers)}</strong>
        {data.providers.some(({ outcome }) => outcome !== 'refreshed') && (
          <ul>
            {data.providers
              .filter(({ outcome }) => outcome !== 'refreshed')
              .map((refreshed) => (
                <NotListed key={refreshed.provider} refreshed={refreshed} />
              ))}
          </ul>
        )}
      </div>
      <CloseButton size="sm" aria-label="Close" onClick={reset} />
    </div>
  )
}

function NotListed({ refreshed: { provider, outcome, error, models_count } }: { refreshed: Refreshed }) {
  const known =
    models_count === 1 ? 'its known model is kept' : `its ${formatCount(models_count)} known models are kept`
  return (
    <li>
      <StatusBadge meaning={outcome === 'failed' ? 'down' : 'accent'} isLive={outcome === 'in_progress'}>
        {provider}
      </StatusBadge>{' '}
      <span dir="auto">
        {outcome === 'failed'
          ? `failed (${error ?? 'unknown error'}); ${known}.`
          : 'is still loading in the background.'}
      </span>
    </li>
  )
}

function summaryOf(providers: Refreshed[]): string {
  const listed = providers.filter(({ outcome }) => outcome === 'refreshed')
  const models = listed.reduce((sum, { models_count }) => sum + models_count, 0)
  if (providers.length === 0) return 'No provider with a usable key can list its models.'
  return `${listed.length} of ${providers.length} providers listed ${formatCount(models)} models.`
}

/** Reads the catalogue again when the last list must have loaded. */
function useDelayedRefetch(isLoading: boolean): void {
  const cache = useQueryClient()
  useEffect(() => {
    if (!isLoading) return
    const timer = setTimeout(() => void cache.invalidateQueries({ queryKey: ['models'] }), LISTING_TIMEOUT_MS)
    return () => clearTimeout(timer)
  }, [isLoading, cache])
}
