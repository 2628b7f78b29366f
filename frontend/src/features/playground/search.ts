/** What `/playground` keeps in its URL: the model and the parameters. */
import * as v from 'valibot'
import { maybe, nameParam } from '@/lib/search-params'

const between = (least: number, most: number) => maybe(v.pipe(v.number(), v.minValue(least), v.maxValue(most)))
const whole = (least: number) => maybe(v.pipe(v.number(), v.safeInteger(), v.minValue(least)))

export const EFFORTS = ['minimal', 'low', 'medium', 'high'] as const

export const playgroundSearch = v.object({
  model: maybe(nameParam),
  /** Absent: as configured. */
  autodecide: maybe(v.boolean()),
  temperature: between(0, 2),
  top_p: between(0, 1),
  max_tokens: whole(1),
  seed: whole(Number.MIN_SAFE_INTEGER),
  frequency_penalty: between(-2, 2),
  presence_penalty: between(-2, 2),
  reasoning_effort: maybe(v.picklist(EFFORTS)),
})

export type ChatSettings = v.InferOutput<typeof playgroundSearch>

export const DEFAULT_MODEL = 'auto'
