/** What `/providers` keeps in its URL: which are listed, in which order, and the one that is opened. */
import { PROVIDER_STATES } from '@/lib/provider-words'
import * as v from 'valibot'

/** A query string may have turned a name of digits into a number. */
const text = v.pipe(v.union([v.string(), v.number(), v.boolean()]), v.transform(String), v.maxLength(200))

export const VIEWS = ['overview', 'test', 'models', 'history'] as const
export const SORTS = ['provider', 'success', 'latency', 'priority', 'used'] as const

export const providersSearch = v.object({
  /** Only those that have this in their name or address. */
  find: v.fallback(v.optional(text), undefined),
  state: v.fallback(v.optional(v.picklist(PROVIDER_STATES)), undefined),
  /** The column that the table is sorted by; `-` before it is descending. */
  sort: v.fallback(v.optional(v.picklist(SORTS.flatMap((name) => [name, `-${name}` as const]))), undefined),
  /** The one that is opened. */
  provider: v.fallback(v.optional(text), undefined),
  /** What is shown of it. */
  view: v.fallback(v.optional(v.picklist(VIEWS)), undefined),
})

export type ProvidersSearch = v.InferOutput<typeof providersSearch>
export type View = (typeof VIEWS)[number]
