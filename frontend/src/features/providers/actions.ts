/** An operator's actions on a provider: the call, the optimistic update, the notifications, and the undo. */
import { dataOf, gateway, type Schemas } from '@/api/client'

type Provider = Schemas['ProviderView']

export interface ProviderAction {
  /** The provider's name. */
  provider: string
  /** Returns the changed provider, or `undefined` if the list has to be fetched again. */
  call: () => Promise<Provider | undefined>
  /** The expected provider, shown at once. */
  optimistic?: (provider: Provider) => Provider
  /** The new state, for the notification. */
  done: string
  message?: string
  /** The unchanged state, for the notification of a failure. */
  failed: string
  undo?: ProviderAction | undefined
}

const path = ({ name }: Provider) => ({ params: { path: { provider: name } } })

export function switchAction(provider: Provider, enabled: boolean, isUndo = false): ProviderAction {
  const { name, display_name } = provider
  return {
    provider: name,
    call: () => dataOf(gateway.POST('/api/providers/{provider}/toggle', { ...path(provider), body: { enabled } })),
    optimistic: (known) => ({ ...known, enabled, status: enabled ? 'available' : 'disabled', flag: null }),
    done: `${display_name} is ${enabled ? 'on' : 'off'}`,
    message: enabled ? 'It is in rotation.' : 'Requests in flight are completed.',
    failed: `${display_name} is still ${enabled ? 'off' : 'on'}`,
    undo: isUndo ? undefined : switchAction(provider, !enabled, true),
  }
}

export function drainAction(provider: Provider, isUndo = false): ProviderAction {
  const { name, display_name } = provider
  return {
    provider: name,
    call: () => dataOf(gateway.POST('/api/providers/{provider}/drain', path(provider))),
    optimistic: (known) => ({
      ...known,
      status: 'drained',
      flag: { reason: 'drained', message: 'Drained by an operator; Restore returns it.', until: null },
    }),
    done: `${display_name} is drained`,
    message: 'Requests in flight are completed.',
    failed: `${display_name} is still in rotation`,
    undo: isUndo ? undefined : restoreAction(provider, true),
  }
}

export function restoreAction(provider: Provider, isUndo = false): ProviderAction {
  const { name, display_name } = provider
  return {
    provider: name,
    call: () => dataOf(gateway.POST('/api/providers/{provider}/restore', path(provider))),
    optimistic: (known) => ({ ...known, status: 'available', flag: null }),
    done: `${display_name} is back in rotation`,
    failed: `${display_name} is still drained`,
    undo: isUndo ? undefined : drainAction(provider, true),
  }
}

export function unflagAction(provider: Provider): ProviderAction {
  const { name, display_name } = provider
  return {
    provider: name,
    call: () => dataOf(gateway.POST('/api/providers/{provider}/unflag', path(provider))),
    optimistic: (known) => ({
      ...known,
      status: known.status === 'flagged' ? 'available' : known.status,
      flag: known.flag?.reason === 'drained' ? known.flag : null,
      routes: [],
      keys: known.keys.map(withoutCooldown),
    }),
    done: `${display_name} is unflagged`,
    message: 'Further failures flag it again.',
    failed: `${display_name} is still flagged`,
  }
}

export function restoreKeyAction(provider: Provider, fingerprint: string): ProviderAction {
  const { name, display_name } = provider
  return {
    provider: name,
    call: () =>
      dataOf(
        gateway.POST('/api/providers/{provider}/keys/{fingerprint}/restore', {
          params: { path: { provider: name, fingerprint } },
        }),
      ),
    optimistic: (known) => ({
      ...known,
      keys: known.keys.map((key) => (key.fingerprint === fingerprint ? withoutCooldown(key) : key)),
    }),
    done: `Key ${fingerprint} of ${display_name} is usable`,
    message: 'If the provider rejects it again, the cooldown starts again.',
    failed: `Key ${fingerprint} is still in cooldown`,
  }
}

export function rollKeyAction(provider: Provider): ProviderAction {
  const { name, display_name } = provider
  return {
    provider: name,
    call: async () => {
      await dataOf(gateway.POST('/api/providers/{provider}/roll-key', path(provider)))
      return dataOf(gateway.GET('/api/providers/{provider}', path(provider)))
    },
    done: `${display_name} uses its next key`,
    message: 'The previous key stays usable.',
    failed: `${display_name} still uses the same key`,
  }
}

/** `null` resets to the configuration. */
export function preferencesAction(
  provider: Provider,
  changes: Partial<{ default_model: string | null; priority: number | null }>,
  isUndo = false,
): ProviderAction {
  const { name, display_name, default_model, priority } = provider
  const former = {
    ...('default_model' in changes && { default_model }),
    ...('priority' in changes && { priority }),
  }
  return {
    provider: name,
    call: () => dataOf(gateway.PATCH('/api/providers/{provider}', { ...path(provider), body: changes })),
    optimistic: (known) => ({
      ...known,
      ...(changes.default_model != null && { default_model: changes.default_model }),
      ...(changes.priority != null && { priority: changes.priority }),
    }),
    done: `${display_name} is saved`,
    failed: `${display_name} is unchanged`,
    undo: isUndo ? undefined : preferencesAction(provider, former, true),
  }
}

function withoutCooldown(key: Schemas['ProviderKeyView']): Schemas['ProviderKeyView'] {
  return { ...key, state: 'usable', until: null, reason: null, model_cooldowns: {} }
}
