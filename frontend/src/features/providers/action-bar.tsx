/** The actions on a provider: switch on and off, drain, restore, unflag, roll key. */
import { Button, Switch } from '@mantine/core'
import { Guarded } from '@/ui/guarded'
import { ConfirmButton } from '@/ui/confirm-button'
import { canRoll, hasFlags, type Provider } from './model'
import { useProviderAction } from './queries'
import { drainAction, restoreAction, rollKeyAction, type ProviderAction, switchAction, unflagAction } from './actions'
import classes from './action-bar.module.css'
import { SwitchOff } from './switch-off'

interface ActionBarProps {
  provider: Provider
  /** The only provider in rotation. */
  isLast: boolean
  /** Why changes are disabled; `null` if they are not. */
  readOnly: string | null
}

export function ActionBar({ provider, isLast, readOnly }: ActionBarProps) {
  const { mutate, isPending } = useProviderAction()
  const { display_name, status, enabled } = provider
  const button = (action: ProviderAction, verb: string, isPrimary = true) => (
    <Guarded reason={readOnly}>
      <Button size="xs" variant={isPrimary ? 'light' : 'default'} disabled={isPending} onClick={() => mutate(action)}>
        {verb}
      </Button>
    </Guarded>
  )
  return (
    <div className={classes.bar} role="group" aria-label={`Actions on ${display_name}`}>
      {isLast ? (
        <SwitchOff provider={provider} readOnly={readOnly} onConfirm={() => mutate(switchAction(provider, false))} />
      ) : (
        <Guarded reason={readOnly}>
          <Switch
            label="Switched on"
            checked={enabled}
            onChange={(event) => mutate(switchAction(provider, event.currentTarget.checked))}
          />
        </Guarded>
      )}
      <span className={classes.buttons}>
        {hasFlags(provider) && button(unflagAction(provider), status === 'flagged' ? 'Unflag' : 'Clear failures')}
        {status === 'drained' && button(restoreAction(provider), 'Restore')}
        {(status === 'available' || status === 'flagged') && !isLast && button(drainAction(provider), 'Drain', false)}
        {isLast && (
          <ConfirmButton
            size="xs"
            disabledReason={readOnly}
            disabled={isPending}
            question={`Drain ${display_name}, the last provider in rotation?`}
            consequence="No other provider is available: every request fails until it is restored. Requests in flight are completed."
            confirmLabel="Drain"
            isDangerous
            onConfirm={() => mutate(drainAction(provider))}
          >
            Drain
          </ConfirmButton>
        )}
        {provider.keys.length > 1 && (
          <ConfirmButton
            size="xs"
            disabledReason={readOnly}
            disabled={isPending || !canRoll(provider)}
            question={`Roll the key of ${display_name}?`}
            consequence="The next usable key becomes the active one, also after restarts. The current key stays usable. Rolling again moves on to the key after it."
            confirmLabel="Roll key"
            onConfirm={() => mutate(rollKeyAction(provider))}
          >
            Roll key
          </ConfirmButton>
        )}
      </span>
    </div>
  )
}
