/** How a response was routed, its timing and tokens. */
import { Link } from '@tanstack/react-router'
import { formatCount, formatDuration } from '@/lib/format'
import { Term } from '@/ui/facts'
import { ProviderMark } from '@/ui/provider-mark'
import type { Answer } from './conversation'
import { tokensPerSecond } from './conversation'
import classes from './response-facts.module.css'
import { useFinished } from './queries'

/** Finish reasons other than the model's own. */
const FINISH_WORDS: Record<string, string> = {
  length: 'token limit reached',
  content_filter: 'content filter of the provider',
  tool_calls: 'tool call',
}

export function ResponseFacts({ answer }: { answer: Answer }) {
  const { routing, error, firstTokenMs, totalMs, usage, finishReason } = answer
  const requestId = routing?.requestId ?? error?.requestId ?? null
  const finished = useFinished(requestId)
  // If the headers were sent before a provider responded, only the ledger has it.
  const provider = routing?.provider ?? finished?.provider ?? null
  const model = routing?.model ?? finished?.model ?? null
  const attempts = finished?.attempts_count ?? routing?.attempts ?? null
  const rate = tokensPerSecond(answer)
  if (requestId === null && totalMs === null) return <span />
  return (
    <dl className={classes.line}>
      {provider !== null && (
        <Term name={answer.state === 'failed' ? 'Last provider tried' : 'Provider'}>
          <span className={classes.route}>
            <ProviderMark name={provider} size="sm" />
            <span>
              <bdi>{provider}</bdi> <bdi className={classes.model}>{model}</bdi>
            </span>
          </span>
        </Term>
      )}
      {routing?.family != null && (
        <Term name="Best of family">
          <bdi>{routing.family}</bdi>
        </Term>
      )}
      {attempts !== null && <Term name={attempts === 1 ? 'Attempt' : 'Attempts'}>{formatCount(attempts)}</Term>}
      {firstTokenMs !== null && <Term name="First token">{formatDuration(firstTokenMs)}</Term>}
      {totalMs !== null && <Term name="Total">{formatDuration(totalMs)}</Term>}
      {routing?.gatewayMs != null && <Term name="Gateway overhead">{formatDuration(routing.gatewayMs)}</Term>}
      {rate !== null && <Term name="Tokens/s">{rate < 10 ? rate.toFixed(1) : formatCount(rate)}</Term>}
      {usage !== null && (
        <Term name="Tokens">
          {formatCount(usage.input)} in, {formatCount(usage.output)} out
        </Term>
      )}
      {finishReason !== null && FINISH_WORDS[finishReason] !== undefined && (
        <Term name="Finish">{FINISH_WORDS[finishReason]}</Term>
      )}
      {finished !== undefined && (
        <Term name="Details">
          <Link to="/requests" search={{ request: finished.id }} className={classes.link}>
            Timeline
          </Link>
        </Term>
      )}
    </dl>
  )
}
