/** One provider: state, actions, figures, keys, models out of rotation, preferences. */
import { Anchor, VisuallyHidden } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { providerHistoryQuery, recentStatisticsQuery, useReadOnlyReason } from '@/api/queries'
import { formatDuration, formatPercent, formatTime } from '@/lib/format'
import { historySummary } from '@/lib/health-history'
import { failureWords } from '@/lib/outcome-words'
import { flagWords, isSetUp, providerStateWords } from '@/lib/provider-words'
import { Fact, Facts } from '@/ui/facts'
import { Countdown, RelativeTime } from '@/ui/figures'
import { FlagReason } from '@/ui/flag-reason'
import { HealthStrip } from '@/ui/health-strip'
import { Section } from '@/ui/section'
import { StatusBadge } from '@/ui/status-badge'
import { KeyList } from './key-list'
import type { Provider } from './model'
import { PreferencesForm } from './preferences-form'
import classes from './provider-overview.module.css'
import { variablesQuery } from './queries'
import { ActionBar } from './action-bar'

interface ProviderOverviewProps {
  provider: Provider
  /** The only provider in rotation. */
  isLast: boolean
}

export function ProviderOverview({ provider, isLast }: ProviderOverviewProps) {
  const readOnly = useReadOnlyReason()
  return (
    <div className={classes.overview}>
      <StateLine provider={provider} />
      <ActionBar provider={provider} isLast={isLast} readOnly={readOnly} />
      {isSetUp(provider) && <Strip name={provider.name} />}
      <Figures provider={provider} />
      {provider.keys.length > 0 && (
        <Section title="Keys">
          <KeyList provider={provider} readOnly={readOnly} />
        </Section>
      )}
      {provider.routes.length > 0 && (
        <Section title="Models out of rotation">
          <FlaggedRoutes provider={provider} />
        </Section>
      )}
      <Section title="Preferences">
        <PreferencesForm
          key={`${provider.default_model ?? ''}/${provider.priority}`}
          provider={provider}
          readOnly={readOnly}
        />
      </Section>
    </div>
  )
}

function StateLine({ provider: { name, status, flag } }: { provider: Provider }) {
  const state = providerStateWords(status)
  const variable = useQuery({ ...variablesQuery, enabled: status === 'no_key' }).data?.get(name)
  return (
    <div className={classes.state} role="status">
      <StatusBadge meaning={state.meaning}>{state.name}</StatusBadge>
      <div className={classes.reason}>
        {status === 'flagged' && flag !== null ? (
          <>
            <strong>{flagWords(flag.reason).name}.</strong> {flagWords(flag.reason).explanation}{' '}
            {flag.until !== null && (
              <>
                {/* A screen reader does not announce every second. */}
                <span aria-hidden>
                  Retried in <Countdown until={flag.until} />.
                </span>
                <VisuallyHidden>Retried at {formatTime(flag.until)}.</VisuallyHidden>
              </>
            )}
            <div className={classes.small} dir="auto">
              {flag.message}
            </div>
          </>
        ) : status === 'no_key' && variable !== undefined ? (
          <>
            Add <code className={classes.code}>{variable}</code> to .env; it is loaded within a second.
          </>
        ) : (
          state.explanation
        )}
      </div>
    </div>
  )
}

function Strip({ name }: { name: string }) {
  const history = useQuery(providerHistoryQuery('day')).data
  return (
    <div className={classes.strip}>
      <HealthStrip history={history} provider={name} />
      {history !== undefined && (
        <span className={classes.small}>{historySummary(history, history.providers[name] ?? [])}.</span>
      )}
    </div>
  )
}

function Figures({ provider }: { provider: Provider }) {
  const { name, base_url, docs_url, protocol, last_error, last_used_at } = provider
  const measured = useQuery(recentStatisticsQuery('day')).data?.provider_stats?.[name]
  return (
    <Facts>
      <Fact name="Success rate" hint="Last 24 hours, without invalid requests.">
        {formatPercent(measured?.success_rate ?? null)}
      </Fact>
      <Fact name="Latency" hint="Median of the last 24 hours.">
        {formatDuration(measured?.latency_ms.p50 ?? null)}
      </Fact>
      <Fact name="Last used">
        <RelativeTime at={last_used_at} fallback="not since startup" />
        {last_used_at !== null && (
          <>
            {' · '}
            <Anchor size="sm" renderRoot={(props) => <Link to="/requests" search={{ provider: name }} {...props} />}>
              Show requests
            </Anchor>
          </>
        )}
      </Fact>
      {last_error !== null && (
        <Fact name="Last error" hint={failureWords(last_error).explanation}>
          {failureWords(last_error).name}
        </Fact>
      )}
      <Fact name="Address" hint={`Protocol: ${protocol}.`}>
        {base_url}
      </Fact>
      {docs_url?.startsWith('https://') === true && (
        <Fact name="Documentation">
          <Anchor href={docs_url} target="_blank" rel="noreferrer" size="sm">
            {docs_url.replace(/^https:\/\//, '')}
          </Anchor>
        </Fact>
      )}
    </Facts>
  )
}

function FlaggedRoutes({ provider }: { provider: Provider }) {
  return (
    <ul className={classes.routes}>
      {provider.routes.map(({ model, reason, until }) => (
        <li key={model}>
          <span className={classes.model} dir="auto">
            {model}
          </span>
          <span className={classes.small}>
            <FlagReason reason={reason} until={until} />
          </span>
        </li>
      ))}
    </ul>
  )
}
