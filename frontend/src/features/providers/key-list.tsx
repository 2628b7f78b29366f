/** The keys of one provider: state, cooldowns, requests and failures. */
import { Button } from '@mantine/core'
import { formatCount } from '@/lib/format'
import { failureWords } from '@/lib/outcome-words'
import { Guarded } from '@/ui/guarded'
import { Countdown, KeyFingerprint } from '@/ui/figures'
import { StatusBadge } from '@/ui/status-badge'
import classes from './key-list.module.css'
import { isInCooldown, type Provider } from './model'
import { useProviderAction } from './queries'
import { restoreKeyAction } from './actions'

type Key = Provider['keys'][number]

export function KeyList({ provider, readOnly }: { provider: Provider; readOnly: string | null }) {
  const action = useProviderAction()
  return (
    <ul>
      {provider.keys.map((key) => (
        <li key={key.fingerprint ?? ''} className={classes.key}>
          <div className={classes.head}>
            <KeyFingerprint fingerprint={key.fingerprint} lastFour={key.last_four} />
            <KeyState of={key} />
            <span className={classes.counts}>
              {formatCount(key.requests)} {key.requests === 1 ? 'request' : 'requests'}, {formatCount(key.failures)}{' '}
              failed since startup
            </span>
          </div>
          <Cooldowns of={key} />
          {isInCooldown(key) && key.fingerprint !== null && (
            <Guarded reason={readOnly}>
              <Button
                size="compact-xs"
                variant="default"
                className={classes.restore}
                disabled={action.isPending}
                aria-label={`Restore key ${key.fingerprint}`}
                onClick={() => action.mutate(restoreKeyAction(provider, key.fingerprint ?? ''))}
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

function KeyState({ of: { state, active } }: { of: Key }) {
  if (state === 'invalid') return <StatusBadge meaning="down">Invalid</StatusBadge>
  if (state === 'cooldown') return <StatusBadge meaning="degraded">Cooldown</StatusBadge>
  return active ? <StatusBadge meaning="ok">Active</StatusBadge> : <StatusBadge meaning="neutral">Usable</StatusBadge>
}

/** Its cooldowns with their reasons, for all models and for single ones. */
function Cooldowns({ of: { state, reason, until, model_cooldowns } }: { of: Key }) {
  const models = Object.entries(model_cooldowns)
  if (state === 'usable' && models.length === 0) return null
  return (
    <div className={classes.cooldowns}>
      {state !== 'usable' && (
        <span>
          {reason !== null && `${failureWords(reason).name}. `}
          {state === 'invalid' ? 'Checked again in ' : 'Usable again in '}
          <Countdown until={until} />
        </span>
      )}
      {models.map(([model, at]) => (
        <span key={model}>
          <span dir="auto">{model}</span> in cooldown for <Countdown until={at} />
        </span>
      ))}
    </div>
  )
}
