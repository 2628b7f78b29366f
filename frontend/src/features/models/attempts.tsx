/** What a test tried, in order, each with its timing: bars as long as they took. */
import type { Schemas } from '@/api/client'
import { failureWords, reasonName } from '@/lib/outcome-words'
import { Duration, KeyFingerprint } from '@/ui/figures'
import classes from './trial.module.css'

export function Attempts({ attempts }: { attempts: Schemas['AttemptView'][] }) {
  const longest = Math.max(...attempts.map(({ duration_ms }) => duration_ms), 0)
  return (
    <ol className={classes.attempts} aria-label="Attempts">
      {attempts.map((attempt, index) => (
        <li key={index} className={classes.attempt}>
          <span className={classes.number}>{index + 1}</span>
          <span className={classes.name} dir="auto">
            {attempt.provider}/{attempt.model}
            {attempt.key !== null && (
              <>
                {' '}
                <KeyFingerprint fingerprint={attempt.key} />
              </>
            )}
          </span>
          <Duration ms={attempt.duration_ms} />
          <span className={classes.why}>
            {reasonName(attempt.reason)}
            {attempt.failure !== null && ` · ${failureWords(attempt.failure).name}`}
            {attempt.status !== null && ` · ${attempt.status}`}
            {attempt.ttft_ms !== null && (
              <>
                {' · first token '}
                <Duration ms={attempt.ttft_ms} />
              </>
            )}
          </span>
          <span className={classes.track} aria-hidden>
            <span
              className={classes.fill}
              data-succeeded={attempt.succeeded || undefined}
              style={{ width: `${longest > 0 ? (attempt.duration_ms / longest) * 100 : 0}%` }}
            />
          </span>
        </li>
      ))}
    </ol>
  )
}
