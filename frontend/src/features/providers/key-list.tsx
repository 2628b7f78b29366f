/** The keys of one provider: which is next, which rest and for how long, and how they have done. */
import { Button } from '@mantine/core'
import { formatCount } from '@/lib/format'
import { failureWords } from '@/lib/outcome-words'
import { Guarded } from '@/ui/guarded'
import { Countdown, KeyFingerprint } from '@/ui/figures'
import { StatusBadge } from '@/ui/status-badge'
import classes from './key-list.module.css'
import { isResting, type Provider } from './model'
import { useSteering } from './queries'
import { restoringKey } from './steering'

type Key = Provider['keys'][number]

export function KeyList({ provider, readOnly }: { provider: Provider; readOnly: string | null }) {
  const steer = useSteering()
  return (
    <ul className={classes.list}>
      {provider.keys.map((key) => (
        <li key={key.fingerprint ?? ''} className={classes.key}>
          <div className={classes.head}>
            <KeyFingerprint fingerprint={key.fingerprint} lastFour={key.last_four} />
            <KeyState keyOf={key} />
            <span className={classes.counts}>
              {formatCount(key.requests)} {key.requests === 1 ? 'request' : 'requests'}, {formatCount(key.failures)}{' '}
              failed since the start
            </span>
          </div>
          <Rests keyOf={key} />
          {isResting(key) && key.fingerprint !== null && (
            <Guarded reason={readOnly}>
              <Button
                size="compact-xs"
                variant="default"
                className={classes.restore}
                disabled={steer.isPending}
                aria-label={`Restore key ${key.fingerprint}`}
                onClick={() => steer.mutate(restoringKey(provider, key.fingerprint ?? ''))}
              >
                Restore
              </Button>
            </Guarded>
          )}
        </li>
      ))}
    </ul>
  )
}

function KeyState({ keyOf: { state, active } }: { keyOf: Key }) {
  if (state === 'invalid') return <StatusBadge meaning="down">Set aside</StatusBadge>
  if (state === 'cooldown') return <StatusBadge meaning="degraded">Resting</StatusBadge>
  return active ? <StatusBadge meaning="ok">Next</StatusBadge> : <StatusBadge meaning="neutral">Usable</StatusBadge>
}

/** Why it rests and until when, as a whole and for single models. */
function Rests({ keyOf: { state, reason, until, model_cooldowns } }: { keyOf: Key }) {
  const models = Object.entries(model_cooldowns)
  if (state === 'usable' && models.length === 0) return null
  return (
    <div className={classes.rests}>
      {state !== 'usable' && (
        <span>
          {reason !== null && `${failureWords(reason).name}. `}
          {state === 'invalid' ? 'Checked again in ' : 'Back in '}
          <Countdown until={until} />
        </span>
      )}
      {models.map(([model, at]) => (
        <span key={model}>
          <span dir="auto">{model}</span> rests for <Countdown until={at} />
        </span>
      ))}
    </div>
  )
}
