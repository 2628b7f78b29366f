/** What the filters offer. */
import type { FinishedRequest } from '@/api/live-state'
import { ENDINGS, endingWords, FAILURE_CLASSES, failureWords } from '@/lib/outcome-words'
import type { RequestFilters } from './search'

export const noFilters: RequestFilters = {
  provider: undefined,
  model: undefined,
  client: undefined,
  ending: undefined,
  status: undefined,
  failure: undefined,
  from: undefined,
  to: undefined,
}

export const endingChoices = ENDINGS.map((ending) => ({ value: ending, label: endingWords(ending).name }))

export const statusChoices = [
  { value: '2xx', label: '2xx, success' },
  { value: '4xx', label: '4xx, the client’s' },
  { value: '5xx', label: '5xx, ours or theirs' },
]

/** Names that two classes share are told apart by the class itself. */
export const failureChoices = FAILURE_CLASSES.map((failure) => {
  const { name } = failureWords(failure)
  const isShared = FAILURE_CLASSES.some((other) => other !== failure && failureWords(other).name === name)
  return { value: failure, label: isShared ? `${name} (${failure})` : name }
}).sort((one, other) => one.label.localeCompare(other.label))

/** Whom and what the loaded rows know of, and what is chosen already. */
export function seenModels(rows: FinishedRequest[]): string[] {
  return [...new Set(rows.flatMap(({ model }) => model ?? []))].sort()
}

export const PERIODS = [
  { label: 'Last 15 minutes', minutes: 15 },
  { label: 'Last hour', minutes: 60 },
  { label: 'Last 24 hours', minutes: 1_440 },
  { label: 'Last 7 days', minutes: 10_080 },
]
