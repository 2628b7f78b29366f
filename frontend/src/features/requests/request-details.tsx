/** A request whole: how it ended, its attempts on a timeline, where its time went, what it took. */
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
          <span className={classes.status}>
            {request.status === 499 ? 'left before an answer' : `status ${request.status}`}
          </span>
          <span className={classes.when}>
            <RelativeTime at={request.received_at} />
          </span>
        </p>
        <p className={classes.explanation}>{explanation}</p>
      </div>
      <Section title={request.attempts.length === 1 ? 'One attempt' : `${request.attempts.length} attempts`}>
        <AttemptTimeline request={request} />
      </Section>
      <Section title="Time">
        <TimeSplit request={request} />
      </Section>
      <Section title="What was asked">
        <Asked request={request} onFilter={onFilter} />
      </Section>
      <Section title="Tokens and cost">
        <Spent request={request} />
      </Section>
      <Section title="Ids">
        <Facts>
          <Fact name="In the ledger">
            <Id text={request.id} what="ledger id" />
          </Fact>
          <Fact
            name="x-request-id"
            hint="In the answer’s headers and the gateway’s log. It may have come from the client."
          >
            <Id text={request.request_id} what="request id" />
          </Fact>
        </Facts>
      </Section>
    </div>
  )
}

/** The engine's own share apart from what it waited for. */
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
        <Time name="Whole request" ms={duration_ms} />
        <Time name="Providers" ms={upstream_ms} swatch={classes.upstream} />
        <Time name="The engine itself" ms={overhead_ms} swatch={classes.overhead} />
        <Time name="First token" ms={first_token_ms} unknown={stream ? 'none came' : 'not streamed'} />
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

function Asked({ request, onFilter }: RequestDetailsProps) {
  const { provider, model, client, client_name, operation, stream } = request
  return (
    <Facts>
      <Fact name="Model asked for">{request.requested_model}</Fact>
      <Fact name={request.ending === 'error' ? 'Tried last' : 'Answered by'}>
        {provider === null ? (
          'Nobody was asked'
        ) : (
          <span className={classes.route}>
            <ProviderMark name={provider} size="sm" />
            <span>
              {provider} <span className={classes.model}>{model}</span>
            </span>
            <More onClick={() => onFilter({ provider, model: model ?? undefined })}>More of this route</More>
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
          (client_name ?? 'Nobody by name: no client key was needed')
        ) : (
          <span className={classes.route}>
            <span>
              {client_name ?? 'without a name'} <code className={classes.model}>{client}</code>
            </span>
            <More onClick={() => onFilter({ client })}>More of this client</More>
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

function Spent({
  request: { tokens, tokens_estimated, cost_usd, absorbed_usd, price_version },
}: {
  request: RequestDetail
}) {
  return (
    <Facts>
      <Fact name="Tokens" hint={tokens_estimated ? 'Estimated: the provider did not count them.' : undefined}>
        <TokenList tokens={tokens} isEstimated={tokens_estimated} />
      </Fact>
      <Fact name="Cost to the client" hint={price_version === null ? undefined : `Price from ${price_version}`}>
        {cost_usd === null ? <Unknown /> : <Money usd={cost_usd} />}
      </Fact>
      <Fact name="Paid by us" hint="Attempts that came to nothing for the client.">
        {absorbed_usd === null ? <Unknown /> : <Money usd={absorbed_usd} />}
      </Fact>
    </Facts>
  )
}

function Unknown() {
  return <span className={classes.unknown}>unknown: nobody knows the price or the tokens</span>
}

function Id({ text, what }: { text: string; what: string }) {
  return (
    <span className={classes.id}>
      <code>{text}</code>
      <CopyButton text={text} what={what} />
    </span>
  )
}

function More({ onClick, children }: { onClick: () => void; children: ReactNode }) {
  return (
    <Button variant="subtle" size="compact-xs" onClick={onClick}>
      {children}
    </Button>
  )
}
