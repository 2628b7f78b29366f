/** What a provider's states and flags mean and what to do about them: the one table for all pages. */
import { failureWords, type OutcomeWords } from './outcome-words'

export const PROVIDER_STATES = ['available', 'flagged', 'drained', 'disabled', 'no_key'] as const
export type ProviderState = (typeof PROVIDER_STATES)[number]

interface StateWords extends OutcomeWords {
  meaning: 'ok' | 'degraded' | 'down' | 'neutral'
}

const STATES: Record<ProviderState, StateWords> = {
  available: { name: 'Available', explanation: 'In rotation.', meaning: 'ok' },
  flagged: {
    name: 'Flagged',
    explanation: 'Out of rotation after failures. It returns automatically; Unflag returns it now.',
    meaning: 'down',
  },
  drained: {
    name: 'Drained',
    explanation: 'Taken out of rotation by an operator. Restore returns it.',
    meaning: 'degraded',
  },
  disabled: {
    name: 'Off',
    explanation: 'Switched off: it gets no requests.',
    meaning: 'neutral',
  },
  no_key: { name: 'No key', explanation: 'It needs a key.', meaning: 'neutral' },
}

export function providerStateWords(state: ProviderState): StateWords {
  return STATES[state]
}

/** What to do where no provider has a key. */
export const ADD_KEY = 'Add a key to .env, such as OPENAI_API_KEY=sk-…; it is loaded within a second.'

/** Why something is out of rotation: `drained`, or the class of failure that did it. */
export function flagWords(reason: string): OutcomeWords {
  return reason === 'drained'
    ? { name: 'Drained by an operator', explanation: 'It gets no new requests until it is restored.' }
    : failureWords(reason)
}

interface Known {
  status: ProviderState
  base_url: string
  keys: unknown[]
  models_count: number
  last_used_at: string | null
}

/** Whether it is configured, available or not; most of the built-in ones are not. */
export function isSetUp({ status, base_url, keys, models_count, last_used_at }: Known): boolean {
  if (status === 'no_key') return false
  if (status !== 'disabled') return true
  return !base_url.startsWith('sandbox:') && (keys.length > 0 || models_count > 0 || last_used_at !== null)
}

const URGENCY: ProviderState[] = ['flagged', 'drained', 'available', 'disabled', 'no_key']

interface Ranked {
  status: ProviderState
  priority: number
  display_name: string
}

/** For sorting: out of rotation first, then by priority. */
export function byUrgency(one: Ranked, other: Ranked): number {
  return (
    URGENCY.indexOf(one.status) - URGENCY.indexOf(other.status) ||
    one.priority - other.priority ||
    one.display_name.localeCompare(other.display_name)
  )
}
