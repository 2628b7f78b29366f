/** Asks the providers for their models, and says of each what came of it. */
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

type Asked = Schemas['RefreshedProvider']
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
        Ask the providers
      </Button>
    </Guarded>
  )
}

/** A listing's own deadline: who has not told by then will not tell. */
const LISTING_DEADLINE_MS = 10_000

export function RefreshOutcome({ refresh }: { refresh: Refresh }) {
  const { data, error, isPending, reset, mutate } = refresh
  useLookAgain(data?.providers.some(({ outcome }) => outcome === 'in_progress') ?? false)
  if (isPending)
    return (
      <p className={classes.pending} role="status">
        Every provider with a key is being asked for its models. Who needs longer than 15 seconds goes on by itself.
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
              .map((asked) => (
                <NotListed key={asked.provider} asked={asked} />
              ))}
          </ul>
        )}
      </div>
      <CloseButton size="sm" aria-label="Close what the refresh came to" onClick={reset} />
    </div>
  )
}

function NotListed({ asked: { provider, outcome, error, models_count } }: { asked: Asked }) {
  const known = models_count === 1 ? 'its one known model stays' : `its ${formatCount(models_count)} known models stay`
  return (
    <li>
      <StatusBadge meaning={outcome === 'failed' ? 'down' : 'accent'} isLive={outcome === 'in_progress'}>
        {provider}
      </StatusBadge>{' '}
      <span dir="auto">
        {outcome === 'failed'
          ? `did not tell its models (${error ?? 'no reason given'}); ${known}.`
          : 'is still telling; the list follows by itself.'}
      </span>
    </li>
  )
}

function summaryOf(providers: Asked[]): string {
  const listed = providers.filter(({ outcome }) => outcome === 'refreshed')
  const models = listed.reduce((sum, { models_count }) => sum + models_count, 0)
  if (providers.length === 0) return 'There is nobody to ask: no provider with a usable key can list its models.'
  return `${listed.length} of ${providers.length} providers told ${formatCount(models)} models.`
}

/** Once more when the last listing must be over. */
function useLookAgain(isUnderWay: boolean): void {
  const cache = useQueryClient()
  useEffect(() => {
    if (!isUnderWay) return
    const timer = setTimeout(() => void cache.invalidateQueries({ queryKey: ['models'] }), LISTING_DEADLINE_MS)
    return () => clearTimeout(timer)
  }, [isUnderWay, cache])
}
