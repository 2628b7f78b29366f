/** What `/providers` keeps in its URL: the filters, the sort, and the provider whose details are open. */
import * as v from 'valibot'
import { maybe, nameParam, sortParam } from '@/lib/search-params'
import { PROVIDER_STATES } from '@/lib/provider-words'

export const VIEWS = ['overview', 'test', 'models', 'history'] as const
export type View = (typeof VIEWS)[number]

export const providersSearch = v.object({
  /** Part of the name or address. */
  find: maybe(nameParam),
  state: maybe(v.picklist(PROVIDER_STATES)),
  sort: maybe(sortParam),
  /** The provider whose details are open. */
  provider: maybe(nameParam),
  /** The open tab of its details. */
  view: maybe(v.picklist(VIEWS)),
})

export type ProvidersSearch = v.InferOutput<typeof providersSearch>
