/** What an operator can do about a provider: the call, what it will look like, what to say of it, and how to take it back. */
import { dataOf, gateway, type Schemas } from '@/api/client'

type Provider = Schemas['ProviderView']

export interface Steering {
  /** The provider's name. */
  provider: string
  /** Answers with the provider as it is then, or with nothing where the list has to be asked anew. */
  call: () => Promise<Provider | undefined>
  /** The provider as it will be, so that it can be shown at once. */
  guess?: (provider: Provider) => Provider
  /** What is true afterwards. */
  done: string
  message?: string
  /** What is still true where it was refused. */
  refused: string
  undo?: Steering | undefined
}

const path = ({ name }: Provider) => ({ params: { path: { provider: name } } })

export function switching(provider: Provider, enabled: boolean, isUndo = false): Steering {
  const { name, display_name } = provider
  return {
    provider: name,
    call: () => dataOf(gateway.POST('/api/providers/{provider}/toggle', { ...path(provider), body: { enabled } })),
    guess: (known) => ({ ...known, enabled, status: enabled ? 'available' : 'disabled', flag: null }),
    done: `${display_name} is ${enabled ? 'on' : 'off'}`,
    message: enabled ? 'The next request may go there.' : 'What is in flight goes on to its end.',
    refused: `${display_name} is still ${enabled ? 'off' : 'on'}`,
    undo: isUndo ? undefined : switching(provider, !enabled, true),
  }
}

export function draining(provider: Provider, isUndo = false): Steering {
  const { name, display_name } = provider
  return {
    provider: name,
    call: () => dataOf(gateway.POST('/api/providers/{provider}/drain', path(provider))),
    guess: (known) => ({
      ...known,
      status: 'drained',
      flag: { reason: 'drained', message: 'An operator has drained it; restore puts it back.', until: null },
    }),
    done: `${display_name} is drained`,
    message: 'What is in flight goes on to its end.',
    refused: `${display_name} is still in rotation`,
    undo: isUndo ? undefined : restoring(provider, true),
  }
}

export function restoring(provider: Provider, isUndo = false): Steering {
  const { name, display_name } = provider
  return {
    provider: name,
    call: () => dataOf(gateway.POST('/api/providers/{provider}/restore', path(provider))),
    guess: (known) => ({ ...known, status: 'available', flag: null }),
    done: `${display_name} is back in rotation`,
    refused: `${display_name} is still drained`,
    undo: isUndo ? undefined : draining(provider, true),
  }
}

export function unflagging(provider: Provider): Steering {
  const { name, display_name } = provider
  return {
    provider: name,
    call: () => dataOf(gateway.POST('/api/providers/{provider}/unflag', path(provider))),
    guess: (known) => ({
      ...known,
      status: known.status === 'flagged' ? 'available' : known.status,
      flag: known.flag?.reason === 'drained' ? known.flag : null,
      routes: [],
      keys: known.keys.map(rested),
    }),
    done: `Nothing is held against ${display_name}`,
    message: 'If it fails again, the flag comes back by itself.',
    refused: `${display_name} is flagged as before`,
  }
}

export function restoringKey(provider: Provider, fingerprint: string): Steering {
  const { name, display_name } = provider
  return {
    provider: name,
    call: () =>
      dataOf(
        gateway.POST('/api/providers/{provider}/keys/{fingerprint}/restore', {
          params: { path: { provider: name, fingerprint } },
        }),
      ),
    guess: (known) => ({
      ...known,
      keys: known.keys.map((key) => (key.fingerprint === fingerprint ? rested(key) : key)),
    }),
    done: `Key ${fingerprint} of ${display_name} is usable`,
    message: 'If the provider refuses it again, it rests again.',
    refused: `Key ${fingerprint} rests as before`,
  }
}

export function rolling(provider: Provider): Steering {
  const { name, display_name } = provider
  return {
    provider: name,
    call: async () => {
      await dataOf(gateway.POST('/api/providers/{provider}/roll-key', path(provider)))
      return dataOf(gateway.GET('/api/providers/{provider}', path(provider)))
    },
    done: `${display_name} uses its next key`,
    message: 'The one before stays usable.',
    refused: `${display_name} keeps its key`,
  }
}

/** `null` goes back to what the configuration says. */
export function preferring(
  provider: Provider,
  changes: Partial<{ default_model: string | null; priority: number | null }>,
  isUndo = false,
): Steering {
  const { name, display_name, default_model, priority } = provider
  const former = {
    ...('default_model' in changes && { default_model }),
    ...('priority' in changes && { priority }),
  }
  return {
    provider: name,
    call: () => dataOf(gateway.PATCH('/api/providers/{provider}', { ...path(provider), body: changes })),
    guess: (known) => ({
      ...known,
      ...(changes.default_model != null && { default_model: changes.default_model }),
      ...(changes.priority != null && { priority: changes.priority }),
    }),
    done: `${display_name} is set`,
    refused: `${display_name} stays as it was`,
    undo: isUndo ? undefined : preferring(provider, former, true),
  }
}

function rested(key: Schemas['ProviderKeyView']): Schemas['ProviderKeyView'] {
  return { ...key, state: 'usable', until: null, reason: null, model_cooldowns: {} }
}
