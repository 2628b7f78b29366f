/** What can be done about a provider, at one look: on and off, drain and restore, unflag, roll. */
import { Button, Switch } from '@mantine/core'
import { Guarded } from '@/ui/guarded'
import { ConfirmButton } from '@/ui/confirm-button'
import { canRoll, hasAnythingHeld, type Provider } from './model'
import { useSteering } from './queries'
import { draining, restoring, rolling, type Steering, switching, unflagging } from './steering'
import classes from './steering-bar.module.css'
import { SwitchOff } from './switch-off'

interface SteeringBarProps {
  provider: Provider
  /** The only one in rotation. */
  isLast: boolean
  /** Why nothing may be changed; `null` where it may. */
  readOnly: string | null
}

export function SteeringBar({ provider, isLast, readOnly }: SteeringBarProps) {
  const { mutate, isPending } = useSteering()
  const { display_name, status, enabled } = provider
  const action = (steering: Steering, verb: string, isSuggested = true) => (
    <Guarded reason={readOnly}>
      <Button
        size="xs"
        variant={isSuggested ? 'light' : 'default'}
        disabled={isPending}
        onClick={() => mutate(steering)}
      >
        {verb}
      </Button>
    </Guarded>
  )
  return (
    <div className={classes.bar} role="group" aria-label={`Steer ${display_name}`}>
      {isLast ? (
        <SwitchOff provider={provider} readOnly={readOnly} onConfirm={() => mutate(switching(provider, false))} />
      ) : (
        <Guarded reason={readOnly}>
          <Switch
            label="Switched on"
            checked={enabled}
            onChange={(event) => mutate(switching(provider, event.currentTarget.checked))}
          />
        </Guarded>
      )}
      <span className={classes.buttons}>
        {hasAnythingHeld(provider) && action(unflagging(provider), status === 'flagged' ? 'Unflag' : 'Forget failures')}
        {status === 'drained' && action(restoring(provider), 'Restore')}
        {(status === 'available' || status === 'flagged') && !isLast && action(draining(provider), 'Drain', false)}
        {isLast && (
          <ConfirmButton
            size="xs"
            readOnly={readOnly}
            disabled={isPending}
            question={`Drain ${display_name}, the last one in rotation?`}
            consequence="Nobody else can answer: every request will fail until it is restored. What is in flight goes on to its end."
            confirmLabel="Drain it"
            isDangerous
            onConfirm={() => mutate(draining(provider))}
          >
            Drain
          </ConfirmButton>
        )}
        {provider.keys.length > 1 && (
          <ConfirmButton
            size="xs"
            readOnly={readOnly}
            disabled={isPending || !canRoll(provider)}
            question={`Roll the key of ${display_name}?`}
            consequence="The next usable key is used from now on, also after restarts. The one before stays usable and is not penalised; rolling again goes on to the key after."
            confirmLabel="Roll the key"
            onConfirm={() => mutate(rolling(provider))}
          >
            Roll key
          </ConfirmButton>
        )}
      </span>
    </div>
  )
}
