/** What a test message came to: the answer with its timings, or why there is none. */
import { ErrorState } from '@/ui/messages'
import { Duration, KeyFingerprint, TokenCount } from '@/ui/figures'
import { StatusBadge } from '@/ui/status-badge'
import classes from './trial.module.css'

export interface Answer {
  success: boolean
  text: string | null
  error: string | null
  latencyMs: number
  /** `undefined` where it stands elsewhere. */
  firstTokenMs?: number | null
  usage: { input_tokens: number | null; output_tokens: number | null } | null
  keyFingerprint?: string | null
  /** Who answered, where that is not clear from where the answer stands. */
  route?: string | null
}

export function TrialAnswer({ answer }: { answer: Answer }) {
  const { success, text, error, latencyMs, firstTokenMs, usage, keyFingerprint, route } = answer
  return (
    <div className={classes.answer}>
      <div className={classes.figures}>
        <StatusBadge meaning={success ? 'ok' : 'down'}>{success ? 'Answered' : 'No answer'}</StatusBadge>
        {route != null && (
          <span dir="auto">
            by <strong>{route}</strong>
          </span>
        )}
        <span>
          whole <Duration ms={latencyMs} />
        </span>
        {firstTokenMs !== undefined && (
          <span>
            first token <Duration ms={firstTokenMs} />
          </span>
        )}
        {usage !== null && (
          <span>
            tokens <TokenCount count={usage.input_tokens} /> in, <TokenCount count={usage.output_tokens} /> out
          </span>
        )}
        {keyFingerprint != null && (
          <span>
            key <KeyFingerprint fingerprint={keyFingerprint} />
          </span>
        )}
      </div>
      {error !== null && (
        <p className={classes.error} dir="auto">
          {error}
        </p>
      )}
      {text !== null && text !== '' && (
        <blockquote className={classes.text} dir="auto">
          {text}
        </blockquote>
      )}
    </div>
  )
}

export function TrialError({ error }: { error: Error }) {
  return (
    <div className={classes.answer}>
      <ErrorState error={error} />
    </div>
  )
}
