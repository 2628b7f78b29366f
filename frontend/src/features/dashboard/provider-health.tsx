/** The providers that are set up: state, keys or flag, recent health. */
import { Skeleton } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { memo } from 'react'
import type { Schemas } from '@/api/client'
import { type HistorySpan, providerHistoryQuery, providersQuery, recentStatisticsQuery } from '@/api/queries'
import { formatDurationInColumn, formatPercentInColumn } from '@/lib/format'
import { ADD_KEY, providerStateWords } from '@/lib/provider-words'
import { FlagReason } from '@/ui/flag-reason'
import { HealthStrip } from '@/ui/health-strip'
import { Loaded } from '@/ui/loaded'
import { EmptyState } from '@/ui/messages'
import { Panel } from '@/ui/panel'
import { ProviderMark } from '@/ui/provider-mark'
import { StatusBadge } from '@/ui/status-badge'
import dashboard from './dashboard.module.css'
import { keysInShort, watchedProviders } from './model'
import classes from './provider-health.module.css'

type Provider = Schemas['ProviderView']
type History = Schemas['ProviderHistoryView']
type Sums = Schemas['AttemptSums']

export const ProviderHealth = memo(function ProviderHealth({ span }: { span: HistorySpan }) {
  const query = useQuery({ ...providersQuery, select: watchedProviders })
  const history = useQuery(providerHistoryQuery(span)).data
  const { data: statistics, isPlaceholderData } = useQuery(recentStatisticsQuery(span))
  // Figures of the former span would contradict the strip.
  const measured = isPlaceholderData ? undefined : statistics?.provider_stats
  return (
    <Panel
      title="Providers"
      isFlush
      actions={
        <Link to="/providers" className={dashboard.link}>
          All providers
        </Link>
      }
    >
      <Loaded query={query} skeleton={<Skeleton height={260} m={20} />}>
        {(providers) =>
          providers.length === 0 ? (
            <EmptyState title="No providers set up">{ADD_KEY}</EmptyState>
          ) : (
            <div className={classes.box}>
              <p className={classes.heads} aria-hidden>
                <span>{span === 'day' ? 'Last 24 hours' : 'Last hour'}</span>
                <span className={classes.figures}>
                  <span>Success</span>
                  <span>Latency</span>
                </span>
              </p>
              <ul>
                {providers.map((provider) => (
                  <ProviderRow
                    key={provider.name}
                    provider={provider}
                    history={history}
                    sums={measured?.[provider.name]}
                  />
                ))}
              </ul>
            </div>
          )
        }
      </Loaded>
    </Panel>
  )
})

interface ProviderRowProps {
  provider: Provider
  history: History | undefined
  sums: Sums | undefined
}

const ProviderRow = memo(function ProviderRow({ provider, history, sums }: ProviderRowProps) {
  const { name, display_name, status, flag } = provider
  const state = providerStateWords(status)
  return (
    <li className={classes.row}>
      <Name name={name} displayName={display_name} keys={keysInShort(provider)} flag={flag} />
      <span>
        <StatusBadge meaning={state.meaning}>{state.name}</StatusBadge>
      </span>
      <span className={classes.strip}>
        <HealthStrip history={history} provider={name} size="sm" />
      </span>
      <Figures sums={sums} />
    </li>
  )
})

/** Of the same time as the strip. */
const Figures = memo(function Figures({ sums }: { sums: Sums | undefined }) {
  return (
    <span className={classes.figures}>
      <span>
        <span className={classes.label}>Success </span>
        {formatPercentInColumn(sums?.success_rate ?? null)}
      </span>
      <span>
        <span className={classes.label}>Latency </span>
        {formatDurationInColumn(sums?.latency_ms.p50 ?? null)}
      </span>
    </span>
  )
})

interface NameProps {
  name: string
  displayName: string
  keys: string
  flag: Provider['flag']
}

/** Memoised apart from the figures, which change with every request: the link is expensive to render. */
const Name = memo(function Name({ name, displayName, keys, flag }: NameProps) {
  return (
    <Link to="/providers" search={{ provider: name }} className={classes.name}>
      <ProviderMark name={name} />
      <span className={classes.words}>
        <span className={classes.display} dir="auto">
          {displayName}
        </span>
        <span className={classes.why}>{flag === null ? keys : <FlagReason {...flag} />}</span>
      </span>
    </Link>
  )
})
