/** The columns of the list. */
import type { FinishedRequest } from '@/api/live-state'
import { formatDateTime, formatMoment } from '@/lib/format'
import { useToday } from '@/lib/now'
import { outcomeOf } from '@/lib/outcome-words'
import { inputTokens, outputTokens } from '@/lib/tokens'
import type { Column } from '@/ui/data-table'
import { Duration, Money, TokenCount } from '@/ui/figures'
import { ProviderMark } from '@/ui/provider-mark'
import { StatusBadge } from '@/ui/status-badge'
import { Tooltip } from '@/ui/tooltip'
import classes from './columns.module.css'

const when: Column<FinishedRequest> = {
  id: 'when',
  header: 'Received',
  width: 'clamp(90px, 11cqi, 132px)',
  narrowWidth: '84px',
  cell: ({ received_at }) => <Moment at={received_at} />,
}
const outcome: Column<FinishedRequest> = {
  id: 'outcome',
  header: 'Outcome',
  width: 'clamp(152px, 20cqi, 210px)',
  narrowWidth: '44%',
  cell: (request) => <Outcome request={request} />,
}
const requested: Column<FinishedRequest> = {
  id: 'requested',
  header: 'Model',
  cell: ({ requested_model }) => (
    <span dir="auto" title={requested_model}>
      {requested_model}
    </span>
  ),
}
const provider: Column<FinishedRequest> = {
  id: 'provider',
  header: 'Provider',
  hideBelow: 'sm',
  cell: ({ provider: name, model }) =>
    name === null ? (
      <span className={classes.none}>none</span>
    ) : (
      <span className={classes.route} title={`${name}/${model ?? ''}`}>
        <ProviderMark name={name} size="sm" />
        <span className={classes.routeName}>
          <bdi>{name}</bdi>
          <bdi className={classes.model}>{model}</bdi>
        </span>
      </span>
    ),
}
const client: Column<FinishedRequest> = {
  id: 'client',
  header: 'Client',
  width: '108px',
  hideBelow: 'md',
  cell: ({ client: id, client_name }) => (
    <span dir="auto" title={id ?? undefined}>
      {client_name ?? id ?? '–'}
    </span>
  ),
}
const attempts: Column<FinishedRequest> = {
  id: 'attempts',
  header: 'Attempts',
  width: '80px',
  align: 'end',
  hideBelow: 'md',
  cell: ({ attempts_count }) => (
    <span data-several={attempts_count > 1 || undefined} className={classes.attempts}>
      {attempts_count}
    </span>
  ),
}
const firstToken: Column<FinishedRequest> = {
  id: 'first_token',
  header: 'First token',
  width: '92px',
  align: 'end',
  cell: ({ first_token_ms }) => <Duration ms={first_token_ms} isInColumn />,
}
const figures: Column<FinishedRequest>[] = [
  {
    id: 'duration',
    header: 'Duration',
    width: '82px',
    align: 'end',
    hideBelow: 'sm',
    cell: ({ duration_ms }) => <Duration ms={duration_ms} isInColumn />,
  },
  {
    id: 'tokens',
    header: 'Tokens',
    width: '112px',
    align: 'end',
    hideBelow: 'md',
    cell: ({ tokens, tokens_estimated }) => (
      <span className={classes.tokens}>
        <TokenCount count={inputTokens(tokens)} isEstimated={tokens_estimated} isInColumn />
        <span className={classes.arrow} aria-hidden>
          →
        </span>
        <TokenCount count={outputTokens(tokens)} isEstimated={tokens_estimated} isInColumn />
      </span>
    ),
  },
  {
    id: 'cost',
    header: 'Cost',
    width: '114px',
    align: 'end',
    hideBelow: 'sm',
    cell: ({ cost_usd }) => <Money usd={cost_usd} column="small" />,
  },
]

/** The client is shown only if there are client keys; the first token, which the details also have, gives way. */
export function columnsFor({ hasClients }: { hasClients: boolean }): Column<FinishedRequest>[] {
  const shared = [when, outcome, requested, provider]
  return hasClients
    ? [...shared, client, attempts, { ...firstToken, hideBelow: 'xl' }, ...figures]
    : [...shared, attempts, { ...firstToken, hideBelow: 'lg' }, ...figures]
}

function Moment({ at }: { at: string }) {
  const today = useToday()
  return (
    <time dateTime={at} title={formatDateTime(at)}>
      {formatMoment(at, today)}
    </time>
  )
}

function Outcome({ request }: { request: FinishedRequest }) {
  const { name, explanation, meaning } = outcomeOf(request)
  return (
    <Tooltip label={explanation}>
      <span>
        <StatusBadge meaning={meaning}>
          {name}
          {request.status >= 400 && request.status !== 499 && <span className={classes.status}> {request.status}</span>}
        </StatusBadge>
      </span>
    </Tooltip>
  )
}
