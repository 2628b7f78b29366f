/** What a provider's states and flags mean, in plain words and with what to do: the one table for all pages. */
import { failureWords, type OutcomeWords } from './outcome-words'

export const PROVIDER_STATES = ['available', 'flagged', 'drained', 'disabled', 'no_key'] as const
export type ProviderState = (typeof PROVIDER_STATES)[number]

interface StateWords extends OutcomeWords {
  meaning: 'ok' | 'degraded' | 'down' | 'neutral'
}

const STATES: Record<ProviderState, StateWords> = {
  available: { name: 'Available', explanation: 'In rotation: the next request may go there.', meaning: 'ok' },
  flagged: {
    name: 'Flagged',
    explanation: 'Out of rotation for a while after failures. It comes back by itself; unflag puts it back now.',
    meaning: 'down',
  },
  drained: {
    name: 'Drained',
    explanation: 'An operator took it out of rotation. What was in flight went on to its end; restore puts it back.',
    meaning: 'degraded',
  },
  disabled: {
    name: 'Off',
    explanation: 'Switched off: no request goes there until it is switched on.',
    meaning: 'neutral',
  },
  no_key: { name: 'No key', explanation: 'It needs a key of its own before it can be asked.', meaning: 'neutral' },
}

export function providerStateWords(state: ProviderState): StateWords {
  return STATES[state]
}

/** Why something is out of rotation: `drained`, or the class of failure that did it. */
export function flagWords(reason: string): OutcomeWords {
  return reason === 'drained'
    ? { name: 'Drained by an operator', explanation: 'No new request goes there until somebody restores it.' }
    : failureWords(reason)
}

interface Known {
  status: ProviderState
  base_url: string
  keys: unknown[]
  models_count: number
  last_used_at: string | null
}

/** Somebody has set it up, whether it can answer now or not; of the forty that are known most are not. */
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

/** For sorting: whoever is out of rotation first, else as they are preferred. */
export function byUrgency(one: Ranked, other: Ranked): number {
  return (
    URGENCY.indexOf(one.status) - URGENCY.indexOf(other.status) ||
    one.priority - other.priority ||
    one.display_name.localeCompare(other.display_name)
  )
}
