/** Which providers are listed, and what is said of them. */
import type { Schemas } from '@/api/client'
import { formatCount } from '@/lib/format'
import { byUrgency, isSetUp, type ProviderState } from '@/lib/provider-words'

export type Provider = Schemas['ProviderView']
/** What it was measured at in the time that its strip shows; without it where it was not asked. */
export type MeasuredProvider = Provider & { measured?: Schemas['AttemptSums'] | undefined }
type AuditEntry = Schemas['AuditEntryView']

interface Listed {
  /** Whoever is out of rotation first, else as they are preferred. */
  setUp: Provider[]
  /** Known, and waiting for a key. */
  others: Provider[]
}

export function listed(providers: Provider[], find: string, state: ProviderState | undefined): Listed {
  const wanted = find.trim().toLowerCase()
  const found = providers.filter(
    ({ name, display_name, base_url, status }) =>
      (state === undefined || status === state) &&
      [name, display_name, hostOf(base_url)].some((text) => text.toLowerCase().includes(wanted)),
  )
  return {
    setUp: found.filter(isSetUp).sort(byUrgency),
    others: found
      .filter((provider) => !isSetUp(provider) && !provider.base_url.startsWith('sandbox:'))
      .sort((one, other) => one.display_name.localeCompare(other.display_name)),
  }
}

/** What the two lists hold, for those who hear the page filter. */
export function countOf(setUp: number, others: number, isNarrowed: boolean): string {
  const words = `${formatCount(setUp)} set up, ${formatCount(others)} not set up`
  return isNarrowed ? `Found: ${words}.` : `${words}.`
}

/** Of many addresses the path says `openai`, whoever they belong to. */
function hostOf(url: string): string {
  return /^\w+:\/\/([^/]+)/.exec(url)?.[1] ?? ''
}

/** By provider's name: `XAI_API_KEY`, or several. An address may be set, but need not be. */
export function neededVariables({
  variables,
}: Pick<Schemas['LiveConfigurationView'], 'variables'>): Map<string, string> {
  const needed = new Map<string, string>()
  for (const { name, provider } of variables) {
    const known = needed.get(provider)
    if (!name.endsWith('_BASE_URL')) needed.set(provider, known === undefined ? name : `${known} and ${name}`)
  }
  return needed
}

/** Without it nobody could answer any more. */
export function isLastAvailable(provider: Provider, providers: Provider[]): boolean {
  return (
    provider.status === 'available' &&
    providers.every(({ name, status }) => name === provider.name || status !== 'available')
  )
}

/** `2 of 3`, or a dash for a provider that needs none. */
export function usableKeys({ keys }: Pick<Provider, 'keys'>): { usable: number; total: number } {
  const secrets = keys.filter(({ fingerprint }) => fingerprint !== null)
  return { usable: secrets.filter(({ state }) => state === 'usable').length, total: secrets.length }
}

/** There is something that unflagging would end. */
export function hasAnythingHeld({ status, routes, keys }: Provider): boolean {
  return status === 'flagged' || routes.length > 0 || keys.some(isResting)
}

export function isResting({ state, model_cooldowns }: Schemas['ProviderKeyView']): boolean {
  return state !== 'usable' || Object.keys(model_cooldowns).length > 0
}

/** Its next key, if there is another usable one to roll to. */
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

/** One change in words: `Switched off`, `Priority 100 → 20`. */
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
