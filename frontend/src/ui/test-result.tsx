/** The outcome of a test request: the response with its figures, or the error, and every attempt. */
import { failureWords, reasonName } from '@/lib/outcome-words'
import { Bar } from './bar'
import { Duration, KeyFingerprint, TokenCount } from './figures'
import { ErrorState } from './messages'
import { StatusBadge } from './status-badge'
import classes from './test-result.module.css'

interface Attempt {
  provider: string
  model: string
  key_fingerprint: string | null
  reason: string
  succeeded: boolean
  failure: string | null
  status: number | null
  duration_ms: number
  first_token_ms: number | null
}

interface Result {
  success: boolean
  provider: string | null
  model: string | null
  response: string | null
  error: string | null
  latency_ms: number
  ttft_ms?: number | null
  usage: { input_tokens: number | null; output_tokens: number | null } | null
  /** The provider key's fingerprint. */
  key?: string | null
  attempts: Attempt[]
}

interface TestResultProps {
  /** A TanStack mutation. */
  test: { isPending: boolean; error: Error | null; data: Result | undefined }
}

export function TestResult({ test: { isPending, error, data } }: TestResultProps) {
  return (
    <div role="status" className={classes.result}>
      {isPending && <p className={classes.pending}>Waiting for the response …</p>}
      {error !== null && <ErrorState error={error} />}
      {data !== undefined && <Outcome result={data} />}
    </div>
  )
}

function Outcome({ result }: { result: Result }) {
  const { success, provider, model, response, error, latency_ms, ttft_ms, usage, key, attempts } = result
  return (
    <>
      <section className={classes.answer} aria-label="Test result">
        <div className={classes.figures}>
          <StatusBadge meaning={success ? 'ok' : 'down'}>{success ? 'Succeeded' : 'Failed'}</StatusBadge>
          {provider !== null && (
            <span>
              <bdi>{provider}</bdi> <bdi>{model}</bdi>
            </span>
          )}
          <span>
            duration <Duration ms={latency_ms} />
          </span>
          {ttft_ms != null && (
            <span>
              first token <Duration ms={ttft_ms} />
            </span>
          )}
          {usage !== null && (
            <span>
              tokens <TokenCount count={usage.input_tokens} /> in, <TokenCount count={usage.output_tokens} /> out
            </span>
          )}
          {key != null && (
            <span>
              key <KeyFingerprint fingerprint={key} />
            </span>
          )}
        </div>
        {error !== null && (
          <p className={classes.error} dir="auto">
            {error}
          </p>
        )}
        {response !== null && response !== '' && (
          <blockquote className={classes.text} dir="auto">
            {response}
          </blockquote>
        )}
      </section>
      {(attempts.length > 1 || (!success && attempts.length > 0)) && <Attempts attempts={attempts} />}
    </>
  )
}

/** In order; the bars are as long as the attempts took. */
function Attempts({ attempts }: { attempts: Attempt[] }) {
  const longest = Math.max(...attempts.map(({ duration_ms }) => duration_ms), 1)
  return (
    <ol className={classes.attempts} aria-label="Attempts">
      {attempts.map(
        (
          { provider, model, key_fingerprint, reason, succeeded, failure, status, duration_ms, first_token_ms },
          index,
        ) => (
          <li key={index} className={classes.attempt}>
            <span className={classes.number}>{index + 1}</span>
            <span className={classes.name} dir="auto">
              {provider}/{model} {key_fingerprint !== null && <KeyFingerprint fingerprint={key_fingerprint} />}
            </span>
            <Duration ms={duration_ms} />
            <span className={classes.why}>
              {reasonName(reason)}
              {failure !== null && ` · ${failureWords(failure).name}`}
              {status !== null && ` · ${status}`}
              {first_token_ms !== null && (
                <>
                  {' · first token '}
                  <Duration ms={first_token_ms} />
                </>
              )}
            </span>
            <span className={classes.bar}>
              <Bar share={duration_ms / longest} meaning={succeeded ? 'ok' : 'down'} />
            </span>
          </li>
        ),
      )}
    </ol>
  )
}
