/** What the configuration means, in words. */
import type { Schemas } from '@/api/client'

export type Setting = Schemas['SettingView']
type Variable = Schemas['VariableView']

/** A setting's value as one reads it; a secret says only whether it is there. */
export function shownValue({ value, is_secret, is_set }: Setting): string {
  if (value === null || value === undefined) return is_secret && is_set ? 'set, and never shown' : 'not set'
  if (typeof value === 'boolean') return value ? 'on' : 'off'
  if (Array.isArray(value)) return value.length === 0 ? 'none' : value.map(String).join(', ')
  return typeof value === 'string' ? value : JSON.stringify(value)
}

/** The settings that have `find` in their name or description; with `onlySet`, only those that are set. */
export function foundSettings(settings: Setting[], find: string, onlySet: boolean): Setting[] {
  const wanted = find.trim().toLowerCase()
  return settings.filter(
    ({ name, description, is_set }) =>
      (is_set || !onlySet) && (name.toLowerCase().includes(wanted) || description.toLowerCase().includes(wanted)),
  )
}

/** The variables of providers that are set; those with keys first. */
export function variablesInUse(variables: Variable[]): Variable[] {
  const inUse = variables.filter(({ is_set }) => is_set)
  return [...inUse.filter(({ keys }) => keys.length > 0), ...inUse.filter(({ keys }) => keys.length === 0)]
}

export function accessOf(access: Schemas['ConfigurationView']['access']): { word: string; explanation: string } {
  return access === 'open'
    ? { word: 'Open', explanation: 'this machine only, no key' }
    : { word: 'Keys', explanation: 'every request needs one' }
}
