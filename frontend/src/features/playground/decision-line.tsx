/** What the engine decided for an answer, and what it took. */
import { Link } from '@tanstack/react-router'
import { formatCount, formatDuration } from '@/lib/format'
import { Term } from '@/ui/facts'
import { ProviderMark } from '@/ui/provider-mark'
import type { Answer } from './conversation'
import { tokensPerSecond } from './conversation'
import classes from './decision-line.module.css'
import { useFinished } from './queries'

/** Why an answer ended before the model wanted to. */
const FINISH_WORDS: Record<string, string> = {
  length: 'ended at the most tokens allowed',
  content_filter: 'ended by the provider’s moderation',
  tool_calls: 'ended with a call of a tool',
}

export function DecisionLine({ answer }: { answer: Answer }) {
  const { decision, error, firstTokenMs, totalMs, usage, finishReason } = answer
  const requestId = decision?.requestId ?? error?.requestId ?? null
  const finished = useFinished(requestId)
  // Where the status was committed before anybody had answered, only the ledger knows who did.
  const provider = decision?.provider ?? finished?.provider ?? null
  const model = decision?.model ?? finished?.model ?? null
  const attempts = finished?.attempts_count ?? decision?.attempts ?? null
  const rate = tokensPerSecond(answer)
  if (requestId === null && totalMs === null) return <span />
  return (
    <dl className={classes.line}>
      {provider !== null && (
        <Term name={answer.state === 'failed' ? 'Tried last' : 'Answered by'}>
          <span className={classes.route}>
            <ProviderMark name={provider} size="sm" />
            <span>
              <bdi>{provider}</bdi> <bdi className={classes.model}>{model}</bdi>
            </span>
          </span>
        </Term>
      )}
      {decision?.family != null && (
        <Term name="Best of the family">
          <bdi>{decision.family}</bdi>
        </Term>
      )}
      {attempts !== null && <Term name={attempts === 1 ? 'Attempt' : 'Attempts'}>{formatCount(attempts)}</Term>}
      {firstTokenMs !== null && <Term name="First token">{formatDuration(firstTokenMs)}</Term>}
      {totalMs !== null && <Term name="In all">{formatDuration(totalMs)}</Term>}
      {decision?.gatewayMs != null && <Term name="Engine">{formatDuration(decision.gatewayMs)}</Term>}
      {rate !== null && <Term name="Tokens/s">{rate < 10 ? rate.toFixed(1) : formatCount(rate)}</Term>}
      {usage !== null && (
        <Term name="Tokens">
          {formatCount(usage.input)} in, {formatCount(usage.output)} out
        </Term>
      )}
      {finishReason !== null && FINISH_WORDS[finishReason] !== undefined && (
        <Term name="End">{FINISH_WORDS[finishReason]}</Term>
      )}
      {finished !== undefined && (
        <Term name="In the ledger">
          <Link to="/requests" search={{ request: finished.id }} className={classes.link}>
            Timeline
          </Link>
        </Term>
      )}
    </dl>
  )
}
