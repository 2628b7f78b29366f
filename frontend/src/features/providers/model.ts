/** The lists of providers, and their figures as text. */
import type { Schemas } from '@/api/client'
import { formatCount } from '@/lib/format'
import { byUrgency, isSetUp, type ProviderState } from '@/lib/provider-words'

export type Provider = Schemas['ProviderView']
/** With its sums of the last hour; without attempts there are none. */
export type MeasuredProvider = Provider & { measured?: Schemas['AttemptSums'] | undefined }
type AuditEntry = Schemas['AuditEntryView']

interface Listed {
  /** By urgency. */
  setUp: Provider[]
  /** Built in, without a key. */
  others: Provider[]
}

export function listed(providers: Provider[], find: string, state: ProviderState | undefined): Listed {
  const text = find.trim().toLowerCase()
  const found = providers.filter(
    ({ name, display_name, base_url, status }) =>
      (state === undefined || status === state) &&
      [name, display_name, hostOf(base_url)].some((field) => field.toLowerCase().includes(text)),
  )
  return {
    setUp: found.filter(isSetUp).sort(byUrgency),
    others: found
      .filter((provider) => !isSetUp(provider) && !provider.base_url.startsWith('sandbox:'))
      .sort((one, other) => one.display_name.localeCompare(other.display_name)),
  }
}

/** The length of both lists, for screen readers. */
export function countOf(setUp: number, others: number, isNarrowed: boolean): string {
  const counts = `${formatCount(setUp)} set up, ${formatCount(others)} not set up`
  return isNarrowed ? `Found: ${counts}.` : `${counts}.`
}

/** Without the path, which often contains `openai`. */
function hostOf(url: string): string {
  return /^\w+:\/\/([^/]+)/.exec(url)?.[1] ?? ''
}

/** By provider: `XAI_API_KEY`, or several. The base URL is optional. */
export function requiredVariables({
  variables,
}: Pick<Schemas['LiveConfigurationView'], 'variables'>): Map<string, string> {
  const required = new Map<string, string>()
  for (const { name, provider } of variables) {
    const known = required.get(provider)
    if (!name.endsWith('_BASE_URL')) required.set(provider, known === undefined ? name : `${known} and ${name}`)
  }
  return required
}

/** No other provider is available. */
export function isLastAvailable(provider: Provider, providers: Provider[]): boolean {
  return (
    provider.status === 'available' &&
    providers.every(({ name, status }) => name === provider.name || status !== 'available')
  )
}

export function usableKeys({ keys }: Pick<Provider, 'keys'>): { usable: number; total: number } {
  const secrets = keys.filter(({ fingerprint }) => fingerprint !== null)
  return { usable: secrets.filter(({ state }) => state === 'usable').length, total: secrets.length }
}

/** Whether "Unflag" changes anything. */
export function hasFlags({ status, routes, keys }: Provider): boolean {
  return status === 'flagged' || routes.length > 0 || keys.some(isInCooldown)
}

export function isInCooldown({ state, model_cooldowns }: Schemas['ProviderKeyView']): boolean {
  return state !== 'usable' || Object.keys(model_cooldowns).length > 0
}

/** Whether there is another usable key. */
export function canRoll({ keys }: Pick<Provider, 'keys'>): boolean {
  return keys.filter(({ fingerprint, state }) => fingerprint !== null && state === 'usable').length > 1
}

const ACTIONS: Record<string, string> = {
  'provider.unflag': 'Unflagged',
  'provider.drain': 'Drained',
  'provider.restore': 'Restored',
  'provider.roll_key': 'Key rolled',
  'provider_key.restore': 'Key restored',
}

/** A change as text: `Switched off`, `Priority 100 → 20`. */
export function auditWords({ action, before, after }: Pick<AuditEntry, 'action' | 'before' | 'after'>): string {
  if (action.endsWith('toggle')) return after.enabled === false ? 'Switched off' : 'Switched on'
  if (action.endsWith('roll_key')) return `Key rolled to ${shown(after.preferred_key)}`
  const known = Object.entries(ACTIONS).find(([name]) => action === name)?.[1]
  if (known !== undefined) return known
  const changes = Object.keys(after).map(
    (field) => `${field.replaceAll('_', ' ')} ${shown(before[field])} → ${shown(after[field])}`,
  )
  const text = changes.length > 0 ? changes.join(', ') : action
  return text.charAt(0).toUpperCase() + text.slice(1)
}

function shown(value: unknown): string {
  if (value === null || value === undefined) return 'as configured'
  if (typeof value === 'number') return formatCount(value)
  return typeof value === 'string' ? value : JSON.stringify(value)
}
