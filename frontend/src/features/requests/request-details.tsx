/** The details of a request: outcome, attempts, timing, tokens and cost. */
import { Button } from '@mantine/core'
import type { ReactNode } from 'react'
import { formatDateTime, formatDuration } from '@/lib/format'
import { outcomeOf } from '@/lib/outcome-words'
import { CopyButton } from '@/ui/copy-button'
import { Fact, Facts, Term } from '@/ui/facts'
import { KeyFingerprint, Money, RelativeTime } from '@/ui/figures'
import { ProviderMark } from '@/ui/provider-mark'
import { Section } from '@/ui/section'
import { StatusBadge } from '@/ui/status-badge'
import { AttemptTimeline } from './attempt-timeline'
import classes from './request-details.module.css'
import type { RequestFilters } from './search'
import type { RequestDetail } from './timeline'
import { TokenList } from './token-list'

interface RequestDetailsProps {
  request: RequestDetail
  onFilter: (changed: RequestFilters) => void
}

export function RequestDetails({ request, onFilter }: RequestDetailsProps) {
  const { name, explanation, meaning } = outcomeOf(request)
  return (
    <div className={classes.details}>
      <div>
        <p className={classes.outcome}>
          <StatusBadge meaning={meaning}>{name}</StatusBadge>
          <span className={classes.status}>{request.status === 499 ? 'no response' : `status ${request.status}`}</span>
          <span className={classes.when}>
            <RelativeTime at={request.received_at} />
          </span>
        </p>
        <p className={classes.explanation}>{explanation}</p>
        {request.attempts.length === 0 && request.detail !== null && (
          <p className={classes.explanation} dir="auto">
            {request.detail}
          </p>
        )}
      </div>
      <Section title={request.attempts.length === 1 ? '1 attempt' : `${request.attempts.length} attempts`}>
        <AttemptTimeline request={request} />
      </Section>
      <Section title="Time">
        <TimeSplit request={request} />
      </Section>
      <Section title="Request">
        <RequestFacts request={request} onFilter={onFilter} />
      </Section>
      <Section title="Tokens and cost">
        <Usage request={request} />
      </Section>
      <Section title="IDs">
        <Facts>
          <Fact name="Ledger ID">
            <Id text={request.id} what="ledger id" />
          </Fact>
          <Fact name="x-request-id" hint="In the response headers and the gateway’s log. A client may set it.">
            <Id text={request.request_id} what="request id" />
          </Fact>
        </Facts>
      </Section>
    </div>
  )
}

/** The time of the providers, and the gateway's overhead. */
function TimeSplit({
  request: { duration_ms, upstream_ms, overhead_ms, first_token_ms, stream },
}: {
  request: RequestDetail
}) {
  const share = duration_ms > 0 ? Math.min(1, upstream_ms / duration_ms) : 0
  return (
    <>
      <div className={classes.split} aria-hidden>
        <span className={classes.upstream} style={{ width: `${share * 100}%` }} />
        <span className={classes.overhead} />
      </div>
      <dl className={classes.times}>
        <Time name="Total" ms={duration_ms} />
        <Time name="Providers" ms={upstream_ms} swatch={classes.upstream} />
        <Time name="Gateway overhead" ms={overhead_ms} swatch={classes.overhead} />
        <Time name="First token" ms={first_token_ms} unknown={stream ? 'none' : 'not streamed'} />
      </dl>
    </>
  )
}

interface TimeProps {
  name: string
  ms: number | null
  swatch?: string | undefined
  unknown?: string
}

function Time({ name, ms, swatch, unknown }: TimeProps) {
  const mark = swatch !== undefined && <span className={`${classes.swatch ?? ''} ${swatch}`} aria-hidden />
  return (
    <Term
      name={
        <>
          {mark}
          {name}
        </>
      }
    >
      {ms === null ? <span className={classes.unknown}>{unknown}</span> : formatDuration(ms)}
    </Term>
  )
}

function RequestFacts({ request, onFilter }: RequestDetailsProps) {
  const { provider, model, client, client_name, operation, stream } = request
  return (
    <Facts>
      <Fact name="Requested model">{request.requested_model}</Fact>
      <Fact name={request.ending === 'error' ? 'Last provider tried' : 'Provider'}>
        {provider === null ? (
          'none'
        ) : (
          <span className={classes.route}>
            <ProviderMark name={provider} size="sm" />
            <span>
              {provider} <span className={classes.model}>{model}</span>
            </span>
            <FilterButton onClick={() => onFilter({ provider, model: model ?? undefined })}>
              Filter by route
            </FilterButton>
          </span>
        )}
      </Fact>
      {provider !== null && (
        <Fact name="Provider key">
          <KeyFingerprint fingerprint={request.key_fingerprint} />
        </Fact>
      )}
      <Fact name="Client">
        {client === null ? (
          (client_name ?? 'No client key')
        ) : (
          <span className={classes.route}>
            <span>
              {client_name ?? 'unnamed'} <code className={classes.model}>{client}</code>
            </span>
            <FilterButton onClick={() => onFilter({ client })}>Filter by client</FilterButton>
          </span>
        )}
      </Fact>
      <Fact name="Operation">
        {operation === 'chat' ? 'Chat' : 'Embeddings'}
        {stream ? ', streamed' : ''}
      </Fact>
      <Fact name="Received">{formatDateTime(request.received_at)}</Fact>
    </Facts>
  )
}

function Usage({
  request: { tokens, tokens_estimated, cost_usd, absorbed_usd, price_version },
}: {
  request: RequestDetail
}) {
  return (
    <Facts>
      <Fact name="Tokens" hint={tokens_estimated ? 'Estimated: the provider reported no usage.' : undefined}>
        <TokenList tokens={tokens} isEstimated={tokens_estimated} />
      </Fact>
      <Fact name="Cost" hint={price_version === null ? undefined : `Price from ${price_version}`}>
        {cost_usd === null ? <Unknown /> : <Money usd={cost_usd} />}
      </Fact>
      <Fact name="Absorbed" hint="Cost of failed attempts, which is not charged to the client.">
        {absorbed_usd === null ? <Unknown /> : <Money usd={absorbed_usd} />}
      </Fact>
    </Facts>
  )
}

function Unknown() {
  return <span className={classes.unknown}>unknown price or usage</span>
}

function Id({ text, what }: { text: string; what: string }) {
  return (
    <span className={classes.id}>
      <code>{text}</code>
      <CopyButton text={text} what={what} />
    </span>
  )
}

function FilterButton({ onClick, children }: { onClick: () => void; children: ReactNode }) {
  return (
    <Button variant="subtle" size="compact-xs" onClick={onClick}>
      {children}
    </Button>
  )
}
