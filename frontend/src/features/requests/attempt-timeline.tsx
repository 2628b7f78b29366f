/** The attempts of a request on a common time axis, with reason and outcome. */
import { formatCount, formatDuration } from '@/lib/format'
import { blameWords, failureWords, reasonName, reasonWords } from '@/lib/outcome-words'
import { Term } from '@/ui/facts'
import { KeyFingerprint, Money } from '@/ui/figures'
import { EmptyState } from '@/ui/messages'
import { ProviderMark } from '@/ui/provider-mark'
import { StatusBadge } from '@/ui/status-badge'
import classes from './attempt-timeline.module.css'
import { type Attempt, type Bar, meaningOf, type RequestDetail, timelineOf } from './timeline'
import { TokenList } from './token-list'

/** With more attempts only the details of the last one are open at first. */
const MOST_OPEN = 2

export function AttemptTimeline({ request }: { request: RequestDetail }) {
  const { ticks, bars } = timelineOf(request)
  if (request.attempts.length === 0)
    return (
      <EmptyState title="No attempts">
        The gateway responded without a provider, as explained above. The request has no cost.
      </EmptyState>
    )
  return (
    <div className={classes.timeline}>
      <div className={classes.axis} aria-hidden>
        {ticks.map(({ ms, at }) => (
          <span key={ms} className={classes.tick} style={{ left: `${at * 100}%` }} data-last={at > 0.9 || undefined}>
            {formatDuration(ms)}
          </span>
        ))}
      </div>
      <ol>
        {request.attempts.map((attempt, index) => (
          <AttemptRow
            key={attempt.number}
            attempt={attempt}
            bar={bars[index]}
            ticks={ticks.map(({ at }) => at)}
            isOpen={request.attempts.length <= MOST_OPEN || index === request.attempts.length - 1}
          />
        ))}
      </ol>
      <Legend attempts={request.attempts} />
    </div>
  )
}

interface AttemptRowProps {
  attempt: Attempt
  bar: Bar | undefined
  ticks: number[]
  /** Open at first. */
  isOpen: boolean
}

function AttemptRow({ attempt, bar, ticks, isOpen }: AttemptRowProps) {
  const meaning = meaningOf(attempt)
  const failure = attempt.failure === null ? null : failureWords(attempt.failure)
  const blame = attempt.failure === 'cancelled' ? null : blameWords(attempt.blame)
  return (
    <li>
      <details className={classes.attempt} open={isOpen}>
        <summary className={classes.summary}>
          <div className={classes.head}>
            <span className={classes.number}>{formatCount(attempt.number)}</span>
            <ProviderMark name={attempt.provider} size="sm" />
            <span className={classes.route} dir="auto">
              {attempt.provider} <span className={classes.model}>{attempt.model}</span>
            </span>
            <StatusBadge meaning={meaning}>
              {failure?.name ?? 'Succeeded'}
              {attempt.status !== null && <span className="numeric"> {attempt.status}</span>}
            </StatusBadge>
          </div>
          {bar && <Track bar={bar} ticks={ticks} meaning={meaning} />}
          <p className={classes.brief}>
            <span dir="auto">{reasonName(attempt.reason)}</span>, after {formatDuration(attempt.started_ms)}, for{' '}
            {formatDuration(attempt.duration_ms)}
          </p>
        </summary>
        <dl className={classes.facts}>
          <Term name="Reason">
            <span dir="auto">{reasonName(attempt.reason)}</span>
            <Aside>{reasonWords(attempt.reason)}</Aside>
          </Term>
          {failure && (
            <Term name="Failure">
              {failure.explanation}
              {attempt.detail !== null && <Aside>{attempt.detail}</Aside>}
              <Aside>{blame}</Aside>
            </Term>
          )}
          <Term name="Timing">
            after {formatDuration(attempt.started_ms)}, for {formatDuration(attempt.duration_ms)}
            {attempt.first_token_ms !== null && <>; first token after {formatDuration(attempt.first_token_ms)}</>}
          </Term>
          <Term name="Key">
            <KeyFingerprint fingerprint={attempt.key_fingerprint} />
          </Term>
          <Term name="Tokens">
            <TokenList tokens={attempt.tokens} isEstimated={attempt.tokens_estimated} />
          </Term>
          <Term name="Cost">
            {attempt.cost_usd === null ? (
              <span className={classes.unknown}>unknown</span>
            ) : (
              <Money usd={attempt.cost_usd} />
            )}
            {attempt.absorbed && <Aside>Absorbed: not charged to the client.</Aside>}
          </Term>
        </dl>
      </details>
    </li>
  )
}

/** Hidden from screen readers: the text below says the same. */
function Track({ bar, ticks, meaning }: { bar: Bar; ticks: number[]; meaning: string }) {
  return (
    <div className={classes.track} aria-hidden>
      {ticks.map((at) => (
        <span key={at} className={classes.grid} style={{ left: `${at * 100}%` }} />
      ))}
      <span
        className={classes.bar}
        data-meaning={meaning}
        style={{ left: `min(${bar.start * 100}%, 100% - 4px)`, width: `max(${bar.length * 100}%, 4px)` }}
      >
        {bar.firstToken !== null && (
          <>
            <span className={classes.waiting} style={{ width: `${bar.firstToken * 100}%` }} />
            <span className={classes.firstToken} style={{ left: `${bar.firstToken * 100}%` }} />
          </>
        )}
      </span>
    </div>
  )
}

function Legend({ attempts }: { attempts: Attempt[] }) {
  if (attempts.every(({ first_token_ms }) => first_token_ms === null)) return null
  return (
    <p className={classes.legend} aria-hidden>
      <span className={classes.legendWaiting} /> waiting
      <span className={classes.legendToken} /> first token
      <span className={classes.legendStreaming} /> streaming
    </p>
  )
}

function Aside({ children }: { children: string | null }) {
  return children === null ? null : (
    <span className={classes.aside} dir="auto">
      {' '}
      {children}
    </span>
  )
}
